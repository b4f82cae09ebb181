"""A model's whole passage, with a real worker process: trained, measured, judged, tried beside the
champion, put into service, taken back."""

import pytest
from django.utils import timezone

from reviewapp.choices import GateTest, ModelStage, PromotionKind, ReviewStatus, TrainingStatus
from reviewapp.models import (
    GateReport,
    ModelVersion,
    Rescoring,
    ReviewItem,
    RoutingPolicy,
    ShadowAnswer,
)
from reviewapp.services.evaluations import request_gate
from reviewapp.services.promotions import promote, roll_back
from reviewapp.services.shadow import start_shadow
from tests.factories import RequestFactory, RoutingPolicyFactory
from tests.labels import snapshot
from tests.training_world import catalogue, fresh, request
from tests.waiting import eventually
from worker.tasks.evaluate import run_evaluation
from worker.tasks.rescore import rescore
from worker.tasks.shadow import follow
from worker.tasks.training import run_training

pytestmark = [pytest.mark.worker, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WAIT_SECONDS = 60


@pytest.fixture
def worker(start_worker):
    queues = "training,evaluation,inference"
    return start_worker("", queues=queues, BONRAYON_PREDICTOR="")


@pytest.fixture
def wait(worker):
    def wait(until):
        assert eventually(until, WAIT_SECONDS), worker.log.read_text()[-3000:]

    return wait


@pytest.fixture
def frozen(settings):
    settings.VAR_DIR = settings.MEDIA_ROOT.parent
    # Nothing is sure enough, and nothing is drawn by lot: every arrival goes to people.
    RoutingPolicyFactory(accept_at=1.0, audit_rate=0.0)
    catalogue(timezone.now(), settings.MEDIA_ROOT, labelled=40, base=40)
    return snapshot(timezone.now())


@pytest.fixture
def train(broker, wait, frozen):
    def train(**values):
        run = request(timezone.now(), frozen, **values)
        broker.send(run_training, run.pk)
        wait(lambda: not fresh(run).is_open)
        assert (fresh(run).status, fresh(run).error) == (TrainingStatus.DONE, "")
        return fresh(run).model_version

    return train


@pytest.fixture
def arrive(wait):
    def arrive(designation):
        asked = RequestFactory(product__designation=designation, requested_at=timezone.now())
        wait(lambda: ReviewItem.objects.filter(product=asked.product).exists())
        return asked.product

    return arrive


@pytest.fixture
def judged(broker, wait, frozen):
    def judged(candidate, champion):
        report = request_gate(
            candidate=candidate,
            champion=champion,
            snapshot=frozen,
            user=None,
            now=timezone.now(),
        )
        for evaluation in (report.candidate_id, report.champion_id):
            broker.send(run_evaluation, evaluation)
        wait(lambda: GateReport.objects.get(pk=report.pk).judged_at is not None)
        return GateReport.objects.get(pk=report.pk)

    return judged


@pytest.fixture
def asked_anew(broker, wait):
    def asked_anew(promotion):
        broker.send(rescore)
        wait(lambda: Rescoring.objects.get(promotion=promotion).finished_at is not None)

    return asked_anew


def stages():
    return list(ModelVersion.objects.order_by("pk").values_list("stage", flat=True))


def decided_by(product):
    """The model and the policy that the open item of a product stands by."""
    item = ReviewItem.objects.get(product=product, status=ReviewStatus.PENDING)
    return item.route.prediction.model_version, item.route.policy


def test_from_the_wish_for_a_model_to_its_recall(
    broker, worker, wait, train, arrive, judged, asked_anew
):
    old = train(has_base=False)
    promote(version=old, now=timezone.now())
    first_policy = RoutingPolicy.objects.get()
    waiting = arrive("roman livre arrivé avant")
    assert decided_by(waiting) == (old, first_policy)

    new = train()
    report = judged(new, old)
    assert [one["test"] for one in report.results] == list(GateTest)
    assert stages() == [ModelStage.CHAMPION, ModelStage.CANDIDATE]

    run = start_shadow(version=new, share=1.0, author=None, now=timezone.now())
    beside = arrive("manette jeu pendant l'essai")
    broker.send(follow)
    wait(lambda: ShadowAnswer.objects.filter(run=run, route__product=beside).exists())

    promotion = promote(version=new, reason="seen in the shadow", now=timezone.now())
    assert (promotion.kind, promotion.gate) == (PromotionKind.OVERRIDE, report)
    asked_anew(promotion)
    for product in (waiting, beside):
        assert decided_by(product) == (new, promotion.policy)
    wait(lambda: worker.heartbeats().filter(model_version=new).exists())

    recall = roll_back(leaving=new, author=None, now=timezone.now())
    asked_anew(recall)
    for product in (waiting, beside):
        assert decided_by(product) == (old, recall.policy)
    assert stages() == [ModelStage.CHAMPION, ModelStage.RETIRED]
    assert [one.version for one in RoutingPolicy.objects.order_by("version")] == [1, 2, 3]
    assert worker.process.poll() is None
