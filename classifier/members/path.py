"""Choice of a linear member's regularisation by grouped cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from classifier.arrays import Floats, Ints, log_prior, log_softmax, mean_nll
from classifier.logistic import Matrix, PathFitter, Problem
from classifier.members.base import NEVER_HELD, FitReport

STRENGTHS: Final = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7)
"""Strong to weak, for rows of about unit length."""

Divide = Callable[[Ints, Ints], tuple[Matrix, Matrix]]
"""(training rows, held rows) -> their features, prepared by the training rows alone."""


class _Fold:
    """One fold's fitter and the rows held out of it."""

    def __init__(
        self, divide: Divide, targets: Ints, prior_of: Prior, held: Ints, weights: Floats | None
    ) -> None:
        train = np.setdiff1d(np.arange(len(targets)), held)
        used = None if weights is None else weights[train]
        x, x_held = divide(train, held)
        self._offset = prior_of(targets[train], used)
        self._fitter = PathFitter(Problem(x, targets[train], self._offset, used))
        self._projected = self._fitter.project(x_held)
        self.held = held

    def answers(self, strength: float) -> Floats:
        return log_softmax(self._fitter.logits_at(strength, self._projected) + self._offset)


Prior = Callable[[Ints, Floats | None], Floats]


def choose_strength(
    divide: Divide,
    targets: Ints,
    categories: int,
    folds: Ints,
    weights: Floats | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> FitReport:
    """Return the strength of least cross-validated log-loss and its out-of-fold answers.

    folds: (N,); rows of one group must share a fold; those of `NEVER_HELD` only train
    """

    def prior_of(own: Ints, used: Floats | None) -> Floats:
        return log_prior(own, categories, used)

    parts = [
        _Fold(divide, targets, prior_of, np.flatnonzero(folds == fold), weights)
        for fold in np.unique(folds[folds != NEVER_HELD])
    ]
    held = np.flatnonzero(folds != NEVER_HELD)
    held_weights = None if weights is None else weights[held]

    def attempt(strength: float) -> tuple[float, Floats]:
        answers = np.full((len(targets), categories), -np.log(categories))
        for part in parts:
            answers[part.held] = part.answers(strength)
        return mean_nll(answers[held], targets[held], held_weights), answers

    return _descend(attempt, strengths)


def _descend(
    attempt: Callable[[float], tuple[float, Floats]], strengths: Sequence[float]
) -> FitReport:
    """Walk from the middle of the path downhill to the first rise.

    The loss along the path has one valley, so this finds it with half the fits of trying all.
    """
    start = place = (len(strengths) - 1) // 2
    loss, answers = attempt(strengths[start])
    best = FitReport(answers, strengths[start], {strengths[start]: loss})
    for step in (1, -1):
        while 0 <= place + step < len(strengths):
            place += step
            loss, answers = attempt(strengths[place])
            best.nll_by_strength[strengths[place]] = loss
            if loss >= best.nll_by_strength[best.strength]:
                break
            best = replace(best, out_of_fold=answers, strength=strengths[place])
        if best.strength != strengths[start]:
            break
        place = start
    return best
