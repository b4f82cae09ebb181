"""ZIP and TAR files written as a stream, the same bytes for the same content."""

from __future__ import annotations

import csv
import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

# A fixed date: the same data must give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def zip_entry(archive: zipfile.ZipFile, name: str, method: int = zipfile.ZIP_DEFLATED) -> IO[bytes]:
    """Open an entry for writing, of any size."""
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = method
    info.external_attr = 0o644 << 16
    return archive.open(info, "w", force_zip64=True)


def zip_files(archive: zipfile.ZipFile, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        with zip_entry(archive, name) as file:
            file.write(content)


def write_table(file: IO[bytes], header: Iterable[str], rows: Iterable[list[str]]) -> None:
    """Write UTF-8 CSV (RFC 4180) into an open entry."""
    lines = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(lines)
    writer.writerow(header)
    writer.writerows(rows)
    lines.detach()


def tar_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    _tar(archive, name, len(content), io.BytesIO(content))


def tar_file(archive: tarfile.TarFile, name: str, path: Path) -> None:
    """Add a file under `name`. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        _tar(archive, name, path.stat().st_size, file)


def _tar(archive: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o644
    archive.addfile(info, content)
    # The module remembers every member; a million of them would fill the memory.
    archive.getmembers().clear()
