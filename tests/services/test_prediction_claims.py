from datetime import timedelta

import pytest
from django.db import transaction

from reviewapp.choices import ProductStatus, Queue, RequestStatus
from reviewapp.models import ClassificationRequest
from reviewapp.services import predictions
from reviewapp.services.workers import beat
from tests.concurrency import in_new_connection
from tests.factories import ProductFactory, RequestFactory


@pytest.mark.django_db
def test_claiming_takes_the_oldest_and_counts_the_try(now, settings):
    requests = [RequestFactory() for _ in range(3)]

    claims = predictions.claim_requests(limit=2, now=now)

    assert [claim.request_id for claim in claims] == [requests[0].pk, requests[1].pk]
    row = ClassificationRequest.objects.get(pk=requests[0].pk)
    assert (row.status, row.attempts, row.lease_token) == ("claimed", 1, claims[0].token)
    assert row.lease_expires_at == now + timedelta(seconds=settings.CLASSIFY_LEASE_SECONDS)


@pytest.mark.django_db(transaction=True)
def test_claiming_does_not_wait_for_another_worker(now):
    RequestFactory()
    second = RequestFactory()

    with transaction.atomic():  # the first worker's claim is not committed yet
        predictions.claim_requests(limit=1, now=now)
        claims = in_new_connection(lambda: predictions.claim_requests(limit=5, now=now))

    assert [claim.request_id for claim in claims] == [second.pk]


@pytest.mark.django_db
def test_what_a_worker_has_died_on_is_claimed_alone(now):
    tried = [RequestFactory(attempts=1), RequestFactory(attempts=2)]
    fresh = RequestFactory()

    batch = predictions.claim_requests(limit=10, now=now)
    alone = predictions.claim_retry(now=now)

    assert [claim.request_id for claim in batch] == [fresh.pk]
    assert [(claim.request_id, claim.attempts) for claim in alone] == [(tried[0].pk, 2)]


@pytest.mark.django_db
def test_claims_of_a_silent_worker_end_before_their_lease_and_no_others(now, settings):
    for name in ("alive", "dead", ""):
        RequestFactory()
        predictions.claim_requests(limit=1, now=now, worker=name)
    beat(name="alive", queue=Queue.INFERENCE, now=now)
    beat(name="dead", queue=Queue.INFERENCE, now=now - timedelta(seconds=1))
    later = now + timedelta(seconds=settings.WORKER_SILENT_SECONDS)

    freed = predictions.end_dead_leases(now=later)

    assert freed == 1
    claimed = ClassificationRequest.objects.filter(status=RequestStatus.CLAIMED)
    assert set(claimed.values_list("worker", flat=True)) == {"alive", ""}


@pytest.mark.django_db
def test_a_product_that_waits_without_a_request_gets_one(now):
    lost = ProductFactory(arrived_at=now - timedelta(hours=1))
    ProductFactory(arrived_at=now)  # its request may be on the way
    ProductFactory(arrived_at=now - timedelta(hours=1), status=ProductStatus.IN_REVIEW)
    RequestFactory(product__arrived_at=now - timedelta(hours=1), status=RequestStatus.DONE)

    made = predictions.request_missing(now=now)

    assert made == 1
    assert lost.requests.get().input_digest == lost.input_digest
    assert predictions.request_missing(now=now) == 0
