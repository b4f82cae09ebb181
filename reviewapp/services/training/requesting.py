"""Asking for a training run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from reviewapp.choices import JobStatus, TrainingOrigin
from reviewapp.models import DatasetSnapshot, TrainingRun, User
from reviewapp.selectors.training import checked_config


class NothingToTrain(Exception):
    """There are neither labels nor codes of the catalogue to learn."""


@transaction.atomic
def request_run(
    *,
    snapshot: DatasetSnapshot | None,
    has_base: bool,
    config: Mapping[str, Any],
    seed: int,
    now: datetime,
    user: User | None = None,
    note: str = "",
    origin: TrainingOrigin = TrainingOrigin.PERSON,
) -> TrainingRun:
    """Note that a model is wanted; a worker takes the row once its snapshot is frozen.

    snapshot: may still be waiting to be frozen; None learns the catalogue's own codes alone
    config: as `checked_config` reads it; raises its ConfigInvalid
    Raises NothingToTrain for neither a snapshot nor the catalogue's codes, and for a snapshot that
    has failed.
    """
    checked = checked_config(config).with_seed(seed)
    if snapshot is None and not has_base:
        raise NothingToTrain
    if snapshot is not None and snapshot.status == JobStatus.FAILED:
        raise NothingToTrain
    return TrainingRun.objects.create(
        snapshot=snapshot,
        has_base=has_base,
        config=checked.to_json(),
        seed=seed,
        note=note,
        origin=origin,
        requested_by=user,
        created_at=now,
    )
