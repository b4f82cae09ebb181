import pytest
from django.urls import reverse

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.models import DatasetExport
from reviewapp.selectors.exports import export_path
from reviewapp.services.exports import request_export
from tests.factories import (
    AdminFactory,
    BuyerFactory,
    ModeratorFactory,
    SellerFactory,
    SnapshotFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief")
    client.force_login(user)
    return user


def done_export(now, content=b"0123456789"):
    export = request_export(
        snapshot=SnapshotFactory(), export_format=ExportFormat.CSV, user=None, now=now
    )
    export.status = JobStatus.DONE
    export.file_name, export.rows_total, export.size_bytes = "labels.csv", 1234, len(content)
    export.sha256 = "a" * 64
    export.save()
    export_path(export).parent.mkdir(parents=True, exist_ok=True)
    export_path(export).write_bytes(content)
    return export


@pytest.mark.parametrize("factory", [SellerFactory, BuyerFactory, ModeratorFactory])
@pytest.mark.parametrize("name", ["state", "download"])
def test_only_admins_see_exports(client, now, factory, name):
    export = done_export(now)
    client.force_login(factory())

    response = client.get(reverse(f"exports:{name}", args=[export.pk]))

    assert response.status_code == 403


def test_the_old_address_leads_to_the_datasets(client, admin):
    assert client.get("/exports/").url == reverse("datasets:index")


def test_a_running_export_is_asked_about_until_it_has_ended(client, admin, now):
    export = request_export(
        snapshot=SnapshotFactory(), export_format=ExportFormat.CSV, user=None, now=now
    )
    url = reverse("exports:state", args=[export.pk])

    DatasetExport.objects.update(status="running", rows_done=500, rows_total=2000)
    running = client.get(url).content.decode()
    DatasetExport.objects.update(status="failed", error="OSError: No space left on device")
    failed = client.get(url).content.decode()

    assert f'hx-get="{url}"' in running
    assert 'value="500" max="2000"' in running
    assert "hx-get" not in failed
    assert "No space left on device" in failed


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
    waiting = request_export(
        snapshot=SnapshotFactory(), export_format=ExportFormat.CSV, user=None, now=now
    )
    gone = done_export(now)
    export_path(gone).unlink()

    for export in (waiting, gone):
        response = client.get(reverse("exports:download", args=[export.pk]))
        assert response.status_code == 404
