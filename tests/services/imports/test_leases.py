import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import translation

from reviewapp.choices import JobStatus
from reviewapp.models import CatalogueImport, ClassificationRequest, Product
from reviewapp.services.imports import files, jobs, labels, run
from tests.factories import NOW, CategoryFactory, SellerFactory
from tests.services.imports.world import counts, plain, report, request, work

pytestmark = pytest.mark.django_db


def test_a_slice_ends_in_time_and_the_next_goes_on(monkeypatch):
    monkeypatch.setattr(run, "_BATCH", 2)
    job = request(plain(5))

    statuses = [work(job, seconds=0) for _ in range(4)]

    assert statuses == [JobStatus.WAITING, JobStatus.WAITING, JobStatus.WAITING, JobStatus.DONE]
    assert counts(job) == (5, 0, 0, 0)
    assert [line["row"] for line in report(job)] == ["1", "2", "3", "4", "5"]


def test_nobody_takes_an_import_that_is_held_or_ended():
    job = request(plain(1))
    jobs.claim_import(import_id=job.pk, now=NOW)

    assert work(job, now=NOW + timedelta(seconds=60)) is None

    assert work(job, now=NOW + jobs.lease()) == JobStatus.DONE
    assert work(job, now=NOW + timedelta(days=1)) is None


class Killed(BaseException):
    """As kill -9: nothing after it runs, the open transaction is lost."""


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_killed_worker_loses_and_repeats_nothing(monkeypatch, moment):
    monkeypatch.setattr(run, "_BATCH", 2)
    job = request(plain(6))

    def die(*args):
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "before the commit":
            work_on = jobs.count_rows
            calls = []

            def die_at_the_second(*args):
                calls.append(1)
                return die() if len(calls) == 2 else work_on(*args)

            patch.setattr(jobs, "count_rows", die_at_the_second)
        with pytest.raises(Killed):
            work(job, on_batch=die if moment == "after the commit" else lambda job: None)
    assert len(report(job)) == 4 if moment == "before the commit" else 2
    assert Product.objects.count() == 2

    assert work(job, now=NOW + jobs.lease()) == JobStatus.DONE

    assert counts(job) == (6, 0, 0, 0)
    assert [line["row"] for line in report(job)] == ["1", "2", "3", "4", "5", "6"]
    assert ClassificationRequest.objects.count() == 6


def test_a_worker_that_lost_its_import_writes_nothing_more(monkeypatch):
    monkeypatch.setattr(run, "_BATCH", 1)
    job = request(plain(3))
    later = NOW + timedelta(minutes=10)
    second = []

    def stall(held):
        """The first worker sleeps past its lease; a second one takes the import."""
        second.append(jobs.claim_import(import_id=job.pk, now=later))

    assert work(job, on_batch=stall) is None

    assert len(second) == 1
    assert Product.objects.count() == job.rows_done == len(report(job)) == 1
    assert work(job, now=later + jobs.lease()) == JobStatus.DONE
    assert counts(job) == (3, 0, 0, 0)


def test_an_import_that_keeps_killing_its_worker_fails(monkeypatch, settings):
    monkeypatch.setattr(run, "_prepare", lambda *args: (_ for _ in ()).throw(Killed))
    job = request(plain(3))
    now = NOW
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        with pytest.raises(Killed):
            work(job, now=now)
        now += jobs.lease()

    assert work(job, now=now) is None

    assert job.status == JobStatus.FAILED
    assert str(settings.JOB_MAX_ATTEMPTS) in job.error


@pytest.mark.parametrize(("language", "words"), [("en", "cut off"), ("fr", "interromp")])
def test_an_import_that_fails_at_its_claim_says_so_in_the_sellers_language(
    settings, language, words
):
    job = request(plain(1), seller=SellerFactory(language=language))
    CatalogueImport.objects.update(
        status=JobStatus.RUNNING, attempts=settings.JOB_MAX_ATTEMPTS, lease_expires_at=NOW
    )

    with translation.override("de"):  # whatever language the worker is in
        work(job)

    assert words in job.error


def test_going_past_handled_rows_and_reading_labels_shows_signs_of_life(monkeypatch):
    monkeypatch.setattr(run, "_BATCH", 4)
    monkeypatch.setattr(run, "_COUNT_STEP", 3)
    monkeypatch.setattr(labels, "_SIGN_STEP", 2)
    CategoryFactory(code=10)
    table = "sku,name\n" + "".join(f"{n},Nom\n" for n in range(8))
    job = request({files.TABLE: table, files.LABELS: "i,prdtypecode\n0,10\n1,10\n2,10\n3,10\n"})
    # A clock that stands still: a slice of no seconds handles one batch, however busy the machine.
    monkeypatch.setattr(run.time, "monotonic", lambda: 0.0)
    work(job, seconds=0)
    signs = []
    still_here = jobs.still_here
    monkeypatch.setattr(
        jobs, "still_here", lambda *args, **more: (signs.append(1), still_here(*args, **more))
    )

    work(job, seconds=0)

    assert job.rows_done == 8
    assert len(signs) == 2 + 2  # four labels by two; four rows by three, then one


def test_a_slice_works_as_long_as_it_took_to_reach_its_rows(monkeypatch):
    monkeypatch.setattr(run, "_BATCH", 1)
    job = request(plain(9))
    ticks = iter(range(0, 10_000, 20))
    monkeypatch.setattr(run.time, "monotonic", lambda: next(ticks))

    work(job, seconds=1)  # 20 s to the first row, as the clock says; so 20 s of work

    assert job.rows_done == 1
    late = iter([0, 60, *range(80, 9999, 20)])
    monkeypatch.setattr(run.time, "monotonic", lambda: next(late))
    work(job, seconds=1)
    assert job.rows_done == 1 + 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_hold_the_same_import():
    job = request(plain(1))
    second = []

    def claim():
        try:
            second.append(jobs.claim_import(import_id=job.pk, now=NOW))
        finally:
            connection.close()

    with transaction.atomic():  # the first claim is not committed yet
        assert jobs.claim_import(import_id=job.pk, now=NOW) is not None
        thread = threading.Thread(target=claim)
        thread.start()
        thread.join(timeout=10)

    assert second == [None]


def test_the_row_of_an_import_appears_only_with_its_files(monkeypatch):
    monkeypatch.setattr(
        files, "keep_uploads", lambda *args: (_ for _ in ()).throw(OSError("disk full"))
    )

    with pytest.raises(OSError, match="disk full"), transaction.atomic():
        request(plain(1))

    assert not CatalogueImport.objects.exists()
