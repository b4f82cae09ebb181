"""The members, their calibration and the fusion as one fitted whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifier.arrays import Bools, Floats, Ints, log_softmax
from classifier.calibration import Calibrator
from classifier.fusion import Answers, Fusion, collect
from classifier.members.base import Features, MemberModel
from classifier.types import Member


@dataclass(frozen=True)
class Outcome:
    """One member's answers for N rows; rows that are not `known` have none.

    log_proba: calibrated (N, K); raw: the same before calibration
    """

    log_proba: Floats
    raw: Floats
    known: Bools

    @property
    def confidence(self) -> Floats:
        """Calibrated probability of the first category (N,)."""
        result: Floats = np.exp(self.log_proba.max(axis=1))
        return result

    def select(self, index: Ints) -> Outcome:
        """Return the answers for the rows at `index`."""
        return Outcome(self.log_proba[index], self.raw[index], self.known[index])


@dataclass(frozen=True)
class Elder:
    """The version before, whose FUSION keeps a share of the vote (`classifier.elder`).

    share: 0..1, in logarithms; inverse_temperature: (P,) of the vote, by pattern of inputs
    """

    ensemble: Ensemble
    share: float
    inverse_temperature: Floats

    def vote(self, own: Floats, features: Features, labels: Sequence[int]) -> Floats:
        """Return log-probabilities (N, K) of both together, before temperature.

        own: those of the version after, (N, K) in the order of `labels`; they stand alone where the
        elder has no answer, and for categories that it does not know.
        """
        said = self.ensemble.predict(features)[Member.FUSION]
        column = {code: place for place, code in enumerate(self.ensemble.labels)}
        shared = [place for place, code in enumerate(labels) if code in column]
        theirs = own.copy()
        if shared:
            picked = log_softmax(said.log_proba[:, [column[labels[place]] for place in shared]])
            mass = np.log(np.exp(own[:, shared]).sum(axis=1, keepdims=True))
            theirs[:, shared] = picked + mass
        theirs[~said.known] = own[~said.known]
        return log_softmax((1 - self.share) * own + self.share * theirs)


@dataclass(frozen=True)
class Ensemble:
    """labels: category codes, ascending; the columns of every answer."""

    labels: tuple[int, ...]
    members: Mapping[Member, MemberModel]
    calibrators: Mapping[Member, Calibrator]
    fusion: Fusion
    elder: Elder | None = None

    def predict_member(self, member: Member, features: Features) -> Outcome:
        """Return one member's answers; it is asked only about rows that have its input."""
        model = self.members[member]
        known = features.available[model.source.modality]
        raw = np.full((len(features), len(self.labels)), -np.log(len(self.labels)))
        rows = np.flatnonzero(known)
        if len(rows):
            raw[rows] = model.predict_log_proba(features.rows(model.source, rows))
        return Outcome(self.calibrators[member].apply(raw), raw, known)

    def fuse(self, outcomes: Mapping[Member, Outcome], features: Features) -> Outcome:
        """Return FUSION's answers from those of all members, and of the elder if there is one."""
        answers = self.answers(outcomes)
        log_proba, known = self.fusion.predict_log_proba(answers)
        if self.elder is None:
            return Outcome(log_proba, log_softmax(self.fusion.logits(answers)[0]), known)
        vote = self.elder.vote(log_proba, features, self.labels)
        inverse = self.elder.inverse_temperature[answers.patterns()[known], None]
        log_proba[known] = log_softmax(vote[known] * inverse)
        return Outcome(log_proba, vote, known)

    def predict(self, features: Features) -> dict[Member, Outcome]:
        """Return the answers of every member and of FUSION."""
        outcomes = {member: self.predict_member(member, features) for member in self.members}
        outcomes[Member.FUSION] = self.fuse(outcomes, features)
        return outcomes

    def answers(self, outcomes: Mapping[Member, Outcome]) -> Answers:
        """Return the members' answers in the fusion's order."""
        return collect(
            {member: outcomes[member].log_proba for member in self.fusion.members},
            {member: outcomes[member].known for member in self.fusion.members},
            {member: self.members[member].source.modality for member in self.fusion.members},
            self.fusion.members,
        )
