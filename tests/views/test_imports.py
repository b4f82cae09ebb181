import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import JobStatus, Queue
from reviewapp.models import CatalogueImport, Product, WorkerHeartbeat
from reviewapp.services.imports import files
from reviewapp.services.imports.files import report_path
from reviewapp.services.imports.run import run_import
from tests.factories import AdminFactory, BuyerFactory, SellerFactory

pytestmark = pytest.mark.django_db
INDEX = "/imports/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    cache.clear()
    messages = []
    monkeypatch.setattr("reviewapp.views.imports.wake_import", messages.append)
    return messages


@pytest.fixture
def seller(client):
    seller = SellerFactory(language="en")
    client.force_login(seller)
    return seller


def table(content="sku,name\n1,Un\n2\n", name="table.csv"):
    return SimpleUploadedFile(name, content.encode())


def send(client, **data):
    return client.post(INDEX, {"table": table()} | data)


def run(job):
    run_import(import_id=job.pk, clock=timezone.now, on_batch=lambda job: None)
    job.refresh_from_db()


def test_uploads_pass_through_the_folder_of_the_settings_and_cut_ones_are_forgotten(
    client, seller, settings, tmp_path, monkeypatch
):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    moved = []
    monkeypatch.setattr(
        files.shutil, "move", lambda source, target: moved.append(Path(source).parent)
    )
    cut, coming = tmp_path / "a.upload.csv", tmp_path / "b.upload.zip"
    for path in (cut, coming):
        path.touch()
    os.utime(cut, (0, 0))

    send(client)
    forgotten = files.forget_cut_uploads(now=timezone.now())

    assert moved == [tmp_path]
    assert (forgotten, cut.exists(), coming.exists()) == (1, False, True)


def test_reasons_are_in_the_language_of_the_page_that_sent_the_file(client):
    client.force_login(SellerFactory(language=""))

    client.post(INDEX, {"table": table("sku,name\n,x\n")}, headers={"accept-language": "en"})

    job = CatalogueImport.objects.get()
    run(job)
    report = report_path(job).read_text(encoding="utf-8-sig")
    assert "The product has no id." in report


def test_an_upload_becomes_an_import_of_the_sellers_own(client, seller, woken):
    answer = send(client)

    job = CatalogueImport.objects.get()
    assert answer["Location"] == reverse("imports:detail", args=[job.pk])
    assert (job.seller, job.source, job.format) == (seller, f"seller-{seller.pk}", "csv")
    assert woken == [job.pk]
    run(job)
    assert Product.objects.get().seller == seller


@pytest.mark.parametrize(
    ("name", "table_format"),
    [("a.CSV", "csv"), ("a.tsv", "csv"), ("a.jsonl", "jsonl"), ("a.parquet", "parquet")],
)
def test_the_name_tells_the_format(client, seller, name, table_format):
    send(client, table=table(name=name))

    assert CatalogueImport.objects.get().format == table_format


def test_the_page_tells_which_rows_were_refused_and_why(client, seller, monkeypatch):
    monkeypatch.setattr("reviewapp.views.imports.REFUSED_SHOWN", 2)
    send(client, table=table("sku,name\n1,Un\n,Deux\n,Trois\n,Quatre\n"))
    job = CatalogueImport.objects.get()
    run(job)

    page = client.get(reverse("imports:detail", args=[job.pk]))

    assert [line.number for line in page.context["refused"]] == [2, 3]
    assert "The product has no id." in page.content.decode()
    assert "1 more refused row stands in the report." in page.content.decode()


def test_a_senders_file_name_is_never_used(client, seller):
    send(client, table=table(name="../../../etc/passwd.csv"))

    assert CatalogueImport.objects.get().files == {"table": "table.csv"}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"table": ""}, "table"),
        ({"table": SimpleUploadedFile("x.docx", b"x")}, "table"),
        ({"table": SimpleUploadedFile("x.csv", b"")}, "table"),
        (
            {
                "images_zip": SimpleUploadedFile("a.zip", b"x"),
                "images_npy": SimpleUploadedFile("a.npy", b"x"),
            },
            "images_npy",
        ),
    ],
)
def test_what_is_wrong_stands_beside_its_field(client, seller, data, field):
    answer = send(client, **data)

    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert not CatalogueImport.objects.exists()


