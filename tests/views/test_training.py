import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from reviewapp.choices import JobStatus, Queue, TrainingOrigin, TrainingStatus
from reviewapp.models import DatasetSnapshot, TrainingPoint, TrainingRun, TrainingSchedule
from reviewapp.selectors.training import curves
from reviewapp.services import training
from reviewapp.services.workers import beat
from tests.factories import (
    AdminFactory,
    BuyerFactory,
    CategoryFactory,
    ChampionFactory,
    ListedProductFactory,
    ModelVersionFactory,
    ModeratorFactory,
    SellerFactory,
    SnapshotFactory,
    TrainedRunFactory,
)
from tests.labels import label
from tests.training_world import LEXICAL, claim, fresh, request
from worker.tasks.snapshots import run_snapshot
from worker.tasks.training import run_training

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}
FORM = {"labels": "new", "has_base": "on", "recipe": "heads", "seed": "3", "own_config": ""}


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief")
    client.force_login(user)
    return user


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    messages = []
    for task in (run_snapshot, run_training):
        monkeypatch.setattr(task, "apply_async", lambda args, **_: messages.append(args))
    return messages


def page(client, name, *args):
    return client.get(reverse(f"training:{name}", args=args), headers=ENGLISH)


@pytest.mark.parametrize("factory", [SellerFactory, BuyerFactory, ModeratorFactory])
@pytest.mark.parametrize("name", ["index", "schedule", "detail", "state", "curves"])
def test_only_admins_see_trainings(client, now, factory, name):
    args = [] if name in {"index", "schedule"} else [request(now).pk]
    client.force_login(factory())

    assert page(client, name, *args).status_code == 403


@pytest.mark.parametrize("name", ["cancel", "retry"])
def test_only_admins_act_on_trainings(client, now, name):
    run = request(now)
    client.force_login(ModeratorFactory())

    assert client.post(reverse(f"training:{name}", args=[run.pk])).status_code == 403


def test_without_a_run_the_page_says_what_to_do(client, admin):
    text = page(client, "index").content.decode()

    assert "No run yet" in text
    assert "No worker trains at the moment" in text


def test_the_page_tells_how_many_labels_are_missing_in_each_category(client, admin, now):
    category = CategoryFactory(code=40, name_en="Games")
    for _ in range(2):
        label(now, code=40, product=ListedProductFactory(category=category))

    text = page(client, "index").content.decode()

    assert "No model classifies yet" in text
    assert "2 of 500" in text
    assert "498" in text
    assert "1 category has fewer than the 5 it needs" in text


def test_training_is_a_part_of_models_in_the_navigation(client, admin):
    text = page(client, "index").content.decode()

    assert f'href="{reverse("models:index")}" aria-current="page"' in text


def test_a_champion_ends_the_cold_start(client, admin):
    ChampionFactory()

    assert "No model classifies yet" not in page(client, "index").content.decode()


def test_a_run_is_started_with_the_labels_of_today(
    client, admin, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("training:index"), FORM)

    run = TrainingRun.objects.get()
    assert answer.url == reverse("training:detail", args=[run.pk])
    assert (run.requested_by, run.seed, run.has_base) == (admin, 3, True)
    assert run.snapshot == DatasetSnapshot.objects.get()
    assert run.snapshot.status == JobStatus.WAITING
    assert sent == [(run.snapshot_id,), (run.pk,)]


def test_a_run_is_started_on_an_old_snapshot_with_a_configuration_of_ones_own(client, admin):
    snapshot = SnapshotFactory()
    own = json.dumps(LEXICAL)

    client.post(reverse("training:index"), FORM | {"labels": snapshot.pk, "own_config": own})

    run = TrainingRun.objects.get()
    assert run.snapshot == snapshot
    assert run.config["training"]["members"] == ["lexical"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"own_config": "{"}, "This is no JSON"),
        ({"own_config": "[]"}, "A JSON object is expected"),
        ({"own_config": '{"replay": 2}'}, "replay must lie"),
        ({"own_config": '{"elder_share": 0.31}'}, "between 0 and 0.3"),
        ({"own_config": json.dumps({"elder": "a" * 64})}, "no model trained here has"),
        ({"labels": "none", "has_base": ""}, "something to learn"),
        ({"labels": "99"}, "99"),
        ({"seed": "-1"}, "seed"),
    ],
)
def test_an_impossible_form_says_why(client, admin, changes, words):
    answer = client.post(reverse("training:index"), FORM | changes, headers=ENGLISH)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not TrainingRun.objects.exists()


