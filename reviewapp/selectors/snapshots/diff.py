"""What has changed from one snapshot to another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from reviewapp.domain.snapshots import SnapshotDiff
from reviewapp.models import DatasetSnapshot, Product
from reviewapp.selectors.snapshots.frozen import check_file, snapshot_path

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One product that differs. before, after: its category's code; None where it is absent.

    product: as it is now; None when it has been deleted since
    """

    product_id: int
    before: int | None
    after: int | None
    product: Product | None


@dataclass(frozen=True, slots=True)
class _Side:
    products: Numbers  # ascending, each once
    codes: Numbers

    def codes_of(self, products: Numbers) -> Numbers:
        codes: Numbers = self.codes[np.searchsorted(self.products, products)]
        return codes


def snapshot_diff(old: DatasetSnapshot, new: DatasetSnapshot) -> SnapshotDiff:
    """Compare two finished snapshots; memory is some forty bytes per row.

    Raises FileNotFoundError when the file of one has been removed from the disk, and SnapshotAltered.
    """
    for snapshot in (old, new):
        check_file(snapshot)
    before, after = _side(old), _side(new)
    added = np.setdiff1d(after.products, before.products, assume_unique=True)
    removed = np.setdiff1d(before.products, after.products, assume_unique=True)
    common = np.intersect1d(before.products, after.products, assume_unique=True)
    old_codes, new_codes = before.codes_of(common), after.codes_of(common)
    is_moved = old_codes != new_codes
    moves = Counter(zip(old_codes[is_moved].tolist(), new_codes[is_moved].tolist(), strict=True))
    return SnapshotDiff(
        added=added.tolist(),
        removed=removed.tolist(),
        relabelled=common[is_moved].tolist(),
        unchanged=int(len(common) - is_moved.sum()),
        moves=moves.most_common(),
    )


def changed_rows(
    old: DatasetSnapshot, new: DatasetSnapshot, product_ids: list[int]
) -> list[ChangedRow]:
    """Return rows of a diff's list, ready to be shown; two reads of two columns, one query."""
    wanted = np.array(product_ids, dtype=np.int64)
    before, after = (_codes_at(_side(snapshot), wanted) for snapshot in (old, new))
    products = Product.objects.in_bulk(product_ids)
    return [ChangedRow(pk, before.get(pk), after.get(pk), products.get(pk)) for pk in product_ids]


def _codes_at(side: _Side, wanted: Numbers) -> dict[int, int]:
    present = wanted[np.isin(wanted, side.products)]
    return dict(zip(present.tolist(), side.codes_of(present).tolist(), strict=True))


def _side(snapshot: DatasetSnapshot) -> _Side:
    table = pq.read_table(snapshot_path(snapshot.digest), columns=["product_id", "code"])
    return _Side(table["product_id"].to_numpy(), table["code"].to_numpy())
