from django.urls import path

from reviewapp.views import datasets, label_imports, snapshot_pairs

app_name = "datasets"
urlpatterns = [
    path("", datasets.index, name="index"),
    path("labels/", label_imports.index, name="labels"),
    path("labels/undecided.json", label_imports.undecided, name="undecided"),
    path("labels/label-studio.xml", label_imports.present_config, name="present-config"),
    path("compare/", snapshot_pairs.compare, name="compare"),
    path("compare/products/", snapshot_pairs.changes, name="changes"),
    path("<int:snapshot_id>/", datasets.detail, name="detail"),
    path("<int:snapshot_id>/state/", datasets.state, name="state"),
    path("<int:snapshot_id>/card/<slug:language>.md", datasets.card, name="card"),
    path("<int:snapshot_id>/label-studio.xml", datasets.labelling_config, name="config"),
]
