"""The quality of one member on a test split or on audits: what an Evaluation's metrics hold. Pure.

Every rate that stands for quality has a 95 % interval over resampled groups of near duplicates.
Products that were drawn with different chances count by their weight.
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
from reviewapp.domain.intervals import Interval, share
from reviewapp.domain.listed_errors import DELTA
from reviewapp.domain.policy_effect import Bools, Floats, Ints

_SAMPLES: Final = 500
_SEED: Final = 0
# Of the risk-coverage curve: enough to draw it, few enough to store.
_POINTS: Final = 100
SLICES: Final = ("missing", "language", "seller", "audit")


def evaluation_metrics(sheet: AnswerSheet, target: float) -> dict[str, Any]:
    """Return the metrics of every member, and FUSION's latency, as JSON values.

    Products that the version may know by heart say nothing of its quality and are left out.
    target: share of automatic listings that may be wrong, for the certified coverage
    """
    sheet = sheet.unlearned()
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
    weight = np.ones(len(rows)) if sheet.weight is None else sheet.weight[rows]
    codes, places = np.unique(np.concatenate([true, predicted]), return_inverse=True)
    true_at, predicted_at = places[: len(rows)], places[len(rows) :]
    groups = sheet.group[rows].tolist()

    def interval(measure: metrics.Measure) -> dict[str, float]:
        drawn = metrics.bootstrap(
            lambda w: measure(w * weight), groups, samples=_SAMPLES, seed=_SEED
        )
        return _rounded(drawn)

    def f1(average: metrics.Average) -> metrics.Measure:
        return lambda w: metrics.f1(predicted_at, true_at, len(codes), average, w)

    return {
        "rows": len(rows),
        "accuracy": interval(lambda w: metrics.accuracy(is_right, w)),
        "macro_f1": interval(f1("macro")),
        "weighted_f1": interval(f1("weighted")),
        "ece": interval(lambda w: metrics.expected_calibration_error(confidence, is_right, w)),
        "aurc": _number(aurc(confidence, is_right, weight)),
        "certified": _certified(confidence, is_right, sheet.group[rows], weight, target),
        "categories": _categories(true_at, predicted_at, codes, weight),
        "confusion": _confusion(true, predicted),
        "reliability": _reliability(confidence, is_right, weight),
        "curve": _curve(confidence, is_right, weight),
        "slices": _slices(sheet, rows, confidence, is_right, weight),
    }


def _certified(
    confidence: Floats, is_right: Bools, group: Words, weight: Floats, target: float
) -> dict[str, float] | None:
    """Return the coverage at which at most `target` is wrong, 95 % sure; None without a promise.

    The promise takes products drawn alike: of those that stand for few only a part is kept.
    """
    kept = np.random.default_rng(_SEED).random(len(weight)) < weight / weight.max()
    duplicates = np.unique(group[kept], return_inverse=True)[1]
    found = learn_then_test(confidence[kept], is_right[kept], target, DELTA, duplicates)
    if not found.is_given:
        return None
    return {name: _number(value) for name, value in asdict(found).items()}


def _categories(
    true: Ints, predicted: Ints, codes: Ints, weight: Floats
) -> dict[str, dict[str, float]]:
    scores, support, claimed = metrics.f1_scores(predicted, true, len(codes), weight[None, :])
    hits = scores * (support + claimed) / 2
    rows = np.bincount(true, minlength=len(codes))
    return {
        str(code): {
            "rows": int(rows[at]),
            "precision": _number(hits[0, at] / claimed[0, at]) if claimed[0, at] else 0.0,
            "recall": _number(hits[0, at] / support[0, at]) if support[0, at] else 0.0,
            "f1": _number(scores[0, at]),
        }
        for at, code in enumerate(codes.tolist())
    }


def _confusion(true: Ints, predicted: Ints) -> list[list[int]]:
    """Return [true code, predicted code, products], the cells with none left out."""
    counts = Counter(zip(true.tolist(), predicted.tolist(), strict=True))
    return [[before, after, number] for (before, after), number in sorted(counts.items())]


def _reliability(confidence: Floats, is_right: Bools, weight: Floats) -> list[dict[str, float]]:
    """Return the bins of the reliability diagram that hold products, least confident first."""
    place = np.clip(np.ceil(confidence * metrics.BINS).astype(np.int64) - 1, 0, metrics.BINS - 1)
    bins = []
    for number in np.unique(place).tolist():
        own = place == number
        right = _share(is_right[own], weight[own])
        bins.append(
            {
                "confidence": _number(np.average(confidence[own], weights=weight[own])),
                "accuracy": _number(right.value),
                "low": _number(right.low),
                "high": _number(right.high),
                "rows": int(own.sum()),
            }
        )
    return bins


def _curve(confidence: Floats, is_right: Bools, weight: Floats) -> list[dict[str, float]]:
    curve = risk_coverage(confidence, is_right, weight)
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
    sheet: AnswerSheet, rows: Ints, confidence: Floats, is_right: Bools, weight: Floats
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
                value: _slice(*(one[values == value] for one in (confidence, is_right, weight)))
                for value in names
            }
    return found


def _slice(confidence: Floats, is_right: Bools, weight: Floats) -> dict[str, float]:
    right = _share(is_right, weight)
    return {
        "rows": len(is_right),
        "value": _number(right.value),
        "low": _number(right.low),
        "high": _number(right.high),
        "confidence": _number(np.average(confidence, weights=weight)),
    }


def _share(is_right: Bools, weight: Floats) -> Interval:
    """Return the weighted share; its interval is that of as many alike products as know it as well
    (L. Kish, Survey Sampling, 1965)."""
    alike = max(1, round(float(weight.sum() ** 2 / (weight**2).sum())))
    right = min(1.0, float(weight @ is_right / weight.sum()))
    return share(right * alike, alike)


def _rounded(interval: metrics.Interval) -> dict[str, float]:
    return {name: _number(value) for name, value in asdict(interval).items()}


def _number(value: Any) -> float:
    return round(float(value), 6)
