"""The live labels that a snapshot would hold now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.crypto import salted_hmac

from reviewapp.choices import MemberChoice
from reviewapp.domain.snapshots import Filters, SnapshotRow
from reviewapp.domain.splits import group_name
from reviewapp.models import Decision, FeedbackLabel, Prediction, SplitAssignment

# Rows fetched at a time from the server-side cursor, and looked up together.
_CHUNK = 2000
_COLUMNS = (
    "product_id",
    "product__source",
    "product__external_id",
    "product__designation",
    "product__description",
    "product__language",
    "product__image_id",
    "product__image__sha256",
    "input_digest",
    "category__code",
    "created_at",
    "source",
    "moderator_id",
    "annotator",
    "model_version__name",
    "reasons",
    "is_blind",
    "inclusion_probability",
    "product__group_key",
)


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Live labels. selected: a snapshot made now would hold them; outdated: given for an earlier
    text or picture; filtered: not asked for."""

    selected: int
    outdated: int
    filtered: int


@dataclass(frozen=True, slots=True)
class _Context:
    """What is known about the products of one chunk beside their labels."""

    answers: Mapping[int, Counter[int]]
    superseded: Mapping[int, int]
    splits: Mapping[int, str]
    predictions: Mapping[tuple[int, str], tuple[int, float, str]]


def selected_labels(filters: Filters) -> QuerySet[FeedbackLabel]:
    """Live labels whose product still has the text and picture they were given for."""
    return _live().filter(_is_present(), _is_wanted(filters))


def label_counts(filters: Filters) -> LabelCounts:
    """Count live labels by what becomes of them."""
    present = _is_present()
    counts = _live().aggregate(
        selected=Count("id", filter=present & _is_wanted(filters)),
        outdated=Count("id", filter=~present),
        all=Count("id"),
    )
    rest = counts["all"] - counts["selected"] - counts["outdated"]
    return LabelCounts(counts["selected"], counts["outdated"], rest)


def live_rows(filters: Filters, merged: dict[int, str]) -> Iterator[SnapshotRow]:
    """Yield the selected labels by product, in constant memory.

    Every product must have its split by now; merged: names of the groups that have become one.
    """
    labels = selected_labels(filters).order_by("product_id").values_list(*_COLUMNS)
    rows = labels.iterator(chunk_size=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        records = [dict(zip(_COLUMNS, row, strict=True)) for row in chunk]
        context = _context([record["product_id"] for record in records])
        for record in records:
            yield _row(record, context, merged)


def _live() -> QuerySet[FeedbackLabel]:
    return FeedbackLabel.objects.filter(ended_at=None)


def _is_present() -> Q:
    return Q(input_digest=F("product__input_digest"))


def _is_wanted(filters: Filters) -> Q:
    wanted = Q()
    if filters.sources:
        wanted &= Q(source__in=filters.sources)
    if filters.is_blind_only:
        wanted &= Q(is_blind=True)
    if filters.decided_from:
        wanted &= Q(created_at__gte=datetime.combine(filters.decided_from, time(), UTC))
    if filters.decided_until:
        end = datetime.combine(filters.decided_until, time(), UTC) + timedelta(days=1)
        wanted &= Q(created_at__lt=end)
    return wanted


def _context(products: list[int]) -> _Context:
    answers: dict[int, Counter[int]] = {}
    given = Decision.objects.filter(product__in=products, undone_by=None, category__isnull=False)
    counted = given.values_list("product_id", "category__code").annotate(Count("id"))
    for product_id, code, number in counted:
        answers.setdefault(product_id, Counter())[code] += number
    earlier = FeedbackLabel.objects.filter(product__in=products, superseded_by__isnull=False)
    said = Prediction.objects.filter(
        product__in=products, member=MemberChoice.FUSION, category__isnull=False
    ).order_by("id")
    columns = (
        "product_id",
        "input_digest",
        "category__code",
        "confidence",
        "model_version__name",
    )
    # Not by a join: one would be planned by what was known of the table before it was filled.
    assigned = SplitAssignment.objects.filter(product__in=products)
    return _Context(
        answers=answers,
        splits=dict(assigned.values_list("product_id", "split")),
        superseded=dict(earlier.values_list("product_id").annotate(Count("id"))),
        predictions={(row[0], row[1]): row[2:] for row in said.values_list(*columns)},
    )


def _row(record: dict[str, Any], context: _Context, merged: dict[int, str]) -> SnapshotRow:
    product_id, code = record["product_id"], record["category__code"]
    answers = context.answers.get(product_id, Counter())
    predicted = context.predictions.get((product_id, record["input_digest"]), (None, None, None))
    return SnapshotRow(
        product_id=product_id,
        source=record["product__source"],
        external_id=record["product__external_id"],
        designation=record["product__designation"],
        description=record["product__description"],
        language=record["product__language"],
        image_id=record["product__image_id"],
        image_sha256=record["product__image__sha256"],
        input_digest=record["input_digest"],
        code=code,
        decided_at=record["created_at"],
        label_source=record["source"],
        moderator=record["annotator"] or pseudonym(f"{record['moderator_id']}"),
        model_version=record["model_version__name"],
        reasons=record["reasons"],
        is_blind=record["is_blind"],
        inclusion_probability=record["inclusion_probability"],
        answers=answers.total(),
        agreeing=answers[code],
        superseded=context.superseded.get(product_id, 0),
        predicted_code=predicted[0],
        confidence=predicted[1],
        predicted_by=predicted[2],
        group=group_name(record["product__group_key"], product_id, merged),
        split=context.splits[product_id],
    )


@lru_cache(maxsize=4096)
def pseudonym(person: str) -> str:
    """Return a name for a person that only this installation's key can tie to the account."""
    digest = salted_hmac("reviewapp.export.moderator", person, algorithm="sha256")
    return digest.hexdigest()[:16]
