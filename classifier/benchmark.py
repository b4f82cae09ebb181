"""Grouped cross-validation of the whole procedure on a labelled folder.

Every product is answered once, by models that were fitted (heads, calibration, fusion, all of
it) without its group; the answers of all folds are then measured together.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from classifier.arrays import Floats, Ints, targets_of
from classifier.cache import FeatureCache
from classifier.config import TrainConfig
from classifier.data import Dataset
from classifier.encoding import Stages, encode_products
from classifier.ensemble import Outcome
from classifier.folds import grouped_folds
from classifier.learn import Part, learn
from classifier.metrics import bootstrap
from classifier.report import ensemble_metrics, fusion_metrics
from classifier.train import CALIBRATION, TEST, TRAIN, as_part, divide, open_encoders
from classifier.types import Member

_ORDER = (Member.CNN, Member.BERT, Member.LEXICAL, Member.FUSION)
_TITLES = {
    Member.CNN: "CNN (image)",
    Member.BERT: "BERT (text)",
    Member.LEXICAL: "TF-IDF + linear (baseline)",
    Member.FUSION: "**FUSION**",
}


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Answers to products by models that were fitted without their group.

    tested: the products answered; rows: their places in the data set (N,); outcomes: by member, in the same order; labels: codes of the
    outcomes' columns, ascending; fusions: how each fold weighed its members
    """

    tested: Part
    rows: Ints
    outcomes: Mapping[Member, Outcome]
    labels: list[int]
    split: str
    fusions: list[dict[str, Any]]
    learning_seconds: float


def answer_held_out(
    dataset: Dataset,
    config: TrainConfig,
    on_progress: Stages | None = None,
    *,
    folds: int,
    backbone_cache: Path,
    feature_cache: Path | None = None,
    use_official: bool = True,
) -> HeldOut:
    """Return the answers of all members to every product that is held out once.

    A table's own train and test parts are used when it has them and `use_official` is set;
    otherwise `folds` grouped folds.
    """
    report = on_progress or (lambda stage, done, total: None)
    loaded = open_encoders(dataset, config, backbone_cache)
    cache = None if feature_cache is None else FeatureCache(feature_cache)
    encoded = encode_products(
        [product.input for product in dataset], loaded.encoders, cache, report
    )
    rows = as_part(dataset, encoded)
    labels = sorted(set(rows.codes))
    started = time.perf_counter()
    has_official = use_official and {TRAIN, TEST} <= set(dataset.official)
    if has_official:
        calibration, pairs = _official(dataset, rows, config)
    else:
        calibration, pairs = None, _folds(rows, folds, config)
    answers: list[dict[Member, Outcome]] = []
    fusions = []
    for done, (train, held) in enumerate(pairs):
        report("folds", done, len(pairs))
        ensemble, learned = learn(rows.select(train), calibration, labels, config)
        answers.append(ensemble.predict(rows.select(held).features))
        fusions.append(fusion_metrics(ensemble, learned.fusion))
    report("folds", len(pairs), len(pairs))
    order = np.concatenate([held for _, held in pairs])
    return HeldOut(
        tested=rows.select(order),
        rows=order,
        outcomes=_join(answers),
        labels=labels,
        split="official" if has_official else f"{folds} grouped folds",
        fusions=fusions,
        learning_seconds=round(time.perf_counter() - started, 1),
    )


def benchmark(
    dataset: Dataset, config: TrainConfig, on_progress: Stages | None = None, **options: Any
) -> dict[str, Any]:
    """Return metrics of CNN, BERT, the lexical baseline and FUSION on products held out.

    options: those of `answer_held_out`
    """
    held = answer_held_out(dataset, config, on_progress, **options)
    return {
        "products": len(dataset),
        "groups": len({product.group for product in dataset}),
        "categories": len(held.labels),
        "split": held.split,
        "learning_seconds": held.learning_seconds,
        **_measured(held, config),
        "fusions": held.fusions,
    }


