"""Products whose category is known, with what FUSION said: what thresholds are chosen on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from reviewapp.choices import GroupKind, SampleSource
from reviewapp.domain.policy_effect import Sample
from reviewapp.models import HeldOutAnswers, ModelVersion, Product
from reviewapp.selectors.group_sql import DESCRIPTION, LANGUAGE, SELLER, SELLER_PRODUCTS

# Blind audits speak of today's products; but fewer than this say too little.
ENOUGH_AUDITS = 300
_ARRIVALS_OF = timedelta(days=7)
# One draw per product thins doubtful products, which are all reviewed, down to the share at which
# listed ones are audited: what is left is drawn like the arrivals. Blind answers only beyond the
# doubts, since an answer that saw the model's says less about it.
_LIVE = f"""
WITH routed AS (
    SELECT DISTINCT ON (route.product_id)
           route.product_id, route.outcome, route.inclusion_probability AS rate,
           prediction.confidence, prediction.category_id, prediction.input_digest
    FROM reviewapp_route route
    JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
    WHERE prediction.model_version_id = %(version)s AND prediction.confidence IS NOT NULL
    ORDER BY route.product_id, route.created_at DESC, route.id DESC
)
SELECT routed.confidence, predicted.code, confirmed.code, routed.outcome, routed.rate,
       concat_ws(',', CASE WHEN product.image_id IS NULL THEN 'image' END,
                      CASE WHEN product.designation = '' AND product.description = ''
                           THEN 'text' END),
       -- Uniform and the same for ever: the 32 bits of a hash.
       (hashint8extended(routed.product_id, 11) & 4294967295) / 4294967296.0,
       {LANGUAGE}, {DESCRIPTION}, {SELLER},
       coalesce('group ' || product.group_key, 'product ' || product.id)
FROM routed
JOIN reviewapp_product product ON product.id = routed.product_id
JOIN reviewapp_feedbacklabel label
  ON label.product_id = routed.product_id AND label.ended_at IS NULL
 AND label.input_digest = routed.input_digest
JOIN reviewapp_category predicted ON predicted.id = routed.category_id
JOIN reviewapp_category confirmed ON confirmed.id = label.category_id
{SELLER_PRODUCTS}
WHERE (routed.outcome = 'review' OR (label.is_blind AND 'audit' = ANY(label.reasons)))
ORDER BY routed.product_id
"""  # noqa: S608 (no input)
_KINDS = (GroupKind.LANGUAGE, GroupKind.DESCRIPTION, GroupKind.SELLER)


@dataclass(frozen=True)
class KnownProducts:
    """A sample and where it is from."""

    sample: Sample
    source: SampleSource


def known_products(
    version: ModelVersion, source: SampleSource | None = None
) -> KnownProducts | None:
    """Return the sample of `source`, or by default live decisions once there are enough of them,
    and before that the products kept out of training; None where there is none."""
    if source != SampleSource.HELD_OUT:
        live = live_sample(version)
        if len(live) >= (1 if source else ENOUGH_AUDITS):
            return KnownProducts(live, SampleSource.LIVE)
    held = held_out(version)
    return KnownProducts(held, SampleSource.HELD_OUT) if held is not None else None


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
    """Return decided products as a uniform sample of what `version` has routed.

    Doubtful products were all reviewed and listed ones audited at a rate: of the former only that
    share is kept, drawn by a hash, so that every product had the same chance to be in it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, {"version": version.pk})
        rows = cursor.fetchall()
    audited = [row[4] for row in rows if row[3] == "listed" and row[4] > 0]
    rate = min(audited, default=1.0)
    kept = [row for row in rows if row[4] > 0 and float(row[6]) < rate / row[4]]
    return Sample(
        np.array([row[0] for row in kept], dtype=np.float64),
        np.array([row[1] for row in kept], dtype=np.int64),
        np.array([row[2] for row in kept], dtype=np.int64),
        tuple(row[5] for row in kept),
        {kind: np.array([row[place] for row in kept]) for place, kind in enumerate(_KINDS, 7)},
        np.unique([row[10] for row in kept], return_inverse=True)[1],
    )


def arrivals_per_day(*, now: datetime) -> float:
    """Return the mean of the last seven days, or of the days since the first arrival."""
    recent: QuerySet[Product] = Product.objects.filter(arrived_at__gte=now - _ARRIVALS_OF)
    first = recent.order_by("arrived_at").values_list("arrived_at", flat=True).first()
    if first is None:
        return 0.0
    days = max((now - first) / timedelta(days=1), 1.0)
    return recent.count() / days
