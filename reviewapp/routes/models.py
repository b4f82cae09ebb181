from django.urls import path

from reviewapp.views import evaluations, models, version_pairs

app_name = "models"
urlpatterns = [
    path("", models.index, name="index"),
    path("evaluations/", evaluations.index, name="evaluations"),
    path("evaluations/<int:evaluation_id>/", evaluations.detail, name="evaluation"),
    path("evaluations/<int:evaluation_id>/state/", evaluations.state, name="evaluation-state"),
    path("evaluations/<int:evaluation_id>/products/", evaluations.products, name="answers"),
    path("comparison/", version_pairs.comparison, name="comparison"),
    path("gates/<int:report_id>/", version_pairs.gate, name="gate"),
]
