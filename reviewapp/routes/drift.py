from django.urls import path

from reviewapp.views import drift

app_name = "drift"
urlpatterns = [
    path("", drift.index, name="index"),
    path("figures.csv", drift.figures, name="figures"),
    path("reference/", drift.take_as_normal, name="take-as-normal"),
    path("reference/back/", drift.go_back, name="go-back"),
    path("alarms/<int:alarm_id>/", drift.acknowledge, name="acknowledge"),
]
