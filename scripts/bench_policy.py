"""What policies promise and what they then cost: `python scripts/bench_policy.py [--data FOLDER]`.

Answers every product of a labelled folder (any that `python -m classifier benchmark` reads; the demo
catalogue without --data) by models that never saw its group. Half of the groups choose the policies
and foresee their cost, the other half pays for them. Money is per 1,000 products. The models learn the labels that the folder
gives; of the demo catalogue, of which some are wrong, the true categories choose and pay, as
moderators would know them. Nearly all the time goes into the answers:
--answers keeps them in a file for the next run.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.test"

import django

django.setup()

import numpy as np
from bench_machine import machine

from classifier.arrays import Bools
from classifier.benchmark import HeldOut, answer_held_out
from classifier.config import TrainConfig
from classifier.data import read_dataset
from classifier.types import Member
from reviewapp.demo.challenge_folder import RECORD_FILE, write_challenge_folder
from reviewapp.domain.costs import Costs
from reviewapp.domain.foresight import foreseen
from reviewapp.domain.intervals import Interval
from reviewapp.domain.policy_effect import (
    Effect,
    Promise,
    Sample,
    all_manual,
    certified,
    cheapest,
    effect,
    flat,
)
from reviewapp.domain.routing import Policy

_ARRIVALS = 1000.0
_TARGET = 0.02
_USUAL = Policy(version=1)


@dataclass(frozen=True, slots=True)
class Halves:
    """Two halves of a sample that share no group."""

    choose: Sample
    pay: Sample


def sample_of(held: HeldOut, true: list[int] | None) -> Sample:
    """true: categories in the order of the data set, where the labels are not to be believed"""
    fusion = held.outcomes[Member.FUSION]
    known = {
        name: held.outcomes[member].known for name, member in _INPUTS if member in held.outcomes
    }
    missing = [
        ",".join(name for name, there in known.items() if not there[row])
        for row in range(len(held.tested))
    ]
    labels = np.array(held.labels, dtype=np.int64)
    places = slice(None) if true is None else held.rows
    return Sample(
        confidence=np.where(fusion.known, fusion.confidence, 0.0),
        predicted=labels[fusion.log_proba.argmax(axis=1)],
        true=np.array(held.tested.codes if true is None else true, dtype=np.int64)[places],
        missing=tuple(missing),
        duplicates=np.unique(held.tested.groups, return_inverse=True)[1],
    )


_INPUTS = (("image", Member.CNN), ("text", Member.BERT))


def halved(sample: Sample, groups: tuple[str, ...], seed: int) -> Halves:
    names, of_row = np.unique(groups, return_inverse=True)
    first = np.random.default_rng(seed).random(len(names)) < 0.5
    return Halves(_part(sample, first[of_row]), _part(sample, ~first[of_row]))


def _part(sample: Sample, rows: Bools) -> Sample:
    return replace(
        sample,
        confidence=sample.confidence[rows],
        predicted=sample.predicted[rows],
        true=sample.true[rows],
        missing=tuple(one for one, is_in in zip(sample.missing, rows, strict=True) if is_in),
        duplicates=None if sample.duplicates is None else sample.duplicates[rows],
    )


def policies(choose: Sample, costs: Costs) -> Iterator[tuple[str, Policy | None]]:
    """Yield each policy that is compared; None where the promise cannot be given."""
    yield "least cost", cheapest(_USUAL, costs, choose.trust)
    yield f"least cost, at most {_TARGET:.0%} wrong", promised(choose, costs).policy
    yield "flat 0.80", flat(_USUAL, 0.80)
    yield "all manual", all_manual(choose, _USUAL)


def promised(choose: Sample, costs: Costs) -> Promise:
    return certified(choose, cheapest(_USUAL, costs, choose.trust), _TARGET)


def measured(predicted: Interval, found: Effect) -> dict[str, object]:
    paid = found.money
    return {
        "coverage": round(found.coverage.value, 3),
        "wrong_of_listed": None if found.error is None else round(found.error.value, 4),
        "predicted": _rounded(predicted),
        "paid": _rounded(paid),
        "paid_is_inside": inside(predicted, paid),
    }


def inside(predicted: Interval, paid: Interval) -> bool:
    # By hand both bounds are the same number, give or take its last digit.
    return predicted.low - 1e-9 <= paid.value <= predicted.high + 1e-9


def _rounded(interval: Interval) -> list[float]:
    return [round(value, 1) for value in (interval.value, interval.low, interval.high)]


def compared(halves: Halves, costs: Costs) -> dict[str, object]:
    table: dict[str, object] = {}
    for name, policy in policies(halves.choose, costs):
        table[name] = (
            f"no promise: {promised(halves.choose, costs).labels_missing} labels missing"
            if policy is None
            else {"accept_at": _at(policy), **measured(*played(halves, policy, costs))}
        )
    return table


def played(halves: Halves, policy: Policy, costs: Costs) -> tuple[Interval, Effect]:
    """Return what one half foresees, for a thousand of as many products as the other half has, and
    what happens to those."""
    size = len(halves.pay)
    total = foreseen(halves.choose, policy, costs, size)
    per = _ARRIVALS / size
    predicted = Interval(total.value * per, total.low * per, total.high * per, total.sample)
    return predicted, effect(halves.pay, policy, costs, _ARRIVALS)


def _at(policy: Policy | None) -> float | None:
    return None if policy is None or policy.accept_at > 1 else round(policy.accept_at, 4)


def over_splits(
    sample: Sample, groups: tuple[str, ...], costs: Costs, splits: int
) -> dict[str, float]:
    """Return how often, over random halves, the least-cost policy keeps what it says."""
    within = no_more = below_flat = below_manual = 0
    less_than_flat = []
    for seed in range(splits):
        halves = halved(sample, groups, seed)
        ends = {
            name: played(halves, policy, costs)
            for name, policy in policies(halves.choose, costs)
            if policy is not None
        }
        (predicted, least), flat, manual = (
            ends["least cost"],
            ends["flat 0.80"][1],
            ends["all manual"][1],
        )
        within += inside(predicted, least.money)
        no_more += least.money.value <= predicted.high
        less_than_flat.append(flat.money.value - least.money.value)
        below_flat += least.money.value <= flat.money.value
        below_manual += least.money.value <= manual.money.value
    return {
        "paid inside predicted": round(within / splits, 3),
        "paid no more than predicted": round(no_more / splits, 3),
        "less than flat 0.80, mean": round(float(np.mean(less_than_flat)), 2),
        "not above flat 0.80": round(below_flat / splits, 3),
        "not above all manual": round(below_manual / splits, 3),
    }


def answered(options: argparse.Namespace) -> tuple[Sample, tuple[str, ...]]:
    """Return all answers and the products' groups, from the file of an earlier run if there is one."""
    kept: Path | None = options.answers
    if kept is not None and kept.is_file():
        with np.load(kept) as file:
            arrays = dict(file)
        groups, missing = (tuple(arrays.pop(name).tolist()) for name in ("groups", "missing"))
        return Sample(missing=missing, **arrays), groups
    sample, groups = answer(options)
    if kept is not None:
        columns = {name: getattr(sample, name) for name in _COLUMNS}
        np.savez(kept, groups=np.array(groups), **columns)
    return sample, groups