def test_too_large_an_upload_is_refused_before_it_is_written(client, seller, settings):
    settings.IMPORT_MAX_BYTES = 1000

    answer = send(client, table=table("x" * 5000))

    assert answer.status_code == 400
    assert not CatalogueImport.objects.exists()


def test_elsewhere_an_upload_may_only_be_a_picture(client, seller, settings):
    settings.IMAGE_MAX_BYTES = 1000
    big = SimpleUploadedFile("x.jpg", bytes(2**20 + 5000))

    assert client.post(reverse("seller:add"), {"image": big}).status_code == 400


def test_an_admin_names_the_feed_and_sees_all(client, seller):
    send(client)
    client.force_login(AdminFactory())

    send(client, source="big-feed")

    assert set(CatalogueImport.objects.values_list("source", "seller")) == {
        (f"seller-{seller.pk}", seller.pk),
        ("big-feed", None),
    }
    assert len(client.get(INDEX).context["imports"]) == 2


@pytest.mark.parametrize("source", ["", "a b", "../x"])
def test_an_admins_feed_needs_a_name(client, source):
    client.force_login(AdminFactory())

    assert send(client, source=source).status_code == 422


def test_a_seller_sees_only_the_own_imports(client, seller):
    send(client)
    job = CatalogueImport.objects.get()
    run(job)
    client.force_login(SellerFactory())

    assert client.get(INDEX).context["imports"] == []
    for name in ("detail", "report"):
        assert client.get(reverse(f"imports:{name}", args=[job.pk])).status_code == 404


def test_the_page_follows_the_import_and_rests_at_its_end(client, seller):
    send(client)
    job = CatalogueImport.objects.get()
    address = reverse("imports:detail", args=[job.pk])
    assert 'hx-trigger="every 1s"' in client.get(address).content.decode()

    run(job)

    fragment = client.get(address, headers=HTMX).content.decode()
    assert "<html" not in fragment
    assert "hx-trigger" not in fragment
    assert "Report" in fragment


def test_the_report_is_downloaded(client, seller):
    send(client)
    job = CatalogueImport.objects.get()
    assert client.get(reverse("imports:report", args=[job.pk])).status_code == 404
    run(job)

    answer = client.get(reverse("imports:report", args=[job.pk]))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    answer.close()
    assert "attachment" in answer["Content-Disposition"]
    assert [line.split(",")[2] for line in text.splitlines()] == ["outcome", "created", "refused"]


def test_a_failed_import_says_why(client, seller):
    send(client, table=table("foo,bar\n1,2\n"))
    job = CatalogueImport.objects.get()
    run(job)

    page = client.get(reverse("imports:detail", args=[job.pk])).content.decode()

    assert job.status == JobStatus.FAILED
    assert "There is no column" in page


def test_the_pages_say_when_no_worker_listens(client, seller):
    send(client)
    detail = reverse("imports:detail", args=[CatalogueImport.objects.get().pk])
    for address in (INDEX, detail):
        assert "No worker for imports is listening" in client.get(address).content.decode()

    WorkerHeartbeat.objects.create(name="w", queue=Queue.DEFAULT, seen_at=timezone.now())

    for address in (INDEX, detail):
        assert "No worker for imports is listening" not in client.get(address).content.decode()


def test_imports_are_limited(client, seller, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"uploads": (1, 60)}
    send(client)

    answer = send(client)

    assert answer.status_code == 429
    assert CatalogueImport.objects.count() == 1


def test_the_list_costs_the_same_whatever_its_length(client, seller, django_assert_max_num_queries):
    for _ in range(25):
        CatalogueImport.objects.create(
            format="csv", source="x", seller=seller, created_at=timezone.now()
        )

    with django_assert_max_num_queries(12):
        page = client.get(INDEX)

    assert len(page.context["imports"]) == 20
    older = client.get(INDEX, {"after": page.context["older"]})
    assert len(older.context["imports"]) == 5
    assert client.get(INDEX, {"after": "x"}).status_code == 404


def test_only_those_who_may_import_come_in(client):
    assert client.get(INDEX).status_code == 302
    client.force_login(BuyerFactory())

    assert client.get(INDEX).status_code == 403
    assert send(client).status_code == 403
