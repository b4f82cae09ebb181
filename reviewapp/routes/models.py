from django.urls import path

from reviewapp.views import models

app_name = "models"
urlpatterns = [path("", models.index, name="index")]
