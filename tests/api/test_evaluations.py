import pytest
from rest_framework.test import APIClient

from reviewapp.choices import GateVerdict, JobStatus
from reviewapp.models import Evaluation, GateReport, LiveMeasure
from reviewapp.selectors.evaluations import answers_path
from reviewapp.services.evaluations import judge
from tests.evaluation_world import bare_snapshot, measured
from tests.factories import (
    AdminFactory,
    ChampionFactory,
    ModelVersionFactory,
    ModeratorFactory,
)
from worker.tasks.evaluate import judge_gates, run_evaluation

pytestmark = pytest.mark.django_db
EVALUATIONS, REPORTS = "/api/v1/evaluations", "/api/v1/gate-reports"
LIVE = "/api/v1/live-measures"


@pytest.fixture(autouse=True)
def _world(monkeypatch, settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path
    for task in (run_evaluation, judge_gates):
        monkeypatch.setattr(task, "apply_async", lambda *args, **options: None)


@pytest.fixture
def api():
    client = APIClient()
    client.force_authenticate(AdminFactory())
    return client


def wish(version, snapshot):
    return {"model_version": version.name, "snapshot": snapshot.pk}


def test_only_admins_measure_and_judge(now):
    version, snapshot = ModelVersionFactory(), bare_snapshot(now, products=40)
    client = APIClient()
    assert client.get(EVALUATIONS).status_code == 401
    client.force_authenticate(ModeratorFactory())

    assert client.get(LIVE).status_code == 403
    for address in (EVALUATIONS, REPORTS):
        assert client.get(address).status_code == 403
        assert client.post(address, wish(version, snapshot), format="json").status_code == 403
    assert not Evaluation.objects.exists()


def test_the_rolling_audit_tells_what_it_has_measured(api, now):
    measure = LiveMeasure.objects.create(
        model_version=ChampionFactory(name="run-4"),
        days=90,
        products=120,
        audits=20,
        metrics={"members": {"fusion": {"accuracy": 0.9}}},
        measured_at=now,
    )

    (listed,) = api.get(LIVE).data["results"]
    shown = api.get(f"{LIVE}/{measure.pk}").data

    assert (listed["model_version"], listed["days"], listed["products"], listed["audits"]) == (
        "run-4",
        90,
        120,
        20,
    )
    assert "metrics" not in listed
    assert shown == {**listed, "metrics": measure.metrics}


def test_a_version_is_measured_once_however_often_it_is_asked(api, now):
    body = wish(ModelVersionFactory(name="new-1"), bare_snapshot(now, products=40))

    first, again = (api.post(EVALUATIONS, body, format="json") for _ in range(2))

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.data["id"] == again.data["id"]
    assert (first.data["status"], first.data["model_version"]) == (JobStatus.WAITING, "new-1")


def test_a_judgement_from_the_wish_to_every_tests_number(api, now):
    old, new, snapshot = ChampionFactory(), ModelVersionFactory(), bare_snapshot(now, products=1500)
    asked, again = (api.post(REPORTS, wish(new, snapshot), format="json") for _ in range(2))
    measured(old, snapshot, now)
    measured(new, snapshot, now, sharpness=3.6)
    judge(report_id=asked.data["id"], now=now)

    report = api.get(f"{REPORTS}/{asked.data['id']}").data

    assert (asked.status_code, asked.data["id"]) == (202, again.data["id"])
    assert (report["model_version"], report["against"]) == (new.name, old.name)
    assert report["verdict"] in GateVerdict.values
    assert {"fairness", "macro_f1", "cost"} < {one["test"] for one in report["results"]}
    assert api.get(f"{EVALUATIONS}/{report['candidate']}").data["metrics"]["members"]["fusion"]


def test_what_cannot_be_judged_says_why(api, now):
    version, snapshot = ModelVersionFactory(), bare_snapshot(now, products=40)

    without_champion = api.post(REPORTS, wish(version, snapshot), format="json")
    champion = ChampionFactory()
    itself = api.post(REPORTS, wish(champion, snapshot), format="json")
    untested = api.post(REPORTS, wish(version, bare_snapshot(now, products=0)), format="json")
    unknown = api.post(REPORTS, {"model_version": "no", "snapshot": 0}, format="json")

    assert (without_champion.status_code, itself.status_code) == (409, 409)
    assert untested.status_code == 400
    assert [one["field"] for one in unknown.data["errors"]] == ["model_version", "snapshot"]
    assert not GateReport.objects.exists()


def test_two_versions_are_compared_with_the_products_that_changed_sides(api, now):
    snapshot = bare_snapshot(now, products=600)
    old, new = (
        measured(ModelVersionFactory(), snapshot, now, sharpness=sharpness, products=600)
        for sharpness in (2.0, 3.0)
    )

    found = api.get(f"{EVALUATIONS}/{old.pk}/diff", {"to": new.pk}).data

    assert found["macro_f1"]["value"] == pytest.approx(
        found["macro_f1"]["new"] - found["macro_f1"]["old"]
    )
    assert found["accuracy"]["low"] > 0
    assert len(found["won"]) > len(found["lost"])
    assert sum(one["products"] for one in found["categories"]) == 600


def test_what_cannot_be_compared_says_why(api, now):
    first, other = bare_snapshot(now, products=60), bare_snapshot(now, products=61)
    version = ModelVersionFactory()
    old, elsewhere = (measured(version, one, now, products=60) for one in (first, other))
    gone = measured(ModelVersionFactory(), first, now, products=60)
    answers_path(gone.pk).unlink()

    def status(**query):
        return api.get(f"{EVALUATIONS}/{old.pk}/diff", query).status_code

    assert status(to=elsewhere.pk) == 409
    assert status(to=old.pk, member="cnn") == 409
    assert status(to=gone.pk) == 404
    assert status(to=10**6) == 404
    assert status() == 400
