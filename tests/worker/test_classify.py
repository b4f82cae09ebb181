"""The drain task, called as a function; tests/worker/test_real_worker.py starts a real one."""

import logging
import uuid
from datetime import timedelta

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.db import OperationalError, transaction
from kombu.exceptions import OperationalError as BrokerError

from reviewapp.choices import Queue, RequestStatus
from reviewapp.models import ClassificationRequest, Prediction, ReviewItem
from reviewapp.selectors.workers import DEMO_TRAINER
from reviewapp.services import predictions, workers
from tests.factories import CategoryFactory, ChampionFactory, ProductFactory, RequestFactory
from tests.worker.predictors import FixedPredictor
from worker import inference
from worker.tasks import classify, previews, sweep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """Messages that would have gone to the broker."""
    messages = []
    monkeypatch.setattr(classify.drain, "apply_async", lambda **options: messages.append(options))
    cache.delete(classify._WAKE_KEY)
    # Sellers who write in other tests make batches small.
    monkeypatch.setattr(previews, "_WRITING_KEY", f"test:{uuid.uuid4().hex}")
    # A wait of its own: the cache outlives the test, and other processes share it.
    monkeypatch.setattr(sweep, "_UNUSABLE_KEY", f"test:{uuid.uuid4().hex}")
    yield messages
    cache.delete(classify._WAKE_KEY)


@pytest.fixture
def predictor(settings):
    """A champion whose artifact is loaded by the FixedPredictor."""
    settings.PREDICTOR = "tests.worker.predictors:FixedPredictor"
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    ChampionFactory(labels=[10, 20], manifest_sha256="")
    inference.forget()
    yield inference.model().predictor
    inference.forget()


def statuses():
    return list(ClassificationRequest.objects.order_by("id").values_list("status", flat=True))


def test_a_drain_works_off_all_that_waits_in_growing_batches(predictor, settings):
    settings.CLASSIFY_BATCH = 16
    for _ in range(30):
        RequestFactory()

    classify.drain()

    assert set(statuses()) == {"done"}
    assert [len(batch) for batch in predictor.batches[1:]] == [8, 16, 6]
    assert Prediction.objects.count() == 30 * 3


def test_one_poison_product_sinks_no_other(predictor):
    requests = [RequestFactory() for _ in range(2)]
    poison = RequestFactory(product__designation="poison")

    classify.drain()

    assert statuses() == ["done", "done", "claimed"]
    poison.refresh_from_db()
    assert poison.error == "ValueError: cannot digest this"
    assert all(request.product.routes.count() == 1 for request in requests)


def test_the_poison_product_ends_in_review_with_the_reason(predictor, settings):
    settings.CLASSIFY_MAX_ATTEMPTS = 1
    RequestFactory(product__designation="poison")

    classify.drain()

    assert statuses() == ["failed"]
    assert ReviewItem.objects.get().route.details["failure_detail"] == (
        "ValueError: cannot digest this"
    )


def test_retries_come_alone_after_the_first_batch(predictor):
    tried = [RequestFactory(attempts=1) for _ in range(2)]
    fresh = [RequestFactory() for _ in range(9)]

    classify.drain()

    batches = [[int(key) for key in batch] for batch in predictor.batches[1:]]
    assert batches == [
        [request.pk for request in fresh[:8]],
        [tried[0].pk],
        [fresh[8].pk],
        [tried[1].pk],
    ]


def test_a_spent_budget_asks_for_the_next_drain(predictor, monkeypatch, sent):
    monkeypatch.setattr(classify, "BUDGET_SECONDS", 0.0)
    RequestFactory()
    RequestFactory(attempts=1)

    classify.drain()

    assert statuses() == ["done", "waiting"]
    assert len(sent) == 1


def test_a_full_first_batch_calls_an_idle_process_to_help(predictor, sent):
    for _ in range(9):
        RequestFactory()

    classify.drain()

    assert len(sent) == 1


def test_the_databases_fault_is_not_the_products(predictor, monkeypatch):
    RequestFactory()

    def gone(**_values):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(predictions, "record_results", gone)
    with pytest.raises(OperationalError):
        classify.drain()

    request = ClassificationRequest.objects.get()
    assert (request.status, request.error) == (RequestStatus.CLAIMED, "")


def test_a_product_that_takes_too_long_counts_as_tried(predictor, monkeypatch):
    RequestFactory()

    def endless(products):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(predictor, "predict", endless)
    with pytest.raises(SoftTimeLimitExceeded):
        classify.drain()

    request = ClassificationRequest.objects.get()
    assert (request.error, request.attempts) == ("time limit", 1)


def test_a_deleted_product_holds_up_nobody(predictor, monkeypatch):
    gone, stays = RequestFactory(), RequestFactory()
    claim = predictions.claim_requests

    def claim_and_lose(**values):
        claims = claim(**values)
        gone.product.__class__.objects.filter(pk=gone.product_id).delete()
        return claims

    monkeypatch.setattr(predictions, "claim_requests", claim_and_lose)
    classify.drain()

    stays.refresh_from_db()
    assert stays.status == RequestStatus.DONE


