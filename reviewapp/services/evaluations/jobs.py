"""The life of an evaluation: asked for, measured chunk by chunk by one worker, done or failed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from reviewapp.choices import JobStatus
from reviewapp.domain.answers import AnswerSheet
from reviewapp.models import DatasetSnapshot, Evaluation, ModelVersion, User
from reviewapp.selectors.evaluations import (
    AnswersGone,
    answers_folder,
    answers_path,
    check_answers,
    chunk_path,
    test_products,
)
from reviewapp.selectors.snapshots import file_sha256
from reviewapp.services import leases

EvaluationHold = leases.Hold[Evaluation]


class EvaluationRefused(Exception):
    """The snapshot has no test products to measure on."""


@transaction.atomic
def request_evaluation(
    *, version: ModelVersion, snapshot: DatasetSnapshot, user: User | None, now: datetime
) -> Evaluation:
    """Note that `version` is to be measured on the snapshot's test split; return the row.

    There is one per pair: the same one comes back however often it is asked for. A failed one, or
    one whose answers are gone, waits anew. Raises EvaluationRefused.
    """
    if not test_products(snapshot):
        raise EvaluationRefused
    Evaluation.objects.bulk_create(
        [Evaluation(model_version=version, snapshot=snapshot, requested_by=user, created_at=now)],
        ignore_conflicts=True,
    )
    row = Evaluation.objects.select_for_update().get(model_version=version, snapshot=snapshot)
    if row.status == JobStatus.FAILED or _is_gone(row):
        row.status, row.error, row.attempts, row.finished_at = JobStatus.WAITING, "", 0, None
        row.save(update_fields=["status", "error", "attempts", "finished_at"])
    return row


def _is_gone(row: Evaluation) -> bool:
    if row.status != JobStatus.DONE:
        return False
    try:
        check_answers(row)
    except AnswersGone:
        return True
    return False


def claim_evaluation(*, evaluation_id: int, now: datetime) -> EvaluationHold | None:
    """Take an evaluation that waits or whose worker has died; see `leases.claim`.

    The chunks that a dead worker has measured stay.
    """
    return leases.claim(Evaluation, job_id=evaluation_id, folder=answers_folder(), now=now)


def keep_chunk(*, hold: EvaluationHold, number: int, sheet: AnswerSheet) -> None:
    """Keep the answers to one chunk of products, whole or not at all.

    A chunk's content depends on version and snapshot only: two workers write the same.
    """
    _write(hold.part, sheet)
    hold.part.rename(chunk_path(hold.job_id, number))


def finish_evaluation(
    *, hold: EvaluationHold, sheet: AnswerSheet, metrics: dict[str, Any], now: datetime
) -> Evaluation:
    """Store all answers and what is measured of them. Raises leases.JobLost."""
    _write(hold.part, sheet)

    def complete(row: Evaluation) -> Path:
        row.metrics, row.answers_sha256 = metrics, file_sha256(hold.part)
        row.rows_done = row.rows_total = len(sheet)
        return answers_path(row.pk)

    row = leases.finish(hold, complete=complete, now=now)
    for chunk in answers_folder().glob(f"{row.pk}.*.npz"):
        chunk.unlink(missing_ok=True)
    return row


def _write(path: Path, sheet: AnswerSheet) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Into an open file: numpy adds its own ending to a name.
    with path.open("wb") as file:
        arrays: dict[str, Any] = sheet.arrays()
        np.savez_compressed(file, allow_pickle=False, **arrays)
