"""Fitting and choosing a fusion on held-out (out-of-fold) answers of its members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from scipy.optimize import minimize

from classifier.arrays import Bools, Floats, Ints, log_prior, log_softmax, mean_nll
from classifier.fusion import PATTERNS, Answers, Fusion, Pattern, pool, stacker_inputs
from classifier.fusion_temperature import PatternLogits
from classifier.logistic import PathFitter, Problem
from classifier.types import Member

_STACKER_STRENGTHS: Final = (0.1, 0.03, 0.01, 0.003, 0.001)
_LEAST_GAIN: Final = 1e-3  # nats; less is noise of the optimiser, not evidence
_DROPOUT: Final = {Pattern.BOTH: 0.6, Pattern.TEXT: 0.2, Pattern.IMAGE: 0.2}
"""Share of the loss that each pattern gets from a product that has both inputs."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One fusion that was tried.

    nll: grouped cross-validated log-loss on rows with all inputs; fold_nll: the same per fold
    strength: the stacker's regularisation; None for a pool
    """

    family: str
    members: tuple[Member, ...]
    strength: float | None
    nll: float
    fold_nll: tuple[float, ...]


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


@dataclass(frozen=True)
class FusionFit:
    """A fusion whose temperatures are still 1, how it was chosen, and its held-out logits.

    held: logits for the fitted rows, each from a fusion fitted without its fold
    """

    fusion: Fusion
    report: FusionReport
    held: PatternLogits


def fit_fusion(
    answers: Answers, targets: Ints, folds: Ints, weights: Floats | None = None
) -> FusionFit:
    """Fit all candidates on answers that their members have not been fitted on; keep the best.

    The stacker is taken only when it beats the best pool by more than one standard error over
    the folds: among equals the simpler model generalises better (Breiman et al. 1984).

    targets: columns of the true categories (N,); folds: (N,), groups whole
    """
    rows = np.ones(len(targets)) if weights is None else weights
    data = _Data(answers, targets, folds, rows)
    main = next(pattern for pattern in PATTERNS if not data.keep(pattern).is_empty)
    tried = {pattern: _pools(data.keep(pattern)) for pattern in PATTERNS}
    subsets = {pattern: _smallest_good(pools) for pattern, pools in tried.items()}
    best = pooled = tried[main][subsets[main]]
    stackers = _stackers(data, subsets, main)
    if stackers:
        stacker = min(stackers, key=lambda one: one.nll)
        best = stacker if _is_clearly_better(stacker, pooled) else pooled
    pools = list(tried[main].values())
    alone = {one.members[0]: one.nll for one in pools if len(one.members) == 1}
    is_fusion = best.family == "stacker" or len(best.members) > 1
    report = FusionReport(
        best if is_fusion else None,
        alone,
        (*pools, *stackers),
        _reason(best, alone, is_fusion),
    )
    held = PatternLogits.empty(*answers.log_proba.shape[1:])
    for fold in np.unique(folds):
        outside, inside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        fusion = _fit_best(data.select(outside), subsets, best)
        held.put(inside, PatternLogits.of(fusion, answers.select(inside)))
    return FusionFit(_fit_best(data, subsets, best), report, held)


def _smallest_good(pools: dict[tuple[int, ...], Candidate]) -> tuple[int, ...]:
    """Return the set of members of least log-loss; each further member must earn its place."""
    best: tuple[int, ...] = ()
    for subset in sorted(pools, key=len):
        if not best or pools[subset].nll < pools[best].nll - _LEAST_GAIN:
            best = subset
    return best


def _is_clearly_better(stacker: Candidate, pooled: Candidate) -> bool:
    gains = np.array(pooled.fold_nll) - np.array(stacker.fold_nll)
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.inf
    return bool(gains.mean() > error)


def _fit_best(data: _Data, subsets: dict[Pattern, tuple[int, ...]], best: Candidate) -> Fusion:
    base = _fit_pool(data, subsets)
    if best.strength is None:
        return base
    return _corrected(base, PathFitter(_stacker_problem(data, base)), best.strength)


def _pools(data: _Data) -> dict[tuple[int, ...], Candidate]:
    """Return the cross-validated pool of every set of members that answer for these rows."""
    present = [int(m) for m in np.flatnonzero(data.answers.available.any(axis=1))]
    tried: dict[tuple[int, ...], Candidate] = {}
    for size in range(1, len(present) + 1):
        for subset in combinations(present, size):
            names = tuple(data.answers.members[index] for index in subset)
            losses = [
                _loss(held, _pooled(held, _pool_weights(train, subset)))
                for train, held in data.divided()
            ]
            tried[subset] = _candidate("pool", names, None, losses)
    return tried


def _loss(data: _Data, logits: Floats) -> tuple[float, float]:
    """Return the mean log-loss and the weight of the rows; (0, 0) for rows of no weight."""
    if not data.weights.any():
        return 0.0, 0.0
    return mean_nll(log_softmax(logits), data.targets, data.weights), float(data.weights.sum())


def _candidate(
    family: str,
    members: tuple[Member, ...],
    strength: float | None,
    losses: Sequence[tuple[float, float]],
) -> Candidate:
    values, weights = zip(*losses, strict=True)
    nll = float(np.average(values, weights=weights))
    return Candidate(family, members, strength, nll, tuple(values))


def _pooled(data: _Data, weights: Floats) -> Floats:
    patterns = np.zeros(len(data.targets), dtype=np.int64)
    return pool(data.answers, weights[None, :], patterns)


def _pool_weights(data: _Data, subset: Sequence[int]) -> Floats:
    """Return weights (M,), 0 outside `subset`, that minimise the pool's log-loss (convex)."""
    used = list(subset)
    result = np.zeros(len(data.answers.members))
    if not data.weights.any():  # all that count sit in the fold held out: equal weights
        result[used] = 1 / len(used)
        return result
    clean = np.where(data.answers.available[:, :, None], data.answers.log_proba, 0.0)[used]
    share = data.weights / data.weights.sum()
    rows = np.arange(len(data.targets))

    def loss(weights: Floats) -> tuple[float, Floats]:
        answers = log_softmax(np.tensordot(weights, clean, axes=1))
        residual = np.exp(answers)
        residual[rows, data.targets] -= 1.0
        residual *= share[:, None]
        gradient = clean.reshape(len(used), -1) @ residual.ravel()
        return -float(share @ answers[rows, data.targets]), gradient

    start = np.full(len(used), 1 / len(used))
    bounds = [(0.0, 5.0)] * len(used)
    answer = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
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
    """Return the cross-validated stackers, measured on rows with the main pattern's inputs."""
    if len(data.answers.members) < 2 or not all(t.weights.any() for t, _ in data.divided()):
        return []
    losses: dict[float, list[tuple[float, float]]] = {one: [] for one in _STACKER_STRENGTHS}
    for train, held in data.divided():
        own = held.keep(main)
        if own.is_empty:
            continue
        base = _fit_pool(train, chosen)
        fitter = PathFitter(_stacker_problem(train, base))
        for strength in _STACKER_STRENGTHS:
            logits, _ = _corrected(base, fitter, strength).logits(own.answers)
            losses[strength].append(_loss(own, logits))
    members = data.answers.members
    return [_candidate("stacker", members, one, losses[one]) for one in _STACKER_STRENGTHS]


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
