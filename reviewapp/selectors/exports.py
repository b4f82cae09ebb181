"""The corrected dataset row by row, and the state of its exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.crypto import salted_hmac

from reviewapp.choices import JobStatus
from reviewapp.models import DatasetExport, FeedbackLabel

# A message that has not been taken up by then may be lost.
_MESSAGE_DUE = timedelta(seconds=30)
# Rows fetched at a time from the server-side cursor.
_CHUNK = 2000
_COLUMNS = (
    "product_id",
    "product__designation",
    "product__description",
    "product__image_id",
    "product__image__sha256",
    "category__code",
    "product__source",
    "product__external_id",
    "created_at",
    "moderator_id",
    "model_version__name",
    "reasons",
    "is_blind",
    "inclusion_probability",
    "source",
    "superseded_count",
)


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One live label with its product. Who reported the product is no part of it.

    moderator: a pseudonym, the same for one person in all exports of this installation
    superseded: how many earlier labels of the product this one has replaced
    """

    product_id: int
    designation: str
    description: str
    image_id: int | None
    image_sha256: str | None
    code: int
    source: str
    external_id: str
    decided_at: datetime
    moderator: str
    model_version: str | None
    reasons: list[str]
    is_blind: bool
    inclusion_probability: float
    label_source: str
    superseded: int


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """exportable: what an export made now would hold; outdated: given for an earlier text."""

    exportable: int
    outdated: int


def exportable_labels() -> QuerySet[FeedbackLabel]:
    """Live labels whose product still has the text and picture they were given for."""
    return FeedbackLabel.objects.filter(ended_at=None, input_digest=F("product__input_digest"))


def export_rows() -> Iterator[ExportRow]:
    """Yield the corrected dataset by product, in constant memory."""
    earlier = (
        FeedbackLabel.objects.filter(product=OuterRef("product"), superseded_by__isnull=False)
        .order_by()
        .annotate(number=Func(F("id"), function="COUNT"))
        .values("number")
    )
    rows = (
        exportable_labels()
        .annotate(superseded_count=Coalesce(Subquery(earlier), 0))
        .order_by("product_id")
        .values_list(*_COLUMNS)
    )
    for row in rows.iterator(chunk_size=_CHUNK):
        yield _export_row(row)


def _export_row(row: tuple[Any, ...]) -> ExportRow:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["moderator_id"] = _pseudonym(values["moderator_id"])
    return ExportRow(*values.values())


def label_counts() -> LabelCounts:
    """Count live labels. An outdated one is left out of exports until a moderator looks again."""
    live = FeedbackLabel.objects.filter(ended_at=None).aggregate(
        all=Count("id"),
        exportable=Count("id", filter=Q(input_digest=F("product__input_digest"))),
    )
    return LabelCounts(live["exportable"], live["all"] - live["exportable"])


def recent_exports() -> QuerySet[DatasetExport]:
    return DatasetExport.objects.select_related("requested_by").order_by("-id")


def stranded(*, now: datetime) -> list[int]:
    """Return the exports that wait for a worker or whose worker has gone silent."""
    due = Q(status=JobStatus.WAITING, created_at__lte=now - _MESSAGE_DUE) | Q(
        status=JobStatus.RUNNING, lease_expires_at__lte=now
    )
    return list(DatasetExport.objects.filter(due).order_by("id").values_list("id", flat=True))


def export_path(export: DatasetExport) -> Path:
    """Return where the file of a finished export lies."""
    return Path(settings.PRIVATE_ROOT) / "exports" / export.file_name


@lru_cache(maxsize=4096)
def _pseudonym(moderator_id: int) -> str:
    """Return a name for a person that only this installation's key can tie to the account."""
    return salted_hmac(
        "reviewapp.export.moderator", str(moderator_id), algorithm="sha256"
    ).hexdigest()[:16]
