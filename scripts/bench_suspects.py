#!/usr/bin/env python
"""Planted wrong labels: how many of the first suspects are wrong ones, and how many are found.

.venv/bin/python scripts/bench_suspects.py                    the demo catalogue
.venv/bin/python scripts/bench_suspects.py --data FOLDER      a labelled data set
.venv/bin/python scripts/bench_suspects.py --rows 20000 --vectors 256 --seeds 1    time and memory

Vectors are invented, each near the centre of its category: they stand for the work, not the yield.
A folder is one that `python -m classifier train` takes. Codes count as right before 5 % of them
are changed; what a real data set has wrong of its own thus counts against the queue.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_machine import peak_memory_mb

from classifier.data import read_dataset
from classifier.suspects import LabelledRows, find_suspects
from classifier.text import model_text
from classifier.types import Signal
from tests.planted_noise import demo_rows, plant, plant_drift, precision_at, recall

_SHARE = 0.05
_FIRST = 100


def _folder_rows(folder: Path) -> LabelledRows:
    products = list(read_dataset(folder))
    return LabelledRows(
        [model_text(one.input.designation, one.input.description) for one in products],
        [one.code for one in products],
        [one.group for one in products],
    )


def _measure(name: str, rows: LabelledRows, seeds: int) -> None:
    found = []
    for seed in range(seeds):
        planted = plant(rows, _SHARE, seed)
        begun = time.monotonic()
        suspects = find_suspects(planted.rows, seed=seed).suspects
        seconds = time.monotonic() - begun
        learned = [one for one in suspects if Signal.CONFIDENT_LEARNING in one.signals]
        most = min(_FIRST, len(planted.wrong))
        found.append(
            (
                len(planted.wrong),
                len(suspects),
                precision_at(suspects, planted, most),
                precision_at(suspects, planted, _FIRST),
                recall(suspects, planted),
                recall(learned, planted),
                seconds,
            )
        )
    wrong, number, at_most, at_first, recalled, learned_only, took = np.mean(found, axis=0)
    sys.stdout.write(
        f"{name}: {len(rows)} rows, {len(set(rows.groups))} groups, {wrong:.0f} planted,"
        f" {number:.0f} suspects; precision at {min(_FIRST, round(wrong))} {at_most:.1%},"
        f" at {_FIRST} {at_first:.1%}; recall {recalled:.1%},"
        f" by confident learning alone {learned_only:.1%}; {took:.1f} s,"
        f" {peak_memory_mb()} MB at most\n"
    )


def _with_vectors(rows: LabelledRows, width: int) -> LabelledRows:
    draw = np.random.default_rng(0)
    _codes, place = np.unique(rows.codes, return_inverse=True)
    centres = 0.08 * draw.standard_normal((place.max() + 1, width))
    vectors = centres[place] + draw.standard_normal((len(rows), width))
    return replace(rows, vectors=vectors.astype(np.float32))


def _measure_drift(rows: LabelledRows, seeds: int) -> None:
    """One of ten moderators answers every fifth time at random, the others err in 3 % of cases."""
    found = []
    for seed in range(seeds):
        planted, theirs = plant_drift(rows, seed)
        for drifting in (None, theirs):
            known = replace(planted.rows, drifting=drifting)
            suspects = find_suspects(known, seed=seed).suspects
            own = replace(planted, wrong=frozenset(row for row in planted.wrong if theirs[row]))
            found.append((len(own.wrong), recall(suspects, own), recall(suspects, planted)))
            found[-1] += (precision_at(suspects, planted, len(planted.wrong)),)
    for name, mean in (("unknown", found[::2]), ("known", found[1::2])):
        wrong, own_recall, all_recall, precision = np.mean(mean, axis=0)
        sys.stdout.write(
            f"drift {name}: {wrong:.0f} wrong labels of the one, recall of these {own_recall:.1%},"
            f" of all {all_recall:.1%}; precision at as many as planted {precision:.1%}\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder of a labelled data set")
    parser.add_argument("--rows", type=int, default=2000, help="of the demo catalogue")
    parser.add_argument("--vectors", type=int, default=0, help="their width; 0: words alone")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    if options.data:
        _measure(options.data.name, _folder_rows(options.data), options.seeds)
    else:
        rows = demo_rows(options.rows)
        if options.vectors:
            _measure("demo catalogue", _with_vectors(rows, options.vectors), options.seeds)
            return
        _measure("demo catalogue", rows, options.seeds)
        _measure_drift(rows, options.seeds)


if __name__ == "__main__":
    main()
