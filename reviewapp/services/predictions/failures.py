"""Products that cannot be classified end in review with the reason, after bounded tries."""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from reviewapp.choices import FailureCode, RequestStatus, ReviewReason, ReviewStatus
from reviewapp.models import ClassificationRequest, ModelVersion, Product, ReviewItem
from reviewapp.selectors.training import learned_by
from reviewapp.selectors.workers import silent_workers
from reviewapp.services.policies import current_policy
from reviewapp.services.predictions.claims import Claim
from reviewapp.services.predictions.results import hold_requests, live_labels
from reviewapp.services.routing import route_failed

logger = logging.getLogger(__name__)

# Before a failed try is repeated, times the tries so far: a full disk may be free again by then.
_PAUSE = timedelta(seconds=5)
# Rows handled in one transaction; a short one keeps nobody waiting.
_BATCH = 200


@transaction.atomic
def record_failure(*, claim: Claim, error: str, now: datetime) -> bool:
    """Note that the models failed on a claimed product; say whether it is given up.

    Until CLASSIFY_MAX_ATTEMPTS it is tried again after a pause; then it goes to review. A claim
    that no longer holds is left alone.
    """
    if not hold_requests([claim]):
        return False
    request = ClassificationRequest.objects.filter(pk=claim.request_id)
    if claim.attempts >= settings.CLASSIFY_MAX_ATTEMPTS:
        request.update(error=error)
        _give_up(list(request), FailureCode.ERROR, error, now)
        return True
    # The pause is a lease that nobody holds; when it ends the request waits again.
    request.update(
        error=error,
        lease_token=uuid.uuid4(),
        lease_expires_at=now + _PAUSE * claim.attempts,
        worker="",
    )
    return False


@transaction.atomic
def end_dead_leases(*, now: datetime) -> int:
    """Bring back requests whose worker has died or whose pause is over; return how many.

    A worker is dead when its lease has ended, or its heartbeat was not heard for
    WORKER_SILENT_SECONDS. Those that were tried CLASSIFY_MAX_ATTEMPTS times go to review instead.
    """
    silent = silent_workers(now=now).values("name")
    dead = list(
        ClassificationRequest.objects.select_for_update(skip_locked=True)
        .filter(Q(lease_expires_at__lte=now) | Q(worker__in=silent), status=RequestStatus.CLAIMED)
        .order_by("pk")[:_BATCH]
    )
    spent = [request for request in dead if request.attempts >= settings.CLASSIFY_MAX_ATTEMPTS]
    _give_up(spent, FailureCode.WORKER_DIED, "", now)
    spent_ids = {request.pk for request in spent}
    ClassificationRequest.objects.filter(
        pk__in=[request.pk for request in dead if request.pk not in spent_ids]
    ).update(status=RequestStatus.WAITING, lease_token=None, lease_expires_at=None)
    return len(dead)


@transaction.atomic
def fail_waiting(*, problem: str, since: datetime, now: datetime) -> int:
    """Send to review what has waited MODEL_WAIT_SECONDS for a usable model; return how many.

    problem: why there is none, in words; since: when it became so. A backlog that a usable model
    left behind waits from then on, not from when it came. Handles a bounded number; call it again
    for more.
    """
    waited = now - timedelta(seconds=settings.MODEL_WAIT_SECONDS)
    if since > waited:
        return 0
    requests = list(
        ClassificationRequest.objects.select_for_update(skip_locked=True)
        .filter(status=RequestStatus.WAITING, requested_at__lte=waited)
        .order_by("pk")[:_BATCH]
    )
    _give_up(requests, FailureCode.NO_MODEL, problem, now)
    return len(requests)


def _give_up(
    requests: Sequence[ClassificationRequest], failure: FailureCode, detail: str, now: datetime
) -> None:
    """Fail the locked `requests` and send their products to review."""
    if not requests:
        return
    policy = current_policy(now=now)
    locked = Product.objects.select_for_update(no_key=True).filter(
        pk__in=[request.product_id for request in requests]
    )
    products = {product.pk: product for product in locked.order_by("pk")}
    labels = live_labels(products)
    for request in requests:
        route_failed(
            product=products[request.product_id],
            failure=failure,
            detail=detail or request.error,
            policy=policy,
            label=labels.get(request.product_id),
            now=now,
        )
        named = {"product_id": request.product_id, "correlation_id": request.correlation_id}
        logger.warning("Given up (%s), goes to review", failure, extra=named)
    ClassificationRequest.objects.filter(pk__in=[request.pk for request in requests]).update(
        status=RequestStatus.FAILED,
        error=detail or failure.value,
        finished_at=now,
        lease_token=None,
        lease_expires_at=None,
    )


@transaction.atomic
def ask_again(*, version: ModelVersion, now: datetime) -> int:
    """Open a new request for each product in review because no model could answer.

    For the new model `version`: its answers then stand beside the product, or list it. Products
    that it has learned are left to people and to its rescoring. Returns how many.
    """
    failed = ReviewItem.objects.filter(reasons__contains=[ReviewReason.FAILED])
    stuck = (
        Product.objects.filter(
            pk__in=failed.exclude(status=ReviewStatus.RESOLVED).values("product")
        )
        .exclude(pk__in=learned_by(version).values("pk"))
        .exclude(requests__status__in=[RequestStatus.WAITING, RequestStatus.CLAIMED])
    )
    made = ClassificationRequest.objects.bulk_create(
        (
            ClassificationRequest(
                product=product, input_digest=product.input_digest, requested_at=now
            )
            for product in stuck.only("id", "input_digest").order_by("id").iterator()
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )
    return len(made)
