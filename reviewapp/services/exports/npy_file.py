"""The corrected dataset as NumPy arrays in one ZIP, written as a stream."""

import csv
import io
import json
import logging
import zipfile
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from django.conf import settings
from numpy.lib import format as npy
from PIL import Image, ImageOps

from classifier.errors import InputUnreadable
from classifier.image import open_rgb
from reviewapp.models import Category
from reviewapp.selectors.exports import ExportRow, export_rows
from reviewapp.services.exports.csv_file import COLUMNS, cells

logger = logging.getLogger(__name__)

SIDE = 224
_BLANK = bytes(SIDE * SIDE * 3)
# A fixed date: the same data must give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_README = """\
The corrected dataset of Bon Rayon: every product whose category a person has decided.

    X.npy          ({rows}, {side}, {side}, 3) uint8, RGB: the picture, centred on white
    y.npy          ({rows},) int64: position of the category in classes.json
    has_image.npy  ({rows},) bool: false where there is no readable picture; its X is zero
    index.csv      one line per row of X: texts, code, and where the label comes from
    classes.json   the categories in the order that y counts, from 0

Products without a readable picture: {blank}.

    import numpy as np
    X = np.load("X.npy", mmap_mode="r", allow_pickle=False)
    y = np.load("y.npy", allow_pickle=False)

In index.csv a text that a spreadsheet could run as a formula has an apostrophe before it; so has
one that opens with an apostrophe. To undo it, drop one leading apostrophe from the columns
designation, description, source, external_id and model_version.

moderator is a pseudonym. inclusion_probability is the probability with which a product like this
one is looked at by a person; weight by its inverse to estimate over all products.
"""


def write_npy(path: Path, total: int, on_progress: Callable[[int, int], None]) -> None:
    """Write the ZIP; memory stays constant but for nine bytes per row."""
    categories = list(Category.objects.order_by("code"))
    positions = {category.code: number for number, category in enumerate(categories)}
    labels, seen = array("q"), bytearray()
    with zipfile.ZipFile(path, "w") as archive:
        with _entry(archive, "X.npy") as file:
            _write_header(file, "|u1", (total, SIDE, SIDE, 3))
            for row in export_rows():
                pixels = _pixels(row)
                file.write(pixels or _BLANK)
                labels.append(positions[row.code])
                seen.append(pixels is not None)
                on_progress(len(seen), total)
        with _entry(archive, "y.npy") as file:
            _write_header(file, "<i8", (total,))
            file.write(np.array(labels, dtype="<i8").tobytes())
        with _entry(archive, "has_image.npy") as file:
            _write_header(file, "|b1", (total,))
            file.write(bytes(seen))
        with _entry(archive, "index.csv", zipfile.ZIP_DEFLATED) as file:
            _write_index(file)
        with _entry(archive, "classes.json", zipfile.ZIP_DEFLATED) as file:
            file.write(_classes(categories))
        with _entry(archive, "README.txt", zipfile.ZIP_DEFLATED) as file:
            file.write(_README.format(rows=total, side=SIDE, blank=seen.count(0)).encode())


def _entry(archive: zipfile.ZipFile, name: str, method: int = zipfile.ZIP_STORED) -> IO[bytes]:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = method
    info.external_attr = 0o644 << 16
    return archive.open(info, "w", force_zip64=True)


def _write_header(file: IO[bytes], dtype: str, shape: tuple[int, ...]) -> None:
    npy.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})


def _pixels(row: ExportRow) -> bytes | None:
    """Return the picture as SIDE x SIDE x 3 bytes, or None without a readable one."""
    if row.image_sha256 is None:
        return None
    path = Path(settings.MEDIA_ROOT) / "images" / row.image_sha256[:2] / f"{row.image_sha256}.jpg"
    try:
        image = open_rgb(path)
    except (InputUnreadable, OSError) as error:
        logger.warning("Product %s is exported without its picture: %s", row.product_id, error)
        return None
    return ImageOps.pad(image, (SIDE, SIDE), Image.Resampling.BICUBIC, color="white").tobytes()


def _write_index(file: IO[bytes]) -> None:
    lines = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for index, row in enumerate(export_rows()):
        writer.writerow(cells(index, row))
    lines.detach()


def _classes(categories: list[Category]) -> bytes:
    order = [
        {"code": category.code, "name_fr": category.name_fr, "name_en": category.name_en}
        for category in categories
    ]
    return (json.dumps(order, ensure_ascii=False, indent=1) + "\n").encode()
