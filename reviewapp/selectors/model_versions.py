"""Which models there are, and where their artifacts lie."""

from pathlib import Path

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery

from reviewapp.choices import ModelStage
from reviewapp.models import ModelVersion, Promotion


def champion() -> ModelVersion | None:
    """Return the model that classifies, or None before the first promotion."""
    return ModelVersion.objects.filter(stage=ModelStage.CHAMPION).first()


def is_trained_here(sha256: str) -> bool:
    """Whether a training run here has made the version of that very content."""
    return ModelVersion.objects.filter(training_runs__isnull=False, manifest_sha256=sha256).exists()


def by_manifest(sha256: str) -> ModelVersion | None:
    """Return the version of that very content."""
    return ModelVersion.objects.filter(manifest_sha256=sha256).first()


def trained_elsewhere(*versions: ModelVersion) -> list[ModelVersion]:
    """Return those that no training run here has made: what they have learned is not known."""
    rows = ModelVersion.objects.filter(pk__in=[one.pk for one in versions], training_runs=None)
    return list(rows.order_by("pk"))


def versions() -> QuerySet[ModelVersion]:
    """All versions, newest first. left_at: when another one last took the place of each"""
    left = Promotion.objects.filter(previous=OuterRef("pk")).order_by("-promoted_at", "-pk")
    rows = ModelVersion.objects.annotate(left_at=Subquery(left.values("promoted_at")[:1]))
    return rows.order_by("-created_at", "-id")


def artifact_path(version: ModelVersion) -> Path:
    return Path(settings.MODELS_ROOT) / version.name
