"""The version before in the vote of the one after it, so that fewer right answers are lost.

A model trained anew turns some right answers wrong, however much better it is on the whole. A
pool of both turns fewer: what two models agree on stays, and where they differ the surer one wins
(on such flips and on ensembles against them: Yan et al., "Positive-Congruent Training: Towards
Regression-Free Model Updates", CVPR 2021; Zhao et al., "ELODI: Ensemble Logit Difference
Inhibition for Positive-Congruent Training", TPAMI 2024).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from classifier.arrays import Floats, Ints
from classifier.artifact import EncoderRecord, Model
from classifier.ensemble import Elder, Ensemble
from classifier.fusion import PATTERNS
from classifier.fusion_temperature import PatternLogits, temperatures
from classifier.members.base import Features, Modality
from classifier.types import Member


@dataclass(frozen=True)
class Before:
    """The version that a training is to stay true to. share: of the vote, in logarithms, 0..1"""

    model: Model
    manifest_sha256: str
    share: float

    def among(self, encoders: Mapping[Modality, EncoderRecord]) -> Before | None:
        """Return it if it reads vectors of these encoders alone: they are made once for both."""
        own = self.model.encoders
        fits = all(
            kind in encoders and encoders[kind].digest == record.digest
            for kind, record in own.items()
        )
        return self if fits else None

    def told(self, after: Ensemble) -> dict[str, Any]:
        """Return what the metrics of the version after it say of it."""
        is_kept = after.elder is not None
        return {"elder": {"sha256": self.manifest_sha256, "share": self.share, "kept": is_kept}}


def beside(
    ensemble: Ensemble,
    before: Before,
    features: Features,
    targets: Ints,
    weights: Floats | None = None,
) -> Ensemble:
    """Return the ensemble with the earlier version's vote in it.

    features, targets: rows that neither has learned; the temperatures of the vote come from them
    The earlier version votes without its own elder: votes would else pile up from one to the next.
    """
    plain = replace(before.model.ensemble, elder=None)
    mixed = replace(ensemble, elder=Elder(plain, before.share, np.ones(len(PATTERNS))))
    return tempered(mixed, features, targets, weights)


def tempered(
    ensemble: Ensemble, features: Features, targets: Ints, weights: Floats | None = None
) -> Ensemble:
    """Return an ensemble with an elder, the vote's temperatures fitted on these rows."""
    if ensemble.elder is None:
        return ensemble
    held = PatternLogits.empty(len(features), len(ensemble.labels))
    for index, pattern in enumerate(PATTERNS):
        kept = features
        for modality in set(features.available) - pattern.has:
            kept = kept.without(modality)
        outcomes = ensemble.predict(kept)
        possible = ensemble.answers(outcomes).patterns() == index
        held.logits[index, possible] = outcomes[Member.FUSION].raw[possible]
        held.possible[index] = possible
    elder = replace(ensemble.elder, inverse_temperature=temperatures(held, targets, weights))
    return replace(ensemble, elder=elder)
