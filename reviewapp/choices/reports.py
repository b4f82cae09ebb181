"""Words of buyers' reports, rings and sellers' appeals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ReportStatus(TextChoices):
    # Not "being looked at": most of these only collect, and no moderator has seen them yet.
    OPEN = "open", _("Waiting for an answer")
    UPHELD = "upheld", _("Upheld: the category was wrong")
    DISMISSED = "dismissed", _("Dismissed: the category was right")
    EXPIRED = "expired", _("Closed without a look")
    VOIDED = "voided", _("Set aside")


class CaseStatus(TextChoices):
    """State of a ReportCase."""

    COLLECTING = "collecting", _("Collecting evidence")
    IN_REVIEW = "in_review", _("In review")
    CLOSED = "closed", _("Closed")


class RingSign(TextChoices):
    """What makes reports look agreed upon."""

    SAME_FAMILY = "same_family", _("many on one family of categories within seconds")
    SAME_NETWORK = "same_network", _("several from one network")
    SAME_PRODUCT = "same_product", _("many on one product within seconds")


class RingStatus(TextChoices):
    """State of a ReportRing; also what a RingEvent records."""

    HELD = "held", _("Held")
    VOIDED = "voided", _("Voided")
    RELEASED = "released", _("Released")


class AppealStatus(TextChoices):
    OPEN = "open", _("Being looked at")
    UPHELD = "upheld", _("Upheld: the category was changed")
    DISMISSED = "dismissed", _("Dismissed: the category stands")
