from django.urls import path

from reviewapp.views import dashboards

app_name = "dashboards"
urlpatterns = [
    path("", dashboards.index, name="index"),
    path("<slug:name>.csv", dashboards.figure, name="figure"),
]
