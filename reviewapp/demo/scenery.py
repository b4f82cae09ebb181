"""Backgrounds of the demo's pictures: studio white, colours, gradients, a table against a wall."""

import colorsys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reviewapp.demo.draw import Draw

# Drawn small and enlarged: soft, as out of focus, and fast.
SIDE = 64

Colours = NDArray[np.float32]  # (SIDE, SIDE, 3) or (3,), 0..255

_ramp = np.linspace(0.0, 1.0, SIDE, dtype=np.float32)
_down = np.repeat(_ramp[:, None], SIDE, axis=1)
_across = _down.T
_from_centre = np.sqrt((_down - 0.5) ** 2 + (_across - 0.5) ** 2) * np.float32(2**0.5)


def backdrop(size: tuple[int, int], draw: Draw) -> Image.Image:
    """Return an RGB background of `size` (width, height) pixels."""
    kinds: dict[Callable[[Draw], Colours], float] = {
        _studio: 0.34,
        _plain: 0.16,
        _gradient: 0.18,
        _spotlight: 0.1,
        _table: 0.14,
        _stripes: 0.08,
    }
    small = draw.weighted(kinds)(draw)
    image = Image.fromarray(small.clip(0, 255).astype(np.uint8))
    return image.resize(size, Image.Resampling.BILINEAR)


def _colour(draw: Draw, saturation: tuple[float, float], value: tuple[float, float]) -> Colours:
    rgb = colorsys.hsv_to_rgb(draw.uniform(), draw.uniform(*saturation), draw.uniform(*value))
    return np.array(rgb, dtype=np.float32) * 255


def _blend(first: Colours, second: Colours, weight: NDArray[np.float32]) -> Colours:
    share = weight[..., None]
    return first * (1 - share) + second * share


def _studio(draw: Draw) -> Colours:
    white = np.full(3, draw.uniform(238, 255), dtype=np.float32)
    return _blend(white, white * np.float32(draw.uniform(0.88, 1.0)), _down**2)


def _plain(draw: Draw) -> Colours:
    colour = _colour(draw, (0.1, 0.6), (0.45, 0.95))
    return _blend(colour, colour * np.float32(0.9), _from_centre)


def _gradient(draw: Draw) -> Colours:
    slope = draw.uniform(-1, 1)
    weight = ((_down + slope * _across) - min(0.0, slope)) / (1 + abs(slope))
    return _blend(
        _colour(draw, (0.05, 0.5), (0.6, 1.0)), _colour(draw, (0.1, 0.6), (0.3, 0.9)), weight
    )


def _spotlight(draw: Draw) -> Colours:
    edge = _colour(draw, (0.1, 0.7), (0.1, 0.5))
    return _blend(_colour(draw, (0.0, 0.3), (0.8, 1.0)), edge, np.minimum(_from_centre * 1.3, 1.0))


def _table(draw: Draw) -> Colours:
    wall = _colour(draw, (0.02, 0.25), (0.65, 0.95))
    wood = np.array([draw.uniform(110, 215), draw.uniform(85, 165), draw.uniform(55, 120)])
    horizon = draw.uniform(0.45, 0.75)
    grain = np.sin(_across * draw.between(15, 45) + _down * 4) * 6
    below = (_down > horizon).astype(np.float32)
    return _blend(wall, wood.astype(np.float32), below) + (grain * below)[..., None]


def _stripes(draw: Draw) -> Colours:
    first = _colour(draw, (0.05, 0.4), (0.7, 0.95))
    turn = draw.uniform(-1, 1)
    waves = np.sin((_down * turn + _across) * draw.between(12, 40)) > 0
    return _blend(first, first * np.float32(draw.uniform(0.75, 0.92)), waves.astype(np.float32))
