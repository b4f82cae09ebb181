import hashlib

import pytest
from rest_framework.test import APIClient

from reviewapp.models import DatasetExport, DatasetSnapshot
from tests.factories import AdminFactory, ModeratorFactory, SnapshotFactory
from tests.labels import label, relabel, snapshot
from worker.tasks.exports import run_export
from worker.tasks.snapshots import run_snapshot

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = "/api/v1/snapshots"


@pytest.fixture
def api(monkeypatch):
    for task in (run_snapshot, run_export):
        monkeypatch.setattr(task, "apply_async", lambda *args, **options: None)
    client = APIClient()
    client.force_authenticate(AdminFactory())
    return client


def test_only_admins_reach_datasets():
    row = SnapshotFactory()
    client = APIClient()
    assert client.get(ROOT).status_code == 401
    client.force_authenticate(ModeratorFactory())

    for address in (ROOT, f"{ROOT}/{row.pk}", f"{ROOT}/{row.pk}/diff?to={row.pk}"):
        assert client.get(address).status_code == 403
    assert client.post(ROOT).status_code == 403


def test_from_the_wish_to_the_file(api, now):
    label(now)

    asked = api.post(ROOT, {"note": "June", "sources": ["moderator"]}, format="json")
    run_snapshot(asked.data["id"])
    frozen = api.get(f"{ROOT}/{asked.data['id']}").data
    wanted = api.post(f"{ROOT}/{frozen['id']}/exports", {"format": "jsonl"}, format="json")
    run_export(wanted.data["id"])
    made = api.get(f"/api/v1/exports/{wanted.data['id']}").data
    file = api.get(f"/api/v1/exports/{wanted.data['id']}/file")

    assert (asked.status_code, wanted.status_code) == (202, 202)
    assert (frozen["status"], frozen["manifest"]["rows"], len(frozen["digest"])) == ("done", 1, 64)
    content = b"".join(file.streaming_content)
    assert (made["rows_total"], made["size_bytes"]) == (1, len(content))
    assert hashlib.sha256(content).hexdigest() == made["sha256"]


def test_a_wish_that_makes_no_sense_is_refused(api):
    for wrong in (
        {"sources": ["oracle"]},
        {"decided_from": "2026-02-01", "decided_until": "2026-01-01"},
        {"note": "x" * 201},
    ):
        assert api.post(ROOT, wrong, format="json").status_code == 400
    unfinished = SnapshotFactory(status="waiting", digest="")
    done = SnapshotFactory()

    answers = [
        api.post(f"{ROOT}/{row}/exports", {"format": wanted}, format="json").status_code
        for row, wanted in ((unfinished.pk, "csv"), (done.pk, "pickle"), (999_999, "csv"))
    ]

    assert answers == [409, 400, 404]
    assert DatasetSnapshot.objects.count() == 2
    assert not DatasetExport.objects.exists()


def test_two_snapshots_are_compared(api, now):
    moved, gone = label(now), label(now)
    old = snapshot(now)
    relabel(moved, now, code=20)
    gone.ended_at = now
    gone.save()
    new = snapshot(now)

    diff = api.get(f"{ROOT}/{old.pk}/diff", {"to": new.pk}).data

    assert (diff["added"], diff["removed"]) == ([], [gone.product_id])
    assert diff["relabelled"] == [moved.product_id]
    assert diff["moves"] == [{"before": 10, "after": 20, "products": 1}]
    for other in ("", "x", "9" * 30, "999999"):
        assert api.get(f"{ROOT}/{old.pk}/diff", {"to": other}).status_code == 404


def test_the_list_takes_a_fixed_number_of_queries(api, django_assert_max_num_queries):
    for _ in range(5):
        SnapshotFactory()

    with django_assert_max_num_queries(3):
        assert len(api.get(ROOT).data["results"]) == 5
