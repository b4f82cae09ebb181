from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from reviewapp.api import appeals, catalog, errors, previews, tokens
from reviewapp.api.datasets import ExportViewSet, SnapshotViewSet
from reviewapp.api.embedding import EmbeddedOptions, EmbeddedReports
from reviewapp.api.evaluations import (
    EvaluationViewSet,
    GateReportViewSet,
    LiveMeasureViewSet,
)
from reviewapp.api.promotions import ModelVersionViewSet, PromotionViewSet
from reviewapp.api.reports import ReportViewSet
from reviewapp.api.training import TrainingRunViewSet

app_name = "api"

router = SimpleRouter(trailing_slash=False)
router.register("reports", ReportViewSet, basename="report")
router.register("snapshots", SnapshotViewSet, basename="snapshot")
router.register("exports", ExportViewSet, basename="export")
router.register("training-runs", TrainingRunViewSet, basename="training-run")
router.register("models", ModelVersionViewSet, basename="model")
router.register("evaluations", EvaluationViewSet, basename="evaluation")
router.register("gate-reports", GateReportViewSet, basename="gate-report")
router.register("live-measures", LiveMeasureViewSet, basename="live-measure")
router.register("promotions", PromotionViewSet, basename="promotion")

urlpatterns = [
    path("auth/login", tokens.LogIn.as_view(), name="login"),
    path("auth/logout", tokens.LogOut.as_view(), name="logout"),
    path("categories", catalog.Categories.as_view(), name="categories"),
    path("products", catalog.Products.as_view(), name="products"),
    # Ids may hold slashes, so the longer addresses come first.
    path("products/<path:external_id>/appeals", appeals.Appeals.as_view(), name="appeals"),
    path("products/<path:external_id>/statements", appeals.Statements.as_view(), name="statements"),
    path("products/<path:external_id>", catalog.ProductDetail.as_view(), name="product"),
    path("previews", previews.Previews.as_view(), name="previews"),
    path("previews/<uuid:preview_id>", previews.Preview.as_view(), name="preview"),
    path("embed/options", EmbeddedOptions.as_view(), name="embed-options"),
    path("embed/reports", EmbeddedReports.as_view(), name="embed-reports"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("", include(router.urls)),
    path("<path:path>", errors.not_found, name="not-found"),
]
