"""Words of the review desk and of its answers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ReviewReason(TextChoices):
    """Why a product is in front of a moderator."""

    LOW_CONFIDENCE = "low_confidence", _("Low confidence")
    DISAGREEMENT = "disagreement", _("The models disagree")
    MISSING_INPUT = "missing_input", _("Missing text or picture")
    BUYER_REPORT = "buyer_report", _("Reported by a buyer")
    AUDIT = "audit", _("Random audit")
    SUSPECT_LABEL = "suspect_label", _("Suspect label")
    SELLER_APPEAL = "seller_appeal", _("Seller's appeal")
    SECOND_OPINION = "second_opinion", _("Second opinion")
    GOLD = "gold", _("Known answer")
    FAILED = "failed", _("Could not be classified")


class ServedBy(TextChoices):
    """How a review item was picked for the moderator who answered it."""

    RANK = "rank", _("By rank")
    RANDOM = "random", _("By lot")
    BULK = "bulk", _("In a grid of near duplicates")


class ReviewStatus(TextChoices):
    PENDING = "pending", _("Waiting")
    CLAIMED = "claimed", _("With a moderator")
    RESOLVED = "resolved", _("Resolved")


class Verdict(TextChoices):
    """A moderator's answer. UNDONE withdraws an earlier one, which stays on record."""

    CONFIRMED = "confirmed", _("Confirmed")
    CORRECTED = "corrected", _("Corrected")
    SKIPPED = "skipped", _("Skipped")
    ESCALATED = "escalated", _("Escalated")
    UNDONE = "undone", _("Undone")


class SkipReason(TextChoices):
    UNCLEAR = "unclear", _("The product is unclear")
    NOT_MY_FIELD = "not_my_field", _("Not my field")
    NO_CATEGORY_FITS = "no_category_fits", _("No category fits")
    BAD_PICTURE = "bad_picture", _("The picture is missing or wrong")
    OTHER = "other", _("Another reason")


class SkillKind(TextChoices):
    """How a moderator stands to a category family."""

    ONLY = "only", _("Only this family")
    STRONG = "strong", _("Strong in it: comes first")


class Queue(TextChoices):
    """The Celery queues, by name."""

    INFERENCE = "inference", _("Classification")
    DEFAULT = "default", _("Imports, exports and upkeep")
    TRAINING = "training", _("Training")
    EVALUATION = "evaluation", _("Evaluation")


class LabelSource(TextChoices):
    """Where a FeedbackLabel comes from."""

    MODERATOR = "moderator", _("Moderator")
    IMPORTED = "imported", _("Imported from another tool")
