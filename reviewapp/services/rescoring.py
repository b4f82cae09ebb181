"""Asking the catalogue anew after a promotion, batch by batch; what waits for review comes first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from classifier.types import PredictionResult
from reviewapp.choices import (
    MemberChoice,
    ProductStatus,
    RescoringPhase,
    ReviewReason,
    ReviewStatus,
    RouteOutcome,
)
from reviewapp.domain.routing import MODELS_REASONS
from reviewapp.models import ModelVersion, Prediction, Product, Rescoring, ReviewItem
from reviewapp.selectors.training import learned_by
from reviewapp.services.predictions import Answered, record_again

_NEXT = {
    RescoringPhase.REVIEW: RescoringPhase.CATALOGUE,
    RescoringPhase.CATALOGUE: RescoringPhase.DONE,
}


@dataclass(frozen=True, slots=True)
class RescoringBatch:
    """Products in one worker's hands until the lease ends."""

    rescoring_id: int
    token: uuid.UUID
    phase: RescoringPhase
    version: ModelVersion
    products: Sequence[Product]


@transaction.atomic
def take_batch(*, version: ModelVersion, limit: int, now: datetime) -> RescoringBatch | None:
    """Take the next products that `version` is to be asked about; None when there are none.

    One worker has a batch at a time. A phase without products left ends here.
    """
    row = (
        Rescoring.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(promotion__version=version, finished_at=None, is_paused=False)
        .exclude(lease_expires_at__gt=now)
        .order_by("-id")
        .first()
    )
    if row is None:
        return None
    while row.phase != RescoringPhase.DONE:
        phase = RescoringPhase(row.phase)
        products = list(_left(phase, version).filter(pk__gt=row.cursor).order_by("pk")[:limit])
        if products:
            row.lease_token = uuid.uuid4()
            row.lease_expires_at = now + timedelta(seconds=settings.CLASSIFY_LEASE_SECONDS)
            row.save(update_fields=["phase", "cursor", "lease_token", "lease_expires_at"])
            return RescoringBatch(row.pk, row.lease_token, phase, version, products)
        row.phase, row.cursor = _NEXT[phase], 0
    row.finished_at, row.rows_done = now, row.rows_total
    row.lease_token = row.lease_expires_at = None
    row.save()
    return None


@transaction.atomic
def record_batch(
    *, batch: RescoringBatch, results: Mapping[int, PredictionResult], now: datetime
) -> bool:
    """Store the answers to a batch, by product; False when the batch is another worker's by now.

    Products of open review items that only hold the models' doubts are routed anew, by the policy in
    force; all others keep their place. An answer counts only while the input is still the same.
    """
    row = Rescoring.objects.select_for_update().get(pk=batch.rescoring_id)
    if row.lease_token != batch.token:
        return False
    answered = [
        Answered(one.pk, one.input_digest, results[one.pk])
        for one in batch.products
        if one.pk in results
    ]
    is_review = batch.phase == RescoringPhase.REVIEW
    routed = record_again(answered=answered, version=batch.version, is_routed=is_review, now=now)
    ids = [one.pk for one in batch.products]
    row.rows_done = min(row.rows_done + len(ids), row.rows_total)
    row.rerouted += len(routed) if is_review else 0
    row.listed += sum(
        route.outcome == RouteOutcome.LISTED and "held" not in route.details for route in routed
    )
    row.changed += 0 if is_review else _changed(ids, batch.version).count()
    row.cursor = ids[-1]
    row.lease_token = row.lease_expires_at = None
    row.save()
    return True


@transaction.atomic
def set_paused(*, rescoring_id: int, is_paused: bool) -> Rescoring:
    """Pause a rescoring, or let it go on; a batch in hand is finished first."""
    row = Rescoring.objects.select_for_update().get(pk=rescoring_id)
    row.is_paused = is_paused
    row.save(update_fields=["is_paused"])
    return row


def _left(phase: RescoringPhase, version: ModelVersion) -> QuerySet[Product]:
    """Products of a phase to which `version` was not the last one to answer.

    In review it routes only what it has not learned; the others get its answer with the
    catalogue's, as a suggestion to people. After a rollback it may have answered long ago: then the
    models agree again once it is asked.
    """
    newest = Prediction.objects.filter(
        product=OuterRef("pk"),
        member=MemberChoice.FUSION,
        input_digest=OuterRef("input_digest"),
    ).order_by("-created_at", "-id")
    products = (
        Product.objects.annotate(answered_by=Subquery(newest.values("model_version")[:1]))
        .filter(~Q(answered_by=version.pk) | Q(answered_by=None))
        .select_related("image")
    )
    if phase == RescoringPhase.CATALOGUE:
        return products.exclude(status=ProductStatus.WAITING)
    doubts = sorted(MODELS_REASONS - {ReviewReason.FAILED})
    items = ReviewItem.objects.filter(product=OuterRef("pk"), reasons__contained_by=doubts)
    waiting = items.exclude(status=ReviewStatus.RESOLVED)
    unlearned = products.exclude(pk__in=learned_by(version).values("pk"))
    return unlearned.filter(Exists(waiting), status=ProductStatus.IN_REVIEW)


def _changed(ids: Sequence[int], version: ModelVersion) -> QuerySet[Prediction]:
    """Answers of `version` that would put a listed product elsewhere."""
    answers = Prediction.objects.filter(
        product__in=ids, model_version=version, member=MemberChoice.FUSION
    )
    listed = answers.filter(
        product__status=ProductStatus.LISTED,
        input_digest=F("product__input_digest"),
        category__isnull=False,
    )
    return listed.exclude(category=F("product__category"))
