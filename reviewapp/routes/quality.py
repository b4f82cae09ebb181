from django.urls import path

from reviewapp.views import quality

app_name = "quality"
urlpatterns = [
    path("", quality.index, name="index"),
    path("figures.csv", quality.figures, name="figures"),
    path("alarms/<int:alarm_id>/", quality.acknowledge, name="acknowledge"),
]
