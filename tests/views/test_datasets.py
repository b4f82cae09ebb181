import json
import re
import zipfile
from html import unescape
from io import BytesIO
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.models import DatasetExport, DatasetSnapshot, LabelImport
from reviewapp.selectors.snapshots import diff
from reviewapp.services.exports import request_export
from reviewapp.services.workers import beat
from tests.factories import (
    MANIFEST,
    AdminFactory,
    BuyerFactory,
    CategoryFactory,
    FeedbackLabelFactory,
    ModelVersionFactory,
    ModeratorFactory,
    ReviewItemFactory,
    SellerFactory,
    SnapshotFactory,
)
from tests.labels import label, relabel, snapshot
from worker.tasks.exports import run_export
from worker.tasks.snapshots import NO_LABELS, run_snapshot

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def sent(monkeypatch):
    messages = []
    for task in (run_snapshot, run_export):
        monkeypatch.setattr(task, "apply_async", lambda args, **_: messages.append(args))
    return messages


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief")
    client.force_login(user)
    return user


@pytest.mark.parametrize("factory", [SellerFactory, BuyerFactory, ModeratorFactory])
@pytest.mark.parametrize("name", ["index", "compare", "detail", "state", "config", "card"])
def test_only_admins_see_datasets(client, factory, name):
    args = {"index": [], "compare": [], "card": [SnapshotFactory().pk, "fr"]}
    client.force_login(factory())

    response = client.get(reverse(f"datasets:{name}", args=args.get(name, [SnapshotFactory().pk])))

    assert response.status_code == 403


@pytest.mark.parametrize(
    "name",
    [
        "datasets:index",
        "datasets:detail",
        "datasets:compare",
        "training:index",
        "models:evaluations",
    ],
)
def test_why_the_schedule_asked_is_told_in_the_readers_language(client, admin, name):
    ModelVersionFactory()
    for _ in range(2):
        asked = SnapshotFactory(note="Enough new labels")
    args = [asked.pk] if name == "datasets:detail" else []

    page = client.get(reverse(name, args=args), headers={"accept-language": "fr"})

    assert page.status_code == 200
    assert "Enough new labels" not in page.content.decode()
    assert "Assez de nouvelles étiquettes" in page.content.decode()


def test_older_snapshots_are_on_the_next_page(client, admin, monkeypatch):
    monkeypatch.setattr("reviewapp.views.datasets._SHOWN", 2)
    rows = [SnapshotFactory() for _ in range(3)]

    first = client.get(reverse("datasets:index")).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)[1]
    second = client.get(reverse("datasets:index") + older).content.decode()

    links = [f'href="{reverse("datasets:detail", args=[row.pk])}"' for row in rows]
    assert [link in first for link in links] == [False, True, True]
    assert [link in second for link in links] == [True, False, False]


def test_an_admin_asks_for_a_snapshot_and_a_worker_hears_of_it(
    client, admin, sent, django_capture_on_commit_callbacks
):
    wanted = {"note": "for June", "sources": ["moderator"], "decided_from": "2026-01-01"}
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("datasets:index"), wanted)

    row = DatasetSnapshot.objects.get()
    assert response.url == reverse("datasets:detail", args=[row.pk])
    assert (row.note, row.requested_by, row.status) == ("for June", admin, JobStatus.WAITING)
    assert (row.filters["sources"], row.filters["decided_from"]) == (["moderator"], "2026-01-01")
    assert sent == [(row.pk,)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"sources": ["oracle"]},
        {"decided_from": "yesterday"},
        {"decided_from": "2026-02-01", "decided_until": "2026-01-01"},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(client, admin, wrong):
    response = client.post(reverse("datasets:index"), wrong)

    assert response.status_code == 422
    assert not DatasetSnapshot.objects.exists()


def test_the_page_of_a_snapshot_shows_what_it_holds(client, admin):
    row = SnapshotFactory()

    page = client.get(reverse("datasets:detail", args=[row.pk]), headers=ENGLISH).content.decode()

    assert row.digest in page
    assert "1,234" in page
    assert "Corrections are a biased sample" in page
    assert "demo-1" in page


def test_an_export_of_a_snapshot_is_asked_for(
    client, admin, sent, django_capture_on_commit_callbacks
):
    row = SnapshotFactory()
    url = reverse("datasets:detail", args=[row.pk])

    with django_capture_on_commit_callbacks(execute=True):
        client.post(url, {"format": "npy"})
    refused = client.post(url, {"format": "pickle"})

    export = DatasetExport.objects.get()
    assert (export.format, export.snapshot, export.requested_by) == ("npy", row, admin)
    assert sent == [(export.pk,)]
    assert refused.status_code == 422


