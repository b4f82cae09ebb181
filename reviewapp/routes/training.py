from django.urls import path

from reviewapp.views import training

app_name = "training"
urlpatterns = [
    path("", training.index, name="index"),
    path("schedule/", training.schedule, name="schedule"),
    path("<int:run_id>/", training.detail, name="detail"),
    path("<int:run_id>/state/", training.state, name="state"),
    path("<int:run_id>/curves/", training.curves, name="curves"),
    path("<int:run_id>/cancel/", training.cancel, name="cancel"),
    path("<int:run_id>/retry/", training.retry, name="retry"),
]
