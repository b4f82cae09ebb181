"""Fitting and choosing a fusion on held-out (out-of-fold) answers of its members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from scipy.optimize import brentq, minimize

from classifier.arrays import Bools, Floats, Ints, log_prior, log_softmax, mean_nll
from classifier.calibration import fit_inverse_temperature
from classifier.fusion import PATTERNS, Answers, Fusion, Pattern, pool, stacker_inputs
from classifier.logistic import PathFitter, Problem
from classifier.types import Member

_STACKER_STRENGTHS: Final = (0.1, 0.03, 0.01, 0.003, 0.001)
_DROPOUT: Final = {Pattern.BOTH: 0.6, Pattern.TEXT: 0.2, Pattern.IMAGE: 0.2}
"""Share of the loss that each pattern gets from a product that has both inputs."""
_LEAST_ROWS: Final = 30  # a pattern's temperature from fewer rows is noise: it keeps 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """One fusion that was tried. nll: grouped cross-validated log-loss on rows with all inputs."""

    family: str
    members: tuple[Member, ...]
    strength: float | None
    nll: float


@dataclass(frozen=True, slots=True)
class FusionReport:
    """How the fusion was chosen.

    chosen: None when no fusion beat the best member, which then answers alone
    member_nll: each member alone on the same rows
    """

    chosen: Candidate | None
    member_nll: dict[Member, float]
    candidates: tuple[Candidate, ...]
    reason: str


@dataclass(frozen=True)
class _Data:
    answers: Answers
    targets: Ints
    folds: Ints
    weights: Floats

    def select(self, rows: Ints) -> _Data:
        return _Data(
            self.answers.select(rows), self.targets[rows], self.folds[rows], self.weights[rows]
        )

    def keep(self, pattern: Pattern) -> _Data:
        """Return the rows that have the pattern's inputs, with the others removed."""
        kept = self.answers.keep(pattern)
        rows = np.flatnonzero(kept.patterns() == PATTERNS.index(pattern))
        return _Data(kept, self.targets, self.folds, self.weights).select(rows)

    def divided(self) -> Iterator[tuple[_Data, _Data]]:
        """Yield (training rows, held rows) for each fold."""
        for fold in np.unique(self.folds):
            held = self.folds == fold
            yield self.select(np.flatnonzero(~held)), self.select(np.flatnonzero(held))

    @property
    def is_empty(self) -> bool:
        return len(self.targets) == 0


def fit_fusion(
    answers: Answers,
    targets: Ints,
    folds: Ints,
    weights: Floats | None = None,
) -> tuple[Fusion, FusionReport]:
    """Fit all candidates on answers that their members have not been fitted on; keep the best.

    targets: columns of the true categories (N,); folds: (N,), groups whole
    Temperatures are 1; `fit_temperatures` sets them.
    """
    rows = np.ones(len(targets)) if weights is None else weights
    data = _Data(answers, targets, folds, rows)
    main = next(pattern for pattern in PATTERNS if not data.keep(pattern).is_empty)
    subsets = {pattern: _best_subset(data.keep(pattern)) for pattern in PATTERNS}
    tried = subsets[main][1]
    alone = {one.members[0]: one.nll for one in tried if len(one.members) == 1}
    pooled = min(tried, key=lambda one: one.nll)
    chosen_pools = {pattern: best for pattern, (best, _) in subsets.items()}
    candidates = [*tried, *_stackers(data, chosen_pools, main)]
    best = min(candidates, key=lambda one: one.nll)
    if best.family == "stacker":
        fusion = _fit_stacker(data, chosen_pools, best.strength or 0.0)
    else:
        fusion, best = _fit_pool(data, chosen_pools), pooled
    is_fusion = best.family == "stacker" or len(best.members) > 1
    return fusion, FusionReport(
        best if is_fusion else None, alone, tuple(candidates), _reason(best, alone, is_fusion)
    )