def test_count_size_and_hash_are_shown_before_the_download(client, admin, now):
    row = SnapshotFactory()
    export = request_export(snapshot=row, export_format=ExportFormat.CSV, user=None, now=now)
    export.status, export.file_name, export.sha256 = JobStatus.DONE, "x.zip", "a" * 64
    export.rows_total, export.size_bytes = 4321, 10
    export.save()

    page = client.get(reverse("datasets:detail", args=[row.pk]), headers=ENGLISH).content.decode()

    assert "4,321" in page
    assert "a" * 64 in page
    assert "10\xa0bytes" in page
    assert f"no. {export.pk}</span>" in page
    assert reverse("exports:download", args=[export.pk]) in page


def test_a_snapshot_in_the_making_is_asked_about_until_it_has_ended(client, admin):
    row = SnapshotFactory(status="running", digest="", rows_done=500, rows_total=2000, manifest={})
    url = reverse("datasets:state", args=[row.pk])

    running = client.get(url)
    DatasetSnapshot.objects.update(status="failed", error=NO_LABELS)
    failed = client.get(url)
    page = client.get(reverse("datasets:detail", args=[row.pk]), headers=ENGLISH)

    assert f'hx-get="{url}"' in running.content.decode()
    assert 'value="500" max="2000"' in running.content.decode()
    assert "HX-Refresh" not in running.headers
    assert failed.headers["HX-Refresh"] == "true"
    assert NO_LABELS in page.content.decode()


def test_the_page_says_when_no_worker_makes_snapshots(client, admin):
    url, words = reverse("datasets:index"), "No worker makes snapshots"

    assert words in client.get(url, headers=ENGLISH).content.decode()
    beat(name="w", queue="default", now=timezone.now())
    assert words not in client.get(url, headers=ENGLISH).content.decode()


@pytest.mark.parametrize("name", ["index", "detail"])
def test_lists_take_a_fixed_number_of_queries(
    client, admin, now, django_assert_max_num_queries, name
):
    rows = [SnapshotFactory(requested_by=admin) for _ in range(10)]
    for _ in rows:
        request_export(snapshot=rows[0], export_format=ExportFormat.CSV, user=admin, now=now)

    with django_assert_max_num_queries(14):
        client.get(reverse(f"datasets:{name}", args=[rows[0].pk] if name == "detail" else []))


def test_data_cards_come_in_french_and_english(client, admin):
    row = SnapshotFactory()

    french, english = (
        client.get(reverse("datasets:card", args=[row.pk, language])).content.decode()
        for language in ("fr", "en")
    )

    assert client.get(reverse("datasets:card", args=[row.pk, "de"])).status_code == 404
    assert row.digest in french
    assert row.digest in english
    assert "Livres" in french
    assert "Books" in english
    assert "Personal data" in english
    assert "Données personnelles" in french
    assert "fr 90.0% (1111 rows), unknown 10.0% (123 rows)" in english


def test_the_card_of_an_earlier_snapshot_does_not_guess_its_languages(client, admin):
    manifest = {key: value for key, value in MANIFEST.items() if key != "languages"}
    row = SnapshotFactory(manifest=manifest)

    card = client.get(reverse("datasets:card", args=[row.pk, "en"])).content.decode()

    assert "languages of the texts were not counted" in card


def test_the_labelling_configuration_names_the_classes(client, admin):
    row = SnapshotFactory()

    answer = client.get(reverse("datasets:config", args=[row.pk]))

    assert b'<Choice value="10 Livres"/>' in answer.content
    assert answer["Content-Type"].startswith("application/xml")


