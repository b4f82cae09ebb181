"""No product is lost and none counts twice, whatever dies: with a real worker process."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from reviewapp.choices import FailureCode, ProductStatus, RequestStatus
from reviewapp.models import ClassificationRequest, Prediction, Product, ReviewItem, Route
from tests.factories import CategoryFactory, ChampionFactory, RequestFactory, RoutingPolicyFactory
from tests.waiting import eventually
from worker.tasks import classify

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]

WAIT_SECONDS = 20


@pytest.fixture(autouse=True)
def model(transactional_db):
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    RoutingPolicyFactory(audit_rate=0.0)
    return ChampionFactory(labels=[10, 20], manifest_sha256="")


def arrive(count, designation="Roman {}"):
    return [RequestFactory(product__designation=designation.format(n)) for n in range(count)]


def all_finished():
    return not ClassificationRequest.objects.filter(
        status__in=[RequestStatus.WAITING, RequestStatus.CLAIMED]
    ).exists()


def assert_each_counts_once():
    """Every product has one answer per member, one route, and at most one open case."""
    assert not Product.objects.filter(status=ProductStatus.WAITING).exists()
    products = Product.objects.count()
    assert Prediction.objects.count() == 3 * products
    routes = Route.objects.values("product").annotate(n=Count("id"))
    assert sorted(row["n"] for row in routes) == [1] * products


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing(broker, start_worker):
    requests = arrive(12, "Roman {} unsure")
    slow = {"PREDICTOR_SECONDS": "30", "CLASSIFY_LEASE_SECONDS": "600"}
    first = start_worker("SlowPredictor", **slow)
    broker.send(classify.drain)
    assert eventually(lambda: len(first.begun_products()) == 8, WAIT_SECONDS)

    first.kill()
    assert ClassificationRequest.objects.filter(status=RequestStatus.CLAIMED).count() == 8
    # As if it had been silent for so long: its claims do not wait for their lease.
    first.heartbeats().update(seen_at=timezone.now() - timedelta(minutes=1))
    start_worker("FixedPredictor")

    assert eventually(all_finished, WAIT_SECONDS)
    assert_each_counts_once()
    assert ReviewItem.objects.count() == len(requests)
    tries = ClassificationRequest.objects.order_by("id").values_list("attempts", flat=True)
    assert list(tries) == [2] * 8 + [1] * 4


def test_a_flushed_redis_doubled_messages_and_a_cut_database_lose_nothing(broker, start_worker):
    worker = start_worker("SlowPredictor", processes=2, PREDICTOR_SECONDS="0.2")

    arrive(30, "doubled {}")
    for _ in range(6):
        broker.send(classify.drain)
    assert eventually(all_finished, WAIT_SECONDS)
    assert sorted(worker.begun_products()) == sorted(f"doubled {n}" for n in range(30))

    arrive(5, "flushed {}")
    broker.client.flushdb()
    assert eventually(all_finished, WAIT_SECONDS)

    begun = len(worker.begun_products())
    arrive(20, "cut {}")
    broker.send(classify.drain)
    assert eventually(lambda: len(worker.begun_products()) > begun, WAIT_SECONDS)
    cut_off_workers()
    assert eventually(all_finished, WAIT_SECONDS)

    assert_each_counts_once()
    assert worker.process.poll() is None


def cut_off_workers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] > 0


def test_a_product_that_kills_its_worker_ends_in_review_and_takes_nobody_along(
    broker, start_worker
):
    arrive(3)
    [killer] = arrive(1, "killer")
    worker = start_worker("KillerPredictor")
    broker.send(classify.drain)

    assert eventually(all_finished, WAIT_SECONDS)
    killer.refresh_from_db()
    details = ReviewItem.objects.get(product=killer.product).route.details
    assert (killer.status, killer.attempts) == (RequestStatus.FAILED, 2)
    assert details["failure"] == FailureCode.WORKER_DIED
    assert Product.objects.filter(status=ProductStatus.LISTED).count() == 3

    assert eventually(lambda: worker.heartbeats().exists(), WAIT_SECONDS)
    assert worker.stop() == 0
    # The children that were killed could not take their rows along.
    assert worker.heartbeats().count() == 2


def test_a_worker_says_that_it_lives_and_when_it_goes(start_worker, model):
    worker = start_worker("FixedPredictor")

    heartbeat = worker.heartbeats().get()
    assert (heartbeat.queue, heartbeat.model_version) == ("inference", model)
    assert heartbeat.problem == ""

    assert worker.stop() == 0
    assert not worker.heartbeats().exists()
