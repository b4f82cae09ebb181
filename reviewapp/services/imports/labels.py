"""The challenge's second table: `prdtypecode` by the index of the first."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext as _

from reviewapp.domain.imports import ImportUnreadable, given_code
from reviewapp.domain.products import ProductRefused
from reviewapp.services.imports import text_tables

_CODE_COLUMN = "prdtypecode"
_SIGN_STEP = 500_000


@dataclass(frozen=True, slots=True)
class Labels:
    """Codes by row index: two arrays of int64, 16 bytes a row, sorted by index."""

    indexes: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]

    def code(self, index: str) -> str:
        """Return the code of a row's index as text, "" when there is none."""
        try:
            wanted = int(index)
        except ValueError:
            return ""
        position = int(np.searchsorted(self.indexes, wanted))
        if position == len(self.indexes) or self.indexes[position] != wanted:
            return ""
        return str(self.codes[position])


def read_labels(path: Path, still_here: Callable[[], None]) -> Labels:
    """Read a table of an index column and `prdtypecode`. Raises ImportUnreadable.

    still_here: called every second or so
    """
    if not path.is_file():
        raise ImportUnreadable(_("The file of labels is not there; send it again."))
    indexes, codes = array("q"), array("q")
    encoding = text_tables.detect_encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        names = [name.strip().casefold() for name in file.readline().rstrip("\r\n").split(",")]
        if len(names) != 2 or names[1].strip('"') != _CODE_COLUMN:
            raise ImportUnreadable(
                _("The file of labels needs two columns: the index and prdtypecode.")
            )
        for number, cells in enumerate(text_tables.csv_records(file, ","), start=1):
            if number % _SIGN_STEP == 0:
                still_here()
            try:
                raw_index, raw_code = cells  # type: ignore[misc]
                code = given_code(raw_code)
                if code is None:
                    continue
                indexes.append(int(raw_index))
                codes.append(code)
            except (ValueError, TypeError, ProductRefused, OverflowError) as error:
                raise ImportUnreadable(
                    _("Row %(row)s of the file of labels is not an index and a code.")
                    % {"row": number}
                ) from error
    unsorted = np.array(indexes, dtype=np.int64)
    order = np.argsort(unsorted, kind="stable")
    return Labels(unsorted[order], np.array(codes, dtype=np.int64)[order])