def fit_temperatures(
    fusion: Fusion, answers: Answers, targets: Ints, weights: Floats | None = None
) -> Fusion:
    """Return the fusion with one temperature per pattern, fitted with modality dropout.

    A pattern with fewer than 30 rows keeps temperature 1. Mean confidence without an input is
    then capped at that with it, on the rows that have both.
    """
    rows = np.ones(len(targets)) if weights is None else weights
    data = _Data(answers, targets, np.zeros(len(targets), dtype=np.int64), rows)
    inverse = np.ones(len(PATTERNS))
    for index, pattern in enumerate(PATTERNS):
        own = data.keep(pattern)
        if len(own.targets) >= _LEAST_ROWS:
            logits, _ = fusion.logits(own.answers)
            inverse[index] = fit_inverse_temperature(logits, own.targets, own.weights)
    return fusion.with_temperature(_capped(fusion, data.keep(Pattern.BOTH), inverse))


def _capped(fusion: Fusion, both: _Data, inverse: Floats) -> Floats:
    """Lower single-input confidences until none exceeds the mean confidence with both inputs."""
    if both.is_empty:
        return inverse
    result = inverse.copy()
    logits, _ = fusion.logits(both.answers)
    ceiling = _mean_confidence(logits, inverse[0], both.weights)
    for index, pattern in enumerate(PATTERNS[1:], start=1):
        own, _ = fusion.logits(both.answers.keep(pattern))

        def excess(factor: float, own: Floats = own) -> float:
            return _mean_confidence(own, factor, both.weights) - ceiling

        if excess(inverse[index]) > 0:
            # At factor 0 every answer is uniform, so the excess changes sign in between.
            result[index] = brentq(excess, 0.0, inverse[index], xtol=1e-4)
    return result


def _mean_confidence(logits: Floats, factor: float, weights: Floats) -> float:
    confidence = np.exp(log_softmax(logits * factor).max(axis=1))
    return float(np.average(confidence, weights=weights))


def _best_subset(data: _Data) -> tuple[tuple[int, ...], list[Candidate]]:
    """Return the members whose pool has the least log-loss, and all that were tried."""
    present = [int(m) for m in np.flatnonzero(data.answers.available.any(axis=1))]
    tried: dict[tuple[int, ...], Candidate] = {}
    for size in range(1, len(present) + 1):
        for subset in combinations(present, size):
            names = tuple(data.answers.members[index] for index in subset)
            tried[subset] = Candidate("pool", names, None, _pool_nll(data, subset))
    if not tried:
        return (), []
    best = min(tried, key=lambda subset: tried[subset].nll)
    return best, list(tried.values())


def _pool_nll(data: _Data, subset: Sequence[int]) -> float:
    losses, total = 0.0, 0.0
    for train, held in data.divided():
        weights = _pool_weights(train, subset)
        logits = _pooled(held, weights)
        losses += mean_nll(log_softmax(logits), held.targets, held.weights) * held.weights.sum()
        total += float(held.weights.sum())
    return losses / total


def _pooled(data: _Data, weights: Floats) -> Floats:
    patterns = np.zeros(len(data.targets), dtype=np.int64)
    return pool(data.answers, weights[None, :], patterns)


def _pool_weights(data: _Data, subset: Sequence[int]) -> Floats:
    """Return weights (M,), 0 outside `subset`, that minimise the pool's log-loss (convex)."""
    used = list(subset)
    clean = np.where(data.answers.available[:, :, None], data.answers.log_proba, 0.0)[used]
    share = data.weights / data.weights.sum()
    rows = np.arange(len(data.targets))

    def loss(weights: Floats) -> tuple[float, Floats]:
        answers = log_softmax(np.einsum("m,mnk->nk", weights, clean))
        residual = np.exp(answers)
        residual[rows, data.targets] -= 1.0
        gradient = np.einsum("nk,mnk,n->m", residual, clean, share)
        return -float(share @ answers[rows, data.targets]), gradient

    start = np.full(len(used), 1 / len(used))
    bounds = [(0.0, 5.0)] * len(used)
    answer = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    result = np.zeros(len(data.answers.members))
    result[used] = answer.x
    return result