def test_a_running_run_is_asked_after_and_shows_its_curves(client, admin, now):
    run = request(now)
    hold = claim(run, timezone.now())
    points = [
        TrainingPoint(run=run, curve="text/training_loss", x=x, y=1 / (x + 1)) for x in range(3)
    ]
    progress = training.Progress("tune_text", 3, 8)
    training.report_run(hold=hold, progress=progress, points=points, now=timezone.now())

    text = page(client, "state", run.pk).content.decode()
    curves = page(client, "curves", run.pk).content.decode()

    assert "3 of 8" in text
    assert 'hx-trigger="every 2s"' in text
    assert "Training loss" in curves
    assert 'hx-trigger="every 5s"' in curves
    assert "HX-Refresh" not in page(client, "state", run.pk).headers


def test_accuracy_has_an_axis_of_its_own_beside_losses(now):
    run = request(now)
    names = ("training_loss", "validation_loss", "validation_accuracy")
    for name in names:
        TrainingPoint.objects.create(run=run, curve=f"text/{name}", x=1, y=0.5)
    TrainingPoint.objects.create(run=run, curve="image/training_loss", x=1, y=0.5)

    with translation.override("en"):
        text, image = curves(run)

    assert [one.get("axis") for one in text.chart["series"]] == [None, None, "y2"]
    assert text.chart["y2"] == {"title": "Validation accuracy", "format": ".0%"}
    assert [one.chart["y"]["title"] for one in (text, image)] == ["Loss", "Loss"]
    assert "y2" not in image.chart


def test_all_that_changes_while_a_run_goes_on_is_refreshed_with_its_state(client, admin, now):
    ListedProductFactory(given_code=CategoryFactory().code)
    run = request(now)
    before = page(client, "state", run.pk).content.decode()
    beat(name="trainer", queue=Queue.TRAINING, now=timezone.now())
    hold = training.claim_run(
        run_id=run.pk, code_version="c0ffee", environment={"torch": "9.9"}, now=timezone.now()
    )
    training.freeze_rows(hold=hold, now=timezone.now(), on_progress=lambda *_: None)

    text = page(client, "state", run.pk).content.decode()

    found = re.findall(r'id="(run-[a-z]+)" hx-swap-oob="true"', text)
    shown = page(client, "detail", run.pk).content.decode()
    assert found == ["run-warning", "run-data", "run-how", "run-environment"]
    assert all(shown.count(f'id="{name}"') == 1 for name in found)
    assert "hx-swap-oob" not in shown
    assert "No worker trains" in before
    assert "No worker trains" not in text
    for told in (fresh(run).rows_sha256, "9.9", "c0ffee", "<dd>1</dd>"):
        assert told in text
        assert told not in before


def test_older_runs_are_on_the_next_page(client, admin, monkeypatch):
    monkeypatch.setattr("reviewapp.views.training._SHOWN", 2)
    runs = [TrainedRunFactory() for _ in range(3)]

    first = page(client, "index").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)[1]
    second = client.get(reverse("training:index") + older, headers=ENGLISH).content.decode()

    links = [reverse("training:detail", args=[run.pk]) for run in runs]
    assert [link in first for link in links] == [False, True, True]
    assert [link in second for link in links] == [True, False, False]
    assert 'rel="next"' not in second


def test_a_finished_run_leads_on_to_the_judgement_of_its_candidate(client, admin):
    run = TrainedRunFactory(model_version=ModelVersionFactory(name="run-7"))
    link = f"{reverse('models:evaluations')}?version={run.model_version_id}"

    assert link in page(client, "detail", run.pk).content.decode()
    run.model_version.stage = "retired"
    run.model_version.save()
    assert link not in page(client, "detail", run.pk).content.decode()


