"""Freezing what a run learns from: the catalogue's own codes and a snapshot's labels, in one file.

Frozen once, with the first attempt: what arrives or is decided later belongs to the next run.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from reviewapp.choices import Split
from reviewapp.domain.snapshots import SnapshotRow, canonical_json, weight
from reviewapp.domain.splits import group_name, strictest
from reviewapp.models import Product, ProductImage, SplitAssignment, TrainingRun
from reviewapp.selectors.snapshots import check_file, frozen_columns, frozen_rows
from reviewapp.selectors.training import base_products
from reviewapp.services.snapshots.splits import assign_base_splits
from reviewapp.services.snapshots.write import exclusive
from reviewapp.services.training.holding import RunHold, RunLost, held

ROWS: Final = "rows.jsonl"
OnProgress = Callable[[int, int], None]
_BATCH: Final = 2000
_TOLD_EVERY: Final = 500
_OF_ASSIGNMENT: Final = ("split", "was_in_training")
_ASSIGNED: Final = tuple(f"split_assignment__{name}" for name in _OF_ASSIGNMENT)
Row = dict[str, Any]


class RowsMissing(Exception):
    """There is not one label or code of the catalogue to learn."""


def freeze_rows(*, hold: RunHold, now: datetime, on_progress: OnProgress) -> None:
    """Write the run's rows to its folder and note their sha256; nothing to do when that is done.

    A product that a person has labelled never counts with the code it came with. Products that no
    snapshot has held get their split here, and two rows with one title or look are in one split.
    on_progress: hears (rows done, rows in all); what it raises ends the writing. Raises RunLost,
    RowsMissing when there is nothing to learn, FileNotFoundError when the snapshot's file has been
    removed from the disk, and SnapshotAltered when it is not the one that was frozen.
    """
    run = held(hold).select_related("snapshot").first()
    if run is None:
        raise RunLost
    if run.rows_sha256 and (hold.folder / ROWS).is_file():
        return
    if run.snapshot is not None:
        check_file(run.snapshot)
    hold.folder.mkdir(parents=True, exist_ok=True)
    tally = _Tally()
    part = hold.folder / f"{ROWS}.{hold.attempt}"
    with exclusive(), transaction.atomic(durable=True):
        base = base_products() if run.has_base else Product.objects.none()
        merged = assign_base_splits(products=base, now=now) if run.has_base else {}
        total = base.count() + ((run.snapshot and run.snapshot.rows_total) or 0)
        on_progress(0, total)
        with part.open("wb") as file:
            for done, row in enumerate(_rows(run, base, merged), start=1):
                file.write(tally.line(row))
                if done % _TOLD_EVERY == 0:
                    on_progress(done, total)
    if not tally.rows:
        part.unlink()
        raise RowsMissing
    part.replace(hold.folder / ROWS)
    if not held(hold).update(rows_sha256=tally.digest.hexdigest(), rows=tally.as_json()):
        raise RunLost


class _Tally:
    """Counts and hashes the rows as they are written."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.rows = 0
        self._origins: Counter[str] = Counter()
        self._splits: Counter[str] = Counter()
        self._codes: Counter[int] = Counter()

    def line(self, row: Row) -> bytes:
        self.rows += 1
        self._origins["base" if row["base"] else "labels"] += 1
        self._splits[row["split"]] += 1
        self._codes[row["code"]] += 1
        line = canonical_json(row) + b"\n"
        self.digest.update(line)
        return line

    def as_json(self) -> dict[str, Any]:
        return {
            **{name: self._origins[name] for name in ("base", "labels")},
            "splits": {str(split): self._splits[split] for split in Split},
            "categories": {str(code): number for code, number in sorted(self._codes.items())},
        }


def _rows(run: TrainingRun, base: QuerySet[Product], merged: dict[int, str]) -> Iterator[Row]:
    """Yield the rows of both kinds by product, each product once."""
    labelled = [] if run.snapshot is None else frozen_columns(run.snapshot, ("product_id",))
    known = {int(row[0]) for row in labelled}
    both = heapq.merge(
        _base_rows(base, known, merged), _label_rows(run, merged), key=itemgetter("key")
    )
    for row in both:
        yield row | {"key": str(row["key"])}


def _base_rows(base: QuerySet[Product], known: set[int], merged: dict[int, str]) -> Iterator[Row]:
    shared = ("designation", "description", "language")
    columns = (*shared, "pk", "image__sha256", "given_code", "group_key", *_ASSIGNED)
    for row in base.order_by("pk").values(*columns).iterator(chunk_size=_BATCH):
        if row["pk"] in known:
            continue
        yield {name: row[name] for name in shared} | {
            "key": row["pk"],
            "image": _image(row["image__sha256"]),
            "code": row["given_code"],
            "weight": 1.0,
            "split": row["split_assignment__split"],
            "was_in_training": bool(row["split_assignment__was_in_training"]),
            "group": group_name(row["group_key"], row["pk"], merged),
            "base": True,
        }


def _label_rows(run: TrainingRun, merged: dict[int, str]) -> Iterator[Row]:
    """Yield the snapshot's rows; what has been tied to the test since it was frozen is in it."""
    rows = iter(()) if run.snapshot is None else frozen_rows(run.snapshot)
    while chunk := list(islice(rows, _BATCH)):
        assigned = SplitAssignment.objects.filter(product__in=[row.product_id for row in chunk])
        known = {
            pk: own
            for pk, *own in assigned.values_list("product", "product__group_key", *_OF_ASSIGNMENT)
        }
        for row in chunk:
            key, split, was_in_training = known.get(row.product_id, (None, row.split, False))
            yield _label_row(row) | {
                "split": strictest([row.split, split]),
                "was_in_training": was_in_training,
                "group": merged.get(key, row.group) if key is not None else row.group,
            }


def _label_row(row: SnapshotRow) -> Row:
    return {
        "key": row.product_id,
        "designation": row.designation,
        "description": row.description,
        "language": row.language,
        "image": _image(row.image_sha256),
        "code": row.code,
        "weight": weight(row.inclusion_probability),
        "base": False,
    }


def _image(sha256: str | None) -> str | None:
    return ProductImage(sha256=sha256).path if sha256 else None
