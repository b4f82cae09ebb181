"""The members, their calibration and the fusion as one fitted whole."""

from __future__ import annotations

from collections.abc import Mapping
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
class Ensemble:
    """labels: category codes, ascending; the columns of every answer."""

    labels: tuple[int, ...]
    members: Mapping[Member, MemberModel]
    calibrators: Mapping[Member, Calibrator]
    fusion: Fusion

    def predict_member(self, member: Member, features: Features) -> Outcome:
        """Return one member's answers; it is asked only about rows that have its input."""
        model = self.members[member]
        known = features.available[model.source.modality]
        raw = np.full((len(features), len(self.labels)), -np.log(len(self.labels)))
        rows = np.flatnonzero(known)
        if len(rows):
            raw[rows] = model.predict_log_proba(features.rows(model.source, rows))
        return Outcome(self.calibrators[member].apply(raw), raw, known)

    def fuse(self, outcomes: Mapping[Member, Outcome]) -> Outcome:
        """Return FUSION's answers from those of all members."""
        answers = self.answers(outcomes)
        log_proba, known = self.fusion.predict_log_proba(answers)
        raw = log_softmax(self.fusion.logits(answers)[0])
        return Outcome(log_proba, raw, known)

    def predict(self, features: Features) -> dict[Member, Outcome]:
        """Return the answers of every member and of FUSION."""
        outcomes = {member: self.predict_member(member, features) for member in self.members}
        outcomes[Member.FUSION] = self.fuse(outcomes)
        return outcomes

    def answers(self, outcomes: Mapping[Member, Outcome]) -> Answers:
        """Return the members' answers in the fusion's order."""
        return collect(
            {member: outcomes[member].log_proba for member in self.fusion.members},
            {member: outcomes[member].known for member in self.fusion.members},
            {member: self.members[member].source.modality for member in self.fusion.members},
            self.fusion.members,
        )
