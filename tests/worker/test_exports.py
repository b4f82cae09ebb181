import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image

from reviewapp.choices import ExportFormat, JobStatus, ReviewStatus
from reviewapp.models import DatasetExport, FeedbackLabel
from reviewapp.selectors.exports import export_path, label_counts, stranded
from reviewapp.services import exports
from tests.concurrency import in_new_connection
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    DecisionFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProductImageFactory,
)
from tests.waiting import eventually
from worker import keeper
from worker.app import app
from worker.tasks.exports import NO_LABELS, run_export

pytestmark = pytest.mark.django_db(transaction=True)


def label(now, code=10, product=None, **values):
    product = product or ListedProductFactory()
    moderator = values.pop("moderator", None) or ModeratorFactory()
    decision = DecisionFactory(
        item__product=product,
        item__status=ReviewStatus.RESOLVED,
        item__resolved_at=now,
        moderator=moderator,
        category=CategoryFactory(code=code),
    )
    return FeedbackLabelFactory(decision=decision, **values)


def export(export_format, now, user=None):
    row = exports.request_export(export_format=export_format, user=user, now=now)
    run_export(row.pk)
    row.refresh_from_db()
    return row


def rows_of(row):
    with export_path(row).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


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

    [row] = rows_of(made)
    assert list(row)[:6] == [
        "",
        "designation",
        "description",
        "productid",
        "imageid",
        "prdtypecode",
    ]
    assert row["description"] == 'Un "beau" livre,\nrelié'
    assert (row[""], row["productid"], row["imageid"]) == (
        "0",
        str(given.product_id),
        str(image.pk),
    )
    assert (row["prdtypecode"], row["source"], row["external_id"]) == ("2280", "shop", "p-1")
    assert (row["model_version"], row["reasons"]) == ("demo-1", "low_confidence|disagreement")
    assert (row["blind"], row["inclusion_probability"]) == ("true", "0.05")
    assert (row["decided_at"], row["label_source"]) == ("2026-03-02T09:00:00+00:00", "moderator")
    assert row["superseded_labels"] == "0"


def test_the_row_says_how_many_how_long_and_what_hash(now):
    label(now)
    label(now, code=20)

    made = export(ExportFormat.CSV, now)

    content = export_path(made).read_bytes()
    assert (made.status, made.rows_total, made.rows_done) == (JobStatus.DONE, 2, 2)
    assert made.size_bytes == len(content)
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert not list(export_path(made).parent.glob("*.part"))


@pytest.mark.parametrize("export_format", list(ExportFormat))
def test_the_same_labels_give_the_same_bytes(now, export_format):
    label(now)
    label(now, code=20)

    first, second = export(export_format, now), export(export_format, now + timedelta(days=400))

    assert first.sha256 == second.sha256
    assert first.file_name != second.file_name


def test_moderators_appear_under_a_pseudonym_only(now):
    alice = ModeratorFactory(username="alice")
    for moderator in (alice, alice, ModeratorFactory(username="bob")):
        label(now, moderator=moderator)

    made = export(ExportFormat.CSV, now)

    names = [row["moderator"] for row in rows_of(made)]
    assert names[0] == names[1] != names[2]
    content = export_path(made).read_text(encoding="utf-8")
    assert "alice" not in content
    assert "bob" not in content


def test_formulas_in_texts_arrive_as_texts(now):
    label(now, product=ListedProductFactory(designation="=cmd()", description="'quoted'"))

    [row] = rows_of(export(ExportFormat.CSV, now))

    assert (row["designation"], row["description"]) == ("'=cmd()", "''quoted'")


def test_only_live_labels_for_the_present_text_are_exported(now):
    kept = label(now, code=20)
    old = label(now, product=kept.product, ended_at=now)
    FeedbackLabel.objects.filter(pk=old.pk).update(superseded_by=kept)
    label(now, input_digest="d" * 64)
    label(now, ended_at=now)

    [row] = rows_of(export(ExportFormat.CSV, now))

    assert (row["productid"], row["prdtypecode"]) == (str(kept.product_id), "20")
    assert row["superseded_labels"] == "1"
    assert (label_counts().exportable, label_counts().outdated) == (1, 1)


def picture(media, colour, size):
    image = ProductImageFactory()
    path = media / image.path
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, "JPEG", quality=95)
    return image


