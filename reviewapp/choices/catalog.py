"""Words of products, imports, exports and jobs."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ProductStatus(TextChoices):
    """Where a product stands on its way to the right category."""

    WAITING = "waiting", _("Waiting for classification")
    IN_REVIEW = "in_review", _("In review")
    LISTED = "listed", _("Listed")


class JobStatus(TextChoices):
    """State of an import, a snapshot or an export."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class ImportFormat(TextChoices):
    CSV = "csv", "CSV"
    JSONL = "jsonl", _("JSON Lines")
    PARQUET = "parquet", _("Parquet")


class ExportFormat(TextChoices):
    CSV = "csv", _("CSV, challenge layout")
    NPY = "npy", _("NPY arrays")
    JSONL = "jsonl", _("JSON Lines")
    PARQUET = "parquet", _("Parquet")
    IMAGEFOLDER = "imagefolder", _("Hugging Face image folder")
    LABEL_STUDIO = "label_studio", _("Label Studio JSON")


class Split(TextChoices):
    """Which part of a dataset a product belongs to, for good."""

    TRAIN = "train", _("Training")
    VALIDATION = "validation", _("Validation")
    TEST = "test", _("Test")


class Likeness(TextChoices):
    """How near two products lie to each other."""

    NEARLY_THE_SAME = "nearly_the_same", _("nearly the same")
    VERY_ALIKE = "very_alike", _("very alike")
    ALIKE = "alike", _("alike")
    LITTLE_ALIKE = "little_alike", _("little alike")