def test_an_ended_run_reloads_the_page_once_and_offers_another_try(client, admin, now):
    run = request(now)
    training.fail_run(hold=claim(run, now), error="Out of paper.", now=now)

    assert page(client, "state", run.pk).headers["HX-Refresh"] == "true"
    text = page(client, "detail", run.pk).content.decode()
    assert "Out of paper." in text
    client.post(reverse("training:retry", args=[run.pk]))
    assert fresh(run).status == TrainingStatus.WAITING
    client.post(reverse("training:cancel", args=[run.pk]))
    assert fresh(run).status == TrainingStatus.CANCELLED


def test_a_scheduled_run_beside_another_one_is_refused_kindly(client, admin, now):
    first = request(now, origin=TrainingOrigin.SCHEDULE)
    training.cancel_run(run_id=first.pk, now=now)
    request(now, origin=TrainingOrigin.SCHEDULE)

    answer = client.post(reverse("training:retry", args=[first.pk]), follow=True, headers=ENGLISH)

    assert answer.status_code == 200
    assert "wait for its end" in answer.content.decode()


def test_a_late_click_is_answered_kindly(client, admin, now):
    run = request(now)

    answer = client.post(reverse("training:retry", args=[run.pk]), follow=True, headers=ENGLISH)

    assert "neither failed nor been cancelled" in answer.content.decode()


def test_the_list_costs_the_same_for_one_run_and_for_many(client, admin, now):
    ChampionFactory()
    beat(name="t", queue=Queue.TRAINING, now=timezone.now())
    costs = []
    for number in (1, 11):
        for _ in range(number):
            request(now, SnapshotFactory())
        with CaptureQueriesContext(connection) as queries:
            page(client, "index")
        costs.append(len(queries))

    assert costs[0] >= costs[1]


def test_the_schedule_is_changed_as_a_new_version(client, admin):
    text = page(client, "schedule").content.decode()
    assert "In force" in text

    client.post(
        reverse("training:schedule"),
        {
            "every_labels": "1000",
            "every_days": "",
            "first_labels": "300",
            "first_per_category": "2",
            "recipe": "lexical",
            "seed": "0",
            "note": "Slow start",
            "based_on": "1",
        },
    )

    schedule = TrainingSchedule.objects.latest()
    assert (schedule.version, schedule.every_labels, schedule.every_days) == (2, 1000, None)
    assert schedule.config == {"training": {"members": ["lexical"]}}
    assert schedule.created_by == admin


def test_a_schedule_that_somebody_else_has_changed_is_shown_anew(client, admin, now):
    current = training.current_schedule(now=now)
    changes = {"every_days": 3}
    training.set_schedule(changes=changes, based_on=current.version, author=None, now=now)

    answer = client.post(
        reverse("training:schedule"),
        {
            "first_labels": "1",
            "first_per_category": "1",
            "recipe": "heads",
            "seed": "0",
            "based_on": "1",
        },
        headers=ENGLISH,
    )

    assert answer.status_code == 409
    assert "meanwhile" in answer.content.decode()


def test_a_snapshot_too_old_for_the_list_is_trained_on_if_it_is_asked_for(
    client, admin, sent, monkeypatch
):
    monkeypatch.setattr("reviewapp.views.training._SHOWN", 1)
    old = SnapshotFactory()
    SnapshotFactory()

    page = client.get(reverse("training:index"), {"snapshot": old.pk}).content.decode()
    client.post(reverse("training:index"), FORM | {"labels": old.pk})

    assert f'<option value="{old.pk}" selected>' in page
    assert TrainingRun.objects.get().snapshot == old


def test_models_and_snapshots_lead_to_the_training(client, admin):
    snapshot = SnapshotFactory()

    assert reverse("training:index") in client.get(reverse("models:index")).content.decode()
    detail = client.get(reverse("datasets:detail", args=[snapshot.pk])).content.decode()
    assert f"{reverse('training:index')}?snapshot={snapshot.pk}" in detail
