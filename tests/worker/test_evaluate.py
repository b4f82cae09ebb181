from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings as django_settings

from reviewapp.choices import GateTest, GateVerdict, JobStatus
from reviewapp.models import Evaluation, GateReport, SplitAssignment
from reviewapp.selectors.evaluations import (
    AnswersGone,
    answer_sheet,
    answers_folder,
    answers_path,
    chunk_path,
)
from reviewapp.selectors.snapshots import snapshot_path
from reviewapp.services import evaluations, leases
from tests.evaluation_world import bare_snapshot, measured, snapshot_of_tests
from tests.factories import ChampionFactory, ModelVersionFactory, TrainedRunFactory
from tests.worker.predictors import FixedPredictor
from worker import candidates
from worker.tasks import evaluate
from worker.tasks.evaluate import judge_gates, run_evaluation
from worker.tasks.snapshots import SNAPSHOT_ALTERED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr(evaluate.run_evaluation, "apply_async", lambda *_, **__: None)
    monkeypatch.setattr(evaluate.judge_gates, "apply_async", lambda *_, **__: None)


@pytest.fixture
def predictor(settings, monkeypatch):
    """One predictor for whichever version is asked for."""
    one = FixedPredictor()
    monkeypatch.setattr(FixedPredictor, "load", classmethod(lambda *_, **__: one))
    settings.PREDICTOR = "tests.worker.predictors:FixedPredictor"
    candidates.forget()
    yield one
    candidates.forget()


def version_of(predictor, **values):
    return ModelVersionFactory(manifest_sha256=predictor.manifest_sha256, **values)


def asked(version, snapshot, now):
    return evaluations.request_evaluation(version=version, snapshot=snapshot, user=None, now=now)


def test_nothing_is_measured_on_an_altered_snapshot(predictor, now):
    frozen = snapshot_of_tests(now)
    row = asked(version_of(predictor), frozen, now)
    path = snapshot_path(frozen.digest)
    path.write_bytes(path.read_bytes() + b"x")

    run_evaluation(row.pk)

    row.refresh_from_db()
    assert (row.status, row.error) == (JobStatus.FAILED, SNAPSHOT_ALTERED)


def test_a_version_is_measured_on_the_test_products_only(predictor, now):
    row = asked(version_of(predictor), snapshot_of_tests(now), now)

    run_evaluation(row.pk)

    row.refresh_from_db()
    assert (row.status, row.error, row.rows_done, row.rows_total) == (JobStatus.DONE, "", 6, 6)
    fusion = row.metrics["members"]["fusion"]
    assert (fusion["rows"], fusion["accuracy"]["value"]) == (6, 1.0)
    assert fusion["confusion"] == [[10, 10, 3], [20, 20, 3]]
    sheet = answer_sheet(row)
    assert sheet.true.tolist() == [10, 20, 10, 20, 10, 20]
    assert sheet.members["fusion"].proba.dtype == np.float16
    assert sorted(sheet.members) == ["bert", "fusion", "lexical"]
    assert [path.name for path in answers_folder().iterdir()] == [f"{row.pk}.npz"]


def test_altered_answers_are_not_relied_on_and_asking_again_measures_anew(predictor, now):
    version, frozen = version_of(predictor), snapshot_of_tests(now)
    row = asked(version, frozen, now)
    run_evaluation(row.pk)
    path = answers_path(row.pk)
    path.write_bytes(path.read_bytes() + b"x")
    row.refresh_from_db()

    with pytest.raises(AnswersGone):
        answer_sheet(row)
    again = asked(version, frozen, now)
    run_evaluation(again.pk)

    row.refresh_from_db()
    assert again.status == JobStatus.WAITING
    assert len(answer_sheet(row)) == 6


def test_answers_from_before_a_hash_was_kept_are_measured_anew(predictor, now):
    version, frozen = version_of(predictor), snapshot_of_tests(now)
    row = asked(version, frozen, now)
    run_evaluation(row.pk)
    Evaluation.objects.update(answers_sha256="")
    row.refresh_from_db()

    with pytest.raises(AnswersGone):
        answer_sheet(row)
    again = asked(version, frozen, now)
    run_evaluation(again.pk)

    row.refresh_from_db()
    assert again.status == JobStatus.WAITING
    assert (row.status, len(answer_sheet(row))) == (JobStatus.DONE, 6)


def trained(version, *, learned):
    """Of the test products, so many have been in the training of `version`."""
    TrainedRunFactory(model_version=version)
    risen = SplitAssignment.objects.filter(split="test").order_by("pk").values_list("pk", flat=True)
    SplitAssignment.objects.filter(pk__in=list(risen[:learned])).update(was_in_training=True)


@pytest.mark.parametrize(("learned", "outcome"), [(1, JobStatus.DONE), (6, JobStatus.FAILED)])
def test_a_product_that_the_version_may_know_by_heart_is_not_measured(
    predictor, now, learned, outcome
):
    version, frozen = version_of(predictor, created_at=now), snapshot_of_tests(now)
    trained(version, learned=learned)

    row = asked(version, frozen, now)
    run_evaluation(row.pk)

    row.refresh_from_db()
    assert row.status == outcome
    if outcome == JobStatus.DONE:
        assert row.metrics["products"] == 5
    else:
        assert row.error == evaluate.ALL_LEARNED


def test_asking_again_gives_the_same_row_and_measures_nothing_twice(predictor, now):
    version, snapshot = version_of(predictor), snapshot_of_tests(now)
    row = asked(version, snapshot, now)
    run_evaluation(row.pk)
    batches = len(predictor.batches)

    again = asked(version, snapshot, now)
    run_evaluation(again.pk)

    assert again == row
    assert len(predictor.batches) == batches