@pytest.mark.django_db(transaction=True)
def test_many_wishes_make_one_message_and_only_after_the_commit(sent):
    with transaction.atomic():
        classify.wake_workers()
        assert sent == []
    for _ in range(100):
        classify.wake_workers()

    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_who_commits_after_a_drain_began_is_heard(predictor, sent, monkeypatch):
    """Between the drain's claim and its end a new product comes: its message must go out."""
    RequestFactory()
    classify.wake_workers()
    predict = predictor.predict

    def predict_slowly(products):
        classify.wake_workers()
        return predict(products)

    monkeypatch.setattr(predictor, "predict", predict_slowly)
    classify.drain()

    assert len(sent) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [BrokerError("down"), ConnectionRefusedError("down")])
def test_a_broker_that_is_down_raises_nothing(monkeypatch, caplog, error):
    def down(**_options):
        raise error

    monkeypatch.setattr(classify.drain, "apply_async", down)
    with caplog.at_level(logging.WARNING):
        classify.wake_workers()

    assert "the sweeper will" in caplog.text


def test_without_a_champion_products_wait_and_then_go_to_review(settings):
    settings.MODEL_WAIT_SECONDS = 0
    inference.forget()
    RequestFactory()

    classify.drain()
    assert statuses() == ["waiting"]
    sweep.sweep_requests()

    assert statuses() == ["failed"]
    assert "`manage.py train`" in ReviewItem.objects.get().route.details["failure_detail"]


@pytest.mark.parametrize(
    ("name", "queue"),
    [("another", Queue.INFERENCE), (f"{DEMO_TRAINER}@demo-1", Queue.TRAINING)],
)
def test_a_worker_without_a_model_leaves_it_to_one_that_has_or_trains_one(settings, name, queue):
    settings.MODEL_WAIT_SECONDS = 0
    inference.forget()
    RequestFactory()
    workers.beat(name=name, queue=queue, now=sweep.timezone.now())

    sweep.sweep_requests()

    assert statuses() == ["waiting"]


def test_a_worker_that_merely_waits_for_trainings_holds_no_product_back(settings):
    settings.MODEL_WAIT_SECONDS = 0
    inference.forget()
    RequestFactory()
    workers.beat(name="training@host/1/training", queue=Queue.TRAINING, now=sweep.timezone.now())

    sweep.sweep_requests()

    assert statuses() == ["failed"]


def test_the_sweeper_wakes_workers_only_when_something_waits(predictor, sent):
    sweep.sweep_requests()
    assert sent == []

    RequestFactory()
    sweep.sweep_requests()
    assert len(sent) == 1


def test_a_promotion_counts_from_the_next_batch_on(predictor):
    first = inference.model()
    first.version.stage = "retired"
    first.version.save()
    second = ChampionFactory(labels=[10, 20], manifest_sha256="other")

    with pytest.raises(inference.ModelUnusable, match=r"MANIFEST\.json is not the registered one"):
        inference.model()

    assert inference.status() == (None, str(inference._state.problem))
    assert second.name in inference._state.problem


def test_the_same_champion_is_loaded_once(predictor, monkeypatch):
    monkeypatch.setattr(FixedPredictor, "load", None)

    assert inference.model().predictor is predictor


def test_an_old_backlog_survives_the_promotion_of_a_broken_model(predictor, monkeypatch, settings):
    clock = [sweep.timezone.now()]
    monkeypatch.setattr(sweep.timezone, "now", lambda: clock[0])
    RequestFactory(requested_at=clock[0] - timedelta(days=1))
    inference.model().version.__class__.objects.update(stage="retired")
    ChampionFactory(labels=[10, 20], manifest_sha256="other")
    wait = timedelta(seconds=settings.MODEL_WAIT_SECONDS)

    for passed, status in [
        (timedelta(0), "waiting"),
        (wait - timedelta(seconds=2), "waiting"),
        (timedelta(seconds=4), "failed"),
    ]:
        clock[0] += passed
        sweep.sweep_requests()
        assert statuses() == [status]


def test_a_model_that_works_again_ends_the_wait(predictor, monkeypatch, settings):
    settings.MODEL_WAIT_SECONDS = 60
    start = sweep.timezone.now()
    sweep._unusable_since(start)

    sweep.sweep_requests()

    assert sweep._unusable_since(start + timedelta(hours=1)) > start + timedelta(minutes=59)


@pytest.mark.parametrize("step", ["load", "predict"])
@pytest.mark.parametrize("error", [ImportError, RuntimeError, ValueError, OSError])
def test_whatever_breaks_a_model_is_stated_and_not_only_raised(
    predictor, monkeypatch, caplog, step, error
):
    def broken(*_args, **_options):
        raise error("bad weights")

    inference.forget()
    monkeypatch.setattr(FixedPredictor, step, broken)
    with pytest.raises(inference.ModelUnusable, match="bad weights"):
        inference.model()

    version, problem = inference.status()
    assert version is None
    assert "cannot be used" in problem
    assert caplog.records[-1].exc_info is not None


def test_a_product_without_a_request_is_found_and_classified(predictor):
    lost = ProductFactory()  # arrived long ago

    sweep.find_lost_products()
    classify.drain()

    lost.refresh_from_db()
    assert lost.status == "listed"
