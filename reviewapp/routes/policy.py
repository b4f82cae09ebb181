from django.urls import path

from reviewapp.views import policy

app_name = "policy"
urlpatterns = [
    path("", policy.index, name="index"),
    path("effect/", policy.effect, name="effect"),
    path("figures.csv", policy.figures, name="figures"),
]
