"""Products whose category is known, with what FUSION said: what thresholds are chosen on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, Min

from reviewapp.choices import GroupKind, SampleSource
from reviewapp.domain.policy_effect import Sample
from reviewapp.models import FeedbackLabel, HeldOutAnswers, ModelVersion, Product
from reviewapp.selectors.group_sql import (
    DESCRIPTION,
    DUPLICATES,
    LANGUAGE,
    MISSING,
    SELLER,
    SELLER_PRODUCTS,
)

# Blind audits speak of today's products; but fewer than this say too little.
ENOUGH_AUDITS = 300
_ARRIVALS_OF = timedelta(days=7)
_KEPT_FOR = timedelta(minutes=1)
# Newest labels that are looked at: more say little more, and the page answers each change of a number.
_MOST_LABELS = 30_000
# Uniform and the same for ever: the 32 bits of a hash of the product. One draw per product thins
# doubtful products, which are all reviewed, down to the share at which listed ones are audited: what is
# left is drawn like the arrivals. Blind answers only beyond the doubts, since an answer that saw the
# model's says less about it.
_LIVE = f"""
WITH labels AS MATERIALIZED (
    SELECT product_id, category_id, input_digest,
           (hashint8extended(product_id, 11) & 4294967295)::float8 / 4294967296 AS draw
    FROM reviewapp_feedbacklabel
    WHERE ended_at IS NULL AND id >= %(since)s
      AND (is_blind AND 'audit' = ANY(reasons)) = %(audits)s
)
SELECT label.product_id, routed.confidence, predicted.code, confirmed.code, routed.outcome,
       routed.inclusion_probability, label.draw,
       {MISSING}, {LANGUAGE}, {DESCRIPTION}, {SELLER}, {DUPLICATES}
FROM labels label
CROSS JOIN LATERAL (
    SELECT route.outcome, route.inclusion_probability, prediction.confidence,
           prediction.category_id, prediction.input_digest
    FROM reviewapp_route route
    JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
    WHERE route.product_id = label.product_id AND prediction.model_version_id = %(version)s
      AND prediction.confidence IS NOT NULL
    ORDER BY route.created_at DESC, route.id DESC
    LIMIT 1
) routed
JOIN reviewapp_product product ON product.id = label.product_id
JOIN reviewapp_category predicted ON predicted.id = routed.category_id
JOIN reviewapp_category confirmed ON confirmed.id = label.category_id
{SELLER_PRODUCTS}
WHERE label.draw < %(below)s AND routed.input_digest = label.input_digest
  AND (%(audits)s OR routed.outcome = 'review')
"""  # noqa: S608 (no input)
_KINDS = (GroupKind.LANGUAGE, GroupKind.DESCRIPTION, GroupKind.SELLER)


@dataclass(frozen=True)
class KnownProducts:
    """A sample, where it is from, and how many products arrive a day."""

    sample: Sample
    source: SampleSource
    arrivals: float


_kept: dict[int, tuple[datetime, KnownProducts]] = {}


def lately_known(version: ModelVersion, *, now: datetime) -> KnownProducts | None:
    """Return `known_products` as they were up to a minute ago, in this process.

    A page that follows a slider asks many times in a minute, and must always speak of one sample.
    """
    read_at, known = _kept.get(version.pk, (now, None))
    if known is None or not timedelta(0) <= now - read_at < _KEPT_FOR:
        known = known_products(version, now=now)
        # Models of the past need no memory.
        _kept.clear()
        if known is not None:
            _kept[version.pk] = now, known
    return known


def known_products(version: ModelVersion, *, now: datetime) -> KnownProducts | None:
    """Return live decisions once there are enough of them, before that the products kept out of
    training; None where there is neither."""
    live = live_sample(version)
    if len(live) >= ENOUGH_AUDITS:
        return KnownProducts(live, SampleSource.LIVE, arrivals_per_day(now=now))
    held = held_out(version)
    if held is None:
        return None
    return KnownProducts(held, SampleSource.HELD_OUT, arrivals_per_day(now=now))


def held_out(version: ModelVersion) -> Sample | None:
    """Return the answers to products kept out of training; None when the model brought none."""
    answers = HeldOutAnswers.objects.filter(model_version=version).first()
    if answers is None or not answers.confidence:
        return None
    return Sample(
        np.array(answers.confidence),
        np.array(answers.predicted),
        np.array(answers.true),
        tuple(answers.missing),
        duplicates=np.array(answers.group, dtype=np.int64) if answers.group else None,
    )


def live_sample(version: ModelVersion) -> Sample:
    """Return the products decided last as a uniform sample of what `version` has routed.

    Doubtful products were all reviewed and listed ones audited at a rate: of the former only that
    share is kept, drawn by a hash, so that every product had the same chance to be in it.
    """
    since = _first_label()
    audits = _live(version, since=since, audits=True, below=1.0)
    rate = min(
        (row.rate for row in audits if row.outcome == "listed" and row.rate > 0), default=1.0
    )
    reviews = _live(version, since=since, audits=False, below=rate)
    rows = sorted(row for row in (*audits, *reviews) if row.rate > 0 and row.draw < rate / row.rate)
    columns: dict[str, tuple[Any, ...]] = dict.fromkeys(_Row._fields, ())
    columns.update(zip(_Row._fields, zip(*rows, strict=True), strict=bool(rows)))
    groups: dict[str, int] = {}
    return Sample(
        np.array(columns["confidence"], dtype=np.float64),
        np.array(columns["predicted"], dtype=np.int64),
        np.array(columns["true"], dtype=np.int64),
        columns["missing"],
        {kind: np.array(columns[kind], dtype=np.str_) for kind in _KINDS},
        np.array([groups.setdefault(one, len(groups)) for one in columns["duplicates"]], np.int64),
    )


class _Row(NamedTuple):
    """A decided product in the order of _LIVE. rate: of being looked at; draw: its lot, 0..1."""

    product: int
    confidence: float
    predicted: int
    true: int
    outcome: str
    rate: float
    draw: float
    missing: str
    language: str
    description: str
    seller: str
    duplicates: str


def _live(version: ModelVersion, **values: Any) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, {"version": version.pk, **values})
        return [_Row._make(row) for row in cursor.fetchall()]


def _first_label() -> int:
    live = FeedbackLabel.objects.filter(ended_at=None).order_by("-pk").values_list("pk", flat=True)
    return next(iter(live[_MOST_LABELS - 1 : _MOST_LABELS]), 0)


def arrivals_per_day(*, now: datetime) -> float:
    """Return the mean of the last seven days, or of the days since the first arrival."""
    recent = Product.objects.filter(arrived_at__gte=now - _ARRIVALS_OF)
    found = recent.aggregate(first=Min("arrived_at"), products=Count("*"))
    if found["first"] is None:
        return 0.0
    days = max((now - found["first"]) / timedelta(days=1), 1.0)
    return float(found["products"] / days)