_COLUMNS = ("confidence", "predicted", "true", "missing", "duplicates")


def answer(options: argparse.Namespace) -> tuple[Sample, tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder) / "demo"
        if options.data is None:
            write_challenge_folder(data, options.products, seed=21)
        held = answer_held_out(
            read_dataset(data),
            TrainConfig(),
            folds=5,
            backbone_cache=options.cache / "backbones",
            feature_cache=options.cache / "features",
        )
        true = None if options.data else true_codes(data)
    return sample_of(held, true), held.tested.groups


def true_codes(demo: Path) -> list[int]:
    """Return the true category of each row of a demo folder; about 3 % of its labels are wrong."""
    with (demo / RECORD_FILE).open(encoding="utf-8", newline="") as file:
        return [int(row["true_code"]) for row in csv.DictReader(file)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="a labelled folder; the demo catalogue without")
    parser.add_argument("--products", type=int, default=2000, help="of the demo catalogue")
    parser.add_argument("--wrong", type=float, nargs="+", default=[0.35, 1.0, 3.0])
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--cache", type=Path, default=Path(os.environ.get("BONRAYON_VAR", "var")))
    parser.add_argument(
        "--answers", type=Path, help="an .npz file, read if it exists, else written"
    )
    options = parser.parse_args()
    sample, groups = answered(options)
    halves = halved(sample, groups, seed=0)
    result = {
        "products": len(sample),
        "choose": len(halves.choose),
        "pay": len(halves.pay),
        "by_cost_of_a_wrong_listing": {
            str(wrong): {
                "one split": compared(halves, Costs(wrong=wrong)),
                "all splits": over_splits(sample, groups, Costs(wrong=wrong), options.splits),
            }
            for wrong in options.wrong
        },
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
