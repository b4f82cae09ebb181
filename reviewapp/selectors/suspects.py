"""Suspect labels: what is searched, what is found, what people have said of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from reviewapp.choices import ReviewReason, ReviewStatus, Verdict
from reviewapp.domain.splits import group_name
from reviewapp.domain.suspects import Outcome
from reviewapp.models import (
    Decision,
    FeedbackLabel,
    ModelVersion,
    ModeratorAlarm,
    ProductEmbedding,
    ReviewItem,
    SuspectLabel,
    SuspectSearch,
)
from reviewapp.selectors.training import base_products, live_labels

MOST_ROWS: Final = 50_000
"""Labels looked at in one search, people's before codes and the newest first of each: what fits
into the memory and the hours of one worker."""
# An alarm says that somebody is off too often, not since when: their labels of so long before it count.
_DRIFT: Final = timedelta(days=30)
_ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)
_BATCH = 2000
_COLUMNS = (
    "product_id",
    "product__designation",
    "product__description",
    "product__input_digest",
    "product__group_key",
)


@dataclass(frozen=True, slots=True)
class LabelledProduct:
    """A product with what a training would learn of it: a person's label, or else the code it came
    with (`label_id` None). is_cleared: the label was given to a suspect; by_drifting: by somebody
    with an open alarm, in the time that it is about."""

    product_id: int
    label_id: int | None
    code: int
    designation: str
    description: str
    input_digest: str
    group: str
    is_cleared: bool
    by_drifting: bool = False


def labelled_products(*, most: int = MOST_ROWS) -> list[LabelledProduct]:
    """Return up to `most` products with a live label or a code of the taxonomy."""
    found = _of_people(most)
    return found + _of_catalogue(most - len(found))


def labels_in_all() -> int:
    """Count what a search would look at if it had no limit."""
    return live_labels().filter(category__is_active=True).count() + base_products().count()


def vectors(*, version: ModelVersion, ids: Collection[int]) -> dict[int, list[float]]:
    """Return the vectors of one model version by product, of the input as it is now."""
    rows = ProductEmbedding.objects.filter(
        model_version=version, input_digest=F("product__input_digest")
    ).values_list("product_id", "vector")
    wanted = set(ids)
    return {pk: list(vector) for pk, vector in rows.iterator(chunk_size=_BATCH) if pk in wanted}


def openable(search: SuspectSearch) -> QuerySet[SuspectLabel]:
    """Return the suspects that a person could be asked about now, the most doubtful first.

    Their products and labels are as they were searched, and nobody looks at them anyway.
    """
    product = OuterRef("product")
    in_review = ReviewItem.objects.filter(product=product).exclude(status=ReviewStatus.RESOLVED)
    live = FeedbackLabel.objects.filter(product=product, ended_at=None)
    other_search = SuspectLabel.objects.filter(product=product, item__isnull=False)
    as_it_was = Q(label=None) & ~Exists(live) & Q(product__given_code=F("given__code"))
    asked_before = Exists(other_search.filter(input_digest=OuterRef("input_digest")))
    return SuspectLabel.objects.filter(
        Q(label__ended_at=None, label__isnull=False) | as_it_was,
        ~Exists(in_review),
        ~asked_before,
        search=search,
        item=None,
        product__input_digest=F("input_digest"),
    ).order_by("place")


def searches() -> QuerySet[SuspectSearch]:
    """All searches, newest first."""
    return SuspectSearch.objects.select_related("requested_by", "model_version").order_by("-pk")


def outcomes(ids: Collection[int]) -> dict[int, Outcome]:
    """Return what has become of each search's suspects; one query."""
    rows = with_answers(SuspectLabel.objects.filter(search__in=ids))
    # Ordered by nothing: an order would be counted by, too.
    counted = rows.order_by().values_list("search", F("became")).annotate(Count("pk"))
    counts: dict[int, dict[str, int]] = {}
    for search, became, number in counted:
        counts.setdefault(search, {})[became] = number
    return {search: Outcome(**counts.get(search, {})) for search in ids}


def with_answers(suspects: QuerySet[SuspectLabel]) -> QuerySet[SuspectLabel]:
    """Add `became`, a name of Outcome's fields, and `answered`, the code that a person gave."""
    answer = Decision.objects.filter(
        item=OuterRef("item"), verdict__in=_ANSWERS, undone_by__isnull=True
    ).order_by("-decided_at")
    answered = suspects.annotate(answered=Subquery(answer.values("category__code")[:1]))
    is_closed = Q(item__status=ReviewStatus.RESOLVED)
    became = Case(
        When(item=None, then=Value("unasked")),
        When(answered=F("given__code"), then=Value("cleared")),
        When(answered__isnull=False, then=Value("confirmed")),
        When(is_closed, then=Value("dropped")),
        default=Value("waiting"),
    )
    return answered.annotate(became=became)


def suspects_of(search: SuspectSearch, *, after: int, size: int) -> list[SuspectLabel]:
    """Return `size` suspects with a place above `after`, with all that a page shows of them."""
    rows = with_answers(SuspectLabel.objects.filter(search=search, place__gt=after))
    return list(
        rows.select_related("product__image", "given", "suggested", "label__moderator").order_by(
            "place"
        )[:size]
    )


def suspicion(item: ReviewItem) -> SuspectLabel | None:
    """Return why an item's product is suspected, for the card of whoever holds it."""
    if ReviewReason.SUSPECT_LABEL not in item.reasons:
        return None
    rows = SuspectLabel.objects.filter(item=item)
    return rows.select_related("given", "suggested", "label").first()


def _of_people(most: int) -> list[LabelledProduct]:
    alarms = ModeratorAlarm.objects.filter(
        moderator=OuterRef("moderator"),
        closed_at=None,
        watched_since__lte=OuterRef("created_at"),
        raised_at__lte=OuterRef("created_at") + _DRIFT,
    )
    rows = live_labels().filter(category__is_active=True).order_by("-pk")
    columns = rows.annotate(by_drifting=Exists(alarms)).values_list(
        "pk", "category__code", "reasons", "by_drifting", *_COLUMNS
    )
    return [
        LabelledProduct(
            product_id=product_id,
            label_id=pk,
            code=code,
            designation=designation,
            description=description,
            input_digest=digest,
            group=group_name(key, product_id, {}),
            is_cleared=ReviewReason.SUSPECT_LABEL in reasons,
            by_drifting=by_drifting,
        )
        for pk, code, reasons, by_drifting, product_id, designation, description, digest, key in columns[
            :most
        ].iterator(chunk_size=_BATCH)
    ]


def _of_catalogue(most: int) -> list[LabelledProduct]:
    columns = [name.removeprefix("product__") for name in _COLUMNS[1:]]
    rows = base_products().order_by("-pk").values_list("pk", "given_code", *columns)
    return [
        LabelledProduct(
            product_id=pk,
            label_id=None,
            code=code,
            designation=designation,
            description=description,
            input_digest=digest,
            group=group_name(key, pk, {}),
            is_cleared=False,
        )
        for pk, code, designation, description, digest, key in rows[:most].iterator(
            chunk_size=_BATCH
        )
    ]
