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

    def code_by_product(self, wanted: Numbers) -> dict[int, int]:
        """Return the codes of those of `wanted` that this side has."""
        present = wanted[np.isin(wanted, self.products)]
        return dict(zip(present.tolist(), self.codes_of(present).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class SnapshotPair:
    """Two finished snapshots side by side, each read once."""

    diff: SnapshotDiff
    before: _Side
    after: _Side

    def rows(self, product_ids: list[int]) -> list[ChangedRow]:
        """Return rows of one of the diff's lists, ready to be shown; one query."""
        wanted = np.array(product_ids, dtype=np.int64)
        before, after = self.before.code_by_product(wanted), self.after.code_by_product(wanted)
        products = Product.objects.in_bulk(product_ids)
        return [
            ChangedRow(pk, before.get(pk), after.get(pk), products.get(pk)) for pk in product_ids
        ]


def snapshot_pair(old: DatasetSnapshot, new: DatasetSnapshot) -> SnapshotPair:
    """Compare two finished snapshots; memory is some forty bytes per row.

    Raises FileNotFoundError when the file of one has been removed from the disk, and SnapshotAltered.
    """
    for snapshot in (old, new):
        check_file(snapshot)
    before, after = _side(old), _side(new)
    return SnapshotPair(_diff(before, after), before, after)


def _diff(before: _Side, after: _Side) -> SnapshotDiff:
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


def _side(snapshot: DatasetSnapshot) -> _Side:
    table = pq.read_table(snapshot_path(snapshot.digest), columns=["product_id", "code"])
    return _Side(table["product_id"].to_numpy(), table["code"].to_numpy())
