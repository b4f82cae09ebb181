"""Time and memory of imports: `python scripts/bench_import.py --rows 10000 --pictures 1000`.

Imports a CSV without pictures, the same file once more, and invented products with their pictures.
Works in a database of its own, made beside the one in DATABASE_URL and dropped at the end.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
_FILES = tempfile.TemporaryDirectory(prefix="bonrayon-bench-")
os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.test"
os.environ["BONRAYON_TEST_VAR"] = _FILES.name

import django

django.setup()

from bench_machine import machine, peak_memory_mb, reset_peak_memory
from django.db import connection
from django.utils import timezone

from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.demo.challenge_folder import IMAGES_FOLDER, PRODUCTS_FILE, write_challenge_folder
from reviewapp.models import CatalogueImport
from reviewapp.services.imports import files
from reviewapp.services.imports.jobs import request_local_import
from reviewapp.services.imports.run import run_import

_TEXT = "Un livre relié, très bon état, avec sa jaquette d'origine. " * 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--pictures", type=int, default=1_000)
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        outcome = measure(Path(_FILES.name), options.rows, options.pictures)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
    outcome["machine"] = machine()
    sys.stdout.write(f"{json.dumps(outcome, indent=1)}\n")


def measure(folder: Path, rows: int, pictures: int) -> dict[str, object]:
    """Return each import's counts, seconds and memory."""
    table = folder / "plain.csv"
    _write_table(table, rows)
    drawn = folder / "drawn"
    write_challenge_folder(drawn, pictures, seed=3)
    with_pictures = {files.TABLE: drawn / PRODUCTS_FILE, files.FOLDER: drawn / IMAGES_FOLDER}
    return {
        "plain": _timed("plain", {files.TABLE: table}),
        "the same again": _timed("plain", {files.TABLE: table}),
        "with pictures": _timed("drawn", with_pictures),
    }


def _write_table(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["", "designation", "description", "productid", "imageid"])
        for row in range(rows):
            writer.writerow([row, f"Roman policier {row}", _TEXT, 1_000_000 + row, 2_000_000 + row])


def _timed(source: str, paths: dict[str, Path]) -> dict[str, object]:
    job = request_local_import(
        seller=None,
        source=source,
        table_format=ImportFormat.CSV,
        paths=paths,
        now=timezone.now(),
    )
    reset_peak_memory()
    started, worked = time.perf_counter(), time.process_time()
    status = run_import(import_id=job.pk, clock=timezone.now, on_batch=lambda job: None)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked
    job = CatalogueImport.objects.get(pk=job.pk)
    if status != JobStatus.DONE:
        raise SystemExit(f"The import of {source} ended as {status}: {job.error}")
    return {
        "rows": job.rows_done,
        "created": job.created_count,
        "unchanged": job.unchanged_count,
        "refused": job.refused_count,
        "seconds": round(seconds, 1),
        "rows_per_second": round(job.rows_done / seconds),
        "python_cpu_seconds": round(cpu_seconds, 1),
        "memory_peak_mb": peak_memory_mb(),
    }


if __name__ == "__main__":
    main()
