"""Compose a product picture from an emoji drawing, as a seller might photograph a thing.

A picture is drawn twice over: the scene (background, place, turn, size, light) from the product's
own key, or its original's for a near-duplicate; the camera (small crop, exposure, noise, JPEG
quality) from the listing's key. So a near-duplicate shows the same scene through another camera.
"""

import io
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from reviewapp.demo.draw import Draw
from reviewapp.demo.emoji_files import load_emoji
from reviewapp.demo.scenery import Levels, Tone, backdrop

SIZES = (*[(320, 320)] * 5, (360, 320), (320, 400), (400, 400), (500, 500))
MARGIN = 6  # pixels of the scene that the camera may leave out, in each direction
DRAWING_SIDE = 256  # pixels
NOISE_SIDE = 640  # pixels, so that any crop of a picture's size fits
JPEG_COMMENT = b"Bon Rayon demo picture, not a real product. Drawing: Microsoft Fluent Emoji, MIT."


Thing = tuple[Image.Image, Image.Image]  # colours (RGB) and transparency (L), of one size

_LEVELS = np.arange(256, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Picture:
    """What to draw: an emoji, the key of its scene and the key of its camera."""

    emoji: str
    scene_key: tuple[int | str, ...]
    camera_key: tuple[int | str, ...]

    def render(self) -> bytes:
        """Return the JPEG. The same picture always gives the same bytes on one Pillow version."""
        camera = Draw(*self.camera_key, "camera")
        image = _scene(self.emoji, Draw(*self.scene_key, "scene"), _exposure(camera))
        return _photograph(image, camera)


def _scene(emoji: str, draw: Draw, tone: Tone) -> Image.Image:
    width, height = draw.pick(SIZES)
    size = (width + MARGIN, height + MARGIN)
    canvas = backdrop(size, draw, tone)
    copies = draw.weighted({1: 0.88, 2: 0.08, 3: 0.04})
    reach = draw.uniform(0.5, 0.92) if copies == 1 else draw.uniform(0.4, 0.55)
    for copy in range(copies):
        side = int(min(size) * reach)
        thing = _thing(emoji, side, draw, tone)
        shift = (copy - (copies - 1) / 2) * min(size) * 0.3
        # One in eight is badly framed and partly out of the picture.
        slack = 0.28 if draw.chance(0.12) else 0.06
        left = (size[0] - side) / 2 + shift + draw.uniform(-slack, slack) * size[0]
        top = (size[1] - side) / 2 + draw.uniform(-slack, slack) * size[1]
        _put(canvas, thing, (int(left), int(top)), draw)
    return canvas


def _thing(emoji: str, side: int, draw: Draw, tone: Tone) -> Thing:
    """Turn, mirror, scale and light the drawing; `side` is its edge in pixels."""
    mirror = -1 if draw.chance(0.4) else 1
    degrees = draw.uniform(-40, 40) if draw.chance(0.2) else draw.uniform(-9, 9)
    scale = DRAWING_SIDE / side
    cos = math.cos(math.radians(degrees)) * scale
    sin = math.sin(math.radians(degrees)) * scale
    # Maps each pixel of the result to one of the drawing: one pass instead of three.
    middle = DRAWING_SIDE / 2
    matrix = (
        mirror * cos,
        mirror * sin,
        middle - mirror * (cos + sin) * side / 2,
        -sin,
        cos,
        middle - (cos - sin) * side / 2,
    )
    # Two samples a pixel in each direction, then averaged: as smooth as Pillow's bilinear
    # transformation here and half its time.
    double = [value / 2 for value in matrix[:2]] + [matrix[2]]
    double += [value / 2 for value in matrix[3:5]] + [matrix[5]]
    turned = _drawing(emoji).transform(
        (2 * side, 2 * side), Image.Transform.AFFINE, double, Image.Resampling.NEAREST
    )
    red, green, blue, alpha = turned.reduce(2).split()
    if draw.chance(0.12):
        # Another colour of the same article.
        red, green, blue = draw.pick([(green, blue, red), (blue, red, green), (green, red, blue)])
    light = _curve(draw.uniform(0.75, 1.12), 1.0)
    levels = np.concatenate([curve[light] for curve in tone]).tolist()
    return Image.merge("RGB", (red, green, blue)).point(levels), alpha


def _put(canvas: Image.Image, thing: Thing, place: tuple[int, int], draw: Draw) -> None:
    """Paste `thing` with a soft shadow below it."""
    colours, alpha = thing
    if draw.chance(0.75):
        small = alpha.reduce(6).filter(ImageFilter.BoxBlur(draw.between(1, 3)))
        strength = draw.uniform(0.2, 0.5)
        faint = small.point([int(value * strength) for value in range(256)])
        shadow = faint.resize(alpha.size, Image.Resampling.BILINEAR)
        drop = int(alpha.height * draw.uniform(0.03, 0.09))
        slide = int(alpha.width * draw.uniform(-0.06, 0.06))
        dark = _darkness().crop((0, 0, *alpha.size))
        canvas.paste(dark, (place[0] + slide, place[1] + drop), shadow)
    canvas.paste(colours, place, alpha)


def _exposure(draw: Draw) -> Tone:
    """How the camera turns levels of red, green and blue into those of the picture.

    Applied to the parts before they are put together, where the tables are needed anyway.
    """
    light, contrast = draw.uniform(0.92, 1.12), draw.uniform(0.94, 1.15)
    warmth = draw.uniform(0.95, 1.05)
    return [_curve(light * tint, contrast) for tint in (warmth, 1.0, 2 - warmth)]


def _photograph(scene: Image.Image, draw: Draw) -> bytes:
    left, top = draw.between(0, MARGIN), draw.between(0, MARGIN)
    width, height = scene.width - MARGIN, scene.height - MARGIN
    image = scene.crop((left, top, left + width, top + height))
    if draw.chance(0.3):
        left, top = draw.between(0, NOISE_SIDE - width), draw.between(0, NOISE_SIDE - height)
        grain = _noise(draw.between(1, 3)).crop((left, top, left + width, top + height))
        image = ImageChops.add(image, grain, scale=1, offset=-128)
    if draw.chance(0.1):
        _overlay(image, draw)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=draw.between(55, 92), comment=JPEG_COMMENT)
    return buffer.getvalue()


