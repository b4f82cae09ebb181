"""A worker's hold on waiting requests: a token and a lease in the row."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from reviewapp.choices import ProductStatus, RequestStatus
from reviewapp.models import ClassificationRequest, Product

# One statement: two workers never read the same waiting row, and neither waits for the other.
_CLAIM = """
WITH waiting AS MATERIALIZED (
    SELECT id FROM reviewapp_classificationrequest
    WHERE status = 'waiting' AND (attempts > 0) = %(tried)s
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE reviewapp_classificationrequest AS request
SET status = 'claimed', attempts = request.attempts + 1,
    lease_token = %(token)s, lease_expires_at = %(until)s, worker = %(worker)s
FROM waiting WHERE request.id = waiting.id
RETURNING request.id, request.product_id, request.input_digest, request.attempts,
          request.correlation_id
"""
# Every way in makes product and request together; a product this old without one was left by
# something else, a restored table for instance.
_REQUEST_DUE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """One request in a worker's hands. `attempts` counts this try."""

    request_id: int
    product_id: int
    input_digest: str
    attempts: int
    token: uuid.UUID
    correlation_id: str = ""

    @property
    def key(self) -> str:
        """Name of the product towards the classifier."""
        return str(self.request_id)


def claim_requests(*, limit: int, now: datetime, worker: str = "") -> list[Claim]:
    """Take up to `limit` requests that nobody has tried yet, oldest first.

    Counts the try at once: a worker that dies needs nobody to count for it. worker: the name of the
    heartbeat whose silence ends the claims before their lease does; "" for none
    """
    return _claim(limit, now, worker, tried=False)


def claim_retry(*, now: datetime, worker: str = "") -> list[Claim]:
    """Take the oldest request that an earlier try did not finish, if there is one.

    Alone, since it may be the one that killed its worker: the others must not pay again.
    """
    return _claim(1, now, worker, tried=True)


def _claim(limit: int, now: datetime, worker: str, *, tried: bool) -> list[Claim]:
    token = uuid.uuid4()
    until = now + timedelta(seconds=settings.CLASSIFY_LEASE_SECONDS)
    with connection.cursor() as cursor:
        values: dict[str, bool | int | str | datetime] = {
            "tried": tried,
            "limit": limit,
            "token": str(token),
            "until": until,
            "worker": worker,
        }
        cursor.execute(_CLAIM, values)
        rows = sorted(cursor.fetchall())
    return [
        Claim(request_id, product_id, digest, attempts, token, correlation_id)
        for request_id, product_id, digest, attempts, correlation_id in rows
    ]


def request_missing(*, now: datetime) -> int:
    """Open a request for each product that waits without one; return for how many.

    A request that somebody else opens at the same moment is left alone.
    """
    lost = Product.objects.filter(
        status=ProductStatus.WAITING, requests=None, arrived_at__lt=now - _REQUEST_DUE
    )
    made = ClassificationRequest.objects.bulk_create(
        [
            ClassificationRequest(
                product=product,
                input_digest=product.input_digest,
                status=RequestStatus.WAITING,
                requested_at=now,
            )
            for product in lost.only("id", "input_digest").order_by("id")[:1000]
        ],
        ignore_conflicts=True,
    )
    return len(made)
