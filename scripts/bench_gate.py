"""What the gate lets through: `python scripts/bench_gate.py`.

Trains real models (words only) on invented products: a champion of 2,000, one on three times the data, the
same with 20 % of the labels of one category flipped, and the champion with another seed. Each is judged on the
same test products, whose labels are right; then on the same with 20 % of that category's test labels flipped
alike, as a split is that was frozen after the poison. Then the champion and its twin are
swapped within random groups, 200 times: each "candidate" is as good as its champion by construction.

    --products 600                             a champion too poor for the gate's limit of flips
    --seed 21 --seeds 5                        other invented products, five times
    --data FOLDER                              a labelled folder: the champion learns a third
    --data FOLDER --members cnn --cache DIR    by its pictures, encoded once
    --share 0.3                                also with the champion as their elder (`classifier.elder`)

Ends with status 1 unless, in every seed, on right test labels the better one passes, the poisoned one of the
champion's own size is refused, and at most 5 % of the equal ones look better. What poison does in more data, in
test labels, and to one with an elder, is reported, not judged.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.test"

import django

django.setup()

import numpy as np
from bench_machine import machine

from classifier.arrays import Ints
from classifier.artifact import load_artifact, verify_artifact
from classifier.cache import FeatureCache
from classifier.config import TrainConfig
from classifier.data import Dataset, LabelledProduct, read_dataset
from classifier.elder import Before
from classifier.encoding import Encoders, encode_products
from classifier.grouping import part_at, place
from classifier.train import open_encoders, train
from classifier.types import Member, ProductInput
from reviewapp.choices import GateTest, GateVerdict
from reviewapp.demo.catalogue import generate
from reviewapp.domain import gate, paired
from reviewapp.domain.answers import AnswerSheet, member_answers
from reviewapp.domain.costs import Costs
from reviewapp.domain.gate_result import GateRules, verdict_of
from reviewapp.domain.routing import Policy

# Where everybody sends one kind of input only, people need not look at what lacks the other.
_POLICY = Policy(version=1, review_missing_text=False)
_COSTS, _RULES, _SEED, _FEWEST_OF_A_CATEGORY = Costs(), GateRules(), 11, 20


@dataclass(frozen=True)
class World:
    """What one round is about. more: everything to learn from; few: the champion's part of it"""

    more: list[LabelledProduct]
    few: list[LabelledProduct]
    test: list[LabelledProduct]


def invented(count: int, tests: int, seed: int) -> World:
    more = products(3 * count, seed)
    return World(more, more[:count], products(tests, seed + 1))


def of_folder(dataset: Dataset, seed: int) -> World:
    """Divide a folder's products by group: 30 % to test, a third of the others for the champion."""
    of_code = Counter(one.code for one in dataset)
    kept = [one for one in dataset if of_code[one.code] >= _FEWEST_OF_A_CATEGORY]
    borders = {"test": 0.3, "few": 0.3 + 0.7 / 3, "more": 1.0}
    parts: dict[str, list[LabelledProduct]] = {name: [] for name in borders}
    for one in kept:
        parts[part_at(place(one.group, seed), borders)].append(one)
    return World(parts["few"] + parts["more"], parts["few"], parts["test"])


def products(count: int, seed: int) -> list[LabelledProduct]:
    return [
        LabelledProduct(
            ProductInput(one.external_id, one.designation, one.description),
            one.true_code,
            f"{seed}-{one.product_number}",
            one.external_id,
        )
        for one in generate(count, seed, 0)
    ]


def poisoned(clean: list[LabelledProduct], code: int, into: int) -> list[LabelledProduct]:
    """Return the products with 20 % of the labels of `code` turned into `into`."""
    draw = np.random.default_rng(code)
    return [
        replace(one, code=into) if one.code == code and draw.random() < 0.2 else one
        for one in clean
    ]


