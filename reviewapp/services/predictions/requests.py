"""Opening requests for the classification of products that arrived or changed."""

from collections.abc import Sequence
from datetime import datetime

from reviewapp import correlation
from reviewapp.choices import RequestStatus
from reviewapp.models import ClassificationRequest, Product

_OPEN = (RequestStatus.WAITING, RequestStatus.CLAIMED)


def open_requests(products: Sequence[Product], now: datetime) -> None:
    """Open a request for each of `products`; one that has an open one is left alone."""
    ClassificationRequest.objects.bulk_create(
        (
            ClassificationRequest(
                product=product,
                input_digest=product.input_digest,
                correlation_id=correlation.current(),
                requested_at=now,
            )
            for product in products
        ),
        ignore_conflicts=True,
    )


def keep_requested(products: Sequence[Product], now: datetime) -> None:
    """See that each of `products` has one open request, and that it names the new input.

    Locks the requests; needs a transaction.

    `ask_again` and `request_missing` may open one, for the old input, between our look and our
    insert, which then does nothing: so we look again, until nothing was missing.
    """
    missing = sorted(products, key=lambda product: product.pk)
    while missing:
        found = _refresh_requests(missing, now)
        missing = [product for product in missing if product.pk not in found]
        open_requests(missing, now)


def _refresh_requests(products: Sequence[Product], now: datetime) -> set[int]:
    """Point the open requests of `products` at the new input; return whose products had one."""
    digests = {product.pk: product.input_digest for product in products}
    requests = list(
        ClassificationRequest.objects.select_for_update()
        .filter(product__in=digests, status__in=_OPEN)
        .order_by("id")
    )
    outdated = [one for one in requests if one.input_digest != digests[one.product_id]]
    for request in outdated:
        request.input_digest = digests[request.product_id]
        # Taken from the worker that may hold it: its answer is to the old input.
        request.status = RequestStatus.WAITING
        request.lease_token = None
        request.lease_expires_at = None
        request.attempts = 0
        request.error = ""
        request.correlation_id = correlation.current()
        request.requested_at = now
    ClassificationRequest.objects.bulk_update(
        outdated,
        [
            "input_digest",
            "status",
            "lease_token",
            "lease_expires_at",
            "attempts",
            "error",
            "correlation_id",
            "requested_at",
        ],
    )
    return {request.product_id for request in requests}
