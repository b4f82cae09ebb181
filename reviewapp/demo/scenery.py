"""Backgrounds of the demo's pictures: studio white, colours, gradients, a table against a wall.

A background is a shape, a grey image drawn once and kept, and two colours that its black and white
stand for. So each picture only pays for a crop and three table look-ups.
"""

import colorsys
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reviewapp.demo.draw import Draw

SIDE = 560  # pixels; any picture's background is cut from such a square
VARIANTS = 8  # shapes of each kind

Shape = NDArray[np.floating]  # (SIDE, SIDE), 0..1
Colour = NDArray[np.floating]  # (3,), 0..255
Levels = NDArray[np.uint8]  # (256,), the output level of each input level
Tone = Sequence[Levels]  # one table for red, green and blue each

_ramp = np.linspace(0.0, 1.0, SIDE, dtype=np.float32)
_down = np.repeat(_ramp[:, None], SIDE, axis=1)
_across = _down.T
_from_centre = np.sqrt((_down - 0.5) ** 2 + (_across - 0.5) ** 2) * np.float32(2**0.5)


def backdrop(size: tuple[int, int], draw: Draw, tone: Tone) -> Image.Image:
    """Return an RGB background of `size` (width, height) pixels, each at most SIDE, in `tone`."""
    kind = draw.weighted(KINDS)
    left, top = draw.between(0, SIDE - size[0]), draw.between(0, SIDE - size[1])
    shape = _shape(kind, draw.between(1, VARIANTS))
    grey = shape.crop((left, top, left + size[0], top + size[1]))
    first, second = PAINTS[kind](draw)
    levels = np.linspace(first, second, 256).clip(0, 255).round().astype(np.uint8)
    tables = [curve[levels[:, band]].tolist() for band, curve in enumerate(tone)]
    return Image.merge("RGB", [grey.point(table) for table in tables])


@cache
def _shape(kind: str, variant: int) -> Image.Image:
    weights = SHAPES[kind](Draw("backdrop", kind, variant))
    return Image.fromarray((weights.clip(0, 1) * 255).astype(np.uint8))


def _colour(draw: Draw, saturation: tuple[float, float], value: tuple[float, float]) -> Colour:
    rgb = colorsys.hsv_to_rgb(draw.uniform(), draw.uniform(*saturation), draw.uniform(*value))
    return np.array(rgb, dtype=np.float32) * 255


def _slope(draw: Draw) -> Shape:
    tilt = draw.uniform(-1, 1)
    slope: Shape = ((_down + tilt * _across) - min(0.0, tilt)) / (1 + abs(tilt))
    return slope


def _circle(draw: Draw) -> Shape:
    circle: Shape = np.minimum(_from_centre * draw.uniform(0.8, 1.4), 1.0)
    return circle


def _table(draw: Draw) -> Shape:
    """A wall, nearly black, above a table top with grain, nearly white."""
    grain = np.sin(_across * draw.between(15, 45) + _down * 4 + np.sin(_down * 25)) * 0.1
    wood: Shape = 0.85 + grain * (0.6 + _down)
    return np.where(_down > draw.uniform(0.5, 0.72), wood, 0.08 * _down)


def _stripes(draw: Draw) -> Shape:
    turn = draw.uniform(-1, 1)
    bands: Shape = (np.sin((_down * turn + _across) * draw.between(16, 60)) > 0).astype(np.float32)
    return bands


def _white(draw: Draw) -> tuple[Colour, Colour]:
    white = np.full(3, draw.uniform(236, 255), dtype=np.float32)
    return white, white * draw.uniform(0.86, 1.0)


def _one_colour(draw: Draw) -> tuple[Colour, Colour]:
    colour = _colour(draw, (0.1, 0.6), (0.45, 0.95))
    return colour, colour * draw.uniform(0.75, 0.93)


def _two_colours(draw: Draw) -> tuple[Colour, Colour]:
    return _colour(draw, (0.05, 0.5), (0.6, 1.0)), _colour(draw, (0.1, 0.6), (0.3, 0.9))


def _lamp(draw: Draw) -> tuple[Colour, Colour]:
    return _colour(draw, (0.0, 0.3), (0.8, 1.0)), _colour(draw, (0.1, 0.7), (0.15, 0.5))


def _wall_and_wood(draw: Draw) -> tuple[Colour, Colour]:
    wood = [draw.uniform(130, 225), draw.uniform(100, 180), draw.uniform(65, 130)]
    return _colour(draw, (0.02, 0.25), (0.65, 0.95)), np.array(wood, dtype=np.float32)


KINDS: Mapping[str, float] = {
    "studio": 0.34,
    "plain": 0.16,
    "gradient": 0.18,
    "spotlight": 0.1,
    "table": 0.14,
    "stripes": 0.08,
}
SHAPES: Mapping[str, Callable[[Draw], Shape]] = {
    "studio": _slope,
    "plain": _circle,
    "gradient": _slope,
    "spotlight": _circle,
    "table": _table,
    "stripes": _stripes,
}
PAINTS: Mapping[str, Callable[[Draw], tuple[Colour, Colour]]] = {
    "studio": _white,
    "plain": _one_colour,
    "gradient": _two_colours,
    "spotlight": _lamp,
    "table": _wall_and_wood,
    "stripes": _one_colour,
}