@pytest.mark.parametrize("query", ["?from=x&to=1", "?from=999999999999&to=1", "?from=1&to=2"])
def test_a_comparison_of_what_is_not_there_is_not_found(client, admin, query):
    assert client.get(reverse("datasets:compare") + query).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_snapshots_are_compared(client, admin, now):
    kept, moved, gone = (label(now) for _ in range(3))
    old = snapshot(now)
    relabel(moved, now, code=20)
    gone.ended_at = now
    gone.save()
    label(now)
    new = snapshot(now)

    with patch.object(diff.pq, "read_table", wraps=diff.pq.read_table) as read:
        page = client.get(
            reverse("datasets:compare"), {"from": old.pk, "to": new.pk}, headers=ENGLISH
        )

    found = page.context["diff"]
    assert (len(found.added), found.removed, found.unchanged) == (1, [gone.product_id], 1)
    assert found.relabelled == [moved.product_id]
    assert found.moves == [((10, 20), 1)]
    assert read.call_count == 2
    assert moved.product.designation in page.content.decode()
    assert kept.product.designation not in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_old_snapshots_may_be_compared_with_new_ones(client, admin, now, monkeypatch):
    snapshots = []
    for code in (10, 20, 30):
        label(now, code=code)
        snapshots.append(snapshot(now))
    old, _between, new = snapshots
    monkeypatch.setattr("reviewapp.views.datasets._SHOWN", 1)
    monkeypatch.setattr("reviewapp.views.snapshot_pairs._SHOWN", 1)

    page = client.get(reverse("datasets:index"), {"before": old.pk + 1}).content.decode()
    query = {"from": old.pk, "to": new.pk}
    compared = client.get(reverse("datasets:compare"), query).content.decode()

    for one in (old, new):
        assert f'<option value="{one.pk}"' in page
        assert f'<option value="{one.pk}" selected>' in compared


@pytest.mark.django_db(transaction=True)
def test_a_comparison_leads_to_all_products_page_by_page(client, admin, now, monkeypatch):
    monkeypatch.setattr("reviewapp.views.snapshot_pairs._SHOWN", 2)
    label(now)
    old = snapshot(now)
    added = [label(now).product for _ in range(3)]
    new = snapshot(now)
    pair = {"from": old.pk, "to": new.pk}

    compared = client.get(reverse("datasets:compare"), pair, headers=ENGLISH).content.decode()
    link = unescape(re.search(r'href="([^"]+)">All 3 products', compared)[1])
    first = client.get(link, headers=ENGLISH).content.decode()
    following = unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    second = client.get(following, headers=ENGLISH).content.decode()

    assert [one.designation in compared for one in added] == [True, True, False]
    assert [one.designation in first for one in added] == [True, True, False]
    assert [one.designation in second for one in added] == [False, False, True]
    assert "1 to 2 of 3" in first
    for bad in ({"kind": "x"}, {"kind": "added", "start": 3}, {"kind": "added", "to": ""}):
        assert client.get(reverse("datasets:changes"), pair | bad).status_code == 404
    client.force_login(ModeratorFactory())
    assert client.get(link).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_from_the_wish_to_the_file(client, admin, sent):
    given = FeedbackLabelFactory()
    client.post(reverse("datasets:index"))
    run_snapshot(*sent.pop())
    client.post(
        reverse("datasets:detail", args=[DatasetSnapshot.objects.get().pk]), {"format": "csv"}
    )
    run_export(*sent[0])

    response = client.get(reverse("exports:download", args=sent[0]))

    with zipfile.ZipFile(BytesIO(b"".join(response.streaming_content))) as archive:
        assert str(given.product_id) in archive.read("X.csv").decode()
        assert json.loads(archive.read("manifest.json"))["rows"] == 1


def tasks(content):
    return {"file": SimpleUploadedFile("tasks.json", content), "source": "shop"}


def test_labels_of_another_tool_are_read_and_reported(client, admin):
    url = reverse("datasets:labels")

    read = client.post(url, tasks(b'[{"data": {"external_id": "nobody"}}]'), follow=True)
    refused = client.post(url, tasks(b"{}"), headers=ENGLISH)

    job = LabelImport.objects.get()
    assert (read.status_code, job.refused_count, job.requested_by) == (200, 1, admin)
    assert "tasks.json" in read.content.decode()
    assert refused.status_code == 422
    assert "not a list of Label Studio tasks" in refused.content.decode()


def test_undecided_products_are_offered_as_tasks_with_todays_categories(client, admin):
    CategoryFactory(code=10, name_fr="Livres")
    item = ReviewItemFactory()

    page = client.get(reverse("datasets:labels"), headers=ENGLISH).content.decode()
    sent = client.get(reverse("datasets:undecided"))
    config = client.get(reverse("datasets:present-config"))

    assert "1 product waits because the models doubt" in page
    [one] = json.loads(b"".join(sent.streaming_content))
    assert one["data"]["external_id"] == item.product.external_id
    assert b'<Choice value="10 Livres"/>' in config.content


def test_only_admins_read_labels_of_another_tool(client):
    client.force_login(ModeratorFactory())

    assert client.post(reverse("datasets:labels"), tasks(b"[]")).status_code == 403
