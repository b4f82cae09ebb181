"""The dataset as a Hugging Face image folder in one TAR: a folder per split, pictures as stored.

`datasets.load_dataset("imagefolder", data_dir=…)` reads the unpacked folder. Not a ZIP: its directory
would have to be kept in memory, half a gigabyte for a million pictures.
"""

import json
import logging
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings

from reviewapp.choices import Split
from reviewapp.domain.snapshots import SnapshotRow
from reviewapp.models import DatasetSnapshot, ProductImage
from reviewapp.selectors.snapshots import frozen_rows
from reviewapp.services.exports.archive import tar_bytes, tar_file
from reviewapp.services.exports.records import class_positions, record, side_files

logger = logging.getLogger(__name__)


def write_imagefolder(
    path: Path, snapshot: DatasetSnapshot, on_progress: Callable[[int, int], None]
) -> None:
    """Write pictures as they pass by, and each split's metadata.jsonl behind them.

    A row without a picture has a null file_name; an empty split has no folder.
    """
    positions = class_positions(snapshot)
    with (
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".lines-") as folder,
        tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive,
    ):
        lines = {str(split): Path(folder) / split for split in Split}
        with ExitStack() as stack:
            files = {
                split: stack.enter_context(line.open("w", encoding="utf-8", newline="\n"))
                for split, line in lines.items()
            }
            for number, row in enumerate(frozen_rows(snapshot), start=1):
                name = _add_picture(archive, row)
                line = {"file_name": name, "label": positions[row.code], **_plain(row)}
                files[row.split].write(json.dumps(line, ensure_ascii=False) + "\n")
                on_progress(number, snapshot.manifest["rows"])
        for split, line_file in lines.items():
            if line_file.stat().st_size:
                tar_file(archive, f"{split}/metadata.jsonl", line_file)
        for name, content in side_files(snapshot).items():
            tar_bytes(archive, name, content)


def _add_picture(archive: tarfile.TarFile, row: SnapshotRow) -> str | None:
    if row.image_sha256 is None:
        return None
    name = f"{row.product_id}.jpg"
    path = Path(settings.MEDIA_ROOT) / ProductImage(sha256=row.image_sha256).path
    try:
        tar_file(archive, f"{row.split}/{name}", path)
    except FileNotFoundError as error:
        logger.warning("Product %s is exported without its picture: %s", row.product_id, error)
        return None
    return name


def _plain(row: SnapshotRow) -> dict[str, Any]:
    """Return the row but for the split, which the folder says."""
    plain = record(row)
    del plain["split"]
    return plain
