from django.urls import path

from reviewapp.views import suspects, training

app_name = "training"
urlpatterns = [
    path("", training.index, name="index"),
    path("schedule/", training.schedule, name="schedule"),
    path("suspects/", suspects.index, name="suspects"),
    path("suspects/<int:search_id>/", suspects.found, name="suspects-found"),
    path("suspects/<int:search_id>/state/", suspects.state, name="suspects-state"),
    path("suspects/<int:search_id>/open/", suspects.open_for_review, name="suspects-open"),
    path("<int:run_id>/", training.detail, name="detail"),
    path("<int:run_id>/state/", training.state, name="state"),
    path("<int:run_id>/curves/", training.curves, name="curves"),
    path("<int:run_id>/cancel/", training.cancel, name="cancel"),
    path("<int:run_id>/retry/", training.retry, name="retry"),
]
