"""The explain task, called as a function, with a model that was really trained."""

from datetime import timedelta

import pytest

from classifier.artifact import load_artifact, verify_artifact
from classifier.predictor import Predictor
from classifier.train import train
from reviewapp.models import Explanation
from reviewapp.services import explanations
from tests.classifier import world
from tests.factories import ChampionFactory, ModelVersionFactory, ProductFactory
from worker import inference
from worker.app import app
from worker.tasks import explain as task

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "v1"
    catalogue = world.dataset(tmp_path_factory.mktemp("pictures"))
    encoders = world.encoders()
    train(catalogue, out, world.QUICK, backbone_cache=out.parent, encoders=encoders)
    return Predictor(load_artifact(out), encoders, out.name, verify_artifact(out))


@pytest.fixture
def version(predictor, monkeypatch):
    version = ChampionFactory(labels=predictor.labels)
    monkeypatch.setattr(inference, "model", lambda: inference.Model(version, predictor))
    return version


def asked(version, now, **fields):
    product = ProductFactory(designation="livre roman", description="", **fields)
    row, must_tell = explanations.request_explanation(product=product, version=version, now=now)
    assert must_tell
    return row


def test_an_explanation_is_made_once_and_kept(version, now):
    row = asked(version, now)

    task.explain(row.pk)

    row.refresh_from_db()
    assert (row.status, row.error) == ("done", "")
    assert row.finished_at is not None
    assert row.result["code"] == 10
    assert [text for text, _evidence in row.result["words"]] == ["livre", "roman"]
    before = row.finished_at
    task.explain(row.pk)
    row.refresh_from_db()
    assert row.finished_at == before
    again, must_tell = explanations.request_explanation(
        product=row.product, version=version, now=now
    )
    assert (again.pk, must_tell) == (row.pk, False)


def test_what_has_changed_since_is_not_explained(version, now):
    row = asked(version, now)
    type(row.product).objects.filter(pk=row.product_id).update(input_digest="9" * 64)
    other = asked(ModelVersionFactory(), now)

    for one in (row, other):
        task.explain(one.pk)
        one.refresh_from_db()
        assert (one.status, one.error) == ("failed", task.CHANGED)


def test_a_failure_is_told_and_asking_again_begins_anew(version, now, monkeypatch):
    row = asked(version, now)

    def broken():
        raise inference.ModelUnusable("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(inference, "model", broken)
        task.explain(row.pk)

    row.refresh_from_db()
    assert (row.status, row.error) == ("failed", "ModelUnusable: the disk is gone")
    again, must_tell = explanations.request_explanation(
        product=row.product, version=version, now=now
    )
    assert (again.pk, again.status, again.error, must_tell) == (row.pk, "waiting", "", True)


def test_one_left_behind_by_a_dead_worker_begins_anew_after_a_while(version, now):
    row = asked(version, now)
    assert explanations.take(explanation_id=row.pk) is not None

    def ask(seconds):
        return explanations.request_explanation(
            product=row.product, version=version, now=now + timedelta(seconds=seconds)
        )[1]

    assert (ask(30), ask(61)) == (False, True)
    task.explain(row.pk)
    row.refresh_from_db()
    assert row.status == "done"


def test_old_ones_are_forgotten(version, now):
    old, fresh = asked(version, now - timedelta(days=8)), asked(version, now)

    assert explanations.forget_old(now=now) == 1
    assert list(Explanation.objects.all()) == [fresh] != [old]


def test_it_waits_behind_all_classification():
    route = app.amqp.router.route({}, task.explain.name)
    usual = app.amqp.router.route({}, "worker.tasks.classify.drain")

    assert route["queue"].name == usual["queue"].name == "inference"
    assert route["priority"] == 6
    assert usual.get("priority", 0) == 0
