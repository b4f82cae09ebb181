"""FUSION: one answer out of the members' calibrated log-probabilities, whatever is missing.

Two families are compared by grouped cross-validated log-loss:

* pool: per pattern of available inputs, the log-probabilities of the chosen members are added
  with non-negative weights (a log-linear pool, one parameter a member; Genest & Zidek 1986);
* stacker: the pool plus a multinomial logistic correction over all members'
  log-probabilities and missing-input flags, shrunk towards no correction (Wolpert 1992).

Both see every product also with its picture and with its text removed (modality dropout), and
each pattern gets a temperature of its own, capped so that losing an input never raises mean
confidence on the fitted rows (Ma et al., ICML 2023). A fusion is used only where its log-loss
is below that of each member alone; otherwise the best member answers.

Shapes: N rows, K categories, M members, P patterns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from classifier.arrays import Bools, Floats, Ints, log_softmax
from classifier.logistic import Linear
from classifier.members.base import Modality
from classifier.types import Member


class Pattern(StrEnum):
    """Which inputs of a product the members can use."""

    BOTH = "text_and_image"
    TEXT = "text_only"
    IMAGE = "image_only"
    NONE = "none"

    @property
    def has(self) -> frozenset[Modality]:
        return _HAS[self]


_HAS: Final = {
    Pattern.BOTH: frozenset({Modality.TEXT, Modality.IMAGE}),
    Pattern.TEXT: frozenset({Modality.TEXT}),
    Pattern.IMAGE: frozenset({Modality.IMAGE}),
    Pattern.NONE: frozenset[Modality](),
}
PATTERNS: Final = (Pattern.BOTH, Pattern.TEXT, Pattern.IMAGE)
"""Patterns that get an answer, in the order of the rows of `Fusion.weights`."""


@dataclass(frozen=True)
class Answers:
    """Calibrated log-probabilities of members for the same N rows.

    log_proba: (M, N, K) in the order of `members`; rows without the member's input hold anything
    available: (M, N)
    """

    members: tuple[Member, ...]
    modalities: tuple[Modality, ...]
    log_proba: Floats
    available: Bools

    def patterns(self) -> Ints:
        """Return for each row the index of its pattern in `PATTERNS`, or -1 for no input."""
        has = {
            modality: self._any_available(modality) for modality in (Modality.TEXT, Modality.IMAGE)
        }
        result = np.full(self.log_proba.shape[1], -1, dtype=np.int64)
        for index, pattern in enumerate(PATTERNS):
            fits = [mask == (modality in pattern.has) for modality, mask in has.items()]
            result[np.logical_and.reduce(fits)] = index
        return result

    def select(self, rows: Ints) -> Answers:
        """Return the answers for the rows at `rows`."""
        return Answers(
            self.members, self.modalities, self.log_proba[:, rows], self.available[:, rows]
        )

    def keep(self, pattern: Pattern) -> Answers:
        """Return the same rows with every input outside `pattern` removed."""
        kept = np.array([modality in pattern.has for modality in self.modalities])
        return Answers(
            self.members, self.modalities, self.log_proba, self.available & kept[:, None]
        )

    def _any_available(self, modality: Modality) -> Bools:
        own = [index for index, other in enumerate(self.modalities) if other is modality]
        return np.asarray(self.available[own].any(axis=0), dtype=np.bool_)


@dataclass(frozen=True)
class Fusion:
    """A fitted fusion. Immutable; `classifier.fusion_fit` makes one.

    members: in the order of the columns of `weights`
    weights: (P, M), not negative, 0 for members that a pattern lacks or that do not help
    inverse_temperature: (P,)
    prior: (K,) log shares of the categories; stands in for missing members in the correction
    correction: coef (M * K + 2, K), or None for a plain pool
    """

    members: tuple[Member, ...]
    modalities: tuple[Modality, ...]
    weights: Floats
    inverse_temperature: Floats
    prior: Floats
    correction: Linear | None = None

    @property
    def used(self) -> frozenset[Member]:
        """Members that can change an answer."""
        if self.correction is not None:
            return frozenset(self.members)
        return frozenset(
            member for index, member in enumerate(self.members) if self.weights[:, index].any()
        )

    def predict_log_proba(self, answers: Answers) -> tuple[Floats, Bools]:
        """Return calibrated log-probabilities (N, K) and which rows have an answer (N,).

        A row without any input has none; its log-probabilities are the class prior.
        """
        logits, patterns = self.logits(answers)
        known = patterns >= 0
        logits[known] *= self.inverse_temperature[patterns[known], None]
        logits[~known] = self.prior
        return log_softmax(logits), known

    def logits(self, answers: Answers) -> tuple[Floats, Ints]:
        """Return log-probabilities before temperature (N, K) and each row's pattern (N,)."""
        patterns = answers.patterns()
        logits = pool(answers, self.weights, patterns)
        if self.correction is not None:
            logits = logits + self.correction.logits(stacker_inputs(answers, self.prior))
        return log_softmax(logits), patterns

    def with_temperature(self, inverse_temperature: Floats) -> Fusion:
        """Return the same fusion with other temperatures."""
        return Fusion(
            self.members,
            self.modalities,
            self.weights,
            inverse_temperature,
            self.prior,
            self.correction,
        )


def pool(answers: Answers, weights: Floats, patterns: Ints) -> Floats:
    """Return the weighted sums (N, K) of log-probabilities; zeros for rows without input.

    A row may lack a member of a modality that it has (an unknown text, say): the sum then runs
    over the members that are there.
    """
    own = weights[patterns].T * (patterns >= 0)  # (M, N)
    # Missing answers may hold NaN, and NaN times 0 is NaN.
    clean = np.where(answers.available[:, :, None], answers.log_proba, 0.0)
    result: Floats = np.einsum("mn,mnk->nk", own, clean)
    return result


def stacker_inputs(answers: Answers, prior: Floats) -> Floats:
    """Return the correction's features (N, M * K + 2).

    Centred log-probabilities of each member, the prior's where it has no answer, then one flag
    each for missing text and missing image. Scaled to rows of about unit length, as the
    regularisation strengths expect.
    """
    filled = np.where(answers.available[:, :, None], answers.log_proba, prior)
    centred = filled - filled.mean(axis=2, keepdims=True)
    members, rows, categories = centred.shape
    flat = np.moveaxis(centred, 0, 1).reshape(rows, members * categories)
    patterns = answers.patterns()
    missing_text = patterns == PATTERNS.index(Pattern.IMAGE)
    missing_image = patterns == PATTERNS.index(Pattern.TEXT)
    flags = np.stack([missing_text, missing_image], axis=1).astype(np.float64)
    return np.hstack([flat / (_SPREAD * np.sqrt(members * categories)), flags])


_SPREAD: Final = 3.0  # nats; usual standard deviation of a member's log-probabilities


def collect(
    log_proba: Mapping[Member, Floats],
    available: Mapping[Member, Bools],
    modalities: Mapping[Member, Modality],
    members: Sequence[Member],
) -> Answers:
    """Stack the members' answers, each (N, K) and (N,), in the order of `members`."""
    return Answers(
        tuple(members),
        tuple(modalities[member] for member in members),
        np.stack([log_proba[member] for member in members]),
        np.stack([available[member] for member in members]),
    )
