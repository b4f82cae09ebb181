"""What live products tell of a model version: its stored answers beside what people have decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from django.db import connection

from reviewapp.choices import MemberChoice, RouteOutcome
from reviewapp.domain.answers import NO_ANSWER, AnswerSheet, MemberAnswers
from reviewapp.domain.policy_effect import Bools, Floats
from reviewapp.models import FeedbackLabel, LiveMeasure, ModelVersion, Prediction, Product
from reviewapp.selectors.group_sql import (
    DUPLICATES,
    LANGUAGE,
    MISSING,
    SELLER,
    SELLER_PRODUCTS,
)

_BATCH: Final = 2000
# Newest decisions that are looked at: more say little more. What is read of routes is not bounded,
# so that a worker measures and pages read what it has stored.
_MOST_LABELS: Final = 30_000
# As sheets of test products name them.
_SIZES: Final = {"few": "small", "some": "medium", "many": "large"}
# The newest route of each product that has a live label for its present input, the one routed. An
# answer that saw the model's says less about a listing, so that of listed products only blind
# audits count; doubtful ones all go to people.
_LABELS = """
WITH labels AS MATERIALIZED (
    SELECT * FROM reviewapp_feedbacklabel
    WHERE ended_at IS NULL AND source <> 'imported' AND created_at <= %(until)s
    ORDER BY id DESC LIMIT %(most)s
)
"""
_DECIDED = """
FROM labels label
JOIN reviewapp_product product ON product.id = label.product_id
  AND product.input_digest = label.input_digest
JOIN reviewapp_category confirmed ON confirmed.id = label.category_id
JOIN LATERAL (
    SELECT route.outcome, route.inclusion_probability, route.reasons, route.created_at,
           prediction.input_digest
    FROM reviewapp_route route
    JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
    WHERE route.product_id = label.product_id
      AND prediction.model_version_id = %(version)s
      AND prediction.confidence IS NOT NULL
    ORDER BY route.created_at DESC, route.id DESC
    LIMIT 1
) route ON route.created_at >= %(since)s AND route.input_digest = label.input_digest
"""
_COUNTS = """
WHERE route.inclusion_probability > 0
  AND (route.outcome = 'review'
       OR ('audit' = ANY(route.reasons) AND label.is_blind AND 'audit' = ANY(label.reasons)))
"""
_LABELLED = f"""
{_LABELS}
SELECT label.product_id, label.input_digest, confirmed.code, route.outcome,
       route.inclusion_probability,
       {DUPLICATES}, {MISSING}, {LANGUAGE}, {SELLER}
{_DECIDED} {SELLER_PRODUCTS} {_COUNTS}
ORDER BY label.product_id
"""
# Those of one cell of a member's confusion matrix, the newest decision first.
_CELL = f"""
{_LABELS}
SELECT label.id, label.product_id, answer.confidence, route.outcome = 'listed', label.created_at
{_DECIDED}
JOIN reviewapp_prediction answer ON answer.product_id = label.product_id
  AND answer.model_version_id = %(version)s AND answer.input_digest = label.input_digest
  AND answer.member = %(member)s
JOIN reviewapp_category said ON said.id = answer.category_id AND said.code = %(predicted)s
{_COUNTS} AND confirmed.code = %(true)s
  AND (%(before)s::bigint IS NULL OR label.id < %(before)s)
ORDER BY label.id DESC LIMIT %(limit)s
"""
# What people were asked about, answered or not: each product once, by its newest route, if that is
# of its present input. Nobody will answer an earlier one any more.
_ASKED = """
SELECT route.outcome, route.inclusion_probability, count(*)
FROM (
    SELECT DISTINCT ON (route.product_id) route.product_id, route.outcome,
           route.inclusion_probability, route.reasons, prediction.input_digest
    FROM reviewapp_route route
    JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
    WHERE prediction.model_version_id = %(version)s AND prediction.confidence IS NOT NULL
      AND route.created_at >= %(since)s
    ORDER BY route.product_id, route.created_at DESC, route.id DESC
) route
JOIN reviewapp_product product ON product.id = route.product_id
  AND product.input_digest = route.input_digest
WHERE route.inclusion_probability > 0
  AND (route.outcome = 'review' OR 'audit' = ANY(route.reasons))
