"""Time and memory of a CSV export: `python scripts/bench_export.py --rows 100000`.

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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings.test")

import django

django.setup()

from bench_machine import machine, peak_memory_mb, reset_peak_memory
from django.db import connection
from django.utils import timezone

from reviewapp import models
from reviewapp.choices import ExportFormat, ReviewStatus, Verdict
from reviewapp.services.exports import write_export

_TEXT = "Un livre relié, très bon état, avec sa jaquette d'origine. " * 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        make_labels(options.rows)
        outcome = measure()
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
    outcome["machine"] = machine()
    sys.stdout.write(
        f"{outcome['rows']:,} rows, {outcome['megabytes']} MB of CSV in {outcome['seconds']} s"
        f" ({outcome['cpu_seconds']} s of them at work);"
        f" memory before {outcome['memory_before_mb']} MB, at most {outcome['memory_peak_mb']} MB\n"
        f"{json.dumps(outcome)}\n"
    )


def make_labels(count: int) -> None:
    """Fill the database with decided products, in bulk."""
    now = timezone.now()
    family = models.CategoryFamily.objects.create(slug="f", name_fr="f", name_en="f")
    categories = models.Category.objects.bulk_create(
        models.Category(code=code, family=family, name_fr=str(code), name_en=str(code))
        for code in range(10, 37)
    )
    moderators = models.User.objects.bulk_create(
        models.User(username=f"moderator{number}") for number in range(20)
    )
    for start in range(0, count, 5000):
        numbers = range(start, min(start + 5000, count))
        products = models.Product.objects.bulk_create(
            models.Product(
                source="bench",
                external_id=f"p{number}",
                designation=f"Roman policier {number}",
                description=_TEXT,
                raw_designation="",
                input_digest=uuid.uuid4().hex * 2,
                arrived_at=now,
            )
            for number in numbers
        )
        _decide(products, categories, moderators)


def _decide(
    products: list[models.Product],
    categories: list[models.Category],
    moderators: list[models.User],
) -> None:
    now = timezone.now()
    items = models.ReviewItem.objects.bulk_create(
        models.ReviewItem(
            product=product,
            reasons=["low_confidence"],
            status=ReviewStatus.RESOLVED,
            opened_at=now,
            resolved_at=now,
        )
        for product in products
    )
    decisions = models.Decision.objects.bulk_create(
        models.Decision(
            item=item,
            product=item.product,
            moderator=moderators[item.pk % len(moderators)],
            client_key=uuid.uuid4(),
            verdict=Verdict.CONFIRMED,
            category=categories[item.pk % len(categories)],
            reasons=["low_confidence"],
            decided_at=now,
        )
        for item in items
    )
    models.FeedbackLabel.objects.bulk_create(
        models.FeedbackLabel(
            product=decision.product,
            category=decision.category,
            decision=decision,
            moderator=decision.moderator,
            reasons=decision.reasons,
            inclusion_probability=1.0,
            input_digest=decision.product.input_digest,
            created_at=now,
        )
        for decision in decisions
    )


def measure() -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with tempfile.TemporaryDirectory() as folder:
        before = reset_peak_memory()
        started, worked = time.perf_counter(), time.process_time()
        written = write_export(
            export_format=ExportFormat.CSV,
            part=Path(folder) / "labels.csv",
            on_progress=lambda done, total: None,
        )
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked
    return {
        "rows": written.rows,
        "megabytes": round(written.size_bytes / 1e6, 1),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "memory_before_mb": before,
        "memory_peak_mb": peak_memory_mb(),
    }


if __name__ == "__main__":
    main()