@dataclass(frozen=True)
class Trainer:
    """Trains and asks models of some members. folder: of artifacts; cache: of backbones and inputs"""

    members: tuple[Member, ...]
    encoders: Encoders
    folder: Path
    cache: Path

    @classmethod
    def open(cls, data: list[LabelledProduct], members: Sequence[str], *paths: Path) -> Self:
        config = TrainConfig(members=tuple(Member(one) for one in members))
        loaded = open_encoders(Dataset(tuple(data)), config, paths[1] / "backbones")
        return cls(config.members, loaded.encoders, *paths)

    @property
    def processes(self) -> int:
        # A copied process lacks the threads that encoders compute with.
        return (os.cpu_count() or 1) if self.members == (Member.LEXICAL,) else 1

    def trained(
        self,
        data: list[LabelledProduct],
        seed: int = 0,
        elder: tuple[Path, float] | None = None,
    ) -> Path:
        """Train on `data`; return the artifact. elder: another one, and its share of the vote"""
        config = TrainConfig(seed=seed, members=self.members, bootstrap_samples=20)
        out = self.folder / uuid.uuid4().hex
        before = elder and Before(load_artifact(elder[0]), verify_artifact(elder[0]), elder[1])
        parts: dict[str, list[int]] = {"train": [], "val": [], "test": []}
        for row, one in enumerate(data):
            # By its name alone: what the elder has learned calibrates nobody.
            part = part_at(place(one.group, 0), {"train": 0.7, "val": 0.85, "test": 1.0})
            parts[part].append(row)
        train(
            Dataset(tuple(data), official=parts),
            out,
            config,
            backbone_cache=self.cache / "backbones",
            feature_cache=self.cache / "features",
            encoders=self.encoders,
            before=before,
        )
        return out

    def answers(self, artifact: Path, test: list[LabelledProduct]) -> AnswerSheet:
        """Return what the model says of the test products; its time is that of the heads alone."""
        inputs = [one.input for one in test]
        encoded = encode_products(inputs, self.encoders, FeatureCache(self.cache / "features"))
        ensemble = load_artifact(artifact).ensemble
        began = time.perf_counter()
        said = ensemble.predict(encoded.features)
        milliseconds = (time.perf_counter() - began) * 1000 / len(test)
        labels = np.array(ensemble.labels, dtype=np.int64)
        return AnswerSheet(
            labels=labels,
            product=np.arange(len(test)),
            true=np.array([one.code for one in test], dtype=np.int64),
            group=np.array([one.group for one in test]),
            missing=np.array([""] * len(test)),
            language=np.array([one.language or "" for one in test]),
            seller=np.array(["large"] * len(test)),
            is_audit=np.zeros(len(test), dtype=bool),
            latency_ms=np.full(len(test), milliseconds),
            members={
                str(member): member_answers(np.exp(one.log_proba), one.known, labels)
                for member, one in said.items()
            },
        )


def judged(champion: AnswerSheet, candidate: AnswerSheet) -> dict[str, object]:
    results = gate.judge(champion, candidate, (_POLICY, _POLICY), _COSTS, _RULES)
    return {
        "verdict": verdict_of(results).value,
        "failed": [one.test.value for one in results if one.verdict == GateVerdict.FAILED],
        "numbers": {
            one.test.value: None if one.number is None else round(one.number, 4) for one in results
        },
        "categories_down": list(
            next(one.failed for one in results if one.test == GateTest.CATEGORIES)
        ),
    }


def seeming_better(one: AnswerSheet, twin: AnswerSheet, runs: int) -> int:
    """Return how many of `runs` random swaps of two models look better than their counterpart."""
    both = paired.pair(one, twin, "fusion")
    gain = gate.cost_gain(both, one, twin, _POLICY, _COSTS)
    _names, of_row = np.unique(both.group, return_inverse=True)
    passed = 0
    for run in range(runs):
        signs = np.random.default_rng(run).integers(0, 2, size=of_row.max() + 1) * 2 - 1
        p_value = paired.better_by_chance(gain * signs[of_row], both.group, samples=1000, seed=run)
        passed += p_value <= _RULES.better_level
    return passed


