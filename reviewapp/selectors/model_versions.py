"""Which models there are, and where their artifacts lie."""

from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from reviewapp.choices import ModelStage
from reviewapp.models import ModelVersion


def champion() -> ModelVersion | None:
    """Return the model that classifies, or None before the first promotion."""
    return ModelVersion.objects.filter(stage=ModelStage.CHAMPION).first()


def versions() -> QuerySet[ModelVersion]:
    """All versions, newest first."""
    return ModelVersion.objects.order_by("-created_at", "-id")


def artifact_path(version: ModelVersion) -> Path:
    return Path(settings.MODELS_ROOT) / version.name
