"""Time and memory of a snapshot and its exports: `python scripts/bench_export.py --rows 100000`.

    --formats npy csv      a snapshot and these alone
    --pictures 200         products with a picture each, of so many different ones

Works in a database of its own, made beside the one in DATABASE_URL and dropped at the end. An array of
pictures has 151 kB a row, readable picture or not: one that would take more than a tenth of the free disk
is written to nowhere.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings.test")

import django

django.setup()

from bench_machine import machine, peak_memory_mb, reset_peak_memory
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from reviewapp import models
from reviewapp.choices import ExportFormat, ReviewStatus, Verdict
from reviewapp.demo.catalogue import generate
from reviewapp.domain.snapshots import Filters
from reviewapp.selectors.exports import export_path
from reviewapp.selectors.snapshots import snapshot_pair, training_rows
from reviewapp.services.exports import request_export
from reviewapp.services.exports.npy_file import SIDE, write_npy
from reviewapp.services.images import store_image
from reviewapp.services.snapshots import request_snapshot
from worker.tasks.exports import run_export
from worker.tasks.snapshots import run_snapshot

_CATEGORIES = 27
_MODERATORS = 20
_LINE = (
    "{step}: {rows:,} rows, {megabytes} MB in {seconds} s ({cpu_seconds} s of them at work);"
    " memory before {memory_before_mb} MB, at most {memory_peak_mb} MB\n"
)
T = TypeVar("T")
_TEXT = "Un livre relié, très bon état, avec sa jaquette d'origine. " * 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", default=[], choices=ExportFormat)
    parser.add_argument("--pictures", type=int, default=0, help="different ones")
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings.PRIVATE_ROOT = settings.MEDIA_ROOT = folder
            images = draw_pictures(options.pictures)
            make_labels(options.rows, images)
            steps = measure([ExportFormat(one) for one in options.formats])
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
    sys.stdout.write(json.dumps({"steps": steps, "machine": machine()}) + "\n")


def draw_pictures(count: int) -> list[models.ProductImage]:
    """Draw the demo's pictures, as uploads store them."""
    drawn = (one.image() for one in generate(2 * count, 1))
    return [store_image(data=data) for data in islice(filter(None, drawn), count)]


def make_labels(count: int, images: list[models.ProductImage]) -> None:
    """Fill the database with decided products: one of each kind, copied by the database."""
    now = timezone.now()
    family = models.CategoryFamily.objects.create(slug="f", name_fr="f", name_en="f")
    models.Category.objects.bulk_create(
        models.Category(code=code, family=family, name_fr=str(code), name_en=str(code))
        for code in range(1, _CATEGORIES + 1)
    )
    models.User.objects.bulk_create(
        models.User(username=f"moderator{number}") for number in range(_MODERATORS)
    )
    label = _first_label(now)
    moderator = f"{label.moderator_id} + mod(n, {_MODERATORS})"
    category = f"{label.category_id} + mod(n, {_CATEGORIES})"
    digest = "md5(n::text) || md5('x' || n)"
    keys = {"product_id": f"{label.product_id} + n"}
    _multiply(
        label.product,
        count,
        {
            "external_id": "'p' || n",
            "designation": "'Roman policier ' || n",
            "input_digest": digest,
            "title_hash": "n",
            "group_key": "n",
            **_pictured(images),
        },
    )
    assert label.decision is not None  # noqa: S101  # made below
    _multiply(label.decision.item, count, keys)
    keys |= {"moderator_id": moderator, "category_id": category}
    item = f"{label.decision.item_id} + n"
    _multiply(label.decision, count, keys | {"item_id": item, "client_key": "gen_random_uuid()"})
    decision = f"{label.decision_id} + n"
    _multiply(label, count, keys | {"decision_id": decision, "input_digest": digest})


def _pictured(images: list[models.ProductImage]) -> dict[str, str]:
    if not images:
        return {}
    ids = ", ".join(str(image.pk) for image in images)
    return {"image_id": f"(ARRAY[{ids}])[1 + mod(n, {len(images)})]"}