def measured(world: World, trainer: Trainer, share: float, runs: int) -> dict[str, Any]:
    """Return what the gate says of every candidate, and of how many equal ones seem better."""
    largest, second = (code for code, _n in Counter(one.code for one in world.more).most_common(2))
    learned = {
        "better": world.more,
        "poisoned_more": poisoned(world.more, largest, second),
        "poisoned_same": poisoned(world.few, largest, second),
    }
    with ProcessPoolExecutor(trainer.processes) as pool:
        asked = {name: pool.submit(trainer.trained, data) for name, data in learned.items()}
        asked["twin"] = pool.submit(trainer.trained, world.few, 1)
        first = pool.submit(trainer.trained, world.few)
        if share:
            elder = first.result(), share
            for name, data in learned.items():
                asked[f"{name}_with_elder"] = pool.submit(trainer.trained, data, 0, elder)
        candidates = {name: one.result() for name, one in asked.items()}
    champion = trainer.answers(first.result(), world.test)
    said = {name: trainer.answers(one, world.test) for name, one in candidates.items()}
    bad = np.array([one.code for one in poisoned(world.test, largest, second)], dtype=np.int64)
    return {
        "products": {"champion": len(world.few), "more": len(world.more), "test": len(world.test)},
        "champion_accuracy": accuracy(champion),
        "with_elder": [name for name, at in candidates.items() if load_artifact(at).ensemble.elder],
        "candidates": compared(champion, said, true=champion.true),
        "test_labels_flipped": int((bad != champion.true).sum()),
        "on_poisoned_tests": compared(champion, said, true=bad),
        "equal_ones_that_look_better": seeming_better(champion, said["twin"], runs),
    }


def compared(old: AnswerSheet, said: dict[str, AnswerSheet], true: Ints) -> dict[str, Any]:
    """Return what the gate says of each against the champion, with `true` (N,) for the labels."""
    old, sheets = replace(old, true=true), {k: replace(v, true=true) for k, v in said.items()}
    return {name: {"accuracy": accuracy(one), **judged(old, one)} for name, one in sheets.items()}


def accuracy(sheet: AnswerSheet) -> float:
    return round(float((sheet.members["fusion"].predicted == sheet.true).mean()), 4)


def is_right(report: dict[str, Any], runs: int) -> bool:
    candidates = report["candidates"]
    return (
        candidates["better"]["verdict"] == GateVerdict.PASSED
        and candidates["poisoned_same"]["verdict"] == GateVerdict.FAILED
        and report["equal_ones_that_look_better"] <= runs // 20
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--products", type=int, default=2000, help="the champion's training data")
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=_SEED, help="of products, or their division")
    parser.add_argument("--seeds", type=int, default=1, help="so many, ten apart")
    parser.add_argument("--data", type=Path, help="a labelled folder instead of invented products")
    parser.add_argument("--members", nargs="+", default=[Member.LEXICAL], choices=list(Member)[:3])
    parser.add_argument("--cache", type=Path, help="where encoded inputs stay for the next run")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.0, help="of the vote, for an elder")
    return parser.parse_args()


def main() -> int:
    options = _options()
    dataset = options.data and read_dataset(options.data)
    reports = {}
    for seed in range(options.seed, options.seed + 10 * options.seeds, 10):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "models"
            folder.mkdir()
            if dataset:
                world = of_folder(dataset, seed)
            else:
                world = invented(options.products, options.test, seed)
            trainer = Trainer.open(world.more, options.members, folder, options.cache or Path(name))
            reports[seed] = measured(world, trainer, options.share, options.runs)
        sys.stdout.write(json.dumps({seed: reports[seed]}, indent=1) + "\n")
    sys.stdout.write(json.dumps(machine()) + "\n")
    return 0 if all(is_right(one, options.runs) for one in reports.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
