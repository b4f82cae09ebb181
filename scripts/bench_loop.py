"""What corrections are worth: `make bench-loop`, or `python scripts/bench_loop.py --data FOLDER`.

Starts cold on a tenth of the pool, labelled by a simulated moderator who errs in 3 % of cases. Five
rounds follow: the model answers for the rest of the pool, the next tenth goes to the moderator in
random order, by margin or by value, and the model is trained anew on all labels so far, as
`classifier train` does it: frozen encoders (each input encoded once), heads, fusion, calibration.
Measured on test products that share no group (near-duplicates) with the pool, the same in all
runs, with their right labels. For each seed, start, moderator, views and lot are the same for all
orderings, so that their differences are paired. Without --data: on invented demo products.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.test"

import django

django.setup()

import numpy as np
from bench_machine import machine

from classifier.arrays import Floats, Ints
from classifier.config import TrainConfig
from classifier.data import read_dataset, split
from classifier.learn import learn
from classifier.train import CALIBRATION, TRAIN
from classifier.types import Member
from scripts.loop_chart import Panel, chart
from scripts.loop_parts import (
    Order,
    Point,
    Said,
    draw_views,
    measure,
    moderated,
    next_batch,
    t_interval,
    urgency,
)
from scripts.loop_world import World, demo, drawn, opened

Curves = dict[Order, list[list[Point]]]  # of each ordering and seed, round by round

_PANELS = {
    "accuracy": "Accuracy, test products",
    "coverage": "Coverage at confidence 0.80",
    "certified_5": "Coverage at most 5 % wrong, certified",
    "views_right": "Views in the right category, pool",
}


@dataclass(frozen=True)
class Draws:
    """What chance decides in the runs of one seed; each (N,).

    answers: what the moderator says of each product when asked
    """

    seed: int
    answers: Ints
    views: Floats
    lot: Floats

    @classmethod
    def of(cls, world: World, error_rate: float, seed: int) -> Draws:
        draw = np.random.default_rng(seed)
        count = len(world.rows)
        answers = moderated(world.codes, np.unique(world.codes), error_rate, draw)
        return cls(seed, answers, draw_views(count, draw), draw.random(count))


def trained(world: World, draws: Draws, labelled: Ints) -> Said:
    """Train on the moderator's labels alone; return what the model says of all products."""
    config = TrainConfig(seed=draws.seed)
    answered = replace(world.rows, codes=tuple(draws.answers.tolist())).select(labelled)
    labels = sorted(set(answered.codes))
    # As `divide` does beside a given test part; of the first few labels none may calibrate.
    share = config.calibration_share
    parts = split(answered.groups, {TRAIN: 1 - share, CALIBRATION: share}, config.seed)
    train, calibration = (
        answered.select(np.array(parts[name], dtype=np.int64)) for name in (TRAIN, CALIBRATION)
    )
    ensemble, _report = learn(train, calibration, labels, config)
    outcome = ensemble.predict(world.rows.features)[Member.FUSION]
    return Said.of(outcome.log_proba, outcome.known, labels)


def point(world: World, draws: Draws, labelled: Ints, said: Said) -> Point:
    """Measure on the test products, and what buyers of the pool's products see."""
    shown = said.predicted.copy()
    shown[labelled] = draws.answers[labelled]
    is_right = (shown == world.codes)[world.pool]
    views_right = float(np.average(is_right, weights=draws.views[world.pool]))
    test = world.test
    return measure(len(labelled), said.select(test), world.codes[test], views_right)


def followed(
    world: World, draws: Draws, order: Order, start: tuple[Ints, Said], rounds: int
) -> list[Point]:
    """Return the points of one ordering from the start on, one per round."""
    labelled, said = start
    batch = len(labelled)
    points = [point(world, draws, labelled, said)]
    for _ in range(rounds):
        waiting = np.setdiff1d(world.pool, labelled)
        urgent = urgency(order, said, draws.views, draws.lot)
        labelled = np.concatenate([labelled, next_batch(urgent, waiting, batch)])
        said = trained(world, draws, labelled)
        points.append(point(world, draws, labelled, said))
    return points


def simulate(
    world: World, seeds: int, rounds: int, share: float, error_rate: float
) -> tuple[Curves, list[Point]]:
    """Return the curves of all orderings, and for each seed the point with all labels given."""
    curves: Curves = {order: [] for order in Order}
    ceiling = []
    for seed in range(seeds):
        draws = Draws.of(world, error_rate, seed)
        batch = round(len(world.pool) * share)
        first = next_batch(draws.lot, world.pool, batch)
        start = first, trained(world, draws, first)
        for order in Order:
            curves[order].append(followed(world, draws, order, start, rounds))
            sys.stderr.write(f"seed {seed}, {order}: {curves[order][-1][-1]}\n")
        ceiling.append(point(world, draws, world.pool, trained(world, draws, world.pool)))
    return curves, ceiling


