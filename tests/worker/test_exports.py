import csv
import hashlib
import io
import zipfile
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.models import DatasetExport
from reviewapp.selectors.exports import export_path, stranded
from reviewapp.selectors.snapshots import snapshot_path
from reviewapp.services import exports, leases
from tests.factories import (
    BuyerFactory,
    ChampionFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProductImageFactory,
    ReportFactory,
)
from tests.labels import export, label, picture, relabel, snapshot
from tests.waiting import eventually
from worker import keeper
from worker.app import app
from worker.tasks.exports import run_export
from worker.tasks.snapshots import SNAPSHOT_ALTERED, SNAPSHOT_GONE

pytestmark = pytest.mark.django_db(transaction=True)


def tables(row):
    """Return the CSV files of an export, and joined by their first column."""
    with zipfile.ZipFile(export_path(row)) as archive:
        assert archive.testzip() is None
        x, y, provenance = (
            list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode(), newline="")))
            for name in ("X", "Y", "provenance")
        )
    return [{**a, **b, **c} for a, b, c in zip(x, y, provenance, strict=True)]


def asked(now):
    return exports.request_export(
        snapshot=snapshot(now), export_format=ExportFormat.CSV, user=None, now=now
    )


def test_the_csv_holds_the_challenges_columns_and_where_labels_come_from(now):
    image = ProductImageFactory()
    given = label(
        now,
        code=2280,
        product=ListedProductFactory(
            source="shop", external_id="p-1", description='Un "beau" livre,\nrelié', image=image
        ),
        model_version=ChampionFactory(name="demo-1"),
        reasons=["low_confidence", "disagreement"],
        is_blind=True,
        inclusion_probability=0.05,
    )

    made = export(ExportFormat.CSV, now)

    [row] = tables(made)
    assert list(row)[:5] == ["", "designation", "description", "productid", "imageid"]
    assert row["description"] == 'Un "beau" livre,\nrelié'
    assert (row["productid"], row["imageid"]) == (str(given.product_id), str(image.pk))
    assert (row["prdtypecode"], row["source"], row["external_id"]) == ("2280", "shop", "p-1")
    assert (row["model_version"], row["reasons"]) == ("demo-1", "low_confidence|disagreement")
    assert (row["blind"], row["inclusion_probability"], row["weight"]) == ("true", "0.05", "10.0")
    assert (row["label_source"], row["agreement"]) == ("moderator", "1.0")
    assert row["decided_at"] == "2026-03-02T09:00:00.000000+00:00"


def test_the_row_says_how_many_how_long_and_what_hash(now):
    label(now)
    label(now, code=20)

    made = export(ExportFormat.JSONL, now)

    content = export_path(made).read_bytes()
    assert (made.status, made.rows_total, made.rows_done) == (JobStatus.DONE, 2, 2)
    assert made.size_bytes == len(content)
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert not list(export_path(made).parent.glob("*.part"))


@pytest.mark.parametrize("export_format", list(ExportFormat))
def test_a_snapshot_exported_again_is_the_same_though_labels_have_changed(
    now, settings, export_format
):
    image = picture(settings.MEDIA_ROOT, "red", (40, 20))
    given = label(now, product=ListedProductFactory(image=image))
    frozen = snapshot(now)
    first = export(export_format, now, frozen)

    relabel(given, now, code=30)
    given.product.designation = "Un autre titre"
    given.product.save()
    second = export(export_format, now + timedelta(days=400), frozen)

    assert first.status == second.status == JobStatus.DONE
    assert first.sha256 == second.sha256
    assert first.file_name != second.file_name


