"""Imports for tests: made from texts, run to their end, and read back."""

import csv
import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile

from reviewapp.choices import ImportFormat
from reviewapp.services.imports import files, jobs
from reviewapp.services.imports.run import run_import
from tests.factories import NOW

NAMES = {files.TABLE: "x.csv", files.LABELS: "y.csv", files.ARCHIVE: "i.zip", files.ARRAY: "i.npy"}


def plain(count, prefix="p"):
    return "external_id,designation\n" + "".join(f"{prefix}{n},Produit {n}\n" for n in range(count))


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def request(contents, seller=None, table_format=ImportFormat.CSV):
    if isinstance(contents, str):
        contents = {files.TABLE: contents}
    return jobs.request_import(
        seller=seller,
        source="shop",
        table_format=table_format,
        uploads={
            kind: SimpleUploadedFile(
                NAMES[kind], data if isinstance(data, bytes) else data.encode()
            )
            for kind, data in contents.items()
        },
        now=NOW,
    )


def work(job, now=NOW, on_batch=lambda job: None, seconds=None):
    status = run_import(import_id=job.pk, clock=lambda: now, on_batch=on_batch, seconds=seconds)
    job.refresh_from_db()
    return status


def report(job):
    with files.report_path(job).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def counts(job):
    return (job.created_count, job.updated_count, job.unchanged_count, job.refused_count)