def table(curves: Curves, ceiling: Sequence[Point]) -> list[str]:
    """Return means over the seeds by ordering and round, as Markdown."""
    names = [name for name in asdict(ceiling[0]) if name != "labels"]
    lines = [
        "| Order | Labels | Accuracy | Coverage at 0.80 | Accuracy there | Certified 2 %"
        " | Certified 5 % | Views right |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for order, runs in curves.items():
        lines += [_row(order, points, names) for points in zip(*runs, strict=True)]
    return [*lines, _row("all labels", ceiling, names)]


def _row(title: str, points: Sequence[Point], names: Sequence[str]) -> str:
    means = [_cell([getattr(one, name) for one in points]) for name in names]
    return f"| {title} | {points[0].labels} | {' | '.join(means)} |"


def _cell(values: Sequence[float]) -> str:
    """Return the mean over the seeds that have a value: where nothing is sure, none is right."""
    there = [value for value in values if not math.isnan(value)]
    return f"{np.mean(there):.3f}" if there else "-"


def _mean(points: Sequence[Point], name: str) -> float:
    return float(np.mean([getattr(one, name) for one in points]))


def differences(curves: Curves) -> list[str]:
    """Return paired differences to random order in points, with 95 % intervals over the seeds."""
    lines = ["| Difference | Measure | Mean of all rounds | Last round |", "|---|---|---|---|"]
    for order in (Order.MARGIN, Order.VALUE):
        pairs = list(zip(curves[order], curves[Order.RANDOM], strict=True))
        for name, title in _PANELS.items():
            mean = [_mean(one[1:], name) - _mean(other[1:], name) for one, other in pairs]
            last = [getattr(one[-1], name) - getattr(other[-1], name) for one, other in pairs]
            lines.append(f"| {order} - random | {title} | {_points(mean)} | {_points(last)} |")
    return lines


def _points(values: Sequence[float]) -> str:
    middle, low, high = (100 * value for value in t_interval(values))
    return f"{middle:+.1f} [{low:+.1f}, {high:+.1f}]"


def plot(title: str, curves: Curves, ceiling: Sequence[Point]) -> str:
    labels = [one.labels for one in curves[Order.RANDOM][0]]
    panels = [
        Panel(
            panel,
            labels,
            {
                str(order): [[getattr(one, name) for one in run] for run in runs]
                for order, runs in curves.items()
            },
            _mean(ceiling, name),
        )
        for name, panel in _PANELS.items()
    ]
    return chart(title, "labelled products", "whole pool labelled", panels)


def facts(world: World, curves: Curves, seconds: Mapping[str, float]) -> dict[str, object]:
    """Return sizes, times and machine."""
    first, second = (one.labels for one in curves[Order.RANDOM][0][:2])
    return {
        "products": len(world.rows),
        "categories": len(set(world.rows.codes)),
        "pool": len(world.pool),
        "test": len(world.test),
        "test_groups": len({world.rows.groups[row] for row in world.test}),
        "start": first,
        "batch": second - first,
        "seconds": {name: round(value) for name, value in seconds.items()},
        "machine": machine(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="labelled folder, as for `classifier train`")
    parser.add_argument("--demo", type=int, default=1500, help="invented products without --data")
    parser.add_argument("--most", type=int, default=10_000, help="products drawn from the folder")
    parser.add_argument("--title", default="Invented demo products")
    parser.add_argument("--plot", type=Path, help="SVG to write")
    parser.add_argument("--cache", type=Path, help="where encoded inputs stay for the next run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.1, help="of the pool, start and batch")
    parser.add_argument("--error", type=float, default=0.03, help="of the simulated moderators")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        own = Path(folder)
        dataset = read_dataset(options.data) if options.data else demo(options.demo, own / "demo")
        world = opened(drawn(dataset, options.most), options.cache or own)
        encoded = time.monotonic()
        curves, ceiling = simulate(
            world, options.seeds, options.rounds, options.share, options.error
        )
        seconds = {"reading": encoded - started, "rounds": time.monotonic() - encoded}
    if options.plot:
        options.plot.parent.mkdir(parents=True, exist_ok=True)
        options.plot.write_text(plot(options.title, curves, ceiling), encoding="utf-8")
    lines = [*table(curves, ceiling), "", *differences(curves), ""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.write(json.dumps(facts(world, curves, seconds), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
