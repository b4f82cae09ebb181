from django.urls import path

from reviewapp.views import imports

app_name = "imports"
urlpatterns = [
    path("", imports.index, name="index"),
    path("<int:import_id>/", imports.detail, name="detail"),
    path("<int:import_id>/report.csv", imports.report, name="report"),
]
