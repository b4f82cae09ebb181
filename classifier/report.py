"""Metrics of an ensemble's answers as JSON values: what metrics.json holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from classifier import metrics
from classifier.arrays import Floats, Ints
from classifier.ensemble import Ensemble, Outcome
from classifier.fusion_fit import FusionReport
from classifier.members.base import Features, Modality
from classifier.metrics import Average, Interval, bootstrap
from classifier.selection import at_threshold, aurc
from classifier.types import Member

_ECE_SAMPLES = 200


def member_metrics(
    outcome: Outcome,
    targets: Ints,
    groups: Sequence[str],
    *,
    threshold: float,
    samples: int,
    seed: int,
) -> dict[str, Any]:
    """Return one member's metrics over the rows that it answered.

    Rates come as {value, low, high}: 95 % intervals over resampled groups. `ece` compares the
    answers before and after calibration on the same rows.
    """
    rows = np.flatnonzero(outcome.known)
    if not len(rows):
        return {"rows": 0}
    log_proba, raw, true = outcome.log_proba[rows], outcome.raw[rows], targets[rows]
    own_groups = [groups[int(row)] for row in rows]
    predicted = log_proba.argmax(axis=1)
    is_right = predicted == true
    confidence = outcome.confidence[rows]

    def interval(measure: metrics.Measure, count: int = samples) -> dict[str, float]:
        return _rounded(bootstrap(measure, own_groups, samples=count, seed=seed))

    def f1(average: Average) -> metrics.Measure:
        return lambda w: metrics.f1(predicted, true, log_proba.shape[1], average, w)

    equal_mass = metrics.expected_calibration_error(confidence, is_right, equal_mass=True)[0]
    return {
        "rows": len(rows),
        "groups": len(set(own_groups)),
        "accuracy": interval(lambda w: metrics.accuracy(is_right, w)),
        "macro_f1": interval(f1("macro")),
        "weighted_f1": interval(f1("weighted")),
        "nll": _before_after(metrics.nll(raw, true), metrics.nll(log_proba, true)),
        "brier": round(metrics.brier(log_proba, true), 4),
        "ece": {
            "before": interval(_ece(raw, true), _ECE_SAMPLES),
            "after": interval(_ece(log_proba, true), _ECE_SAMPLES),
            "after_equal_mass": round(float(equal_mass), 4),
        },
        "mean_confidence": round(float(confidence.mean()), 4),
        "aurc": round(aurc(confidence, is_right), 4),
        "at_threshold": asdict(at_threshold(confidence, is_right, threshold)),
    }


def _before_after(before: float, after: float) -> dict[str, float]:
    return {"before": round(before, 4), "after": round(after, 4)}


def ensemble_metrics(
    outcomes: Mapping[Member, Outcome],
    targets: Ints,
    groups: Sequence[str],
    *,
    threshold: float,
    samples: int,
    seed: int,
) -> dict[str, Any]:
    """Return `member_metrics` of every member and FUSION, by member name."""
    return {
        str(member): member_metrics(
            outcome, targets, groups, threshold=threshold, samples=samples, seed=seed
        )
        for member, outcome in outcomes.items()
    }


def category_metrics(
    outcome: Outcome, targets: Ints, labels: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and number of rows per category code."""
    rows = outcome.known
    predicted = outcome.log_proba[rows].argmax(axis=1)
    ones = np.ones((1, int(rows.sum())))
    scores, support, claimed = metrics.f1_scores(predicted, targets[rows], len(labels), ones)
    hits = scores * (support + claimed) / 2
    result = {}
    for index, label in enumerate(labels):
        true, said, hit = support[0, index], claimed[0, index], hits[0, index]
        result[str(label)] = {
            "rows": int(true),
            "precision": round(float(hit / said), 4) if said else 0.0,
            "recall": round(float(hit / true), 4) if true else 0.0,
            "f1": round(float(scores[0, index]), 4),
        }
    return result


def answer_columns(
    outcome: Outcome,
    features: Features,
    targets: Ints,
    labels: Sequence[int],
    groups: Sequence[str],
) -> dict[str, list[Any]]:
    """Return FUSION's answers to the rows that it knew, column by column, for thresholds.

    confidence: calibrated, 0..1; predicted, true: category codes; missing: the inputs that were
    not there, joined by a comma; group: a number that near duplicates share
    """
    rows = np.flatnonzero(outcome.known)
    codes = np.asarray(labels)
    absent = [
        ",".join(str(kind) for kind, there in features.available.items() if not there[row])
        for row in rows
    ]
    return {
        "confidence": np.round(outcome.confidence[rows], 6).tolist(),
        "predicted": codes[outcome.log_proba[rows].argmax(axis=1)].tolist(),
        "true": codes[targets[rows]].tolist(),
        "missing": absent,
        "group": np.unique(np.asarray(groups)[rows], return_inverse=True)[1].tolist(),
    }


def dropout_metrics(ensemble: Ensemble, features: Features, targets: Ints) -> dict[str, Any]:
    """Return FUSION's accuracy and mean confidence on rows with both inputs, and with one removed.

    Mean confidence must not rise when an input is taken away.
    """
    both = np.logical_and.reduce(list(features.available.values()))
    rows = np.flatnonzero(both)
    if len(features.available) < 2 or not len(rows):
        return {}
    own = features.select(rows)
    cases = {
        "text_and_image": own,
        "image_removed": own.without(Modality.IMAGE),
        "text_removed": own.without(Modality.TEXT),
    }
    result: dict[str, Any] = {"rows": len(rows)}
    for name, case in cases.items():
        outcome = ensemble.predict(case)[Member.FUSION]
        if outcome.known.all():
            is_right = outcome.log_proba.argmax(axis=1) == targets[rows]
            result[name] = {
                "accuracy": round(float(is_right.mean()), 4),
                "mean_confidence": round(float(outcome.confidence.mean()), 4),
                "nll": round(metrics.nll(outcome.log_proba, targets[rows]), 4),
            }
    return result


def fusion_metrics(ensemble: Ensemble, report: FusionReport) -> dict[str, Any]:
    """Return how the fusion was chosen and what it is made of."""
    fusion = ensemble.fusion
    chosen = report.chosen
    return {
        "accepted": chosen is not None,
        "reason": report.reason,
        "family": chosen.family if chosen else None,
        "members": [str(member) for member in fusion.members],
        "weights": np.round(fusion.weights, 4).tolist(),
        "temperature": np.round(1 / fusion.inverse_temperature, 4).tolist(),
        "validation_nll": {str(m): round(value, 4) for m, value in report.member_nll.items()},
        "candidates": [
            {
                "family": one.family,
                "members": [str(member) for member in one.members],
                "strength": one.strength,
                "nll": round(one.nll, 4),
            }
            for one in report.candidates
        ],
    }


def _ece(log_proba: Floats, targets: Ints) -> metrics.Measure:
    confidence = np.exp(log_proba.max(axis=1))
    is_right = log_proba.argmax(axis=1) == targets
    return lambda w: metrics.expected_calibration_error(confidence, is_right, w)


def _rounded(interval: Interval) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(interval).items()}
