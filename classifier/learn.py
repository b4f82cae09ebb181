"""Fitting an ensemble on features: heads, their calibration, the fusion, its temperatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from classifier.arrays import Bools, Floats, Ints, targets_of
from classifier.calibration import fit_calibrator, fit_inverse_temperature
from classifier.config import StackOn, TrainConfig
from classifier.elder import Before, beside, tempered
from classifier.ensemble import Ensemble, Outcome
from classifier.errors import DataInvalid
from classifier.folds import grouped_folds
from classifier.fusion import collect
from classifier.fusion_fit import FusionFit, FusionReport, fit_fusion
from classifier.fusion_temperature import PatternLogits, fit_temperatures
from classifier.members.base import NEVER_HELD, Features, FitReport, MemberModel
from classifier.members.registry import MEMBERS
from classifier.threads import single_threaded_blas, usable_cores
from classifier.types import Member

OnMember = Callable[[Member, FitReport], None]

_LEAST_ROWS: Final = 30
_ENOUGH_TO_CALIBRATE: Final = 200  # products; a temperature is then known to about 5 %


@dataclass(frozen=True)
class Part:
    """Labelled rows.

    weights: (N,) or None for all alike
    was_in_training: (N,) what an earlier model may have learned; None where it has learned nothing
    """

    features: Features
    codes: tuple[int, ...]
    groups: tuple[str, ...]
    weights: Floats | None = None
    was_in_training: Bools | None = None

    def select(self, index: Ints) -> Part:
        """Return the rows at `index`."""
        return Part(
            self.features.select(index),
            tuple(self.codes[int(row)] for row in index),
            tuple(self.groups[int(row)] for row in index),
            None if self.weights is None else self.weights[index],
            None if self.was_in_training is None else self.was_in_training[index],
        )

    def new_to_all(self) -> Part:
        """Return the rows that no earlier model has learned."""
        if self.was_in_training is None:
            return self
        return self.select(np.flatnonzero(~self.was_in_training))

    def followed_by(self, other: Part) -> Part:
        """Return the rows of both."""
        has_weights = self.weights is not None or other.weights is not None
        return Part(
            self.features.followed_by(other.features),
            self.codes + other.codes,
            self.groups + other.groups,
            np.concatenate([_weights(self), _weights(other)]) if has_weights else None,
            np.concatenate([_learned(self), _learned(other)]),
        )

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True)
class LearnReport:
    """How the ensemble came to be. strength: regularisation chosen per member."""

    strength: dict[Member, float]
    fusion: FusionReport


def learn(
    train: Part,
    calibration: Part | None,
    labels: Sequence[int],
    config: TrainConfig,
    on_member: OnMember | None = None,
    before: Before | None = None,
) -> tuple[Ensemble, LearnReport]:
    """Fit members, then calibration and fusion on answers that they were not fitted on.

    Those answers are the out-of-fold ones of `train`; the temperatures come from `calibration`
    where it has 200 products, from both where it has fewer. With StackOn.CALIBRATION they are the
    answers for `calibration` by heads fitted on `train` alone, and the final heads are fitted on
    both.

    on_member: hears of each member once it is fitted
    before: keeps a share of the vote where `calibration` has 200 products that teach nothing else,
        and that no earlier model has learned
    Raises DataInvalid when a part is too small.
    """
    fresh = calibration if calibration is not None and len(calibration) else None
    if config.stack_on == StackOn.OUT_OF_FOLD:
        rows, folds = train, _folds(train, config)
        taught, taught_folds = np.arange(len(train)), folds
    elif fresh is None:
        raise DataInvalid(
            "A fine-tuned backbone needs a calibration part: raise calibration_share."
        )
    else:
        rows = train.followed_by(fresh)
        taught = np.arange(len(train), len(rows))
        folds = np.full(len(rows), NEVER_HELD)
        folds[taught] = 0
        taught_folds, fresh = _folds(rows.select(taught), config), None
    members, reports = _fit_members(rows, labels, folds, config, on_member)
    part = rows.select(taught)
    outcomes = {
        name: one.select(taught) for name, one in _out_of_fold(rows, members, reports).items()
    }
    with single_threaded_blas():
        ensemble, fit = _fit_ensemble(part, outcomes, taught_folds, members, labels)
    if fresh is not None and len(fresh) >= _ENOUGH_TO_CALIBRATE:
        targets = targets_of(fresh.codes, labels)
        ensemble = recalibrated(ensemble, fresh.features, targets, fresh.weights)
        if before is not None:
            ensemble = _with_elder(ensemble, before, fresh.new_to_all())
    else:
        ensemble = _set_temperatures(ensemble, fit, part, fresh)
    strength = {member: one.strength for member, one in reports.items()}
    return ensemble, LearnReport(strength, fit.report)


def _with_elder(ensemble: Ensemble, before: Before, fresh: Part) -> Ensemble:
    """Return the ensemble with the earlier version's vote, if these rows suffice to fit it."""
    if len(fresh) < _ENOUGH_TO_CALIBRATE:
        return ensemble
    targets = targets_of(fresh.codes, ensemble.labels)
    return beside(ensemble, before, fresh.features, targets, fresh.weights)


