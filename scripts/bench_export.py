"""Time and memory of a snapshot and its exports: `python scripts/bench_export.py --rows 100000`.

Works in a database of its own, made beside the one in DATABASE_URL and dropped at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

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
from reviewapp.domain.snapshots import Filters
from reviewapp.selectors.exports import export_path
from reviewapp.selectors.snapshots import snapshot_diff, training_rows
from reviewapp.services.exports import request_export
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
# Without pictures, an array of them says nothing.
_FORMATS = [one for one in ExportFormat if one != ExportFormat.NPY]
_TEXT = "Un livre relié, très bon état, avec sa jaquette d'origine. " * 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        make_labels(options.rows)
        steps = measure()
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
    sys.stdout.write(json.dumps({"steps": steps, "machine": machine()}) + "\n")


def make_labels(count: int) -> None:
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
        },
    )
    assert label.decision is not None  # noqa: S101  # made below
    _multiply(label.decision.item, count, keys)
    keys |= {"moderator_id": moderator, "category_id": category}
    item = f"{label.decision.item_id} + n"
    _multiply(label.decision, count, keys | {"item_id": item, "client_key": "gen_random_uuid()"})
    decision = f"{label.decision_id} + n"
    _multiply(label, count, keys | {"decision_id": decision, "input_digest": digest})


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


def measure() -> list[dict[str, object]]:
    """Freeze twice, to draw splits and with splits drawn, then compare and export."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    steps: list[dict[str, object]] = []

    def note(step: dict[str, object], rows: int, megabytes: float = 0.0) -> None:
        steps.append(step | {"rows": rows, "megabytes": megabytes})
        sys.stdout.write(_LINE.format(**steps[-1]))
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder:
        settings.PRIVATE_ROOT = folder
        snapshots = []
        for name in ("first snapshot", "second snapshot"):
            step, snapshot = _timed(name, _freeze)
            note(step, snapshot.rows_total, _mb(snapshot))
            snapshots.append(snapshot)
        step, diff = _timed("comparison", lambda: snapshot_diff(*snapshots))
        note(step, diff.unchanged)
        for export_format in _FORMATS:
            step, export = _timed(str(export_format), partial(_export, snapshots[0], export_format))
            note(step, export.rows_total, _mb(export))
            export_path(export).unlink()
        step, rows = _timed("training rows", lambda: sum(1 for _ in training_rows(snapshots[0])))
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


def _mb(job: models.DatasetSnapshot | models.DatasetExport) -> float:
    return round((job.size_bytes or 0) / 1e6, 1)


if __name__ == "__main__":
    main()
