"""The team: tallies and measures as they are stored, and who does what at the moment."""

from django.db.models import Max

from reviewapp.choices import ComparisonKind
from reviewapp.domain.carelessness import Tally
from reviewapp.domain.comparisons import GRACE
from reviewapp.models import ComparisonTally, Decision, TeamMeasure


def all_tallies() -> dict[tuple[int, ComparisonKind, int], Tally]:
    """Return (moderator, kind, category id) -> tally."""
    rows = ComparisonTally.objects.values_list("moderator_id", "kind", "category_id", "seen", "off")
    return {
        (who, ComparisonKind(kind), category): Tally(seen, off)
        for who, kind, category, seen, off in rows
    }


def is_measuring_due() -> bool:
    """True when a decision has been made, or has settled, since the last measurement."""
    newest = Decision.objects.order_by("-decided_at").values_list("decided_at", flat=True).first()
    measured = TeamMeasure.objects.aggregate(at=Max("measured_at"))["at"]
    return newest is not None and (measured is None or newest + GRACE > measured)
