import csv
import io
import json
import threading
import zipfile
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import connection, transaction
from django.utils import translation

from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.models import CatalogueImport, ClassificationRequest, Product
from reviewapp.services.imports import files, jobs, labels, run
from reviewapp.services.imports.run import run_import
from tests.factories import NOW, CategoryFactory, SellerFactory
from tests.pictures import huge_png, jpeg

pytestmark = pytest.mark.django_db

NAMES = {files.TABLE: "x.csv", files.LABELS: "y.csv", files.ARCHIVE: "i.zip", files.ARRAY: "i.npy"}


def plain(count, prefix="p"):
    return "external_id,designation\n" + "".join(f"{prefix}{n},Produit {n}\n" for n in range(count))


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def request(contents, seller=None, table_format=ImportFormat.CSV):
    if isinstance(contents, str):
        contents = {files.TABLE: contents}
    return jobs.request_import(
        seller=seller,
        source="shop",
        table_format=table_format,
        uploads={
            kind: SimpleUploadedFile(
                NAMES[kind], data if isinstance(data, bytes) else data.encode()
            )
            for kind, data in contents.items()
        },
        now=NOW,
    )


def work(job, now=NOW, on_batch=lambda job: None, seconds=None):
    status = run_import(import_id=job.pk, clock=lambda: now, on_batch=on_batch, seconds=seconds)
    job.refresh_from_db()
    return status


def report(job):
    with files.report_path(job).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def counts(job):
    return (job.created_count, job.updated_count, job.unchanged_count, job.refused_count)


def test_the_challenge_layout_comes_in_with_pictures_and_codes():
    CategoryFactory(code=2705)
    seller = SellerFactory()
    job = request(
        {
            files.TABLE: ",designation,description,productid,imageid\n7,Livre,,101,201\n",
            files.LABELS: ",prdtypecode\n7,2705\n",
            files.ARCHIVE: zipped({"image_201_product_101.jpg": jpeg()}),
        },
        seller=seller,
    )

    assert work(job) == JobStatus.DONE

    product = Product.objects.get()
    assert (product.external_id, product.seller, product.given_code) == ("101", seller, 2705)
    assert product.image is not None
    assert ClassificationRequest.objects.get().product == product
    assert (job.rows_total, job.rows_done, counts(job)) == (1, 1, (1, 0, 0, 0))


def test_every_row_has_its_line_and_its_own_fate():
    CategoryFactory(code=10)
    table = (
        "external_id,designation,description,image,prdtypecode\n"
        "ok,Lampe,,ok.jpg,10\n"
        ",Sans nom,,,\n"
        "out,Lampe,,../../x.png,\n"
        "empty,Lampe,,empty.jpg,\n"
        "bomb,Lampe,,bomb.png,\n"
        "gone,Lampe,,gone.jpg,\n"
        "code,Lampe,,,99999\n"
        "word,Lampe,,,livres\n"
        "short\n"
        "=cmd|'/c calc'!A1,=cmd(),<script>alert(1)</script>Belle lampe,,\n"
        f"long,Lampe,{'x' * 200_001},,\n"
    )
    archive = zipped(
        {
            "ok.jpg": jpeg(),
            "empty.jpg": b"",
            "bomb.png": huge_png(),
            "../../x.png": jpeg(),
        }
    )
    job = request({files.TABLE: table, files.ARCHIVE: archive})

    work(job)

    lines = report(job)
    assert [line["outcome"] for line in lines] == [
        "created",
        "refused",
        "refused",
        "refused",
        "refused",
        "created",
        "refused",
        "refused",
        "refused",
        "created",
        "refused",
    ]
    assert [line["row"] for line in lines] == [str(n) for n in range(1, 12)]
    assert all(line["reason"] for line in lines if line["outcome"] == "refused")
    assert "gone.jpg" in lines[5]["reason"]
    assert lines[9]["external_id"].startswith("'=cmd")
    assert counts(job) == (3, 0, 0, 8)
    formula = Product.objects.get(external_id="=cmd|'/c calc'!A1")
    assert formula.designation == "=cmd()"
    assert formula.description == "Belle lampe"
    assert formula.raw_description.startswith("<script>")


@pytest.mark.parametrize(
    ("table", "table_format", "left"),
    [
        ("sku,name\n1,Un\n", ImportFormat.CSV, "Broché"),
        ("sku,name,description\n1,Un,\n", ImportFormat.CSV, ""),
        ('{"sku": 1, "name": "Un"}\n', ImportFormat.JSONL, "Broché"),
        ('{"sku": 1, "name": "Un", "description": ""}\n', ImportFormat.JSONL, ""),
    ],
)
def test_a_table_without_descriptions_keeps_those_there_are(table, table_format, left):
    work(request("sku,name,description\n1,Un,Broché\n"))

    work(request(table, table_format=table_format))

    assert Product.objects.get().description == left


