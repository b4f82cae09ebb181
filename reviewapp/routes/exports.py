from django.urls import path

from reviewapp.views import exports

app_name = "exports"
urlpatterns = [
    path("", exports.index, name="index"),
    path("<int:export_id>/", exports.state, name="state"),
    path("<int:export_id>/file/", exports.download, name="download"),
]
