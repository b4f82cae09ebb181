from django.urls import path
from django.views.generic import RedirectView

from reviewapp.views import exports

app_name = "exports"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="datasets:index"), name="index"),
    path("<int:export_id>/", exports.state, name="state"),
    path("<int:export_id>/file/", exports.download, name="download"),
]
