"""Storing pictures: checked, encoded anew, kept by the sha256 of their content."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import transaction

from reviewapp.domain import groups, images
from reviewapp.models import ProductImage


def store_image(*, data: bytes) -> ProductImage:
    """Store a picture file and return its row; the same bytes again cost no decoding.

    Raises ImageRefused (see `domain.images.encode_picture`). Repeating it is harmless.
    """
    images.check_size(len(data), settings.IMAGE_MAX_BYTES)
    return _stored(
        hashlib.sha256(data).hexdigest(),
        lambda: images.encode_picture(
            data, max_bytes=settings.IMAGE_MAX_BYTES, max_pixels=settings.IMAGE_MAX_PIXELS
        ),
    )


def store_pixels(*, pixels: npt.NDArray[np.uint8]) -> ProductImage:
    """Store one picture of an array, uint8 (H, W, 3). Raises ImageRefused."""
    digest = hashlib.sha256(f"pixels {pixels.shape}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return _stored(
        digest.hexdigest(),
        lambda: images.encode_pixels(pixels, max_pixels=settings.IMAGE_MAX_PIXELS),
    )


def _stored(source_sha256: str, encode: Callable[[], images.EncodedPicture]) -> ProductImage:
    known = ProductImage.objects.filter(source_sha256=source_sha256).first()
    if known is not None and _has_files(known):
        return known
    picture = encode()
    folder = Path(settings.MEDIA_ROOT)
    facts = {
        "width": picture.width,
        "height": picture.height,
        "size_bytes": len(picture.jpeg),
        "fingerprint": picture.fingerprint,
        "look": look_of(picture.fingerprint),
        "brightness": picture.brightness,
    }
    shape = ProductImage(sha256=picture.sha256)
    # Files before the row: a row never points at nothing, a file without a row harms nobody.
    _write_once(folder / shape.path, picture.jpeg)
    _write_once(folder / shape.thumbnail_path, picture.thumbnail)
    if known is not None and known.sha256 != picture.sha256:
        # The files were lost and today's encoder writes other bytes than the one back then.
        source_sha256 = hashlib.sha256(f"{source_sha256} {picture.sha256}".encode()).hexdigest()
    with transaction.atomic():
        image, _created = ProductImage.objects.get_or_create(
            sha256=picture.sha256, defaults={**facts, "source_sha256": source_sha256}
        )
    return image


def look_of(fingerprint: int | None) -> int | None:
    """Return the nearest look that pictures have already, or the fingerprint as a new one.

    Two alike that are stored at the same moment may each become a look; nothing breaks by it.
    """
    if fingerprint is None:
        return None
    near = ProductImage.objects.filter(look__in=groups.near_fingerprints(fingerprint))
    looks = {look for look in near.values_list("look", flat=True) if look is not None}
    return min(
        looks, key=lambda look: (groups.distance(look, fingerprint), look), default=fingerprint
    )


def _has_files(image: ProductImage) -> bool:
    folder = Path(settings.MEDIA_ROOT)
    return (folder / image.path).is_file() and (folder / image.thumbnail_path).is_file()


def _write_once(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all; the name says the content, so once is enough."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            # A rename can reach the disk before the content does; a power cut would leave a hole.
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
