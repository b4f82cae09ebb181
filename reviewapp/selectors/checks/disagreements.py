"""What people answered differently: for leads, who decide it, and what it came from."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from reviewapp.choices import AdjudicationCause, DisagreementKind
from reviewapp.models import Adjudication, Category, Disagreement, Product, User
from reviewapp.selectors.interests import is_party
from reviewapp.selectors.pages import Page, page_by_time

PAGE_SIZE = 25
# Causes are counted over this time: long enough to see a habit, short enough to see a mended guide.
CAUSES_OF = timedelta(days=90)
LEAD = "reviewapp.lead_review"


@dataclass(frozen=True, slots=True)
class PairCauses:
    """Two categories that people differed on, and how often leads named which cause."""

    first: Category
    second: Category
    counts: Counter[AdjudicationCause] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def cells(self) -> list[tuple[AdjudicationCause, int]]:
        """Every cause with its count, in the order of the choices."""
        return [(cause, self.counts[cause]) for cause in AdjudicationCause]


def open_disagreements(*, kind: DisagreementKind | None, cursor: str = "") -> Page[Disagreement]:
    """A page of what waits for a lead, newest first. Raises pages.CursorInvalid."""
    rows = Disagreement.objects.filter(closed_at=None)
    if kind is not None:
        rows = rows.filter(kind=kind)
    wanted = _with_answers(rows).select_related("product__image")
    return page_by_time(wanted, field="opened_at", cursor=cursor, size=PAGE_SIZE)


def disagreement_for_lead(*, disagreement_id: int) -> Disagreement:
    """One with its product and both answers. Raises Disagreement.DoesNotExist."""
    rows = _with_answers(Disagreement.objects.select_related("product__image"))
    return rows.select_related("known_answer").get(pk=disagreement_id)


def standing_word(*, disagreement: Disagreement) -> Adjudication | None:
    """The lead's word on it, unless it was taken back."""
    words = disagreement.adjudications.filter(undone_at=None)
    return words.select_related("decision__moderator", "decision__category__family").first()


def may_adjudicate(*, disagreement: Disagreement, lead: User) -> bool:
    """Only a lead, and nobody over the own answer or about a product he or she is a party to."""
    answered = {disagreement.first.moderator_id, disagreement.second.moderator_id}
    if not lead.has_perm(LEAD) or lead.pk in answered:
        return False
    return not is_party(person=lead, product=disagreement.product)


def open_disagreement_on(*, product: Product) -> Disagreement | None:
    """The one that waits for a lead, of which there is one at most."""
    return Disagreement.objects.filter(product=product, closed_at=None).first()


def causes_by_pair(*, now: datetime) -> list[PairCauses]:
    """Count the causes of the last CAUSES_OF by the pair of categories, most frequent first.

    Gaps of the guideline come first among equals: they can be mended.
    """
    rows = (
        Adjudication.objects.filter(undone_at=None, adjudicated_at__gte=now - CAUSES_OF)
        .values_list("cause", "disagreement__first__category", "disagreement__second__category")
        .annotate(Count("pk"))
    )
    counts: dict[tuple[int, int], Counter[AdjudicationCause]] = {}
    for cause, first, second, count in rows.order_by():
        pair = (min(first, second), max(first, second))
        counts.setdefault(pair, Counter())[AdjudicationCause(cause)] += count
    known = Category.objects.select_related("family").in_bulk(
        {pk for pair in counts for pk in pair}
    )
    found = [PairCauses(known[a], known[b], count) for (a, b), count in counts.items()]
    gap = AdjudicationCause.GUIDELINE_GAP
    return sorted(found, key=lambda one: (-one.total, -one.counts[gap], one.first.code))


def _with_answers(rows: QuerySet[Disagreement]) -> QuerySet[Disagreement]:
    return rows.prefetch_related(
        "first__moderator",
        "first__category__family",
        "second__moderator",
        "second__category__family",
    )