def _fit_pool(data: _Data, chosen: dict[Pattern, tuple[int, ...]]) -> Fusion:
    categories = data.answers.log_proba.shape[2]
    weights = np.zeros((len(PATTERNS), len(data.answers.members)))
    for index, pattern in enumerate(PATTERNS):
        if chosen[pattern]:
            weights[index] = _pool_weights(data.keep(pattern), chosen[pattern])
    return Fusion(
        members=data.answers.members,
        modalities=data.answers.modalities,
        weights=weights,
        inverse_temperature=np.ones(len(PATTERNS)),
        prior=log_prior(data.targets, categories, data.weights),
    )


def _stackers(
    data: _Data, chosen: dict[Pattern, tuple[int, ...]], main: Pattern
) -> list[Candidate]:
    """Return the stackers' cross-validated log-loss on rows with the main pattern's inputs."""
    if len(data.answers.members) < 2:
        return []
    losses = dict.fromkeys(_STACKER_STRENGTHS, 0.0)
    total = 0.0
    for train, held in data.divided():
        base = _fit_pool(train, chosen)
        fitter = PathFitter(_stacker_problem(train, base))
        held = held.keep(main)
        if held.is_empty:
            continue
        total += float(held.weights.sum())
        for strength in _STACKER_STRENGTHS:
            fusion = _corrected(base, fitter, strength)
            logits, _ = fusion.logits(held.answers)
            losses[strength] += mean_nll(logits, held.targets, held.weights) * float(
                held.weights.sum()
            )
    return [
        Candidate("stacker", data.answers.members, strength, loss / total)
        for strength, loss in losses.items()
    ]


def _fit_stacker(data: _Data, chosen: dict[Pattern, tuple[int, ...]], strength: float) -> Fusion:
    base = _fit_pool(data, chosen)
    return _corrected(base, PathFitter(_stacker_problem(data, base)), strength)


def _corrected(base: Fusion, fitter: PathFitter, strength: float) -> Fusion:
    return Fusion(
        base.members,
        base.modalities,
        base.weights,
        base.inverse_temperature,
        base.prior,
        fitter.fit(strength),
    )


def _stacker_problem(data: _Data, base: Fusion) -> Problem:
    """Return the correction's problem: every row with all it has, and with each input removed."""
    has_both = data.answers.patterns() == PATTERNS.index(Pattern.BOTH)
    inputs, offsets, targets, weights = [], [], [], []
    for pattern in PATTERNS:
        kept = data.answers.keep(pattern)
        patterns = kept.patterns()
        own = np.flatnonzero(patterns == PATTERNS.index(pattern))
        part = kept.select(own)
        inputs.append(stacker_inputs(part, base.prior))
        offsets.append(base.logits(part)[0])
        targets.append(data.targets[own])
        weights.append(data.weights[own] * _dropout_share(pattern, has_both[own]))
    return Problem(
        np.concatenate(inputs),
        np.concatenate(targets),
        np.concatenate(offsets),
        np.concatenate(weights),
    )


def _dropout_share(pattern: Pattern, has_both: Bools) -> Floats:
    return np.where(has_both, _DROPOUT[pattern], 1.0)


def _reason(best: Candidate, alone: dict[Member, float], is_fusion: bool) -> str:
    leader = min(alone, key=lambda member: alone[member])
    if is_fusion:
        return (
            f"{best.family} of {', '.join(best.members)}: log-loss {best.nll:.4f},"
            f" best member {leader} {alone[leader]:.4f}."
        )
    return (
        f"No fusion has a lower log-loss than {leader} alone ({alone[leader]:.4f}):"
        f" {leader} answers where both inputs are there."
    )
