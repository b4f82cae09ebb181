"""What arriving products are held against: made by itself, or taken by an admin as the new normal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from reviewapp.choices import DriftTest, ModelStage
from reviewapp.domain import drift, label_shift
from reviewapp.domain.drift import Reference
from reviewapp.domain.drift_estimates import Estimates, Normal
from reviewapp.domain.products import DESIGNATION_CHARS
from reviewapp.models import (
    DriftReference,
    HeldOutAnswers,
    ModelVersion,
    Product,
    TrainingInputs,
    User,
)
from reviewapp.selectors.drift import Seen, newest_arrivals, reference_in_force

# Longer texts of a training are cut as those of arriving products are.
_LONGEST: Final = {
    DriftTest.TITLE_LENGTH: DESIGNATION_CHARS,
    DriftTest.DESCRIPTION_LENGTH: settings.DESCRIPTION_MAX_CHARS,
}


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
    """Make the first reference of `version`: what it has brought along of its training, and for tests
    of which it brought too little the first arrivals, once there are enough.

    What the model says is held against its answers to products kept out of training, the inputs
    against the products it was trained on. Call it with `version` locked.
    """
    held = HeldOutAnswers.objects.filter(model_version=version).first()
    brought = _brought(version, held)
    if brought.tests == drift.HELD:
        # Products from before have no place in a window, also when they are classified anew.
        last = Product.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        reference = brought
    else:
        seen = newest_arrivals(version, most=drift.REFERENCE)
        if len(seen) < drift.REFERENCE:
            return
        last, reference = seen.last_product, brought.completed_by(Reference.of(seen.arrivals))
    DriftReference.objects.create(
        model_version=version,
        last_product=last,
        arrivals=reference.as_json(),
        trained=sorted(brought.tests),
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


def _brought(version: ModelVersion, held: HeldOutAnswers | None) -> Reference:
    """Return what is known of the version's training, for some of the tests or none."""
    inputs = TrainingInputs.objects.filter(model_version=version).first()
    known = Reference.from_json(inputs.inputs) if inputs else Reference({}, {}, None)
    numbers = {
        test: np.minimum(values, _LONGEST.get(test, np.inf))
        for test, values in known.numbers.items()
    }
    counts = dict(known.counts)
    if held is not None:
        pictures = ["missing" if "image" in one.split(",") else "present" for one in held.missing]
        numbers[DriftTest.CONFIDENCE] = np.array(held.confidence)
        counts[DriftTest.CATEGORY] = Counter(str(code) for code in held.predicted)
        counts[DriftTest.PICTURE] = Counter(pictures)
    return Reference(numbers, counts, known.cloud)


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
