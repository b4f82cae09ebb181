"""How often a moderator gives the answer that everybody else, and FUSION, would agree on."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reviewapp.domain.intervals import Interval, share

# Of each item at least so much probability is spread over all categories: FUSION is never certain.
_FLOOR = 0.02


@dataclass(frozen=True, slots=True)
class BlindAnswer:
    """What a person answered for an item without having seen FUSION's answer."""

    item: int
    person: int
    code: int


@dataclass(frozen=True, slots=True)
class KnownAnswered:
    """What a person answered blind where the category was settled."""

    person: int
    code: int
    truth: int


def competence(
    answers: Sequence[BlindAnswer],
    beliefs: Mapping[int, Sequence[tuple[int, float]]],
    codes: Sequence[int],
    known: Sequence[KnownAnswered] = (),
) -> dict[tuple[int, int | None], Interval]:
    """Return (person, category or None for all) -> share of blind answers that were right: equal to
    what is known, or else to the consensus of everybody else.

    beliefs: item -> FUSION's first categories with their probabilities; codes: the taxonomy. The
    consensus of an item is CROWDLAB's (Goh, Tkachenko, Mueller, 2022, arXiv 2210.06812), fitted
    for each person without the person's own answers, so that nobody agrees with himself. Only
    items count that somebody else answered too. Intervals are Wilson's, 95 %: they hold for the
    consensus, which is the best guess at the truth and not the truth.
    """
    valid = [answer for answer in answers if answer.code in set(codes)]
    hits: dict[tuple[int, int | None], list[bool]] = defaultdict(list)
    for one in known:
        for key in ((one.person, None), (one.person, one.truth)):
            hits[key].append(one.code == one.truth)
    for person in sorted({answer.person for answer in valid}):
        others = [answer for answer in valid if answer.person != person]
        agreed = _consensus(others, beliefs, codes)
        for answer in valid:
            if answer.person == person and answer.item in agreed:
                truth = agreed[answer.item]
                for key in ((person, None), (person, truth)):
                    hits[key].append(answer.code == truth)
    return {key: share(sum(found), len(found)) for key, found in hits.items()}


def _consensus(
    answers: list[BlindAnswer],
    beliefs: Mapping[int, Sequence[tuple[int, float]]],
    codes: Sequence[int],
) -> dict[int, int]:
    """Return item -> category; nothing when no item has two answers, for then none can be weighed."""
    items = {item: row for row, item in enumerate(sorted({a.item for a in answers}))}
    if len(answers) == len(items):
        return {}
    people = {person: n for n, person in enumerate(sorted({a.person for a in answers}))}
    column = {code: number for number, code in enumerate(codes)}
    labels = np.full((len(items), len(people)), np.nan)
    for answer in answers:
        labels[items[answer.item], people[answer.person]] = column[answer.code]
    consensus = _crowdlab(labels, _probabilities(items, beliefs, column))
    return {item: codes[consensus[row]] for item, row in items.items()}


def _probabilities(
    items: Mapping[int, int],
    beliefs: Mapping[int, Sequence[tuple[int, float]]],
    column: Mapping[int, int],
) -> NDArray[np.float64]:
    """Return FUSION's probabilities, shape (items, categories); what it left unsaid is spread evenly."""
    table = np.zeros((len(items), len(column)))
    for item, row in items.items():
        for code, probability in beliefs.get(item, ()):
            if code in column:
                table[row, column[code]] = probability
    table *= (1 - _FLOOR) / np.maximum(1, table.sum(axis=1, keepdims=True))
    table += (1 - table.sum(axis=1, keepdims=True)) / len(column)
    return table


def _crowdlab(labels: NDArray[np.float64], beliefs: NDArray[np.float64]) -> list[int]:
    # Takes seconds to import, and brings pandas: only the task that measures pays for it.
    from cleanlab.multiannotator import get_label_quality_multiannotator

    # It draws lots for ties, from NumPy's global state, and warns of it.
    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = get_label_quality_multiannotator(
            labels,
            beliefs,
            return_detailed_quality=False,
            return_annotator_stats=False,
            verbose=False,
        )
    return [int(code) for code in found["label_quality"]["consensus_label"]]