def test_the_same_file_again_changes_nothing():
    contents = {
        files.TABLE: "sku,name,image\n1,Un,a.jpg\n2,Deux,\n",
        files.ARCHIVE: zipped({"a.jpg": jpeg()}),
    }
    work(request(contents))
    before = list(Product.objects.order_by("id").values())

    again = request(contents)
    work(again, now=NOW + timedelta(days=1))

    assert counts(again) == (0, 0, 2, 0)
    assert list(Product.objects.order_by("id").values()) == before
    assert ClassificationRequest.objects.count() == 2


def test_a_later_file_without_pictures_keeps_them():
    work(
        request(
            {
                files.TABLE: "sku,name,image\n1,Un,a.jpg\n",
                files.ARCHIVE: zipped({"a.jpg": jpeg()}),
            }
        )
    )
    later = request("sku,name\n1,Un neuf\n")

    work(later)

    assert counts(later) == (0, 1, 0, 0)
    assert Product.objects.get().image is not None


def test_pictures_of_an_array_go_to_their_rows():
    pixels = np.stack([np.full((8, 8, 3), shade, dtype=np.uint8) for shade in (0, 120, 255)])
    buffer = io.BytesIO()
    np.save(buffer, pixels)
    job = request({files.TABLE: plain(3), files.ARRAY: buffer.getvalue()})

    assert work(job) == JobStatus.DONE

    assert len(set(Product.objects.values_list("image__sha256", flat=True))) == 3


def test_json_lines_are_imported():
    content = json.dumps({"sku": "1", "name": "Größe 42 🎈", "language": "de"}) + "\n{oops\n"
    job = request(content, table_format=ImportFormat.JSONL)

    work(job)

    product = Product.objects.get()
    assert (product.designation, product.language) == ("Größe 42 🎈", "de")
    assert counts(job) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    "contents",
    [
        "",
        "foo,bar\n1,2\n",
        {files.TABLE: plain(1), files.ARCHIVE: b"no zip"},
        {files.TABLE: plain(1), files.ARRAY: b"no npy"},
        {files.TABLE: plain(1), files.LABELS: "no labels"},
    ],
)
def test_a_file_that_cannot_be_used_fails_the_import_with_a_reason(contents):
    job = request(contents)

    assert work(job) == JobStatus.FAILED

    assert job.error
    assert job.finished_at == NOW
    assert not Product.objects.exists()


def test_reasons_are_written_in_the_sellers_language():
    reasons = {}
    for language in ("en", "fr"):
        job = request("sku,name\n,x\n", seller=SellerFactory(language=language))
        work(job)
        reasons[language] = report(job)[0]["reason"]

    assert reasons["en"] == "The product has no id."


def test_uploads_are_deleted_at_the_end_and_the_report_stays(django_capture_on_commit_callbacks):
    job = request(plain(1))
    table = files.path_of(job, files.TABLE)
    assert table.is_file()

    with django_capture_on_commit_callbacks(execute=True):
        work(job)

    assert not table.exists()
    assert files.report_path(job).is_file()


def test_files_of_the_server_are_read_in_place_and_kept(
    tmp_path, django_capture_on_commit_callbacks
):
    table = tmp_path / "mine.csv"
    table.write_text(plain(2))
    job = jobs.request_local_import(
        seller=None,
        source="feed",
        table_format=ImportFormat.CSV,
        paths={files.TABLE: table},
        now=NOW,
    )

    with django_capture_on_commit_callbacks(execute=True):
        assert work(job) == JobStatus.DONE

    assert table.is_file()
    assert Product.objects.filter(source="feed").count() == 2


def test_a_large_upload_is_moved_not_copied():
    upload = TemporaryUploadedFile("x.csv", "text/csv", 100, None)
    upload.write(plain(1).encode())
    upload.flush()

    job = jobs.request_import(
        seller=None,
        source="shop",
        table_format=ImportFormat.CSV,
        uploads={files.TABLE: upload},
        now=NOW,
    )
    upload.close()

    assert work(job) == JobStatus.DONE


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
    job = request({files.TABLE: table, files.LABELS: "i,prdtypecode\n1,10\n2,10\n3,10\n4,10\n"})
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
