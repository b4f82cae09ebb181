"""Fitting an ensemble on features: heads, their calibration, the fusion, its temperatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifier.arrays import Floats, Ints, targets_of
from classifier.calibration import fit_calibrator
from classifier.config import StackOn, TrainConfig
from classifier.ensemble import Ensemble, Outcome
from classifier.errors import DataInvalid
from classifier.folds import grouped_folds
from classifier.fusion import collect
from classifier.fusion_fit import FusionFit, FusionReport, fit_fusion
from classifier.fusion_temperature import PatternLogits, fit_temperatures
from classifier.members.base import Features, FitReport, MemberModel
from classifier.members.registry import MEMBERS
from classifier.types import Member


@dataclass(frozen=True)
class Part:
    """Labelled rows. weights: (N,) or None for all alike."""

    features: Features
    codes: tuple[int, ...]
    groups: tuple[str, ...]
    weights: Floats | None = None

    def select(self, index: Ints) -> Part:
        """Return the rows at `index`."""
        return Part(
            self.features.select(index),
            tuple(self.codes[int(row)] for row in index),
            tuple(self.groups[int(row)] for row in index),
            None if self.weights is None else self.weights[index],
        )

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True)
class LearnReport:
    """How the ensemble came to be. strength: regularisation chosen per member."""

    strength: dict[Member, float]
    fusion: FusionReport


def learn(
    train: Part, calibration: Part | None, labels: Sequence[int], config: TrainConfig
) -> tuple[Ensemble, LearnReport]:
    """Fit members on `train`, then calibration and fusion on answers they were not fitted on.

    Those answers are the out-of-fold ones of `train` or, with StackOn.CALIBRATION, the answers
    for `calibration`. Temperatures of the fusion use all held-out answers there are.

    Raises DataInvalid when a part is too small.
    """
    folds = grouped_folds(train.groups, train.codes, config.folds, config.seed)
    members, reports = _fit_members(train, labels, folds, config)
    if config.stack_on is StackOn.OUT_OF_FOLD:
        taught, outcomes = train, _out_of_fold(train, members, reports)
    elif calibration is None or len(calibration) == 0:
        raise DataInvalid(
            "A fine-tuned backbone needs a calibration part: raise calibration_share."
        )
    else:
        taught = calibration
        outcomes = _raw(calibration, members, labels)
        folds = grouped_folds(taught.groups, taught.codes, config.folds, config.seed)
    ensemble, fit = _fit_ensemble(taught, outcomes, folds, members, labels)
    fresh = calibration if config.stack_on is StackOn.OUT_OF_FOLD else None
    ensemble = _set_temperatures(ensemble, fit, taught, fresh)
    strength = {member: one.strength for member, one in reports.items()}
    return ensemble, LearnReport(strength, fit.report)


def _fit_members(
    train: Part, labels: Sequence[int], folds: Ints, config: TrainConfig
) -> tuple[dict[Member, MemberModel], dict[Member, FitReport]]:
    members: dict[Member, MemberModel] = {}
    reports: dict[Member, FitReport] = {}
    for name in config.members:
        kind = MEMBERS[name]
        if kind.source not in train.features.values:
            continue
        rows = np.flatnonzero(train.features.available[kind.source.modality])
        if len(np.unique(folds[rows])) < 2:
            continue
        own = train.select(rows)
        member = kind(labels)
        inputs = own.features.values[kind.source]
        reports[name] = member.fit(inputs, own.codes, folds[rows], own.weights)
        members[name] = member
    if not members:
        raise DataInvalid(
            "No model can be trained: too few products have a text or a readable picture."
        )
    return members, reports


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


def _raw(
    part: Part, members: Mapping[Member, MemberModel], labels: Sequence[int]
) -> dict[Member, Outcome]:
    outcomes = {}
    for name, member in members.items():
        known = part.features.available[member.source.modality]
        raw = np.full((len(part), len(labels)), -np.log(len(labels)))
        rows = np.flatnonzero(known)
        raw[known] = member.predict_log_proba(part.features.rows(member.source, rows))
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
