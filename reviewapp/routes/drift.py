from django.urls import path

from reviewapp.views import drift

app_name = "drift"
urlpatterns = [
    path("", drift.index, name="index"),
    path("figures.csv", drift.figures, name="figures"),
    path("alarms/<int:alarm_id>/", drift.acknowledge, name="acknowledge"),
]
