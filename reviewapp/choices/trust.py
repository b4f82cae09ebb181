"""Words of live accuracy and fairness."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AuditStratum(TextChoices):
    """How far above its threshold a listed product's confidence lies; REVIEW: not listed by itself."""

    NEAR = "near", _("just above the threshold")
    MIDDLE = "middle", _("well above the threshold")
    FAR = "far", _("almost certain")
    REVIEW = "review", _("reviewed")


class GroupKind(TextChoices):
    """What roll-ups are grouped by: nothing, the category, the declared groups of fairness, or the
    category and the seller's group together (`CODE/GROUP`)."""

    ALL = "all", _("Everything")
    CATEGORY = "category", _("Category")
    FAMILY = "family", _("Category family")
    LANGUAGE = "language", _("Language")
    SELLER = "seller", _("Seller’s products so far")
    DESCRIPTION = "description", _("Description")
    PICTURE = "picture", _("Picture")
    PAIR = "pair", _("Category and seller’s products so far")


class DelayStep(TextChoices):
    """What happens to a product after its arrival, in this order."""

    PREDICTED = "predicted", _("predicted")
    ROUTED = "routed", _("routed")
    SEEN = "seen", _("first seen by a person")
    DECIDED = "decided", _("decided by a person")
    LISTED = "listed", _("listed")


class DriftTest(TextChoices):
    """What of arriving products is held against the reference."""

    CATEGORY = "category", _("Categories the model says")
    CONFIDENCE = "confidence", _("Confidence of the model")
    TITLE_LENGTH = "title_length", _("Length of the title")
    DESCRIPTION = "description", _("Descriptions missing")
    DESCRIPTION_LENGTH = "description_length", _("Length of the description")
    LANGUAGE = "language", _("Language of the text")
    PICTURE = "picture", _("Pictures missing")
    BRIGHTNESS = "brightness", _("Brightness of the picture")
    EMBEDDING = "embedding", _("Text and picture as the model sees them")
    MIX = "mix", _("Mix of categories, estimated")
    RIGHT = "right", _("Share expected to be right")
