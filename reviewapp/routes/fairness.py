from django.urls import path

from reviewapp.views import fairness

app_name = "fairness"
urlpatterns = [
    path("", fairness.index, name="index"),
    path("figures.csv", fairness.figures, name="figures"),
]
