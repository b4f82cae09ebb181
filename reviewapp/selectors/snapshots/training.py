"""What a training run reads of a frozen snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from reviewapp.choices import Split
from reviewapp.domain.snapshots import weight
from reviewapp.models import DatasetSnapshot, ProductImage
from reviewapp.selectors.snapshots.frozen import frozen_rows


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One product for a training run.

    image: the picture's file, or None; it may have been removed from the disk since
    weight: inverse of the inclusion probability, at most `domain.snapshots.WEIGHT_LIMIT`
    group: rows of one group never lie in two splits
    """

    product_id: int
    designation: str
    description: str
    image: Path | None
    code: int
    weight: float
    split: Split
    group: str


def training_rows(snapshot: DatasetSnapshot) -> Iterator[TrainingRow]:
    """Yield the snapshot's rows by product id; the same rows at any later time, in constant memory.

    Raises FileNotFoundError when the snapshot's file has been removed from the disk.
    """
    media = Path(settings.MEDIA_ROOT)
    for row in frozen_rows(snapshot):
        yield TrainingRow(
            product_id=row.product_id,
            designation=row.designation,
            description=row.description,
            image=media / ProductImage(sha256=row.image_sha256).path if row.image_sha256 else None,
            code=row.code,
            weight=weight(row.inclusion_probability),
            split=Split(row.split),
            group=row.group,
        )
