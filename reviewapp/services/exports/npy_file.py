"""The dataset as NumPy arrays in one ZIP, written as a stream."""

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
from reviewapp.domain.snapshots import SnapshotRow
from reviewapp.models import DatasetSnapshot, ProductImage
from reviewapp.selectors.snapshots import frozen_rows
from reviewapp.services.exports import records
from reviewapp.services.exports.archive import write_table, zip_entry, zip_files

logger = logging.getLogger(__name__)

SIDE = 224
_BLANK = bytes(SIDE * SIDE * 3)
_README = """\
The corrected dataset of Bon Rayon: products whose category a person has decided.

    X.npy          ({rows}, {side}, {side}, 3) uint8, RGB: the picture, centred on white
    y.npy          ({rows},) int64: position of the category in classes.json
    has_image.npy  ({rows},) bool: false where there is no readable picture; its X is zero
    index.csv      one line per row of X: texts, code, and where the label comes from
    classes.json   the categories in the order that y counts, from 0

Products without a readable picture: {blank}.

    import numpy as np
    X = np.load("X.npy", mmap_mode="r", allow_pickle=False)
    y = np.load("y.npy", allow_pickle=False)

productid and imageid are this site's own keys; external_id is the id that the shop gave, unique within
its source.
In index.csv a text that a spreadsheet could run as a formula has an apostrophe before it; so has
one that opens with an apostrophe. To undo it, drop one leading apostrophe from designation,
description, source, external_id, language, model_version and predicted_by.
CARD.md says how the labels were chosen and what they are good for.
"""


def write_npy(
    path: Path, snapshot: DatasetSnapshot, on_progress: Callable[[int, int], None]
) -> None:
    """Write the ZIP; memory stays constant but for nine bytes per row."""
    positions = records.class_positions(snapshot)
    total = snapshot.manifest["rows"]
    labels, seen = array("q"), bytearray()
    with zipfile.ZipFile(path, "w") as archive:
        # Stored, not deflated: what is unpacked is read as a memory map.
        with zip_entry(archive, "X.npy", zipfile.ZIP_STORED) as file:
            _write_header(file, "|u1", (total, SIDE, SIDE, 3))
            for row in frozen_rows(snapshot):
                pixels = _pixels(row)
                file.write(pixels or _BLANK)
                labels.append(positions[row.code])
                seen.append(pixels is not None)
                on_progress(len(seen), total)
        with zip_entry(archive, "y.npy", zipfile.ZIP_STORED) as file:
            _write_header(file, "<i8", (total,))
            file.write(np.array(labels, dtype="<i8").tobytes())
        with zip_entry(archive, "has_image.npy", zipfile.ZIP_STORED) as file:
            _write_header(file, "|b1", (total,))
            file.write(bytes(seen))
        with zip_entry(archive, "index.csv") as file:
            _write_index(file, snapshot)
        readme = _README.format(rows=total, side=SIDE, blank=seen.count(0))
        zip_files(archive, {**records.side_files(snapshot), "README.txt": readme.encode()})


def _write_header(file: IO[bytes], dtype: str, shape: tuple[int, ...]) -> None:
    npy.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})


def _pixels(row: SnapshotRow) -> bytes | None:
    """Return the picture as SIDE x SIDE x 3 bytes, or None without a readable one."""
    if row.image_sha256 is None:
        return None
    path = Path(settings.MEDIA_ROOT) / ProductImage(sha256=row.image_sha256).path
    try:
        image = open_rgb(path)
    except (InputUnreadable, OSError) as error:
        logger.warning("Product %s is exported without its picture: %s", row.product_id, error)
        return None
    return ImageOps.pad(image, (SIDE, SIDE), Image.Resampling.BICUBIC, color="white").tobytes()


def _write_index(file: IO[bytes], snapshot: DatasetSnapshot) -> None:
    columns = (*records.X_COLUMNS, *records.Y_COLUMNS[1:], *records.PROVENANCE_COLUMNS[1:])
    write_table(
        file,
        columns,
        (
            [
                *records.x_cells(index, row),
                *records.y_cells(index, row)[1:],
                *records.provenance_cells(index, row)[1:],
            ]
            for index, row in enumerate(frozen_rows(snapshot))
        ),
    )