def test_a_killed_worker_is_followed_where_it_stopped(predictor, now, monkeypatch):
    monkeypatch.setattr(evaluate, "CHUNK", 2)
    row = asked(version_of(predictor), snapshot_of_tests(now), now)
    monkeypatch.setattr(predictor, "distributions", _until(predictor.distributions, 2))
    with pytest.raises(KeyboardInterrupt):
        run_evaluation(row.pk)
    monkeypatch.undo()
    monkeypatch.setattr(evaluate, "CHUNK", 2)
    kept = [chunk_path(row.pk, number).exists() for number in range(3)]
    Evaluation.objects.update(lease_expires_at=now - timedelta(seconds=1), status="running")
    before = len(predictor.batches)
    django_settings.PREDICTOR = "tests.worker.predictors:FixedPredictor"
    monkeypatch.setattr(candidates, "predictor_of", lambda _version: predictor)

    run_evaluation(row.pk)

    row.refresh_from_db()
    assert kept == [True, True, False]
    assert (row.status, row.metrics["products"], len(predictor.batches) - before) == ("done", 6, 1)


def test_a_chunk_of_an_earlier_release_hides_no_learned_product(predictor, now, monkeypatch):
    monkeypatch.setattr(evaluate, "CHUNK", 2)
    version, frozen = version_of(predictor, created_at=now), snapshot_of_tests(now)
    row = asked(version, frozen, now)
    trained(version, learned=3)
    with monkeypatch.context() as patch:
        patch.setattr(predictor, "distributions", _until(predictor.distributions, 1))
        with pytest.raises(KeyboardInterrupt):
            run_evaluation(row.pk)
    path = chunk_path(row.pk, 0)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file if name != "is_learned"}
    np.savez_compressed(path, **arrays)
    Evaluation.objects.update(lease_expires_at=now - timedelta(seconds=1), status="running")

    run_evaluation(row.pk)

    row.refresh_from_db()
    assert (row.status, row.metrics["products"]) == (JobStatus.DONE, 3)
    assert answer_sheet(row).is_learned.tolist() == [True] * 3 + [False] * 3


def _until(distributions, calls):
    done = []

    def counted(products):
        if len(done) == calls:
            raise KeyboardInterrupt
        done.append(1)
        return distributions(products)

    return counted


def test_a_model_that_cannot_be_loaded_says_so_on_the_row(predictor, now):
    row = asked(ModelVersionFactory(name="broken"), snapshot_of_tests(now), now)

    run_evaluation(row.pk)

    row.refresh_from_db()
    assert row.status == JobStatus.FAILED
    assert "broken cannot be used" in row.error


def test_a_failed_evaluation_may_be_asked_for_again(predictor, now):
    version, snapshot = version_of(predictor), snapshot_of_tests(now)
    row = asked(version, snapshot, now)
    hold = evaluations.claim_evaluation(evaluation_id=row.pk, now=now)
    leases.fail(hold, error="out of disk", now=now)

    asked(version, snapshot, now)
    run_evaluation(row.pk)

    row.refresh_from_db()
    assert (row.status, row.error) == (JobStatus.DONE, "")


def test_a_snapshot_without_test_products_is_refused(now):
    with pytest.raises(evaluations.EvaluationRefused):
        asked(ModelVersionFactory(), bare_snapshot(now, products=0), now)


def gate(candidate, champion, snapshot, now):
    return evaluations.request_gate(
        candidate=candidate, champion=champion, snapshot=snapshot, user=None, now=now
    )


def test_a_candidate_is_judged_once_both_versions_are_measured(now):
    champion, candidate = ChampionFactory(), ModelVersionFactory()
    snapshot = bare_snapshot(now, products=1500)
    report = gate(candidate, champion, snapshot, now)
    measured(champion, snapshot, now)

    judge_gates()
    report.refresh_from_db()
    early = report.verdict
    measured(candidate, snapshot, now, sharpness=3.6)
    judge_gates()

    report.refresh_from_db()
    assert early == ""
    assert report.verdict == GateVerdict.PASSED
    assert [one["verdict"] for one in report.results] == ["passed"] * len(GateTest)
    assert report.policy is not None


def test_a_worse_candidate_is_refused(now):
    champion, candidate = ChampionFactory(), ModelVersionFactory()
    snapshot = bare_snapshot(now, products=1500)
    measured(champion, snapshot, now, sharpness=3.6)
    measured(candidate, snapshot, now, sharpness=3.0)

    report = gate(candidate, champion, snapshot, now)
    judge_gates()

    report.refresh_from_db()
    assert report.verdict == GateVerdict.FAILED


def test_one_judgement_of_a_pair_is_open_at_a_time(now):
    champion, candidate = ChampionFactory(), ModelVersionFactory()
    snapshot = bare_snapshot(now, products=1500)

    first, second = (gate(candidate, champion, snapshot, now) for _ in range(2))

    assert first == second
    assert (GateReport.objects.count(), Evaluation.objects.count()) == (1, 2)


def test_a_version_that_cannot_be_measured_ends_the_judgement_with_the_reason(now):
    champion, candidate = ChampionFactory(), ModelVersionFactory()
    snapshot = bare_snapshot(now, products=1500)
    report = gate(candidate, champion, snapshot, now)
    measured(champion, snapshot, now)
    hold = evaluations.claim_evaluation(evaluation_id=report.candidate_id, now=now)
    leases.fail(hold, error="gone", now=now)

    judge_gates()

    report.refresh_from_db()
    assert (report.verdict, report.judged_at is None) == ("", False)
    assert "could not be measured" in report.error
