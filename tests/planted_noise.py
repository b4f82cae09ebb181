"""Labelled products whose codes are known to be right, and some of them made wrong on purpose."""

from dataclasses import dataclass

import numpy as np

from classifier.suspects import LabelledRows
from classifier.text import model_text
from classifier.types import Suspect
from reviewapp.demo.catalogue import generate


@dataclass(frozen=True)
class Planted:
    """rows: with the wrong codes in them; wrong: the rows whose code was changed."""

    rows: LabelledRows
    wrong: frozenset[int]


def demo_rows(count, seed=0):
    """Invented listings with their true codes; a listing and its repetitions share a group."""
    products = list(generate(count, seed=seed))
    return LabelledRows(
        [model_text(one.designation, one.description) for one in products],
        [one.true_code for one in products],
        [one.duplicate_of or one.external_id for one in products],
    )


def plant(rows, share, seed):
    """Change `share` of the codes to another one of the set, at random."""
    draw = np.random.default_rng(seed)
    codes, labels = list(rows.codes), sorted(set(rows.codes))
    wrong = draw.choice(len(rows), size=round(share * len(rows)), replace=False)
    for row in wrong:
        codes[row] = int(draw.choice([code for code in labels if code != codes[row]]))
    noisy = LabelledRows(rows.texts, codes, rows.groups, rows.vectors)
    return Planted(noisy, frozenset(int(row) for row in wrong))


def plant_drift(rows, seed):
    """Give each row one of ten authors, and their errors: 3 % of codes, of the first one's 20 %.

    Returns what was planted, and the first author's rows as (N,) booleans.
    """
    draw = np.random.default_rng(seed)
    theirs = draw.integers(0, 10, len(rows)) == 0
    codes, labels = list(rows.codes), sorted(set(rows.codes))
    wrong = np.flatnonzero(draw.random(len(rows)) < np.where(theirs, 0.2, 0.03))
    for row in wrong:
        codes[row] = int(draw.choice([code for code in labels if code != codes[row]]))
    noisy = LabelledRows(rows.texts, codes, rows.groups, rows.vectors)
    return Planted(noisy, frozenset(int(row) for row in wrong)), theirs


def precision_at(suspects: list[Suspect], planted: Planted, most: int) -> float:
    """Share of the first `most` suspects that were planted."""
    first = suspects[:most]
    return sum(one.row in planted.wrong for one in first) / max(1, len(first))


def recall(suspects: list[Suspect], planted: Planted) -> float:
    """Share of the planted rows that are suspects."""
    return len(planted.wrong & {one.row for one in suspects}) / len(planted.wrong)
