"""Labels that look wrong: held against a model that has not learned them, and near duplicates' codes.

Confident learning (Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in
Dataset Labels", JAIR 70, 2021, by cleanlab) names the suspects; so does a near duplicate with
another code, and the model's word where whoever gave the label has lately been off too often. One
number ranks all kinds: how doubtful the given code is after all have spoken.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from classifier.arrays import Bools, Floats, Ints, targets_of
from classifier.errors import DataInvalid
from classifier.folds import grouped_folds
from classifier.members.head import LinearHead, Vectors
from classifier.members.lexical import LexicalMember
from classifier.threads import single_threaded_blas
from classifier.types import Signal, Suspect

FOLDS: Final = 5
# A few, coarsely: the ranking hardly depends on it, the time does.
_STRENGTHS: Final = (1e-3, 1e-4, 1e-5)
# How often a near duplicate carries another code although both are the same: a cautious guess.
_SLIP: Final = 0.1
# A wrong code is often copied with its listing: a large group speaks like so many.
_MOST_VOTES: Final = 3.0
# A label by somebody who answers every fifth time at random speaks for its code with odds of 4 to 1,
# a careful one's (3 % wrong) with 32 to 1: so much less is left of the given code's odds.
_DRIFT_FACTOR: Final = 4 / 32


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """N labelled products. groups: near duplicates share one; vectors: (N, D), zeros where there
    is none, or None to look at the texts alone; drifting: (N,), whether whoever gave the label has
    lately been off too often, None for nobody."""

    texts: Sequence[str]
    codes: Sequence[int]
    groups: Sequence[str]
    vectors: Vectors | None = None
    drifting: Bools | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def select(self, index: Ints) -> LabelledRows:
        """Return the rows at `index`."""
        return LabelledRows(
            [self.texts[row] for row in index],
            [self.codes[row] for row in index],
            [self.groups[row] for row in index],
            None if self.vectors is None else self.vectors[index],
            None if self.drifting is None else self.drifting[index],
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """The suspects, the most doubtful first. judged: rows whose label was looked at; the others'
    codes have too few products to learn them from."""

    suspects: list[Suspect]
    judged: int


def find_suspects(rows: LabelledRows, *, seed: int) -> Findings:
    """Return the labels that look wrong, ranked; the same rows and seed give the same.

    Codes with fewer than FOLDS groups of near duplicates are neither learned nor judged. Raises
    DataInvalid when fewer than two codes are left.
    """
    judged = _learnable(rows)
    kept = rows.select(judged)
    labels = sorted(set(kept.codes))
    if len(labels) < 2:
        raise DataInvalid(
            f"It takes two codes with {FOLDS} products each, near duplicates counted once."
        )
    suspects = rank(kept, labels, out_of_fold(kept, labels, seed=seed))
    found = [replace(suspect, row=int(judged[suspect.row])) for suspect in suspects]
    return Findings(found, len(kept))


def out_of_fold(rows: LabelledRows, labels: Sequence[int], *, seed: int) -> Floats:
    """Return probabilities (N, K) of each row by models that have not seen its group.

    The mean of words (TF-IDF) and, where there are vectors, a linear head on these.
    """
    folds = grouped_folds(rows.groups, rows.codes, FOLDS, seed)
    with single_threaded_blas():
        words = LexicalMember(labels, _STRENGTHS)
        said = [words.fit(rows.texts, rows.codes, folds).out_of_fold]
        if rows.vectors is not None:
            head = LinearHead(labels, _STRENGTHS)
            said.append(head.fit(rows.vectors, rows.codes, folds).out_of_fold)
    mean: Floats = np.exp(np.stack(said)).mean(axis=0)
    mean /= mean.sum(axis=1, keepdims=True)
    return mean


def confident_learning(targets: Ints, proba: Floats) -> Bools:
    """Return which labels (N,) confident learning takes for wrong."""
    # Takes seconds to import, and brings pandas.
    from cleanlab.filter import find_label_issues

    # One process: a Celery worker may not have children.
    found: Bools = find_label_issues(targets, proba, n_jobs=1)
    return found


def rank(rows: LabelledRows, labels: Sequence[int], proba: Floats) -> list[Suspect]:
    """Return the suspects among rows whose out-of-fold probabilities are known, ranked.

    The doubt is one less the posterior of the given code: the model's probability as prior, times
    what near duplicates carry, each right with probability 1 - _SLIP, times _DRIFT_FACTOR for a
    label of somebody who drifts.
    """
    targets = targets_of(rows.codes, labels)
    named = confident_learning(targets, proba)
    votes = _votes(rows)
    column = {code: place for place, code in enumerate(labels)}
    drifting = np.zeros(len(rows), dtype=bool) if rows.drifting is None else rows.drifting
    suspects = []
    for row, given in enumerate(rows.codes):
        others = votes[row]
        prior = _discounted(proba[row], column[given]) if drifting[row] else proba[row]
        posterior = _posterior(prior, others, column)
        order = np.argsort(-posterior, kind="stable")
        best = labels[order[0]]
        signals = _signals(bool(named[row]), bool(drifting[row]), others, given, best)
        if signals:
            suggested = best if best != given else labels[order[1]]
            suspects.append(
                Suspect(
                    row=row,
                    signals=signals,
                    given=given,
                    suggested=suggested,
                    p_given=float(proba[row, column[given]]),
                    p_suggested=float(proba[row, column[suggested]]),
                    duplicates=others.total(),
                    given_votes=others[given],
                    suggested_votes=others[suggested],
                    doubt=float(1 - posterior[column[given]]),
                )
            )
    return sorted(suspects, key=lambda one: (-one.doubt, one.row))


def _signals(
    is_named: bool, drifts: bool, others: Counter[int], given: int, best: int
) -> tuple[Signal, ...]:
    """Near duplicates and drift speak against a label only where another code is likelier."""
    spoken = {
        Signal.CONFIDENT_LEARNING: is_named,
        Signal.NEAR_DUPLICATES: best != given and others[best] > 0,
        Signal.MODERATOR_DRIFT: best != given and drifts,
    }
    return tuple(signal for signal, applies in spoken.items() if applies)


def _discounted(proba: Floats, given: int) -> Floats:
    """Return probabilities (K,) with the odds of the column `given` times _DRIFT_FACTOR."""
    weighed = proba.copy()
    weighed[given] *= _DRIFT_FACTOR
    weighed /= weighed.sum()
    return weighed


def _votes(rows: LabelledRows) -> list[Counter[int]]:
    """Return for each row how many of its near duplicates carry which code, without itself."""
    of_group: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for group, code in zip(rows.groups, rows.codes, strict=True):
        of_group[group][code] += 1
    return [
        of_group[group] - Counter({code: 1})
        for group, code in zip(rows.groups, rows.codes, strict=True)
    ]


def _posterior(prior: Floats, others: Counter[int], column: Mapping[int, int]) -> Floats:
    """Return probabilities (K,) of one product's codes after its near duplicates have voted."""
    if not others:
        return prior
    weight = min(1.0, _MOST_VOTES / others.total())
    gain = np.log((1 - _SLIP) / (_SLIP / (len(prior) - 1)))
    logs = np.log(np.maximum(prior, np.finfo(np.float64).tiny))
    for code, number in others.items():
        logs[column[code]] += weight * number * gain
    posterior: Floats = np.exp(logs - logs.max())
    posterior /= posterior.sum()
    return posterior


def _learnable(rows: LabelledRows) -> Ints:
    """Return the rows whose code has enough groups to be in every fold's training part."""
    groups: defaultdict[int, set[str]] = defaultdict(set)
    for code, group in zip(rows.codes, rows.groups, strict=True):
        groups[code].add(group)
    kept = [row for row, code in enumerate(rows.codes) if len(groups[code]) >= FOLDS]
    return np.array(kept, dtype=np.int64)
