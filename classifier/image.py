"""Decoding and preparing product pictures. Pillow and numpy only, no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageOps

from classifier.errors import InputUnreadable

# Formats by content; the name's ending is never looked at. TIFF, PDF, SVG and the rest of what
# Pillow can open stay out: a large attack surface for formats that shops do not use.
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")

DRAFT_SIDE: Final = 448
"""JPEGs are decoded at the smallest of the scales 1, 1/2, 1/4, 1/8 that keeps both sides at
least this long: four times the pixels of a 224 px network, so that a crop stays sharp."""

_BORDER_TOLERANCE: Final = 16  # of 255; JPEG noise around a white background stays below
_STRONG: Final = [255 if value > _BORDER_TOLERANCE else 0 for value in range(256)]
MARGIN: Final = 0.04  # of the longer side, left around the cropped product


def open_rgb(path: Path, max_pixels: int = 50_000_000) -> Image.Image:
    """Decode a picture into RGB.

    Transparent pixels are laid on white, CMYK, palette, grey and 16-bit pictures are converted,
    the EXIF orientation is applied and the first frame of an animation is taken. The size is
    checked before any pixel is decoded.

    Raises InputUnreadable when the file is missing, no picture, damaged, or above `max_pixels`.
    """
    if not path.is_file():
        raise InputUnreadable(f"{path}: no such file; check the image path of the product.")
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise InputUnreadable(
                    f"{path}: {width}x{height} pixels are more than the limit of {max_pixels};"
                    " send a smaller picture."
                )
            picture.draft(None, (DRAFT_SIDE, DRAFT_SIDE))
            picture.load()
            return on_white(ImageOps.exif_transpose(picture))
    except InputUnreadable:
        raise
    # Damaged files raise a dozen types: OSError, SyntaxError, ValueError, struct.error, zlib.error,
    # IndexError, DecompressionBombError. All mean the same to the caller.
    except Exception as error:
        raise InputUnreadable(
            f"{path}: not a readable {', '.join(FORMATS)} picture ({error}); send it again."
        ) from error


def crop_border(picture: Image.Image, margin: float = MARGIN) -> Image.Image:
    """Cut away a border of one colour, leaving a margin (share of the longer side).

    A picture whose corners differ in colour, or that is all one colour, is returned as it is.
    """
    box = border_box(picture, margin)
    return picture if box == (0, 0, *picture.size) else picture.crop(box)


def border_box(picture: Image.Image, margin: float = MARGIN) -> tuple[int, int, int, int]:
    """Return what `crop_border` keeps: left, top, right, bottom in pixels."""
    width, height = picture.size
    whole = (0, 0, width, height)
    corners = [_rgb(picture, x, y) for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (-1, -1))]
    spread = max(max(channel) - min(channel) for channel in zip(*corners, strict=True))
    if spread > _BORDER_TOLERANCE:
        return whole
    difference = ImageChops.difference(picture, Image.new("RGB", picture.size, corners[0]))
    red, green, blue = difference.split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    box = strongest.point(_STRONG).getbbox()
    if box is None:
        return whole
    left, top, right, bottom = box
    kept = round(margin * max(right - left, bottom - top))
    return (
        max(left - kept, 0),
        max(top - kept, 0),
        min(right + kept, width),
        min(bottom + kept, height),
    )


def preprocess(image: Image.Image, size: int) -> npt.NDArray[np.float32]:
    """Return the picture as float32 (3, size, size), values 0..1.

    A uniform border is cropped; the rest is scaled to fit and centred on a square of the
    border's colour, so that nothing is cut off or stretched. Each backbone subtracts its own
    mean and standard deviation.
    """
    cropped = crop_border(image)
    width, height = cropped.size
    scale = size / max(width, height)
    fitted = cropped.resize(
        (max(1, round(width * scale)), max(1, round(height * scale))),
        Image.Resampling.BILINEAR,
    )
    square = Image.new("RGB", (size, size), _rgb(cropped, 0, 0))
    square.paste(fitted, ((size - fitted.width) // 2, (size - fitted.height) // 2))
    pixels = np.asarray(square, dtype=np.float32).transpose(2, 0, 1)
    return np.ascontiguousarray(pixels) / np.float32(255)


def _rgb(picture: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    width, height = picture.size
    red, green, blue = picture.getpixel((x % width, y % height))  # type: ignore[misc]
    return red, green, blue


def on_white(picture: Image.Image) -> Image.Image:
    """Return the picture as RGB, transparency laid on white; 16-bit values are scaled down."""
    if picture.mode.startswith(("I", "F")):
        picture = _to_8_bit(picture)
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")


def _to_8_bit(picture: Image.Image) -> Image.Image:
    """Scale 16-bit grey down; Pillow's own conversion clips everything above 255 to white."""
    values = np.asarray(picture, dtype=np.float32)
    top = 65535.0 if values.max(initial=0.0) > 255 else 255.0
    return Image.fromarray(np.clip(values / top * 255, 0, 255).astype(np.uint8))
