"""What arriving products are held against: made by itself, or taken by an admin as the new normal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from reviewapp.choices import DriftTest, ModelStage
from reviewapp.domain import drift, label_shift
from reviewapp.domain.drift import Reference
from reviewapp.domain.drift_estimates import Estimates, Normal
from reviewapp.models import DriftReference, HeldOutAnswers, ModelVersion, User
from reviewapp.selectors.drift import Seen, newest_arrivals, reference_in_force


@dataclass(eq=False)
class ReferenceRefused(Exception):
    """There is nothing to take or to go back to; `message` says so."""

    message: str


def champion_locked() -> ModelVersion | None:
    """Return the model in service, locked against another change of its reference or windows."""
    return (
        ModelVersion.objects.select_for_update(of=("self",), no_key=True)
        .filter(stage=ModelStage.CHAMPION)
        .first()
    )


def make_reference(version: ModelVersion, *, now: datetime) -> None:
    """Make the first reference of `version` once enough products have arrived.

    What the model says is held against its answers to products kept out of training where it
    brought them, the inputs against the first arrivals. Call it with `version` locked.
    """
    seen = newest_arrivals(version, most=drift.REFERENCE)
    if len(seen) < drift.REFERENCE:
        return
    held = HeldOutAnswers.objects.filter(model_version=version).first()
    reference = Reference.of(seen.arrivals)
    if held is not None and len(held.confidence) >= drift.ENOUGH:
        reference = _with_outputs(reference, held)
    DriftReference.objects.create(
        model_version=version,
        last_product=seen.last_product,
        arrivals=reference.as_json(),
        made_at=now,
        **_training_facts(version, held),
    )


@transaction.atomic
def take_as_normal(*, by: User, reason: str, now: datetime) -> DriftReference:
    """Let the last WINDOW arrivals be what later ones are held against.

    The reference before stays and can be had back. Raises ReferenceRefused without one, and with
    fewer arrivals.
    """
    version = champion_locked()
    before = reference_in_force(version)
    if version is None or before is None:
        raise ReferenceRefused(_("There is no reference yet that could be replaced."))
    seen = newest_arrivals(version, most=drift.WINDOW)
    if len(seen) < drift.WINDOW:
        raise ReferenceRefused(_("Too few products have arrived to be a reference."))
    estimates = estimates_of(before, seen)
    _end(before, now)
    return DriftReference.objects.create(
        model_version=version,
        last_product=seen.last_product,
        arrivals=Reference.of(seen.arrivals).as_json(),
        normal=Normal.of_estimates(estimates).as_json(codes_of(before)) if estimates else {},
        priors=before.priors,
        sure_at=before.sure_at,
        accuracy=before.accuracy,
        made_at=now,
        before=before,
        made_by=by,
        reason=reason,
    )


@transaction.atomic
def go_back(*, now: datetime) -> DriftReference:
    """Put the reference before the one in force into force again, and return it.

    Raises ReferenceRefused when the one in force was made by itself.
    """
    current = reference_in_force(champion_locked())
    if current is None or current.before is None:
        raise ReferenceRefused(_("There is no reference before this one."))
    _end(current, now)
    current.before.ended_at = None
    current.before.save(update_fields=["ended_at"])
    return current.before


def estimates_of(reference: DriftReference, seen: Seen) -> Estimates | None:
    """Return what is estimated of `seen`; None without products kept out of training."""
    if not reference.priors or reference.sure_at is None:
        return None
    return Estimates.of(
        label_shift.spread(seen.top, codes_of(reference)),
        np.array(list(reference.priors.values())),
        seen.arrivals.numbers[DriftTest.CONFIDENCE],
        reference.sure_at,
    )


def codes_of(reference: DriftReference) -> list[int]:
    """Return the categories in the order of its priors."""
    return [int(code) for code in reference.priors]


def _end(reference: DriftReference, now: datetime) -> None:
    reference.ended_at = now
    reference.save(update_fields=["ended_at"])


def _with_outputs(reference: Reference, held: HeldOutAnswers) -> Reference:
    pictures = ["missing" if "image" in one.split(",") else "present" for one in held.missing]
    said = {
        DriftTest.CATEGORY: Counter(str(code) for code in held.predicted),
        DriftTest.PICTURE: Counter(pictures),
    }
    return replace(
        reference,
        numbers={**reference.numbers, DriftTest.CONFIDENCE: np.array(held.confidence)},
        counts={**reference.counts, **said},
    )


def _training_facts(version: ModelVersion, held: HeldOutAnswers | None) -> dict[str, Any]:
    """Return what the products kept out of training say: shares, accuracy, and its threshold."""
    if held is None or not held.confidence:
        return {}
    true = np.array(held.true, dtype=np.int64)
    is_right = true == np.array(held.predicted)
    labels = [int(code) for code in version.labels]
    normal = Normal.of_labels(true, labels, float(is_right.mean()))
    return {
        "priors": {
            str(code): one for code, one in zip(labels, normal.shares.tolist(), strict=True)
        },
        "sure_at": label_shift.accuracy_threshold(np.array(held.confidence), is_right),
        "accuracy": normal.right,
        "normal": normal.as_json(labels),
    }