Pairs = list[tuple[Ints, Ints]]  # rows to learn from, rows held out


def _official(dataset: Dataset, rows: Part, config: TrainConfig) -> tuple[Part, Pairs]:
    parts = divide(dataset, config)
    calibration = rows.select(np.array(parts[CALIBRATION]))
    return calibration, [(np.array(parts[TRAIN]), np.array(parts[TEST]))]


def _folds(rows: Part, folds: int, config: TrainConfig) -> Pairs:
    place = grouped_folds(rows.groups, rows.codes, folds, config.seed)
    return [(np.flatnonzero(place != f), np.flatnonzero(place == f)) for f in range(folds)]


def _measured(held: HeldOut, config: TrainConfig) -> dict[str, Any]:
    members = ensemble_metrics(
        held.outcomes,
        targets_of(held.tested.codes, held.labels),
        held.tested.groups,
        threshold=config.threshold,
        samples=config.bootstrap_samples,
        seed=config.seed,
    )
    gains = _gains(held.outcomes, held.tested, held.labels, config)
    return {"tested": len(held.tested), "members": members, "gains": gains}


def as_markdown(result: Mapping[str, Any], threshold: float) -> str:
    """Return the result as a Markdown table with 95 % intervals."""
    lines = [
        f"{result['tested']} products tested ({result['split']}), {result['categories']}"
        f" categories; 95 % intervals over resampled product groups.",
        "",
        "| Model | Products | Accuracy | Macro-F1 | Weighted-F1 | ECE before | ECE after"
        f" | Coverage at {threshold:.2f} | Accuracy there |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    members = result["members"]
    for member in _ORDER:
        one = members.get(str(member))
        if one and one["rows"]:
            lines.append(_row(_TITLES[member], one))
    lines.append("")
    for name, gain in result["gains"].items():
        lines.append(f"FUSION - {_TITLES[Member(name)]}: accuracy {_cell(gain)} (paired)")
    return "\n".join(lines)


def _row(title: str, one: Mapping[str, Any]) -> str:
    at = one["at_threshold"]
    accuracy = "-" if at["accuracy"] is None else f"{at['accuracy']:.3f}"
    cells = [
        title,
        str(one["rows"]),
        *(_cell(one[name]) for name in ("accuracy", "macro_f1", "weighted_f1")),
        _cell(one["ece"]["before"]),
        _cell(one["ece"]["after"]),
        f"{at['coverage']:.3f}",
        accuracy,
    ]
    return f"| {' | '.join(cells)} |"


def _cell(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def _join(answers: list[dict[Member, Outcome]]) -> dict[Member, Outcome]:
    return {
        member: Outcome(
            np.concatenate([one[member].log_proba for one in answers]),
            np.concatenate([one[member].raw for one in answers]),
            np.concatenate([one[member].known for one in answers]),
        )
        for member in _ORDER
        if all(member in one for one in answers)
    }


def _gains(
    joined: Mapping[Member, Outcome], tested: Part, labels: list[int], config: TrainConfig
) -> dict[str, dict[str, float]]:
    """Return how much more accurate FUSION is than each member, paired on the same products.

    A product that a member cannot answer counts as wrong for it.
    """
    targets = targets_of(tested.codes, labels)
    is_right = {
        member: (one.log_proba.argmax(axis=1) == targets) & one.known
        for member, one in joined.items()
    }
    gains = {}
    for member, own in is_right.items():
        if member is not Member.FUSION:
            difference = is_right[Member.FUSION].astype(np.float64) - own
            interval = bootstrap(
                partial(_mean, difference),
                tested.groups,
                samples=config.bootstrap_samples,
                seed=config.seed,
            )
            gains[str(member)] = {name: round(v, 4) for name, v in asdict(interval).items()}
    return gains


def _mean(values: Floats, weights: Floats) -> Floats:
    result: Floats = weights @ values / weights.sum(axis=1)
    return result
