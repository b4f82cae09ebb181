"""Holding arriving products against a reference, and telling the admins when they have changed."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from django.db import transaction

from reviewapp.domain import drift, label_shift
from reviewapp.domain.drift import Reference
from reviewapp.domain.drift_estimates import Estimates, Normal, compare_estimates
from reviewapp.models import (
    DriftAlarm,
    DriftReference,
    DriftWindow,
    ModelVersion,
    User,
)
from reviewapp.selectors.drift import Seen, count_after, newest_arrivals, reference_in_force
from reviewapp.services import drift_letters
from reviewapp.services.drift_references import (
    champion_locked,
    codes_of,
    estimates_of,
    make_reference,
)
from reviewapp.services.mail import tell
from reviewapp.services.webhooks import post_webhook


@transaction.atomic
def measure_drift(*, now: datetime) -> DriftWindow | None:
    """Make the champion's first reference, or test its newest arrivals once STEP more have come in.

    Returns the new window, None when there is nothing to do. Safe to repeat and to run twice at
    once. A new kind of drift raises an alarm.
    """
    # The lock is what keeps a second worker from the same window.
    version = champion_locked()
    if version is None:
        return None
    reference = reference_in_force(version)
    if reference is None:
        make_reference(version, now=now)
        return None
    before = reference.windows.order_by("-last_product").first()
    if before is not None and not _is_due(version, before):
        return None
    seen = newest_arrivals(version, most=drift.WINDOW, after=reference.last_product)
    if len(seen) < drift.WINDOW:
        return None
    window = _measure(reference, seen, now)
    _raise_alarm(window, before, now)
    return window


@transaction.atomic
def close_alarm(*, alarm: DriftAlarm, by: User, comment: str, now: datetime) -> bool:
    """Note that an admin has looked into it; False when it was closed already."""
    open_one = DriftAlarm.objects.filter(pk=alarm.pk, closed_at=None)
    return bool(open_one.update(closed_at=now, closed_by=by, comment=comment))


def _is_due(version: ModelVersion, before: DriftWindow) -> bool:
    new = count_after(version, product=before.last_product, most=drift.STEP)
    return new >= drift.STEP


def _measure(reference: DriftReference, seen: Seen, now: datetime) -> DriftWindow:
    estimates = estimates_of(reference, seen)
    codes = codes_of(reference)
    findings = [
        *drift.compare(Reference.from_json(reference.arrivals), seen.arrivals),
        *compare_estimates(Normal.from_json(reference.normal, codes), estimates, codes),
    ]
    return DriftWindow.objects.create(
        reference=reference,
        last_product=seen.last_product,
        size=len(seen),
        findings=[one.as_json() for one in findings],
        drifted=[one.test for one in findings if one.is_drifted],
        measured_at=now,
        **(_told(estimates, codes) if estimates else {}),
    )


def _told(estimates: Estimates, codes: list[int]) -> dict[str, Any]:
    """Return the mix of categories and the accuracy as far as they can be known without labels."""
    shares, trained = estimates.shares, estimates.trained
    return {
        "priors": {str(code): one for code, one in zip(codes, shares.tolist(), strict=True)},
        "prior_distance": float(np.abs(shares - trained).sum()),
        "by_chance": label_shift.distance_by_chance(trained, len(estimates.probabilities)),
        "expected_right": estimates.right,
    }


def _raise_alarm(window: DriftWindow, before: DriftWindow | None, now: datetime) -> None:
    """Raise one for what was not drifted a window ago, unless an open alarm says it already."""
    known = set(before.drifted) if before else set()
    open_ones = DriftAlarm.objects.filter(closed_at=None, window__reference=window.reference)
    for tests in open_ones.values_list("tests", flat=True):
        known.update(tests)
    fresh = [test for test in window.drifted if test not in known]
    if not fresh:
        return
    alarm = DriftAlarm.objects.create(window=window, tests=fresh, raised_at=now)
    tell(key=f"drift:{alarm.pk}", write=partial(drift_letters.letter, alarm), now=now)
    post_webhook(key=f"drift:{alarm.pk}", body=drift_letters.message(alarm), now=now)