def recalibrated(
    ensemble: Ensemble, features: Features, targets: Ints, weights: Floats | None = None
) -> Ensemble:
    """Return the ensemble with all temperatures fitted on these rows, which it has never seen.

    Heads and fusion weights stay. A member with fewer than 30 rows keeps its calibration.
    """
    calibrators = dict(ensemble.calibrators)
    for member in ensemble.members:
        outcome = ensemble.predict_member(member, features)
        rows = np.flatnonzero(outcome.known)
        if len(rows) >= _LEAST_ROWS:
            own = None if weights is None else weights[rows]
            factor = fit_inverse_temperature(outcome.log_proba[rows], targets[rows], own)
            calibrators[member] = calibrators[member].sharpened(factor)
    moved = replace(ensemble, calibrators=calibrators)
    outcomes = {member: moved.predict_member(member, features) for member in moved.members}
    held = PatternLogits.of(moved.fusion, moved.answers(outcomes))
    cooled = replace(moved, fusion=fit_temperatures(moved.fusion, held, targets, weights))
    return tempered(cooled, features, targets, weights)


def _folds(part: Part, config: TrainConfig) -> Ints:
    return grouped_folds(part.groups, part.codes, config.folds, config.seed)


def _fit_members(
    train: Part,
    labels: Sequence[int],
    folds: Ints,
    config: TrainConfig,
    on_member: OnMember | None,
) -> tuple[dict[Member, MemberModel], dict[Member, FitReport]]:
    jobs = {}
    for name in config.members:
        kind = MEMBERS[name]
        if kind.source not in train.features.values:
            continue
        rows = np.flatnonzero(train.features.available[kind.source.modality])
        if len(np.unique(folds[rows])) >= 2:
            jobs[name] = (kind(labels), train.select(rows), folds[rows])
    if not jobs:
        raise DataInvalid(
            "No model can be trained: too few products have a text or a readable picture."
        )
    with single_threaded_blas(), ThreadPoolExecutor(usable_cores()) as pool:
        running = {name: pool.submit(_fit_member, *job) for name, job in jobs.items()}
        reports = {}
        for name, task in running.items():
            reports[name] = task.result()
            if on_member is not None:
                on_member(name, reports[name])
    return {name: job[0] for name, job in jobs.items()}, reports


def _fit_member(member: MemberModel, own: Part, folds: Ints) -> FitReport:
    inputs = own.features.values[member.source]
    return member.fit(inputs, own.codes, folds, own.weights)


def _out_of_fold(
    train: Part, members: Mapping[Member, MemberModel], reports: Mapping[Member, FitReport]
) -> dict[Member, Outcome]:
    outcomes = {}
    for name, member in members.items():
        known = train.features.available[member.source.modality]
        raw = np.full((len(train), len(member.labels)), -np.log(len(member.labels)))
        raw[known] = reports[name].out_of_fold
        outcomes[name] = Outcome(raw, raw, known)
    return outcomes


def _fit_ensemble(
    part: Part,
    outcomes: Mapping[Member, Outcome],
    folds: Ints,
    members: Mapping[Member, MemberModel],
    labels: Sequence[int],
) -> tuple[Ensemble, FusionFit]:
    targets = targets_of(part.codes, labels)
    calibrators, calibrated = {}, {}
    for name, outcome in outcomes.items():
        rows = np.flatnonzero(outcome.known)
        own = part.select(rows)
        calibrators[name] = fit_calibrator(
            outcome.raw[rows], targets[rows], folds[rows], len(set(own.groups)), own.weights
        )
        calibrated[name] = calibrators[name].apply(outcome.raw)
    answers = collect(
        calibrated,
        {name: outcome.known for name, outcome in outcomes.items()},
        {name: member.source.modality for name, member in members.items()},
        tuple(members),
    )
    fit = fit_fusion(answers, targets, folds, part.weights)
    return Ensemble(tuple(labels), dict(members), calibrators, fit.fusion), fit


def _set_temperatures(
    ensemble: Ensemble, fit: FusionFit, part: Part, fresh: Part | None
) -> Ensemble:
    """Return the ensemble with temperatures from `part`'s held-out logits and rows of `fresh`."""
    codes, weights, held = list(part.codes), [_weights(part)], fit.held
    if fresh is not None and len(fresh):
        outcomes = {
            name: ensemble.predict_member(name, fresh.features) for name in ensemble.members
        }
        held = held.followed_by(PatternLogits.of(ensemble.fusion, ensemble.answers(outcomes)))
        codes += fresh.codes
        weights.append(_weights(fresh))
    targets = targets_of(codes, ensemble.labels)
    fusion = fit_temperatures(ensemble.fusion, held, targets, np.concatenate(weights))
    return replace(ensemble, fusion=fusion)


def _weights(part: Part) -> Floats:
    return np.ones(len(part)) if part.weights is None else part.weights


def _learned(part: Part) -> Bools:
    return (
        np.zeros(len(part), dtype=np.bool_)
        if part.was_in_training is None
        else part.was_in_training
    )
