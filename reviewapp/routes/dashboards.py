from django.urls import path

from reviewapp.views import dashboards

app_name = "dashboards"
urlpatterns = [
    path("", dashboards.index, name="index"),
    path("<slug:name>/", dashboards.one, name="one"),
    path("<slug:name>.csv", dashboards.figure, name="figure"),
]
