"""An administrator in a real browser: start a training, watch it, see what came of it."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.models import TrainingPoint, TrainingRun
from reviewapp.services import training
from tests.e2e.axe import violations
from tests.factories import AdminFactory, FeedbackLabelFactory
from tests.training_world import claim
from worker.tasks.snapshots import run_snapshot
from worker.tasks.training import run_training

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_training_is_started_watched_and_cancelled(
    page, live_server, sign_in, faults, monkeypatch
):
    for task in (run_snapshot, run_training):
        monkeypatch.setattr(task, "apply_async", lambda *args, **options: None)
    sign_in(AdminFactory(username="chief", language="en"))
    FeedbackLabelFactory()
    page.goto(f"{live_server.url}/training/")
    expect(page.get_by_text("No model classifies yet")).to_be_visible()
    assert violations(page) == []

    page.get_by_role("button", name="Train").click()
    expect(page.get_by_text("Waiting for the snapshot to be frozen")).to_be_visible()
    attempts = page.locator("#run-how dd").last
    expect(attempts).to_have_text("0")
    page.locator("#run-cancel").focus()
    run = TrainingRun.objects.get()
    run_snapshot(run.snapshot_id)
    hold = claim(run, timezone.now())
    points = [
        TrainingPoint(run=run, curve="text/training_loss", x=x, y=1 / (x + 1)) for x in range(4)
    ]
    progress = training.Progress("tune_text", 3, 8)
    training.report_run(hold=hold, progress=progress, points=points, now=timezone.now())

    # By itself, within the next poll, and without taking the keyboard away.
    expect(page.get_by_text("3 of 8")).to_be_visible(timeout=15_000)
    expect(attempts).to_have_text("1")
    expect(page.locator("#run-cancel")).to_be_focused()
    expect(page.locator(".js-plotly-plot")).to_be_visible(timeout=25_000)
    assert violations(page) == []
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_text("Being cancelled")).to_be_visible()
    training.end_cancelled(hold=hold, now=timezone.now())

    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert faults == []
