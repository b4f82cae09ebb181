"""The challenge's second table: `prdtypecode` by the index of the first."""

from array import array
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext as _

from reviewapp.domain.imports import ImportUnreadable, given_code
from reviewapp.domain.products import ProductRefused
from reviewapp.services.imports import text_tables
from reviewapp.services.imports.csv_records import BrokenLine, csv_records

NO_CODE: Final = -1
_CODE_COLUMN = "prdtypecode"
_SIGN_STEP = 500_000
_LARGEST = 2**63 - 1


# No slots: whether the indexes count the rows is found out once.
@dataclass(frozen=True)
class Labels:
    """Codes by row index: two arrays of int64, 16 bytes a row, sorted by index; NO_CODE for none.

    unread: what stands where a code should be, by index
    """

    indexes: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    unread: Mapping[int, str]

    def code(self, index: str) -> str | None:
        """Return what stands beside a row's index, None when the index does not occur."""
        try:
            wanted = int(index)
        except ValueError:
            return None
        position = int(np.searchsorted(self.indexes, wanted))
        if position == len(self.indexes) or self.indexes[position] != wanted:
            return self.unread.get(wanted)
        code = self.codes[position]
        return "" if code == NO_CODE else str(code)

    @cached_property
    def counts_rows(self) -> bool:
        """Whether the indexes are 0, 1, 2 …: the places of rows in a table without an index."""
        places = np.arange(len(self.indexes) + len(self.unread))
        return np.array_equal(np.union1d(self.indexes, np.array(list(self.unread), int)), places)


def read_labels(path: Path, still_here: Callable[[], None]) -> Labels:
    """Read a table of an index column and `prdtypecode`. Raises ImportUnreadable.

    A code that is none concerns its row alone. still_here: called every second or so
    """
    if not path.is_file():
        raise ImportUnreadable(_("The file of labels is not there; send it again."))
    indexes, codes, unread = array("q"), array("q"), dict[int, str]()
    encoding = text_tables.detect_encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        names = [name.strip().casefold() for name in file.readline().rstrip("\r\n").split(",")]
        if len(names) != 2 or names[1].strip('"') != _CODE_COLUMN:
            raise ImportUnreadable(
                _("The file of labels needs two columns: the index and prdtypecode.")
            )
        for number, cells in enumerate(csv_records(file, ",", 2), start=1):
            if number % _SIGN_STEP == 0:
                still_here()
            index, raw = _index_and_code(cells, number)
            try:
                code = given_code(raw)
            except ProductRefused:
                unread[index] = raw
                continue
            indexes.append(index)
            codes.append(NO_CODE if code is None else code)
    unsorted = np.array(indexes, dtype=np.int64)
    order = np.argsort(unsorted, kind="stable")
    return Labels(unsorted[order], np.array(codes, dtype=np.int64)[order], unread)


def _index_and_code(cells: list[str] | BrokenLine, number: int) -> tuple[int, str]:
    """Return a row's two cells. Raises ImportUnreadable: a code without an index is nobody's."""
    if not isinstance(cells, BrokenLine) and len(cells) == 2:
        with suppress(ValueError):
            index = int(cells[0])
            if -_LARGEST <= index <= _LARGEST:
                return index, cells[1]
    raise ImportUnreadable(
        _("Row %(row)s of the file of labels is not an index and a code.") % {"row": number}
    )
