"""Explanations: asked for by a moderator, made by a worker, kept for a while."""

from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction

from classifier.types import Attribution
from reviewapp.choices import JobStatus
from reviewapp.models import Explanation, ModelVersion, Product

# A worker needs a few seconds; one that has been silent for this long has died or never heard.
_PATIENCE = timedelta(seconds=60)
_KEEP = timedelta(days=7)


@transaction.atomic
def request_explanation(
    *, product: Product, version: ModelVersion, now: datetime
) -> tuple[Explanation, bool]:
    """Return the explanation of the product's present input, and whether a worker must be told.

    A failed or stranded one begins anew.
    """
    row, is_new = Explanation.objects.select_for_update().get_or_create(
        product=product,
        model_version=version,
        input_digest=product.input_digest,
        defaults={"asked_at": now},
    )
    is_stranded = row.finished_at is None and row.asked_at < now - _PATIENCE
    if row.status == JobStatus.FAILED or is_stranded:
        row.status, row.error, row.finished_at, row.asked_at = JobStatus.WAITING, "", None, now
        row.save(update_fields=["status", "error", "finished_at", "asked_at"])
        return row, True
    return row, is_new


def take(*, explanation_id: int) -> Explanation | None:
    """Mark a waiting explanation as being made and return it; None when there is nothing to do."""
    waiting = Explanation.objects.filter(pk=explanation_id, status=JobStatus.WAITING)
    if not waiting.update(status=JobStatus.RUNNING):
        return None
    return Explanation.objects.select_related("product__image", "model_version").get(
        pk=explanation_id
    )


def finish(*, explanation_id: int, attribution: Attribution, now: datetime) -> None:
    """Keep what moved the models."""
    _running(explanation_id, JobStatus.DONE, now, result=asdict(attribution))


def fail(*, explanation_id: int, error: str, now: datetime) -> None:
    """Note in words why there is no explanation."""
    _running(explanation_id, JobStatus.FAILED, now, error=error)


def forget_old(*, now: datetime) -> int:
    """Drop explanations asked for long ago; return how many."""
    deleted, _per_model = Explanation.objects.filter(asked_at__lt=now - _KEEP).delete()
    return deleted


def _running(explanation_id: int, status: JobStatus, now: datetime, **values: object) -> None:
    rows = Explanation.objects.filter(pk=explanation_id, status=JobStatus.RUNNING)
    rows.update(status=status, finished_at=now, **values)
