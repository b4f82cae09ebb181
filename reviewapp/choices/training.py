"""Words of training runs."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class TrainingStatus(TextChoices):
    """State of a TrainingRun."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class SuspectSignal(TextChoices):
    """What speaks against a label; the same words as `classifier.suspects.Signal`."""

    CONFIDENT_LEARNING = "confident_learning", _("Confident learning")
    NEAR_DUPLICATES = "near_duplicates", _("Near duplicates")
    MODERATOR_DRIFT = "moderator_drift", _("Moderator drift")


class TrainingOrigin(TextChoices):
    """Who asked for a TrainingRun."""

    PERSON = "person", _("A person")
    SCHEDULE = "schedule", _("The schedule")
    COLD_START = "cold_start", _("Cold start")


class TrainingStage(TextChoices):
    """What a TrainingRun is doing; the words of `classifier.run`, and of the worker before it."""

    ROWS = "rows", _("Freezing the rows")
    TUNE_TEXT = "tune_text", _("Fine-tuning the text backbone")
    TUNE_IMAGE = "tune_image", _("Fine-tuning the picture backbone")
    TEXTS = "texts", _("Reading texts")
    IMAGES = "images", _("Looking at pictures")
    MODELS = "models", _("Fitting the members")
    METRICS = "metrics", _("Measuring")
