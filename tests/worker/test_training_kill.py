"""kill -9 of the training worker, three times: the run ends as if nothing had been."""

import random

import pytest
from django.utils import timezone

from reviewapp.choices import TrainingStatus
from reviewapp.models import ModelVersion
from reviewapp.selectors.training import stranded_runs
from tests.classifier import tiny
from tests.labels import snapshot
from tests.training_world import catalogue, fresh, request
from tests.waiting import eventually
from worker.tasks.training import run_training, work

pytestmark = [pytest.mark.worker, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def config(tmp_path):
    backbone = tiny.write_text_backbone(tmp_path / "backbone")
    return {
        "training": {
            "members": ["bert", "lexical"],
            "text": {"backbone": str(backbone), "precision": "fp32"},
            "folds": 2,
            "bootstrap_samples": 20,
        },
        "finetune": {"text": {"epochs": 20, "batch_size": 16, "checkpoint_steps": 1}},
    }


@pytest.fixture
def start(start_worker, settings):
    def start():
        return start_worker("FixedPredictor", queues="training", TRAINING_LEASE_SECONDS="2")

    return start


def test_a_worker_killed_three_times_ends_in_the_same_model_and_trains_it_once(
    now, settings, broker, start, config
):
    settings.VAR_DIR = settings.MEDIA_ROOT.parent
    catalogue(now, settings.MEDIA_ROOT)
    run = request(now, snapshot(now), config)
    draw = random.Random(5)
    for attempt in (1, 2, 3):
        worker = start()
        # Twice: a message may come double, and finds the row taken.
        for _ in range(2):
            broker.send(run_training, run.pk)
        assert eventually(lambda n=attempt: fresh(run).attempt == n, 30), worker.log.read_text()
        until = draw.uniform(0.5, 6)
        eventually(lambda: fresh(run).status == TrainingStatus.DONE, until)
        worker.kill()
        assert eventually(lambda: stranded_runs(now=timezone.now()) == [run.pk], 30)

    last, another = start(), start()
    for _ in range(4):
        broker.send(run_training, run.pk)
    assert eventually(lambda: not fresh(run).is_open, 90), last.log.read_text()

    assert (fresh(run).status, fresh(run).error) == (TrainingStatus.DONE, "")
    assert (fresh(run).attempt, fresh(run).deaths) == (4, 3)
    unbroken = request(now, run.snapshot, config)
    work(unbroken.pk)
    assert fresh(unbroken).model_version == fresh(run).model_version
    assert ModelVersion.objects.count() == 1
    assert another.process.poll() is None