GROUP BY route.outcome, route.inclusion_probability
"""


@dataclass(frozen=True, slots=True)
class Audited:
    """All members' answers to decided live products, each with the weight of what it stands for.

    audits, reviewed: products of the sheet that were listed, and that people were asked about
    """

    sheet: AnswerSheet
    audits: int
    reviewed: int


@dataclass(frozen=True, slots=True)
class DecidedProduct:
    """A live product with a member's answer and the decision that counts.

    label: id of what the decision left; is_audit: decided in a blind audit of a listing
    """

    label: int
    product_id: int
    product: Product
    confidence: float
    is_audit: bool
    decided_at: datetime


def audited(version: ModelVersion, *, since: datetime, until: datetime) -> Audited | None:
    """Return what `version` has said of products that people have decided; None without any.

    Products weigh the inverse of the probability that somebody was asked about them, times the
    asked per answered among listed and among doubtful ones: those still waiting are taken to be
    like the rest. Of the newest decisions only, up to `until`; since: of their routes
    """
    given = {"version": version.pk, "since": since, "until": until, "most": _MOST_LABELS}
    rows = _fetched(_LABELLED, given)
    if not rows:
        return None
    product, digest, true, outcome, rate, group, missing, language, seller = zip(*rows, strict=True)
    number = len(rows)
    is_listed = np.array(outcome) == RouteOutcome.LISTED
    sheet = AnswerSheet(
        labels=np.empty(0, dtype=np.int64),
        product=np.array(product, dtype=np.int64),
        true=np.array(true, dtype=np.int64),
        group=np.array(group),
        missing=np.array(missing),
        language=np.array(["" if one == "unknown" else one for one in language]),
        seller=np.array([_SIZES.get(one, one) for one in seller]),
        is_audit=is_listed,
        latency_ms=np.zeros(number),
        weight=_weights(is_listed, np.array(rate, dtype=np.float64), _fetched(_ASKED, given)),
        members=_members(version, list(zip(product, digest, strict=True))),
    )
    return Audited(sheet, int(is_listed.sum()), number - int(is_listed.sum()))


def decided_products(
    measure: LiveMeasure, *, member: str, true: int, predicted: int, before: int | None, limit: int
) -> list[DecidedProduct]:
    """Return products of one cell of a measure's confusion matrix, the newest decisions first.

    Of the same days, decided by the time of the measure; what has been decided or routed anew since
    is no longer among them. before: id of a label, only older ones follow
    """
    given = {
        "version": measure.model_version_id,
        "since": measure.since,
        "until": measure.measured_at,
        "most": _MOST_LABELS,
        "member": member,
        "true": true,
        "predicted": predicted,
        "before": before,
        "limit": limit,
    }
    rows = _fetched(_CELL, given)
    products = Product.objects.in_bulk([product for _label, product, *_rest in rows])
    return [DecidedProduct(label, key, products[key], *rest) for label, key, *rest in rows]


def live_measure(version: ModelVersion, *, days: int) -> LiveMeasure | None:
    """Return what was last measured of `version` over so many days; None before the first time."""
    return LiveMeasure.objects.filter(model_version=version, days=days).first()


def has_news(measure: LiveMeasure) -> bool:
    """Whether people have decided enough since for the figures to change: a hundredth more."""
    enough = measure.products // 100
    newest = FeedbackLabel.objects.order_by("-id").values_list("created_at", flat=True)
    return any(at > measure.measured_at for at in newest[enough : enough + 1])


def _fetched(sql: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _weights(is_listed: Bools, rate: Floats, asked: Sequence[tuple[str, float, int]]) -> Floats:
    weight = 1 / rate
    for listed in (True, False):
        own = is_listed == listed
        total = sum(
            number / chance
            for outcome, chance, number in asked
            if (outcome == RouteOutcome.LISTED) == listed
        )
        if own.any():
            weight[own] *= total / weight[own].sum()
    return weight


def _members(
    version: ModelVersion, products: Sequence[tuple[int, str]]
) -> dict[str, MemberAnswers]:
    """Return the stored answers of each member to products, each with the digest of its input."""
    place = {key: row for row, key in enumerate(products)}
    predicted = {
        member.value: np.full(len(products), NO_ANSWER, dtype=np.int64) for member in MemberChoice
    }
    confidence = {member: np.zeros(len(products)) for member in predicted}
    for start in range(0, len(products), _BATCH):
        said = Prediction.objects.filter(
            model_version=version,
            product__in=[product for product, _digest in products[start : start + _BATCH]],
            category__isnull=False,
        )
        columns = ("product_id", "input_digest", "member", "category__code", "confidence")
        for product, digest, member, code, sure in said.values_list(*columns):
            row = place.get((product, digest))
            if row is not None:
                predicted[member][row], confidence[member][row] = code, sure
    nothing = np.empty((len(products), 0), dtype=np.float16)
    return {
        member: MemberAnswers(nothing, predicted[member], confidence[member])
        for member in predicted
        if (predicted[member] != NO_ANSWER).any()
    }
