#!/usr/bin/env python
"""Coverage of the interval of live error, and false alarms and delay of the watch, by simulation.

.venv/bin/python scripts/bench_audit.py
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reviewapp.domain.certificate_watch import CertificateBets, gain
from reviewapp.domain.intervals import share
from reviewapp.domain.live_error import live_error
from tests.audit_simulation import draw_audits, draw_shop

_TARGET = 0.02


def _intervals(shops: int) -> None:
    generator = np.random.default_rng(2026)
    rows = []
    for _ in range(shops):
        cells, truth = draw_shop(generator)
        answered = sum(cell.answered for cell in cells)
        naive = share(sum(cell.wrong for cell in cells), answered)
        found = live_error(cells)
        if found is None:
            continue
        own = found.error
        rows.append(
            (
                own.low <= truth <= own.high,
                naive.low <= truth <= naive.high,
                answered < 100,
                truth < 0.005,
                own.high - own.low,
            )
        )
    table = np.array(rows, dtype=float)
    small, rare = table[:, 2] == 1, table[:, 3] == 1
    for name, chosen in (
        ("all", np.ones(len(rows), bool)),
        ("fewer than 100 audits", small),
        ("error below 0.5 %", rare),
    ):
        part = table[chosen]
        sys.stdout.write(
            f"{name}: {len(part)} shops, covered {part[:, 0].mean():.1%},"
            f" mean width {part[:, 4].mean():.2%}; unweighted Wilson covers {part[:, 1].mean():.1%}\n"
        )


def _watch(
    error: float, audits: int, runs: int, size: int = 1, *, knows_groups: bool = True
) -> None:
    """size: near duplicates in each group of a shop of which half the products have some"""
    found = []
    for seed in range(runs):
        bets = CertificateBets()
        gains: dict[int, float] = defaultdict(float)
        stream = draw_audits(np.random.default_rng(seed), error, audits, size=size)
        for is_wrong, weight, group in stream:
            one = {"is_wrong": is_wrong, "weight": weight, "target": _TARGET}
            bets = bets.after(**one, group_gain=gains[group] if knows_groups else 0.0)
            gains[group] += gain(**one)
            if bets.is_void:
                found.append(bets.seen)
                break
    words = f"void in {len(found) / runs:.1%} of {runs} streams of {audits:,} audits"
    if size > 1:
        words += f" of products of which half come in groups of {size}"
    if not knows_groups:
        words += ", each audit a bet of its own"
    if found:
        words += (
            f"; after {np.median(found):.0f} audits (median), {np.quantile(found, 0.9):.0f} (90 %)"
        )
    sys.stdout.write(f"error {error:.1%} at a target of {_TARGET:.1%}: {words}\n")


if __name__ == "__main__":
    _intervals(5000)
    _watch(_TARGET, 10_000, 400)
    _watch(0.75 * _TARGET, 10_000, 100)
    _watch(1.5 * _TARGET, 10_000, 100)
    _watch(2 * _TARGET, 10_000, 200)
    for size in (8, 20):
        _watch(_TARGET, 4_000, 200, size)
        _watch(_TARGET, 4_000, 200, size, knows_groups=False)
    _watch(2 * _TARGET, 4_000, 100, size=8)
