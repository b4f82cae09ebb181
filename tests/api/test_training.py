import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from reviewapp.choices import TrainingOrigin, TrainingStatus
from reviewapp.models import TrainingPoint, TrainingRun
from reviewapp.services import training
from tests.factories import AdminFactory, ModeratorFactory, SnapshotFactory
from tests.training_world import claim, fresh, request
from worker.tasks.snapshots import run_snapshot
from worker.tasks.training import run_training

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/training-runs"


@pytest.fixture
def api(monkeypatch):
    for task in (run_snapshot, run_training):
        monkeypatch.setattr(task, "apply_async", lambda *args, **options: None)
    client = APIClient()
    client.force_authenticate(AdminFactory())
    return client


def test_only_admins_reach_trainings(now):
    run = request(now)
    client = APIClient()
    assert client.get(ROOT).status_code == 401
    client.force_authenticate(ModeratorFactory())

    for address in (ROOT, f"{ROOT}/{run.pk}", f"{ROOT}/{run.pk}/points"):
        assert client.get(address).status_code == 403
    for address in (ROOT, f"{ROOT}/{run.pk}/cancel", f"{ROOT}/{run.pk}/retry"):
        assert client.post(address).status_code == 403


def test_from_the_wish_to_the_curves(api, now):
    snapshot = SnapshotFactory()
    wish = {"snapshot": snapshot.pk, "recipe": "lexical", "seed": 4, "note": "June"}

    asked = api.post(ROOT, wish, format="json")

    run = TrainingRun.objects.get()
    assert asked.status_code == 202
    assert asked.data["status"] == TrainingStatus.WAITING
    assert (run.snapshot, run.seed, run.config["training"]["members"]) == (
        snapshot,
        4,
        ["lexical"],
    )
    TrainingPoint.objects.create(run=run, curve="text/training_loss", x=1, y=0.5)
    assert api.get(f"{ROOT}/{run.pk}/points").data == [
        {"curve": "text/training_loss", "x": 1.0, "y": 0.5}
    ]
    assert api.get(ROOT).data["results"][0]["id"] == run.pk


def test_without_a_snapshot_the_labels_of_today_are_frozen_or_only_the_catalogue_learned(api):
    api.post(ROOT, {}, format="json")
    api.post(ROOT, {"base_only": True}, format="json")

    first, second = TrainingRun.objects.order_by("id")
    assert first.snapshot is not None
    assert second.snapshot is None


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"config": {"replay": 3}}, "config"),
        ({"config": {"elder": "a" * 64}}, "config"),
        ({"config": [1]}, "config"),
        ({"snapshot": 99}, "snapshot"),
        ({"recipe": "soup"}, "recipe"),
        ({"base_only": True, "has_base": False}, "base_only"),
        ({"seed": -1}, "seed"),
    ],
)
def test_an_impossible_wish_names_the_field(api, wish, field):
    answer = api.post(ROOT, wish, format="json")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.data["errors"]] == [field]


def test_a_scheduled_run_is_not_tried_again_beside_another_one(api, now):
    first = request(now, origin=TrainingOrigin.SCHEDULE)
    training.cancel_run(run_id=first.pk, now=now)
    request(now, origin=TrainingOrigin.SCHEDULE)

    refused = api.post(f"{ROOT}/{first.pk}/retry", headers={"Accept-Language": "en"})

    assert refused.status_code == 409
    assert "wait for its end" in str(refused.data)
    with pytest.raises(CommandError, match="wait for its end"):
        call_command("train", run=first.pk)
    assert fresh(first).status == TrainingStatus.CANCELLED


def test_a_run_is_cancelled_and_tried_again_once_each(api, now):
    run = request(now)

    assert api.post(f"{ROOT}/{run.pk}/retry").status_code == 409
    assert api.post(f"{ROOT}/{run.pk}/cancel").data["status"] == TrainingStatus.CANCELLED
    assert api.post(f"{ROOT}/{run.pk}/cancel").status_code == 409
    assert api.post(f"{ROOT}/{run.pk}/retry").status_code == 200
    assert fresh(run).status == TrainingStatus.WAITING
    claim(run, now)
    assert api.post(f"{ROOT}/{run.pk}/cancel").data["is_cancel_wanted"] is True
