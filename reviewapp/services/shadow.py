"""A candidate beside the champion: it answers to a share of the live products and moves nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from classifier.types import MemberAnswer
from reviewapp.choices import ModelStage
from reviewapp.models import (
    Category,
    ModelVersion,
    Product,
    Route,
    ShadowAnswer,
    ShadowRun,
    User,
)
from reviewapp.services.model_versions import locked_versions


@dataclass(eq=False)
class ShadowRefused(Exception):
    """The version cannot answer beside the champion: it is it, or there is none, or another does."""


@dataclass(frozen=True, slots=True)
class ShadowBatch:
    """Routes of the champion that the shadow is to be asked about; `end` is where the next begin."""

    run: ShadowRun
    routes: Sequence[Route]
    end: int


@transaction.atomic
def start_shadow(
    *, version: ModelVersion, share: float, author: User | None, now: datetime
) -> ShadowRun:
    """Let `version` answer beside the champion to `share` of the products from now on, 0..1.

    Raises ShadowRefused.
    """
    locked = locked_versions()
    champion = next((v for v in locked.values() if v.stage == ModelStage.CHAMPION), None)
    version = locked[version.pk]
    is_busy = ShadowRun.objects.filter(ended_at=None).exists()
    if champion is None or champion == version or is_busy:
        raise ShadowRefused
    version.stage = ModelStage.SHADOW
    version.save(update_fields=["stage"])
    newest = Route.objects.order_by("-pk").values_list("pk", flat=True).first()
    return ShadowRun.objects.create(
        version=version,
        champion=champion,
        share=share,
        cursor=newest or 0,
        started_by=author,
        started_at=now,
    )


@transaction.atomic
def stop_shadow(*, now: datetime) -> ShadowRun | None:
    """End the present run; what it has answered stays. None when there is none.

    A promotion ends it, too: what it was compared with is no longer the champion.
    """
    # Before the run: a promotion, which ends it too, holds the versions by then.
    locked_versions()
    run = ShadowRun.objects.select_for_update().filter(ended_at=None).first()
    if run is None:
        return None
    run.ended_at = now
    run.save(update_fields=["ended_at"])
    ModelVersion.objects.filter(pk=run.version_id, stage=ModelStage.SHADOW).update(
        stage=ModelStage.CANDIDATE
    )
    return run


def next_batch(*, run: ShadowRun, limit: int, most: int) -> ShadowBatch | None:
    """Return up to `limit` routes to ask about, of at most `most` to look at; None without any.

    Products that have changed since their route are passed over: the champion saw another input.
    """
    routes = list(
        Route.objects.filter(pk__gt=run.cursor, prediction__model_version=run.champion_id)
        .select_related("product__image", "prediction")
        .order_by("pk")[:most]
    )
    if not routes:
        return None
    chosen: list[Route] = []
    for route in routes:
        if len(chosen) == limit:
            return ShadowBatch(run, chosen, chosen[-1].pk)
        if is_drawn(run, route.product) and _is_same(route):
            chosen.append(route)
    return ShadowBatch(run, chosen, routes[-1].pk)


@transaction.atomic
def record_shadow(
    *, batch: ShadowBatch, answers: Mapping[int, MemberAnswer], now: datetime
) -> None:
    """Store FUSION's answers, by route, and move the run on. Repeating a batch changes nothing.

    A run that has ended meanwhile keeps what it had.
    """
    run = ShadowRun.objects.select_for_update().get(pk=batch.run.pk)
    if run.ended_at is not None:
        return
    categories = dict(Category.objects.values_list("code", "pk"))
    rows = []
    for route in batch.routes:
        answer = answers.get(route.pk)
        if answer is not None:
            category = categories.get(answer.top[0].code) if answer.top else None
            rows.append(
                ShadowAnswer(
                    run=run,
                    route=route,
                    category_id=category,
                    confidence=None if category is None else answer.confidence,
                    latency_ms=answer.latency_ms,
                    created_at=now,
                )
            )
    ShadowAnswer.objects.bulk_create(rows, ignore_conflicts=True)
    run.cursor, run.problem = max(run.cursor, batch.end), ""
    run.save(update_fields=["cursor", "problem"])


def note_problem(*, run: ShadowRun, problem: str) -> None:
    """Keep on the run why it cannot go on at present."""
    ShadowRun.objects.filter(pk=run.pk, ended_at=None).update(problem=problem)


def is_drawn(run: ShadowRun, product: Product) -> bool:
    """Say whether a product belongs to the run's share; always the same for the same pair."""
    digest = hashlib.sha256(f"shadow:{run.pk}:{product.pk}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < run.share


def _is_same(route: Route) -> bool:
    return route.prediction is not None and (
        route.prediction.input_digest == route.product.input_digest
    )
