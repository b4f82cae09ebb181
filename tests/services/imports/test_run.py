import io
import json
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile

from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.models import ClassificationRequest, Product
from reviewapp.services.imports import files, jobs
from tests.factories import NOW, CategoryFactory, SellerFactory
from tests.pictures import huge_png, jpeg
from tests.services.imports.world import counts, plain, report, request, work, zipped

pytestmark = pytest.mark.django_db


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


def test_labels_find_rows_without_an_index_by_their_place():
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    table, labels = "sku,name\na,Un\nb,Deux\nc,Trois\n", ",prdtypecode\n1,20\n0,10\n2,x\n"
    job = request({files.TABLE: table, files.LABELS: labels})

    assert work(job) == JobStatus.DONE

    codes = dict(Product.objects.values_list("external_id", "given_code"))
    assert codes == {"a": 10, "b": 20}
    assert "« x »" in report(job)[2]["reason"]


@pytest.mark.parametrize(
    ("table", "labels", "word"),
    [
        ("sku,name\na,Un\n", ",prdtypecode\n7,10\n", "0, 1, 2"),
        (",sku,name\n5,a,Un\n", ",prdtypecode\n7,10\n", "No row"),
    ],
)
def test_labels_of_other_rows_fail_the_import_with_a_reason(table, labels, word):
    job = request({files.TABLE: table, files.LABELS: labels}, seller=SellerFactory(language="en"))

    assert work(job) == JobStatus.FAILED

    assert word in job.error


def test_a_row_that_the_labels_lack_is_taken_with_a_note():
    CategoryFactory(code=10)
    contents = {files.TABLE: ",sku,name\n0,a,Un\n1,b,Deux\n", files.LABELS: ",prdtypecode\n0,10\n"}
    job = request(contents, seller=SellerFactory(language="en"))

    work(job)

    assert [line["reason"] for line in report(job)] == [
        "",
        "Taken without a code: the file of labels has no index “1”.",
    ]


def test_pictures_that_no_row_names_are_counted():
    pictures = {"a.jpg": jpeg(), "image_7_product_8.jpg": jpeg(), "b/c.PNG": jpeg()}
    others = {"__MACOSX/._a.jpg": b"", "readme.txt": b"", "../x.jpg": jpeg()}
    contents = {
        files.TABLE: "sku,name,image\n1,Un,a.jpg\n2,Deux,gone.jpg\n3,Trois,\n",
        files.ARCHIVE: zipped(pictures | others),
    }
    job = request(contents)

    work(job)

    assert (job.unnamed_pictures, job.unnamed_example) == (2, "b/c.PNG")


def test_an_archive_whose_pictures_all_have_rows_leaves_none_unnamed():
    archive = zipped({"images/a.jpg": jpeg()})
    job = request({files.TABLE: "sku,name,image\n1,Un,a.jpg\n", files.ARCHIVE: archive})

    work(job)

    assert job.unnamed_pictures == 0


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


def test_the_first_row_of_an_id_counts_however_often_the_file_is_sent():
    table = "external_id,designation\na,Lampe\nb,Table\n a ,Chaise\n"

    seller = SellerFactory(language="en")
    job, again = request(table, seller=seller), request(table, seller=seller)
    work(job)
    work(again)

    assert counts(job) == (2, 0, 0, 1)
    assert counts(again) == (0, 0, 2, 1)
    assert Product.objects.get(external_id="a").designation == "Lampe"
    assert report(job)[2]["reason"] == "An earlier row of this file has the same id; it counts."


def test_an_id_of_a_slice_before_is_still_known():
    job = request(plain(501) + "p0,Autre\n")

    assert work(job, seconds=0) == JobStatus.WAITING
    work(job)

    assert counts(job) == (501, 0, 0, 1)