@pytest.mark.parametrize("export_format", list(ExportFormat))
def test_no_format_names_moderators_or_reporters(now, export_format):
    given = label(now, moderator=ModeratorFactory(username="alice"), reasons=["buyer_report"])
    ReportFactory(product=given.product, reporter=BuyerFactory(username="karl-der-kaeufer"))

    made = export(export_format, now)

    content = export_path(made).read_bytes()
    if zipfile.is_zipfile(export_path(made)):
        with zipfile.ZipFile(export_path(made)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"alice" not in content
    assert b"karl" not in content


def test_formulas_in_texts_arrive_as_texts(now):
    label(now, product=ListedProductFactory(designation="=cmd()", description="'quoted'"))

    [row] = tables(export(ExportFormat.CSV, now))

    assert (row["designation"], row["description"]) == ("'=cmd()", "''quoted'")


def test_an_export_whose_snapshot_file_is_gone_says_so(now):
    label(now)
    frozen = snapshot(now)
    snapshot_path(frozen.digest).unlink()

    made = export(ExportFormat.CSV, now, frozen)

    assert (made.status, made.error) == (JobStatus.FAILED, SNAPSHOT_GONE)


def test_an_altered_snapshot_file_is_refused_until_the_rows_are_frozen_again(now):
    label(now)
    frozen = snapshot(now)
    path = snapshot_path(frozen.digest)
    whole = path.read_bytes()
    table = pq.read_table(path)
    pq.write_table(table.set_column(9, "code", [[999_999]]), path)

    made = export(ExportFormat.CSV, now, frozen)

    assert (made.status, made.error) == (JobStatus.FAILED, SNAPSHOT_ALTERED)
    assert snapshot(now).digest == frozen.digest
    assert path.read_bytes() == whole
    assert export(ExportFormat.CSV, now, frozen).status == JobStatus.DONE


def test_an_unfinished_snapshot_has_no_export(now):
    empty = snapshot(now)

    with pytest.raises(exports.SnapshotUnfinished):
        export(ExportFormat.CSV, now, empty)


def test_a_worker_that_died_is_followed_by_another_until_it_is_enough(now, settings):
    label(now)
    row = asked(now)

    claims = []
    for _death in range(settings.JOB_MAX_ATTEMPTS + 1):
        claims.append(exports.claim_export(export_id=row.pk, now=now))
        assert exports.claim_export(export_id=row.pk, now=now) is None  # while the lease lasts
        now += timedelta(seconds=settings.JOB_LEASE_SECONDS)

    row.refresh_from_db()
    assert [claim.attempt for claim in claims[:-1]] == [1, 2, 3]
    assert claims[-1] is None
    assert row.status == JobStatus.FAILED
    assert "The worker died each time" in row.error


def test_a_worker_taken_for_dead_cannot_finish_the_export(now):
    label(now)
    row = asked(now)
    slow = exports.claim_export(export_id=row.pk, now=now)
    written = exports.write_export(
        snapshot=row.snapshot,
        export_format=ExportFormat.CSV,
        part=slow.part,
        on_progress=lambda done, total: None,
    )
    exports.claim_export(export_id=row.pk, now=now + timedelta(hours=1))

    with pytest.raises(leases.JobLost):
        exports.finish_export(hold=slow, written=written, now=now)
    with pytest.raises(leases.JobLost):
        leases.renew(slow, rows_done=1, rows_total=1, now=now)


def test_progress_is_seen_from_outside_and_a_lost_export_stops(now, monkeypatch):
    label(now)
    row = asked(now)
    hold = exports.claim_export(export_id=row.pk, now=now)
    monkeypatch.setattr(keeper, "BEAT_SECONDS", 0.02)

    with keeper.JobKeeper(hold) as keeping:
        keeping.note(7, 9)
        assert eventually(lambda: progress(row) == (7, 9))
        DatasetExport.objects.filter(pk=row.pk).update(attempts=5)
        assert eventually(lambda: is_lost(keeping))


def progress(row):
    return DatasetExport.objects.values_list("rows_done", "rows_total").get(pk=row.pk)


def is_lost(keeping):
    try:
        keeping.note(8, 9)
    except leases.JobLost:
        return True
    return False


def test_a_full_disk_is_told_and_leaves_no_half_file(now, settings, monkeypatch):
    label(now)

    def full(path, snapshot, on_progress):
        path.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(exports.write._WRITERS, ExportFormat.CSV, full)
    made = export(ExportFormat.CSV, now)

    assert made.status == JobStatus.FAILED
    assert "No space left on device" in made.error
    assert not list((settings.PRIVATE_ROOT / "exports").iterdir())


def test_the_sweeper_finds_what_lost_its_message_or_its_worker(now, settings):
    label(now)
    waiting, running, held = (asked(now) for _ in range(3))
    exports.claim_export(export_id=running.pk, now=now)
    later = now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    exports.claim_export(export_id=held.pk, now=later)

    assert stranded(DatasetExport, now=now) == []
    assert stranded(DatasetExport, now=later) == [waiting.pk, running.pk]


def test_a_new_attempt_removes_what_killed_ones_left(now, settings):
    settings.JOB_MAX_ATTEMPTS = 2
    label(now)
    row, other = asked(now), asked(now)
    kept = exports.claim_export(export_id=other.pk, now=now).part
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.touch()
    later = now
    for _ in range(2):
        exports.claim_export(export_id=row.pk, now=later).part.touch()
        assert len(list(kept.parent.glob(f"{row.pk}-*.part"))) == 1
        later += timedelta(days=1)

    assert exports.claim_export(export_id=row.pk, now=later) is None

    assert list(kept.parent.glob("*.part")) == [kept]


def test_redis_hands_no_running_task_to_a_second_worker():
    app.loader.import_default_modules()
    # One that is acknowledged at its start is handed out once, however long it takes.
    late = [task for task in app.tasks.values() if task.acks_late is not False]
    limits = [task.time_limit or app.conf.task_time_limit for task in late]

    assert run_export.time_limit in limits
    assert max(limits) < app.conf.broker_transport_options["visibility_timeout"]
