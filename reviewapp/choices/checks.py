"""Words of measuring moderators: comparisons, known answers, disagreements."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ComparisonKind(TextChoices):
    """What a moderator's answer is held against; an answer that differs is "off"."""

    GOLD = "gold", _("Known answer")
    SECOND_OPINION = "second", _("A colleague's answer, both given blind")
    IN_SIGHT = "sight", _("A colleague's blind answer, FUSION's having been shown before")
    BULK = "bulk", _("A colleague's blind answer, given in a grid")
    SHOWN = "shown", _("FUSION, shown to the moderator")
    BLIND = "blind", _("FUSION, hidden from the moderator")
    FAR = "far", _("FUSION's first five")


class WatchStream(TextChoices):
    """Comparisons that are weighed together when carelessness is looked for."""

    TRUTH = "truth", _("Known answers and second opinions")
    SUGGESTION = "suggestion", _("FUSION's answer")
    FAR = "far", _("FUSION's first five")


class KnownAnswerSource(TextChoices):
    """What settled a known answer."""

    UNANIMOUS = "unanimous", _("Several people gave it, each without knowing of the others")
    ADJUDICATED = "adjudicated", _("A lead decided between two answers")


class KnownAnswerEnd(TextChoices):
    """Why a known answer is no longer used."""

    DISPUTE_UPHELD = "dispute_upheld", _("A moderator disputed it, and a lead agreed")
    CHANGED = "changed", _("The product or its label has changed")
    UNDONE = "undone", _("An answer that it rests on was taken back")


class DisagreementKind(TextChoices):
    """How two differing answers came together."""

    SECOND_OPINION = "second_opinion", _("Second opinion")
    DISPUTE = "dispute", _("Disputed known answer")


class AdjudicationCause(TextChoices):
    """Why two people answered differently."""

    AMBIGUOUS = "ambiguous", _("The product is ambiguous")
    GUIDELINE_GAP = "guideline_gap", _("The guideline has a gap")
    MODEL_MISLED = "model_misled", _("The models misled")
    SLIP = "slip", _("A slip")