def _overlay(image: Image.Image, draw: Draw) -> None:
    """Add what shops put on pictures: a round badge, a frame or a caption.

    Pillow's built-in font has no accented letters.
    """
    pencil = ImageDraw.Draw(image)
    width, height = image.size
    colour = draw.pick([(214, 48, 49), (9, 132, 227), (0, 148, 133), (45, 52, 54)])
    kind = draw.between(1, 3)
    if kind == 1:
        side = width // 5
        pencil.ellipse((8, 8, 8 + side, 8 + side), fill=colour)
        pencil.text((8 + side // 2, 8 + side // 2), "DEMO", "white", _font(side // 4), anchor="mm")
    elif kind == 2:
        pencil.rectangle((0, 0, width - 1, height - 1), outline=colour, width=width // 40)
    else:
        pencil.rectangle((0, height - height // 12, width, height), fill=colour)
        place = (width // 2, height - height // 24)
        pencil.text(place, "BOUTIQUE DEMO", "white", _font(height // 20), anchor="mm")


def _curve(light: float, contrast: float) -> Levels:
    """A table of 256 output levels, brightened by `light` and stretched about middle grey."""
    return ((_LEVELS * light - 128) * contrast + 128.5).clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=256)
def _drawing(emoji: str) -> Image.Image:
    """The drawing with its transparency as an ordinary fourth band.

    Mode CMYK only serves as a container of four bands: for RGBA Pillow multiplies and divides by
    the transparency at every step. Transparent pixels take the colour of their surroundings, so
    that averaging blends no black into the edges.
    """
    with Image.open(load_emoji().path_of[emoji]) as file:
        image = file.convert("RGBA").resize((DRAWING_SIDE, DRAWING_SIDE))
    alpha = image.getchannel("A")
    around = image.convert("RGBa").filter(ImageFilter.BoxBlur(6)).convert("RGBA").convert("RGB")
    colours = Image.composite(image.convert("RGB"), around, alpha.point([0] * 255 + [255]))
    return Image.merge("CMYK", (*colours.split(), alpha))


@lru_cache(maxsize=1)
def _darkness() -> Image.Image:
    return Image.new("RGB", (NOISE_SIDE, NOISE_SIDE), (20, 18, 24))


@lru_cache(maxsize=4)
def _noise(strength: int) -> Image.Image:
    generator = np.random.RandomState(strength)  # the legacy generator's sequence is frozen
    grain = generator.normal(128, 4 * strength, (NOISE_SIDE, NOISE_SIDE, 3))
    return Image.fromarray(grain.clip(0, 255).astype(np.uint8))


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
