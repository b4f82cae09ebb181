"""Where the pictures of an import come from: a ZIP, a folder, an array, or nowhere."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.utils.translation import gettext as _

from reviewapp.domain.images import ImageRefused, check_size
from reviewapp.domain.imports import ImportRow, ImportUnreadable, inside
from reviewapp.domain.products import ProductRefused
from reviewapp.models import ProductImage
from reviewapp.services.images import store_image, store_pixels

# Pictures are packed already; what unpacks to fifty times its size is no picture.
_MOST_RATIO = 50
# A ZIP's list of contents is held in memory: 64 MB are some 500,000 pictures.
_DIRECTORY_BYTES = 64 * 2**20
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_FOLDERS = ("", "image_train", "image_test", "images", "images/image_train", "images/image_test")


class PictureMissing(Exception):
    """The row names a picture that did not come along; the row is taken without it."""


class Pictures(Protocol):
    """Pictures by row. `store` gives None when the row has none.

    Raises PictureMissing, ImageRefused, or ProductRefused for a name that leads outside.
    """

    def store(self, row: ImportRow) -> ProductImage | None: ...

    def unnamed(self, rows: Iterable[ImportRow]) -> list[str]:
        """Return the names of the pictures that came along and belong to none of the rows."""
        return []


class NoPictures(Pictures):
    def store(self, row: ImportRow) -> ProductImage | None:
        return None


class FolderPictures(Pictures):
    """Files below one folder of the server; links that lead out of it are refused."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ImportUnreadable(
                _("The folder of pictures %(name)s is not there.") % {"name": folder}
            )
        self._root = folder.resolve()

    def store(self, row: ImportRow) -> ProductImage | None:
        if not row.picture_name:
            return None
        name = inside(row.picture_name)
        for folder in _FOLDERS:
            path = (self._root / folder / name).resolve()
            if not path.is_relative_to(self._root):
                raise _outside(name)
            if path.is_file():
                check_size(path.stat().st_size, settings.IMAGE_MAX_BYTES)
                return store_image(data=path.read_bytes())
        raise PictureMissing(name)


