import csv
import io

import pytest
from django.urls import reverse

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.models import DatasetExport
from reviewapp.selectors.exports import export_path
from reviewapp.services.exports import request_export
from reviewapp.services.workers import beat
from tests.factories import (
    AdminFactory,
    BuyerFactory,
    FeedbackLabelFactory,
    ModeratorFactory,
    SellerFactory,
)
from worker.tasks import exports as tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(tasks.run_export, "apply_async", lambda args, **_: messages.append(args))
    return messages


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief")
    client.force_login(user)
    return user


def done_export(now, content=b"0123456789"):
    export = request_export(export_format=ExportFormat.CSV, user=None, now=now)
    export.status = JobStatus.DONE
    export.file_name, export.rows_total, export.size_bytes = "labels.csv", 1234, len(content)
    export.sha256 = "a" * 64
    export.save()
    export_path(export).parent.mkdir(parents=True, exist_ok=True)
    export_path(export).write_bytes(content)
    return export


@pytest.mark.parametrize("factory", [SellerFactory, BuyerFactory, ModeratorFactory])
@pytest.mark.parametrize("name", ["index", "state", "download"])
def test_only_admins_see_exports(client, now, factory, name):
    export = done_export(now)
    client.force_login(factory())

    args = [] if name == "index" else [export.pk]
    response = client.get(reverse(f"exports:{name}", args=args))

    assert response.status_code == 403


def test_an_admin_asks_for_an_export_and_a_worker_hears_of_it(
    client, admin, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("exports:index"), {"format": "npy"})

    export = DatasetExport.objects.get()
    assert response.status_code == 302
    assert (export.format, export.status, export.requested_by) == ("npy", "waiting", admin)
    assert sent == [(export.pk,)]


def test_an_unknown_format_is_refused(client, admin):
    response = client.post(reverse("exports:index"), {"format": "pickle"})

    assert response.status_code == 422
    assert not DatasetExport.objects.exists()


def test_count_size_and_hash_are_shown_before_the_download(client, admin, now):
    export = done_export(now)

    page = client.get(reverse("exports:index"), headers={"accept-language": "en"}).content.decode()

    assert "1,234" in page
    assert "a" * 64 in page
    assert "10\xa0bytes" in page
    assert reverse("exports:download", args=[export.pk]) in page


def test_a_running_export_is_asked_about_until_it_has_ended(client, admin, now):
    export = request_export(export_format=ExportFormat.CSV, user=None, now=now)
    url = reverse("exports:state", args=[export.pk])

    DatasetExport.objects.update(status="running", rows_done=500, rows_total=2000)
    running = client.get(url).content.decode()
    DatasetExport.objects.update(status="failed", error="OSError: No space left on device")
    failed = client.get(url).content.decode()

    assert f'hx-get="{url}"' in running
    assert 'value="500" max="2000"' in running
    assert "hx-get" not in failed
    assert "No space left on device" in failed


def test_the_page_says_when_no_worker_makes_exports(client, admin, settings):
    from django.utils import timezone

    url = reverse("exports:index")
    words = "No worker makes exports"

    assert words in client.get(url, headers={"accept-language": "en"}).content.decode()
    beat(name="w", queue="default", now=timezone.now())
    assert words not in client.get(url, headers={"accept-language": "en"}).content.decode()


def test_the_list_takes_a_fixed_number_of_queries(
    client, admin, now, django_assert_max_num_queries
):
    for _ in range(10):
        request_export(export_format=ExportFormat.CSV, user=admin, now=now)

    with django_assert_max_num_queries(12):
        client.get(reverse("exports:index"))


def test_a_download_can_be_resumed_where_it_broke(client, admin, now):
    url = reverse("exports:download", args=[done_export(now).pk])

    whole = client.get(url)
    rest = client.get(url, headers={"range": "bytes=4-", "if-range": whole["ETag"]})

    assert (whole.status_code, whole["Accept-Ranges"]) == (200, "bytes")
    assert whole["Content-Disposition"] == 'attachment; filename="labels.csv"'
    assert b"".join(whole.streaming_content) == b"0123456789"
    assert (rest.status_code, rest["Content-Range"]) == (206, "bytes 4-9/10")
    assert b"".join(rest.streaming_content) == b"456789"


def test_another_files_rest_is_never_glued_on(client, admin, now):
    url = reverse("exports:download", args=[done_export(now).pk])

    changed = client.get(url, headers={"range": "bytes=4-", "if-range": '"old"'})
    behind = client.get(url, headers={"range": "bytes=10-"})

    assert changed.status_code == 200
    assert b"".join(changed.streaming_content) == b"0123456789"
    assert (behind.status_code, behind["Content-Range"]) == (416, "bytes */10")


def test_an_unfinished_or_deleted_export_cannot_be_downloaded(client, admin, now):
    waiting = request_export(export_format=ExportFormat.CSV, user=None, now=now)
    gone = done_export(now)
    export_path(gone).unlink()

    for export in (waiting, gone):
        response = client.get(reverse("exports:download", args=[export.pk]))
        assert response.status_code == 404


@pytest.mark.django_db(transaction=True)
def test_from_the_wish_to_the_file(client, admin, sent):
    label = FeedbackLabelFactory()
    client.post(reverse("exports:index"), {"format": "csv"})
    tasks.run_export(*sent[0])

    response = client.get(reverse("exports:download", args=sent[0]))

    text = b"".join(response.streaming_content).decode()
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert row["productid"] == str(label.product_id)
