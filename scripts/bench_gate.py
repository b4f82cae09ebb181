"""What the gate lets through: `python scripts/bench_gate.py`.

Trains real models (words only, in a minute) on invented products: a champion, one on three times the
data, the same with 20 % of the labels of one category flipped, and the champion with another seed.
Each is judged on the same test products, whose labels are right; the larger ones also with the champion as
their elder, as the site trains them (`classifier.elder`). Then the champion and its twin are
swapped within random groups, 200 times: each "candidate" is as good as its champion by construction.
Three times the data turn more than 1.5 % of the right answers wrong in such small models, so the better
one may be refused for that alone where it has no elder. Ends with status 1 unless the better one with
its elder passes, the poisoned ones are refused, and at most 5 % of the equal ones look better.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.test"

import django

django.setup()

import numpy as np
from bench_machine import machine

from classifier.artifact import load_artifact, verify_artifact
from classifier.config import TrainConfig
from classifier.data import Dataset, LabelledProduct
from classifier.elder import Before
from classifier.encoding import Encoders
from classifier.grouping import part_at, place
from classifier.predictor import Predictor
from classifier.run_config import RunConfig
from classifier.train import train
from classifier.types import Member, ProductInput
from reviewapp.choices import GateTest, GateVerdict
from reviewapp.demo.catalogue import generate
from reviewapp.domain import gate, paired
from reviewapp.domain.answers import AnswerSheet, member_answers
from reviewapp.domain.costs import Costs
from reviewapp.domain.gate_result import GateRules, verdict_of
from reviewapp.domain.routing import Policy

_TRAINING_SEED, _TEST_SEED = 11, 12
_POLICY, _COSTS, _RULES = Policy(version=1), Costs(), GateRules()


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


def trained(
    data: list[LabelledProduct],
    folder: Path,
    seed: int = 0,
    elder: tuple[Path, float] | None = None,
) -> Path:
    """Train on `data`; return the artifact. elder: another one, and its share of the vote"""
    config = TrainConfig(seed=seed, members=(Member.LEXICAL,), bootstrap_samples=20)
    out = folder / f"model-{len(list(folder.iterdir()))}"
    before = elder and Before(load_artifact(elder[0]), verify_artifact(elder[0]), elder[1])
    parts: dict[str, list[int]] = {"train": [], "val": [], "test": []}
    for row, one in enumerate(data):
        # By its name alone: what the elder has learned calibrates nobody.
        parts[part_at(place(one.group, 0), {"train": 0.7, "val": 0.85, "test": 1.0})].append(row)
    train(
        Dataset(tuple(data), official=parts),
        out,
        config,
        backbone_cache=folder,
        encoders=Encoders(None, None),
        before=before,
    )
    return out


def answers(artifact: Path, test: list[LabelledProduct]) -> AnswerSheet:
    """Return what the model says of the test products."""
    encoders = Encoders(None, None)
    predictor = Predictor(load_artifact(artifact), encoders, "model", verify_artifact(artifact))
    said = predictor.distributions([one.input for one in test])
    number = len(test)
    labels = np.array(predictor.labels, dtype=np.int64)
    return AnswerSheet(
        labels=labels,
        product=np.arange(number),
        true=np.array([one.code for one in test], dtype=np.int64),
        group=np.array([one.group for one in test]),
        missing=np.array(["image"] * number),
        language=np.array(["fr"] * number),
        seller=np.array(["large"] * number),
        is_audit=np.zeros(number, dtype=bool),
        latency_ms=said[Member.FUSION].latency_ms,
        members={
            str(member): member_answers(one.proba, one.known, labels)
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


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--products", type=int, default=600, help="the champion's training data")
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument(
        "--share", type=float, default=RunConfig().elder_share, help="of the vote, for the elder"
    )
    return parser.parse_args()


def main() -> int:
    options = _options()
    test = products(options.test, _TEST_SEED)
    more = products(3 * options.products, _TRAINING_SEED)
    few = more[: options.products]
    largest, second = (code for code, _n in Counter(one.code for one in more).most_common(2))
    bad_more, bad_few = poisoned(more, largest, second), poisoned(few, largest, second)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = trained(few, folder)
        champion = answers(first, test)
        elder = first, options.share
        twin = answers(trained(few, folder, seed=1), test)
        candidates = {
            "better": trained(more, folder),
            "better_with_elder": trained(more, folder, elder=elder),
            "poisoned_more": trained(bad_more, folder),
            "poisoned_more_with_elder": trained(bad_more, folder, elder=elder),
            "poisoned_same": trained(bad_few, folder),
            "poisoned_same_with_elder": trained(bad_few, folder, elder=elder),
        }
        report = {name: judged(champion, answers(one, test)) for name, one in candidates.items()}
    report["twin"] = judged(champion, twin)
    equal = seeming_better(champion, twin, options.runs)
    most = options.runs // 20
    report |= {
        "champion_accuracy": round(
            float((champion.members["fusion"].predicted == champion.true).mean()), 4
        ),
        "equal_ones_that_look_better": f"{equal} of {options.runs} (at most {most})",
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    is_right = (
        set(report["better"]["failed"]) <= {GateTest.NEGATIVE_FLIPS}
        and not report["better_with_elder"]["failed"]
        and all(
            one["verdict"] == GateVerdict.FAILED
            for name, one in report.items()
            if name.startswith("poisoned")
        )
        and equal <= most
    )
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
