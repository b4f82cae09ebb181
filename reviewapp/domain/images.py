"""From bytes that somebody sent to a picture that is safe to store and show. Pure.

The format is told from the content; name and declared type are never looked at. Everything is
decoded and encoded anew, so that nothing but pixels gets through: no EXIF position, no comment, no
script behind the end of the picture.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, ImageStat

from classifier.image import on_white
from reviewapp.domain.groups import fingerprint

LONGEST_SIDE: Final = 1600
THUMBNAIL_SIDE: Final = 320
JPEG_QUALITY: Final = 90
WEBP_QUALITY: Final = 80

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_JPEG_MAGIC: Final = b"\xff\xd8\xff"
_PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(eq=False)
class ImageRefused(Exception):
    """The picture cannot be taken; `code` names the case, `message` says why to the sender."""

    code: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture ready to be stored; `sha256` is that of `jpeg`. fingerprint: None for a flat one.

    brightness: mean of the grey values, from 0 (black) to 1 (white)
    """

    jpeg: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    fingerprint: int | None
    brightness: float


def encode_picture(data: bytes, *, max_bytes: int, max_pixels: int) -> EncodedPicture:
    """Check `data` and encode it anew, always into the same bytes for the same input.

    The longest side is cut to `LONGEST_SIDE`, the EXIF orientation applied, transparency laid on
    white, CMYK, palette, grey and 16-bit pictures are converted, animations give their first frame.

    Raises ImageRefused: empty, too many bytes, no JPEG, PNG or WebP by content, more than
    `max_pixels` (seen in the header, before a pixel is decoded), damaged or cut off.
    """
    check_size(len(data), max_bytes)
    if not _is_picture(data):
        raise ImageRefused("format", _("The file is not a JPEG, PNG or WebP picture."))
    return _encode(_decode(data, max_pixels))


def encode_pixels(pixels: npt.NDArray[np.uint8], *, max_pixels: int) -> EncodedPicture:
    """Encode one picture of an array, uint8 (H, W, 3)."""
    height, width = pixels.shape[:2]
    _check_pixels(width, height, max_pixels)
    return _encode(Image.fromarray(np.ascontiguousarray(pixels)))


def check_size(size: int, max_bytes: int) -> None:
    """Raise ImageRefused when a file of `size` bytes is empty or above `max_bytes`."""
    if size == 0:
        raise ImageRefused("empty", _("The picture is empty (0 bytes)."))
    if size > max_bytes:
        limit = {"limit": max_bytes // 2**20}
        raise ImageRefused("too_big", _("The picture is larger than %(limit)s MB.") % limit)


def _is_picture(data: bytes) -> bool:
    if data.startswith((_JPEG_MAGIC, _PNG_MAGIC)):
        return True
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width == 0 or height == 0:
        raise ImageRefused("damaged", _("The picture has no pixels."))
    if width * height > max_pixels:
        raise _too_many_pixels(f"{width} × {height}", max_pixels)


def _too_many_pixels(size: str, max_pixels: int) -> ImageRefused:
    return ImageRefused(
        "too_many_pixels",
        _("The picture is too large: %(size)s pixels; at most %(limit)s megapixels.")
        % {"size": size, "limit": max_pixels // 1_000_000},
    )


def _decode(data: bytes, max_pixels: int) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            _check_pixels(*picture.size, max_pixels)
            # JPEG can be decoded at 1/2, 1/4, 1/8: a phone's 50 megapixels need not be unfolded.
            picture.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
            picture.load()
            return on_white(ImageOps.exif_transpose(picture))
    except ImageRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused(
            "too_many_pixels",
            _("The picture has far too many pixels; at most %(limit)s megapixels.")
            % {"limit": max_pixels // 1_000_000},
        ) from error
    # Damaged files raise a dozen types: OSError, SyntaxError, ValueError, struct.error, zlib.error,
    # IndexError. All mean the same to the sender.
    except Exception as error:
        raise ImageRefused("damaged", _("The picture is damaged or cut off.")) from error


def _encode(picture: Image.Image) -> EncodedPicture:
    # Whatever came along (comment, ICC profile, XMP) must not be written out again.
    picture.info.clear()
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC)
    jpeg = _saved(picture, "JPEG", quality=JPEG_QUALITY)
    return EncodedPicture(
        jpeg=jpeg,
        thumbnail=_saved(small, "WEBP", quality=WEBP_QUALITY, method=1),
        width=picture.width,
        height=picture.height,
        sha256=hashlib.sha256(jpeg).hexdigest(),
        fingerprint=fingerprint(small),
        brightness=ImageStat.Stat(small.convert("L")).mean[0] / 255,
    )


def _saved(picture: Image.Image, picture_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, picture_format, **options)
    return buffer.getvalue()
