import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.models import CatalogueImport, Product
from reviewapp.selectors import imports as selectors
from reviewapp.services.imports import files, jobs
from tests.factories import NOW
from worker.tasks import imports as tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(
        tasks.run_import, "apply_async", lambda args, **options: messages.append(args)
    )
    return messages


@pytest.fixture
def job():
    table = "sku,name\n" + "".join(f"{n},Produit {n}\n" for n in range(700))
    return jobs.request_import(
        seller=None,
        source="shop",
        table_format=ImportFormat.CSV,
        uploads={files.TABLE: SimpleUploadedFile("t.csv", table.encode())},
        now=NOW,
    )


def test_the_task_imports_to_the_end(job, sent):
    tasks.run_import(job.pk)

    assert Product.objects.count() == 700
    assert sent == []


def test_a_slice_asks_for_the_next_one(job, sent, monkeypatch):
    monkeypatch.setattr(tasks, "SLICE_SECONDS", 0)

    tasks.run_import(job.pk)

    assert Product.objects.count() == 500
    assert sent == [(job.pk,)]


def test_running_it_twice_is_harmless(job, sent):
    tasks.run_import(job.pk)
    tasks.run_import(job.pk)

    job.refresh_from_db()
    assert job.created_count == 700
    assert job.rows_done == 700


def test_the_message_leaves_only_after_the_commit(job, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        tasks.wake_import(job.pk)
        assert sent == []

    assert sent == [(job.pk,)]


def test_a_dead_broker_fails_no_request(job, monkeypatch, django_capture_on_commit_callbacks):
    def refuse(args, **options):
        raise ConnectionRefusedError

    monkeypatch.setattr(tasks.run_import, "apply_async", refuse)

    with django_capture_on_commit_callbacks(execute=True):
        tasks.wake_import(job.pk)

    assert CatalogueImport.objects.get().status == JobStatus.WAITING


def test_the_sweeper_finds_lost_messages_and_dead_workers(job):
    later = NOW + jobs.lease()
    assert selectors.stranded(now=NOW) == []
    assert selectors.stranded(now=later) == [job.pk]

    hold = jobs.claim_import(import_id=job.pk, now=later)
    assert selectors.stranded(now=later) == []
    assert selectors.stranded(now=later + jobs.lease()) == [job.pk]

    jobs.release(hold, now=later)
    assert selectors.stranded(now=later) == []
    assert selectors.stranded(now=later + jobs.lease()) == [job.pk]

    hold = jobs.claim_import(import_id=job.pk, now=later)
    jobs.finish(hold, now=later)
    assert selectors.stranded(now=later + 2 * jobs.lease()) == []
