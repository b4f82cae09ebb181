"""Snapshots as the pages and the API show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from reviewapp.choices import JobStatus, Split
from reviewapp.models import DatasetSnapshot, LabelImport
from reviewapp.selectors.pages import newest_and_asked


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Rows of one class, in all and by split."""

    code: int
    name_fr: str
    name_en: str
    rows: int
    by_split: list[tuple[Split, int]]


def recent_snapshots() -> QuerySet[DatasetSnapshot]:
    """All snapshots, newest first, each with its number of exports."""
    snapshots = DatasetSnapshot.objects.select_related("requested_by").defer("manifest")
    return snapshots.annotate(export_count=Count("exports")).order_by("-id")


def finished_snapshots() -> QuerySet[DatasetSnapshot]:
    """Snapshots that have rows; what a training run may be given."""
    return DatasetSnapshot.objects.filter(status=JobStatus.DONE).order_by("-id")


def snapshots_to_choose(asked: Iterable[str], most: int) -> list[DatasetSnapshot]:
    """Return the `most` newest finished snapshots and those `asked` for; see `newest_and_asked`."""
    return newest_and_asked(finished_snapshots().defer("manifest"), asked, most)


def class_counts(manifest: dict[str, Any]) -> list[ClassCount]:
    """Return the classes in their order, with their rows."""
    return [
        ClassCount(
            code=entry["code"],
            name_fr=entry["name_fr"],
            name_en=entry["name_en"],
            rows=manifest["counts"][str(entry["code"])],
            by_split=[
                (split, manifest["splits"][split].get(str(entry["code"]), 0)) for split in Split
            ],
        )
        for entry in manifest["classes"]
    ]


def split_totals(manifest: dict[str, Any]) -> dict[Split, int]:
    return {split: sum(manifest["splits"][split].values()) for split in Split}


def recent_label_imports() -> QuerySet[LabelImport]:
    return LabelImport.objects.select_related("requested_by").order_by("-id")