class _ArchiveFile(io.BufferedReader):
    """A ZIP file that refuses to give its list of contents when that would fill the memory.

    zipfile reads the list in one piece. What it takes for the list's
    size is thus bounded, whichever of the ZIP's records (ZIP64 or not) it believes.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        # A stored picture comes in one piece too.
        most = max(_DIRECTORY_BYTES, settings.IMAGE_MAX_BYTES + 1)
        if size is not None and size > most:
            raise ImportUnreadable(_("The archive holds too many files; split it."))
        return super().read(size)


class ZipPictures(Pictures):
    """Members of a ZIP, each read by itself into memory and never written under its own name."""

    def __init__(self, path: Path) -> None:
        try:
            with ExitStack() as opened:
                self._file = opened.enter_context(_ArchiveFile(path.open("rb", buffering=0)))
                self._archive = zipfile.ZipFile(self._file)
                opened.pop_all()
        except (zipfile.BadZipFile, OSError, struct.error, NotImplementedError) as error:
            raise ImportUnreadable(_("The archive of pictures is not a readable ZIP.")) from error
        self._by_path: dict[str, zipfile.ZipInfo] = {}
        # None: the name stands for several members, or for one that lies outside.
        self._by_name: dict[str, zipfile.ZipInfo | None] = {}
        self._outside: set[str] = set()
        for info in self._archive.infolist():
            self._index(info)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._archive.close()
        self._file.close()

    def store(self, row: ImportRow) -> ProductImage | None:
        if not row.picture_name:
            return None
        name = inside(row.picture_name)
        return store_image(data=self._read(self._find(name)))

    def unnamed(self, rows: Iterable[ImportRow]) -> list[str]:
        left = {
            path
            for path in self._by_path
            if path.lower().endswith(_ENDINGS) and not _last(path).startswith(".")
        }
        for row in rows:
            if not row.picture_name:
                continue
            try:
                info = self._find(inside(row.picture_name))
            except (ProductRefused, PictureMissing):
                continue
            left.discard(inside(info.filename))
        return sorted(left)

    def _find(self, name: str) -> zipfile.ZipInfo:
        for folder in _FOLDERS:
            if info := self._by_path.get(f"{folder}/{name}" if folder else name):
                return info
        # A name with a folder means that folder: another's picture would be the wrong one.
        info = None if "/" in name else self._by_name.get(name)
        if info is None:
            raise self._absent(name)
        return info

    def _index(self, info: zipfile.ZipInfo) -> None:
        if info.is_dir():
            return
        name = _last(info.filename)
        try:
            self._by_path[inside(info.filename)] = info
        except ProductRefused:
            self._outside.add(name)
            return
        self._by_name[name] = None if name in self._by_name else info

    def _absent(self, name: str) -> Exception:
        if "/" in name:
            return PictureMissing(name)
        if name in self._by_name:
            message = _("Several pictures of the archive are named “%(name)s”; write its folder.")
            return ProductRefused("image", message % {"name": name[:200]})
        return _outside(name) if name in self._outside else PictureMissing(name)

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        """Unpack one member, at most IMAGE_MAX_BYTES of it, whatever its header says."""
        check_size(info.file_size, settings.IMAGE_MAX_BYTES)
        if info.file_size > _MOST_RATIO * max(info.compress_size, 1):
            raise ImageRefused("bomb", _("The picture unpacks to a multiple of its size."))
        try:
            with self._archive.open(info) as member:
                data = member.read(settings.IMAGE_MAX_BYTES + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            struct.error,
        ) as error:
            message = _("The picture cannot be unpacked from the archive: %(error)s")
            raise ImageRefused("damaged", message % {"error": str(error)[:200]}) from error
        check_size(len(data), settings.IMAGE_MAX_BYTES)
        return data


class ArrayPictures(Pictures):
    """An array N×H×W×3 of uint8 in an NPY file, row by row in the order of the table."""

    def __init__(self, path: Path, rows: int) -> None:
        try:
            # Mapped, not read; a pickle inside would run code.
            pixels = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, OSError, EOFError, SyntaxError) as error:
            raise ImportUnreadable(
                _("The file of pictures is not an NPY array: %(error)s")
                % {"error": str(error)[:200]}
            ) from error
        if not isinstance(pixels, np.ndarray):
            raise ImportUnreadable(_("The file of pictures is an NPZ archive; send an NPY array."))
        if pixels.ndim != 4 or pixels.shape[3] != 3 or pixels.dtype != np.uint8:
            raise ImportUnreadable(
                _("The array is %(shape)s of %(type)s; it must be N×height×width×3 of uint8.")
                % {"shape": "×".join(map(str, pixels.shape)), "type": pixels.dtype}
            )
        if len(pixels) != rows:
            raise ImportUnreadable(
                _("The array holds %(pictures)s pictures; the table has %(rows)s rows.")
                % {"pictures": len(pixels), "rows": rows}
            )
        self._pixels: npt.NDArray[np.uint8] = pixels

    def store(self, row: ImportRow) -> ProductImage | None:
        return store_pixels(pixels=self._pixels[row.number - 1])


def open_pictures(
    *, archive: Path | None, folder: Path | None, array: Path | None, rows: int
) -> AbstractContextManager[Pictures]:
    """Open what there is; of several, the first of archive, folder, array.

    Raises ImportUnreadable.
    """
    if archive is not None:
        return ZipPictures(archive)
    if folder is not None:
        return nullcontext(FolderPictures(folder))
    if array is not None:
        return nullcontext(ArrayPictures(array, rows))
    return nullcontext(NoPictures())


def _last(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _outside(name: str) -> ProductRefused:
    message = _("The picture “%(name)s” lies outside; only names below the folder are read.")
    return ProductRefused("image", message % {"name": name[:200]})
