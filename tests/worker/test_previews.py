"""Drafts are answered before a backlog, and one that fails sinks nothing."""

import pytest
from django.core.cache import cache

from reviewapp.choices import JobStatus
from reviewapp.models import CategoryPreview
from reviewapp.services.previews import request_preview
from tests.factories import NOW, CategoryFactory, ChampionFactory, RequestFactory, SellerFactory
from tests.pictures import jpeg
from worker import inference
from worker.tasks import classify, previews, sweep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """Messages that would have gone to the broker."""
    messages = []
    for name, task in (("draft", previews.answer_previews), ("drain", classify.drain)):
        monkeypatch.setattr(
            task, "apply_async", lambda name=name, **_options: messages.append(name)
        )
    yield messages
    cache.delete(previews._WRITING_KEY)
    cache.delete(classify._WAKE_KEY)


@pytest.fixture
def predictor(settings):
    settings.PREDICTOR = "tests.worker.predictors:FixedPredictor"
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    ChampionFactory(labels=[10, 20], manifest_sha256="")
    inference.forget()
    yield inference.model().predictor
    inference.forget()


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def ask(designation="Lampe", **more):
    row, _is_new = request_preview(
        seller=SellerFactory(), designation=designation, description="", now=NOW, **more
    )
    return row


def status_of(row):
    row.refresh_from_db()
    return row.status


def test_waiting_drafts_are_answered_pictures_included(predictor):
    rows = [ask(), ask("Livre", image=jpeg())]

    previews.answer_previews()

    assert [status_of(row) for row in rows] == [JobStatus.DONE, JobStatus.DONE]
    assert rows[1].top[0] == [10, 0.9]


def test_a_draft_that_the_models_cannot_digest_sinks_no_other(predictor):
    rows = [ask("poison"), ask("Livre")]

    previews.answer_previews()

    assert [status_of(row) for row in rows] == [JobStatus.FAILED, JobStatus.DONE]
    assert "cannot digest" in rows[0].error


def test_a_draft_goes_before_and_between_the_batches_of_a_backlog(predictor, settings):
    settings.CLASSIFY_BATCH = 8
    for _ in range(30):
        RequestFactory()
    for number in range(previews.BETWEEN_BATCHES + 1):
        ask(f"Lampe {number}")

    classify.drain()

    sizes = [len(batch) for batch in predictor.batches[1:]]
    assert sizes[:7] == [1, 1, 1, 1, 8, 1, 8]
    assert not CategoryPreview.objects.exclude(status=JobStatus.DONE).exists()


def test_batches_stay_small_while_a_seller_writes(predictor, settings):
    settings.CLASSIFY_BATCH = 64
    for _ in range(12):
        RequestFactory()
    previews.expect_previews()

    classify.drain()

    assert [len(batch) for batch in predictor.batches[1:]] == [4, 4, 4]


def test_without_a_model_a_draft_waits_and_the_sweeper_finds_it(settings, sent):
    row = ask()
    inference.forget()

    previews.answer_previews()
    assert status_of(row) == JobStatus.WAITING

    settings.PREDICTOR = "tests.worker.predictors:FixedPredictor"
    ChampionFactory(labels=[10, 20], manifest_sha256="")
    inference.forget()
    sweep.sweep_requests()
    inference.forget()
    assert sent == ["draft"]
