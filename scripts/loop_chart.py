"""Line charts of the learning loop as one SVG, for light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH, _HEIGHT = 380, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 34, 40
_HEAD: Final = 52
_COLUMNS: Final = 2
_TICKS: Final = 6
_LEAST_SPAN: Final = 0.1  # a tenth of the whole: less would draw noise as a mountain
# Hues of Okabe & Ito that colour-blind readers can tell apart; dashes and marks say it again.
_STYLE: Final = """
svg { font: 12px system-ui, sans-serif; color: #1f2328; background: #fff }
text { fill: currentColor } .title { font-weight: 600; font-size: 13px } .small { font-size: 11px }
.grid { stroke: #d1d9e0 } .all { stroke: #59636e; stroke-dasharray: 2 4; fill: none }
.s0 { --c: #59636e } .s1 { --c: #b34700 } .s2 { --c: #0063a6 }
.line { stroke: var(--c); stroke-width: 2; fill: none } .mark { fill: var(--c) }
.band { fill: var(--c); opacity: .14 } .s1 .line { stroke-dasharray: 7 4 }
.s0 .line { stroke-dasharray: 2 3 }
@media (prefers-color-scheme: dark) {
svg { color: #e6edf3; background: #0d1117 } .grid { stroke: #3d444d } .all { stroke: #9198a1 }
.s0 { --c: #9198a1 } .s1 { --c: #ff9d4d } .s2 { --c: #58b6ff } }
"""


@dataclass(frozen=True)
class Panel:
    """One chart. series: by name the values of each seed, all over the same `x`.

    ceiling: a level drawn across, for comparison
    """

    title: str
    x: Sequence[float]
    series: Mapping[str, Sequence[Sequence[float]]]
    ceiling: float


def chart(title: str, x_title: str, ceiling_title: str, panels: Sequence[Panel]) -> str:
    """Return the SVG: each series a line through its means, the band from least to most."""
    rows = math.ceil(len(panels) / _COLUMNS)
    width, height = _COLUMNS * _WIDTH, _HEAD + rows * _HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="18">{escape(title)}</text>',
        *_legend(list(panels[0].series), ceiling_title),
    ]
    for index, panel in enumerate(panels):
        left, top = index % _COLUMNS * _WIDTH, _HEAD + index // _COLUMNS * _HEIGHT
        parts += [f'<g transform="translate({left} {top})">', *_panel(panel, x_title), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _legend(names: Sequence[str], ceiling_title: str) -> list[str]:
    parts = []
    for place, name in enumerate(names):
        x = _LEFT + place * 96
        parts += [
            f'<g class="s{place}"><path class="line" d="M{x} 36h26"/>{_mark(place, x + 13, 36)}',
            f'<text x="{x + 32}" y="40">{escape(name)}</text></g>',
        ]
    x = _LEFT + len(names) * 96
    parts.append(f'<path class="all" d="M{x} 36h26"/>')
    parts.append(f'<text x="{x + 32}" y="40">{escape(ceiling_title)}</text>')
    return parts


def _panel(panel: Panel, x_title: str) -> list[str]:
    values = [value for runs in panel.series.values() for run in runs for value in run]
    ticks = nice_ticks(min([*values, panel.ceiling]), max([*values, panel.ceiling]))
    scale = _Scale((min(panel.x), max(panel.x)), (ticks[0], ticks[-1]))
    parts = [f'<text class="title" x="{_LEFT}" y="18">{escape(panel.title)}</text>']
    for tick in ticks:
        y = scale.y(tick)
        parts.append(f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{tick:.0%}", "end"))
    parts += [_text(scale.x(x), _HEIGHT - _BOTTOM + 16, f"{x:g}", "middle") for x in panel.x]
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, x_title, "middle"))
    y = scale.y(panel.ceiling)
    parts.append(f'<path class="all" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>')
    for place, runs in enumerate(panel.series.values()):
        parts += [f'<g class="s{place}">', *_series(place, panel.x, runs, scale), "</g>"]
    return parts


@dataclass(frozen=True)
class _Scale:
    across: tuple[float, float]
    up: tuple[float, float]

    def x(self, value: float) -> float:
        share = (value - self.across[0]) / (self.across[1] - self.across[0])
        return round(_LEFT + 8 + share * (_WIDTH - _LEFT - _RIGHT - 16), 1)

    def y(self, value: float) -> float:
        share = (value - self.up[0]) / (self.up[1] - self.up[0])
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def _series(
    place: int, x: Sequence[float], runs: Sequence[Sequence[float]], scale: _Scale
) -> list[str]:
    columns = list(zip(*runs, strict=True))
    across = [scale.x(one) for one in x]
    middle = [scale.y(sum(column) / len(column)) for column in columns]
    low, high = ([scale.y(pick(column)) for column in columns] for pick in (min, max))
    edge = [*zip(across, high, strict=True), *reversed(list(zip(across, low, strict=True)))]
    return [
        f'<path class="band" d="M{_path(edge)}Z"/>',
        f'<path class="line" d="M{_path(list(zip(across, middle, strict=True)))}"/>',
        *(_mark(place, *point) for point in zip(across, middle, strict=True)),
    ]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x} {y}" for x, y in points)


def _mark(place: int, x: float, y: float) -> str:
    if place == 0:
        return f'<circle class="mark" cx="{x}" cy="{y}" r="3.5"/>'
    shape = "m0 -4.5l4.5 8h-9z" if place == 1 else "m-3.5 -3.5h7v7h-7z"
    return f'<path class="mark" d="M{x} {y}{shape}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text class="small" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def nice_ticks(low: float, high: float) -> list[float]:
    """Return evenly spaced round numbers that enclose low..high."""
    rough = max(high - low, _LEAST_SPAN) / (_TICKS - 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return [round(place * step, 10) for place in range(first, last + 1)]