def test_npy_arrays_load_without_pickle_and_fit_together(now, settings):
    red = picture(settings.MEDIA_ROOT, "red", (400, 200))
    label(now, code=2280, product=ListedProductFactory(image=red))
    label(now, code=10)  # without a picture
    label(now, code=20, product=ListedProductFactory(image=ProductImageFactory()))  # file is gone

    made = export(ExportFormat.NPY, now)

    with zipfile.ZipFile(export_path(made)) as archive:
        assert archive.testzip() is None
        load = {
            name: np.load(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
            for name in ("X", "y", "has_image")
        }
        classes = json.loads(archive.read("classes.json"))
        index = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode(), newline="")))
        readme = archive.read("README.txt").decode()
    assert (load["X"].shape, load["X"].dtype) == ((3, 224, 224, 3), np.uint8)
    assert load["has_image"].tolist() == [True, False, False]
    assert [classes[position]["code"] for position in load["y"]] == [2280, 10, 20]
    assert [row["prdtypecode"] for row in index] == ["2280", "10", "20"]
    assert load["X"][0, 112, 112] == pytest.approx([254, 0, 0], abs=3)
    assert load["X"][0, 0, 0].tolist() == [255, 255, 255]  # the wide picture is centred on white
    assert not load["X"][1:].any()
    assert "Products without a readable picture: 2." in readme


def test_without_labels_an_export_fails_with_the_reason(now):
    made = export(ExportFormat.CSV, now)

    assert (made.status, made.error, made.file_name) == (JobStatus.FAILED, NO_LABELS, "")


def test_a_worker_that_died_is_followed_by_another_until_it_is_enough(now, settings):
    label(now)
    row = exports.request_export(export_format=ExportFormat.CSV, user=None, now=now)

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


def test_a_worker_taken_for_dead_cannot_finish_the_export(now, settings):
    label(now)
    row = exports.request_export(export_format=ExportFormat.CSV, user=None, now=now)
    slow = exports.claim_export(export_id=row.pk, now=now)
    written = exports.write_export(
        export_format=slow.format, part=slow.part, on_progress=lambda done, total: None
    )
    exports.claim_export(export_id=row.pk, now=now + timedelta(hours=1))

    with pytest.raises(exports.ExportLost):
        exports.finish_export(hold=slow, written=written, now=now)
    with pytest.raises(exports.ExportLost):
        exports.renew_export(hold=slow, rows_done=1, rows_total=1, now=now)


def test_progress_is_seen_from_outside_and_a_lost_export_stops(now, monkeypatch):
    label(now)
    row = exports.request_export(export_format=ExportFormat.CSV, user=None, now=now)
    hold = exports.claim_export(export_id=row.pk, now=now)
    monkeypatch.setattr(keeper, "BEAT_SECONDS", 0.02)

    with keeper.ExportKeeper(hold) as keeping:
        keeping.note(7, 9)
        assert eventually(lambda: progress(row) == (7, 9))
        DatasetExport.objects.filter(pk=row.pk).update(attempts=5)
        assert eventually(lambda: is_lost(keeping))


def progress(row):
    return DatasetExport.objects.values_list("rows_done", "rows_total").get(pk=row.pk)


def is_lost(keeping):
    try:
        keeping.note(8, 9)
    except exports.ExportLost:
        return True
    return False


def test_a_full_disk_is_told_and_leaves_no_half_file(now, settings, monkeypatch):
    label(now)

    def full(path, total, on_progress):
        path.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(exports.write._WRITERS, ExportFormat.CSV, full)
    made = export(ExportFormat.CSV, now)

    assert made.status == JobStatus.FAILED
    assert "No space left on device" in made.error
    assert not list((settings.PRIVATE_ROOT / "exports").iterdir())


def test_the_sweeper_finds_what_lost_its_message_or_its_worker(now, settings):
    waiting, running, held = (
        exports.request_export(export_format=ExportFormat.CSV, user=None, now=now) for _ in range(3)
    )
    exports.claim_export(export_id=running.pk, now=now)
    later = now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    exports.claim_export(export_id=held.pk, now=later)

    assert stranded(now=now) == []
    assert stranded(now=later) == [waiting.pk, running.pk]


def test_a_label_given_while_the_file_is_written_waits_for_the_next_export(now):
    for code in (10, 20):
        label(now, code=code)
    row = exports.request_export(export_format=ExportFormat.NPY, user=None, now=now)
    hold = exports.claim_export(export_id=row.pk, now=now)

    def interfere(done, total):
        if done == 1:
            in_new_connection(lambda: label(now, code=30))

    written = exports.write_export(export_format=hold.format, part=hold.part, on_progress=interfere)

    with zipfile.ZipFile(hold.part) as archive:
        labels = np.load(io.BytesIO(archive.read("y.npy")), allow_pickle=False)
        index = archive.read("index.csv").decode().splitlines()
    assert (written.rows, len(labels), len(index)) == (2, 2, 3)
    assert label_counts().exportable == 3


def test_a_new_attempt_removes_what_killed_ones_left(now, settings):
    settings.JOB_MAX_ATTEMPTS = 2
    row, other = (
        exports.request_export(export_format=ExportFormat.CSV, user=None, now=now) for _ in "12"
    )
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
    limits = [task.time_limit or app.conf.task_time_limit for task in app.tasks.values()]

    assert run_export.time_limit in limits
    assert max(limits) < app.conf.broker_transport_options["visibility_timeout"]
