"""The quality of one member on a test split: what an Evaluation's metrics hold. Pure.

Every rate that stands for quality has a 95 % interval over resampled groups of near duplicates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from classifier import metrics
from classifier.certify import learn_then_test
from classifier.selection import aurc, risk_coverage
from reviewapp.domain.answers import NO_ANSWER, AnswerSheet, MemberAnswers, Words
from reviewapp.domain.intervals import share
from reviewapp.domain.listed_errors import DELTA
from reviewapp.domain.policy_effect import Bools, Floats, Ints

_SAMPLES: Final = 500
_SEED: Final = 0
# Of the risk-coverage curve: enough to draw it, few enough to store.
_POINTS: Final = 100
SLICES: Final = ("missing", "language", "seller", "audit")


def evaluation_metrics(sheet: AnswerSheet, target: float) -> dict[str, Any]:
    """Return the metrics of every member, and FUSION's latency, as JSON values.

    target: share of automatic listings that may be wrong, for the certified coverage
    """
    return {
        "products": len(sheet),
        "groups": len(np.unique(sheet.group)),
        "target": target,
        "latency_ms": {
            "median": _number(np.quantile(sheet.latency_ms, 0.5)),
            "p95": _number(np.quantile(sheet.latency_ms, 0.95)),
        },
        "members": {
            member: _member_metrics(sheet, answers, target)
            for member, answers in sheet.members.items()
        },
    }


def _member_metrics(sheet: AnswerSheet, answers: MemberAnswers, target: float) -> dict[str, Any]:
    """Return one member's metrics over the products that it answered."""
    rows = np.flatnonzero(answers.predicted != NO_ANSWER)
    if not len(rows):
        return {"rows": 0}
    true, predicted = sheet.true[rows], answers.predicted[rows]
    confidence, is_right = answers.confidence[rows], predicted == true
    codes, places = np.unique(np.concatenate([true, predicted]), return_inverse=True)
    true_at, predicted_at = places[: len(rows)], places[len(rows) :]
    groups = sheet.group[rows].tolist()

    def interval(measure: metrics.Measure) -> dict[str, float]:
        return _rounded(metrics.bootstrap(measure, groups, samples=_SAMPLES, seed=_SEED))

    def f1(average: metrics.Average) -> metrics.Measure:
        return lambda w: metrics.f1(predicted_at, true_at, len(codes), average, w)

    return {
        "rows": len(rows),
        "accuracy": interval(lambda w: metrics.accuracy(is_right, w)),
        "macro_f1": interval(f1("macro")),
        "weighted_f1": interval(f1("weighted")),
        "ece": interval(lambda w: metrics.expected_calibration_error(confidence, is_right, w)),
        "aurc": _number(aurc(confidence, is_right)),
        "certified": _certified(confidence, is_right, sheet.group[rows], target),
        "categories": _categories(true_at, predicted_at, codes),
        "confusion": _confusion(true, predicted),
        "reliability": _reliability(confidence, is_right),
        "curve": _curve(confidence, is_right),
        "slices": _slices(sheet, rows, confidence, is_right),
    }


def _certified(
    confidence: Floats, is_right: Bools, group: Words, target: float
) -> dict[str, float] | None:
    """Return the coverage at which at most `target` is wrong, 95 % sure; None without a promise."""
    duplicates = np.unique(group, return_inverse=True)[1]
    found = learn_then_test(confidence, is_right, target, DELTA, duplicates)
    if not found.is_given:
        return None
    return {name: _number(value) for name, value in asdict(found).items()}


def _categories(true: Ints, predicted: Ints, codes: Ints) -> dict[str, dict[str, float]]:
    ones = np.ones((1, len(true)))
    scores, support, claimed = metrics.f1_scores(predicted, true, len(codes), ones)
    hits = scores * (support + claimed) / 2
    return {
        str(code): {
            "rows": int(support[0, at]),
            "precision": _number(hits[0, at] / max(claimed[0, at], 1)),
            "recall": _number(hits[0, at] / max(support[0, at], 1)),
            "f1": _number(scores[0, at]),
        }
        for at, code in enumerate(codes.tolist())
    }


def _confusion(true: Ints, predicted: Ints) -> list[list[int]]:
    """Return [true code, predicted code, products], the cells with none left out."""
    counts = Counter(zip(true.tolist(), predicted.tolist(), strict=True))
    return [[before, after, number] for (before, after), number in sorted(counts.items())]


def _reliability(confidence: Floats, is_right: Bools) -> list[dict[str, float]]:
    """Return the bins of the reliability diagram that hold products, least confident first."""
    place = np.clip(np.ceil(confidence * metrics.BINS).astype(np.int64) - 1, 0, metrics.BINS - 1)
    bins = []
    for number in np.unique(place).tolist():
        own = place == number
        right = share(int(is_right[own].sum()), int(own.sum()))
        bins.append(
            {
                "confidence": _number(confidence[own].mean()),
                "accuracy": _number(right.value),
                "low": _number(right.low),
                "high": _number(right.high),
                "rows": right.sample,
            }
        )
    return bins


def _curve(confidence: Floats, is_right: Bools) -> list[dict[str, float]]:
    curve = risk_coverage(confidence, is_right)
    places = np.unique(np.linspace(0, len(curve.coverage) - 1, _POINTS).astype(np.int64))
    return [
        {
            "coverage": _number(curve.coverage[place]),
            "error": _number(curve.error[place]),
            "threshold": _number(curve.threshold[place]),
        }
        for place in places.tolist()
    ]


def _slices(
    sheet: AnswerSheet, rows: Ints, confidence: Floats, is_right: Bools
) -> dict[str, dict[str, dict[str, float]]]:
    """Return accuracy by what is known of the products: {"language": {"fr": {...}}}."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    columns: Mapping[str, Any] = {
        "missing": sheet.missing,
        "language": sheet.language,
        "seller": sheet.seller,
        "audit": np.where(sheet.is_audit, "audit", "other"),
    }
    for name, column in columns.items():
        values = column[rows]
        names = np.unique(values).tolist()
        # One group that holds everything says nothing.
        if len(names) > 1:
            found[name] = {
                value: _slice(confidence[values == value], is_right[values == value])
                for value in names
            }
    return found


def _slice(confidence: Floats, is_right: Bools) -> dict[str, float]:
    right = share(int(is_right.sum()), len(is_right))
    return {
        "rows": right.sample,
        "value": _number(right.value),
        "low": _number(right.low),
        "high": _number(right.high),
        "confidence": _number(confidence.mean()),
    }


def _rounded(interval: metrics.Interval) -> dict[str, float]:
    return {name: _number(value) for name, value in asdict(interval).items()}


def _number(value: Any) -> float:
    return round(float(value), 6)