def _first_label(now: datetime) -> models.FeedbackLabel:
    product = models.Product.objects.create(
        source="bench",
        external_id="p",
        designation="Roman policier",
        description=_TEXT,
        raw_designation="",
        input_digest="0" * 64,
        arrived_at=now,
    )
    item = models.ReviewItem.objects.create(
        product=product,
        reasons=["low_confidence"],
        status=ReviewStatus.RESOLVED,
        opened_at=now,
        resolved_at=now,
    )
    decision = models.Decision.objects.create(
        item=item,
        product=product,
        moderator=models.User.objects.order_by("pk")[0],
        client_key=uuid.uuid4(),
        verdict=Verdict.CONFIRMED,
        category=models.Category.objects.order_by("pk")[0],
        reasons=["low_confidence"],
        decided_at=now,
    )
    return models.FeedbackLabel.objects.create(
        product=product,
        category=decision.category,
        decision=decision,
        moderator=decision.moderator,
        reasons=decision.reasons,
        inclusion_probability=1.0,
        input_digest=product.input_digest,
        created_at=now,
    )


def _multiply(row: Model, count: int, changed: dict[str, str]) -> None:
    """Copy a row `count` - 1 times; changed: SQL by column, where n counts the copies from 1."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    columns = [field.column for field in fields if not getattr(field, "generated", False)]
    values = [changed.get(column, f'source."{column}"') for column in columns]
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"  # noqa: S608  # ours
            f" FROM {table} AS source, generate_series(1, %s) AS n WHERE source.id = %s",
            [count - 1, row.pk],
        )


def measure(formats: list[ExportFormat]) -> list[dict[str, object]]:
    """Freeze twice, to draw splits and with splits drawn, then compare and export. formats: these alone"""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    steps: list[dict[str, object]] = []

    def note(step: dict[str, object], rows: int, megabytes: float = 0.0) -> None:
        steps.append(step | {"rows": rows, "megabytes": megabytes})
        sys.stdout.write(_LINE.format(**steps[-1]))
        sys.stdout.flush()

    step, first = _timed("first snapshot", _freeze)
    note(step, first.rows_total, _mb(first))
    if not formats:
        step, second = _timed("second snapshot", _freeze)
        note(step, second.rows_total, _mb(second))
        step, diff = _timed("comparison", lambda: snapshot_pair(first, second).diff)
        note(step, diff.unchanged)
    for export_format in formats or ExportFormat:
        if export_format == ExportFormat.NPY and not _fits(first.rows_total):
            step, _nothing = _timed("npy, to nowhere", partial(_array_to_nowhere, first))
            note(step, first.rows_total)
            continue
        step, export = _timed(str(export_format), partial(_export, first, export_format))
        note(step, export.rows_total, _mb(export))
        export_path(export).unlink()
    if not formats:
        step, rows = _timed("training rows", lambda: sum(1 for _ in training_rows(first)))
        note(step, rows)
    return steps


def _timed(name: str, work: Callable[[], T]) -> tuple[dict[str, object], T]:
    before = reset_peak_memory()
    started, worked = time.perf_counter(), time.process_time()
    outcome = work()
    return {
        "step": name,
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(time.process_time() - worked, 2),
        "memory_before_mb": before,
        "memory_peak_mb": peak_memory_mb(),
    }, outcome


def _freeze() -> models.DatasetSnapshot:
    row = request_snapshot(filters=Filters(), note="", user=None, now=timezone.now())
    run_snapshot(row.pk)
    row.refresh_from_db()
    return row


def _export(snapshot: models.DatasetSnapshot, export_format: ExportFormat) -> models.DatasetExport:
    row = request_export(
        snapshot=snapshot, export_format=export_format, user=None, now=timezone.now()
    )
    run_export(row.pk)
    row.refresh_from_db()
    return row


def _fits(rows: int) -> bool:
    return shutil.disk_usage(settings.PRIVATE_ROOT).free > 10 * rows * SIDE * SIDE * 3


class _Nowhere(io.RawIOBase):
    """A file that forgets; what is written to it cannot be gone back to."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return len(data)


def _array_to_nowhere(snapshot: models.DatasetSnapshot) -> None:
    write_npy(cast("Path", _Nowhere()), snapshot, lambda _done, _total: None)


def _mb(job: models.DatasetSnapshot | models.DatasetExport) -> float:
    return round((job.size_bytes or 0) / 1e6, 1)


if __name__ == "__main__":
    main()
