"""kill -9 of a process in the middle of an import, for real."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.models import CatalogueImport, ClassificationRequest, Product
from reviewapp.services.imports import files, jobs
from reviewapp.services.imports.run import run_import

pytestmark = [pytest.mark.worker, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROWS = 6_000
PROGRAM = """
import sys, django; django.setup()
from django.conf import settings
from django.utils import timezone
from reviewapp.services.imports.run import run_import
settings.PRIVATE_ROOT = sys.argv[2]
run_import(import_id=int(sys.argv[1]), clock=timezone.now, on_batch=lambda job: None)
"""


def start_worker(job):
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        address += f"&port={database['PORT']}"
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(job.pk), str(settings.PRIVATE_ROOT)],
        cwd=Path(__file__).parents[2],
        env=os.environ
        | {
            "DATABASE_URL": address,
            "PGPASSWORD": database["PASSWORD"],
            "DJANGO_SETTINGS_MODULE": "reviewapp.settings.test",
        },
    )


def wait_for_rows(job, worker):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        job.refresh_from_db()
        if job.rows_done:
            return
        assert worker.poll() is None
        time.sleep(0.01)
    pytest.fail("the worker handled no row")


def test_a_killed_import_goes_on_where_it_was():
    table = "sku,name\n" + "".join(f"{n},Produit {n}\n" for n in range(ROWS))
    job = jobs.request_import(
        seller=None,
        source="shop",
        table_format=ImportFormat.CSV,
        uploads={files.TABLE: SimpleUploadedFile("t.csv", table.encode())},
        now=timezone.now(),
    )
    worker = start_worker(job)
    wait_for_rows(job, worker)
    worker.send_signal(signal.SIGKILL)
    worker.wait(timeout=10)
    job = CatalogueImport.objects.get()
    assert 0 < job.rows_done < ROWS
    assert job.status == JobStatus.RUNNING

    later = timezone.now() + jobs.lease()
    status = run_import(import_id=job.pk, clock=lambda: later, on_batch=lambda job: None)

    job.refresh_from_db()
    assert status == JobStatus.DONE
    assert (job.rows_done, job.created_count, job.unchanged_count) == (ROWS, ROWS, 0)
    assert Product.objects.count() == ClassificationRequest.objects.count() == ROWS
    with files.report_path(job).open(encoding="utf-8-sig", newline="") as file:
        assert [int(line["row"]) for line in csv.DictReader(file)] == list(range(1, ROWS + 1))
