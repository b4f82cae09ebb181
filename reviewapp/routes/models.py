from django.urls import path

from reviewapp.views import evaluations, models, promotions, shadow, version_pairs

app_name = "models"
urlpatterns = [
    path("", models.index, name="index"),
    path("evaluations/", evaluations.index, name="evaluations"),
    path("evaluations/<int:evaluation_id>/", evaluations.detail, name="evaluation"),
    path("evaluations/<int:evaluation_id>/state/", evaluations.state, name="evaluation-state"),
    path("evaluations/<int:evaluation_id>/products/", evaluations.products, name="answers"),
    path("live/", evaluations.live, name="live"),
    path("live/<int:measure_id>/products/", evaluations.live_products, name="live-products"),
    path("comparison/", version_pairs.comparison, name="comparison"),
    path("comparison/products/", version_pairs.flips, name="flips"),
    path("<int:version_id>/promote/", promotions.put_into_service, name="promote"),
    path("<int:version_id>/shadow/", shadow.start, name="shadow-start"),
    path("shadow/stop/", shadow.stop, name="shadow-stop"),
    path("shadow/<int:run_id>/", shadow.differences, name="shadow"),
    path("roll-back/", promotions.take_back, name="roll-back"),
    path("rescoring/", promotions.progress, name="rescoring"),
    path("rescoring/<int:rescoring_id>/pause/", promotions.pause, name="pause"),
    path("gates/<int:report_id>/", version_pairs.gate, name="gate"),
]
