"""What a shadow has said beside the champion."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Q, QuerySet

from reviewapp.domain.intervals import Interval, share
from reviewapp.models import ShadowAnswer, ShadowRun

# One row: every product counts once, by its newest answer. "listed" is what the routing threshold
# would have made of the confidence; the models' disagreement counts for neither side.
_NUMBERS = """
WITH answered AS (
    SELECT DISTINCT ON (route.product_id)
           route.product_id, shadow.category_id AS new, shadow.confidence, shadow.latency_ms,
           champion.category_id AS old, champion.latency_ms AS old_latency_ms,
           champion.confidence AS old_confidence, champion.input_digest,
           COALESCE((route.details->>'accept_at')::float, policy.accept_at) AS needed
    FROM reviewapp_shadowanswer shadow
    JOIN reviewapp_route route ON route.id = shadow.route_id
    JOIN reviewapp_prediction champion ON champion.id = route.prediction_id
    JOIN reviewapp_routingpolicy policy ON policy.id = route.policy_id
    WHERE shadow.run_id = %s
    ORDER BY route.product_id, shadow.id DESC
)
SELECT count(*),
       count(*) FILTER (WHERE new IS NOT DISTINCT FROM old),
       count(*) FILTER (WHERE answered.confidence >= needed),
       count(*) FILTER (WHERE old_confidence >= needed),
       count(*) FILTER (WHERE answered.confidence >= needed AND old_confidence >= needed
                              AND new IS DISTINCT FROM old),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY answered.latency_ms),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY answered.latency_ms),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY old_latency_ms),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY old_latency_ms),
       count(label.id),
       count(label.id) FILTER (WHERE new = label.category_id AND old IS DISTINCT FROM new),
       count(label.id) FILTER (WHERE old = label.category_id AND old IS DISTINCT FROM new)
FROM answered
LEFT JOIN reviewapp_feedbacklabel label
  ON label.product_id = answered.product_id AND label.ended_at IS NULL
 AND label.input_digest = answered.input_digest
"""


@dataclass(frozen=True, slots=True)
class ShadowNumbers:
    """A run in numbers. Latencies are in milliseconds of one product's share of its batch.

    agreement: share of products to which both said the same; None without any
    listed, old_listed: products at or above the threshold, of the shadow and of the champion
    clashes: products that both would list, in different categories
    decided: products that people have decided since; won, lost: of these the ones that only the
        shadow, or only the champion, had right
    """

    products: int
    agreement: Interval | None
    listed: int
    old_listed: int
    clashes: int
    median_ms: float | None
    p95_ms: float | None
    old_median_ms: float | None
    old_p95_ms: float | None
    decided: int
    won: int
    lost: int


def present_run() -> ShadowRun | None:
    """Return the run that goes on, or None."""
    runs = ShadowRun.objects.select_related("version", "champion", "started_by")
    return runs.filter(ended_at=None).first()


def newest_run() -> ShadowRun | None:
    """Return the run that goes on, or the last one, or None."""
    runs = ShadowRun.objects.select_related("version", "champion", "started_by")
    return runs.order_by("-id").first()


def numbers(run: ShadowRun) -> ShadowNumbers:
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [run.pk])
        row = cursor.fetchone()
    products, agreed, *rest = row
    return ShadowNumbers(products, share(agreed, products) if products else None, *rest)


def disagreements(run: ShadowRun) -> QuerySet[ShadowAnswer]:
    """Answers that differ from the champion's, newest first."""
    answers = ShadowAnswer.objects.filter(run=run).exclude(
        Q(category=F("route__prediction__category")) & Q(category__isnull=False)
    )
    return answers.select_related(
        "category", "route__product", "route__prediction__category"
    ).order_by("-id")
