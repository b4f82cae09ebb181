"""Giving every product of a snapshot its split, for good."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from reviewapp.choices import Split
from reviewapp.domain.splits import drawn, group_name, merged_groups, strictest
from reviewapp.models import FeedbackLabel, Product, SplitAssignment

_CHUNK = 2000
# What ties two groups into one when they share it; the last finds groups that are in two splits.
_TIES = ("image__look", "title_hash")


def assign_splits(*, labels: QuerySet[FeedbackLabel], now: datetime) -> dict[int, str]:
    """Give the products of `labels` that have none their split, and raise those of merged groups.

    What a training run has learned or been measured on without a label ties groups, too. Returns
    the common names of groups that have become one. Memory grows with those groups alone. Two
    callers at the same time would draw apart: hold `write.exclusive`.
    """
    live = FeedbackLabel.objects.filter(product=OuterRef("pk"), ended_at=None)
    merged = merged_groups(list(_links(Product.objects.filter(Exists(live) | _assigned()))))
    raised = _raise(merged)
    pairs = labels.order_by("product_id").values_list("product_id", "product__group_key")
    _assign_new(pairs, merged, raised, now)
    return merged


def assign_base_splits(*, products: QuerySet[Product], now: datetime) -> dict[int, str]:
    """Give products that no person has labelled their split, that of their near duplicates.

    One that ties two groups makes them one, as a labelled one does: what shares a title or a look
    with a product that has been in the test is in the test. Returns the common names of such
    groups. A snapshot that later holds the products finds their split. Hold `write.exclusive`.
    """
    tied = Product.objects.filter(_assigned() | Q(pk__in=products.order_by().values("pk")))
    merged = merged_groups(list(_links(tied)))
    raised = _raise(merged)
    pairs = products.order_by("pk").values_list("pk", "group_key")
    _assign_new(pairs, merged, raised, now)
    return merged


def _assigned() -> Exists:
    return Exists(SplitAssignment.objects.filter(product=OuterRef("pk")))


def _links(products: QuerySet[Product]) -> Iterator[list[int]]:
    """Yield sets of group keys that belong together: `products` of theirs share a title or look."""
    for tie in _TIES:
        shared = (
            products.filter(group_key__isnull=False, **{f"{tie}__isnull": False})
            .order_by()
            .values(tie)
            .annotate(number=Count("group_key", distinct=True))
            .filter(number__gt=1)
            .annotate(keys=ArrayAgg("group_key", distinct=True))
        )
        yield from shared.values_list("keys", flat=True).iterator(chunk_size=_CHUNK)
    torn = (
        SplitAssignment.objects.filter(product__group_key__isnull=False)
        .order_by()
        .values("product__group_key")
        .annotate(number=Count("split", distinct=True))
        .filter(number__gt=1)
    )
    # A product that has moved into another group, by a new title, brings its split along.
    keys = torn.values_list("product__group_key", flat=True)
    yield from ([key] for key in keys if key is not None)


def _raise(merged: dict[int, str]) -> dict[str, Split]:
    """Give each merged group the strictest split any of its products has; return these by name."""
    held: defaultdict[str, set[str]] = defaultdict(set)
    assigned = SplitAssignment.objects.filter(product__group_key__in=merged)
    for key, split in assigned.values_list("product__group_key", "split").distinct():
        if key is not None:
            held[merged[key]].add(split)
    raised = {name: strictest(splits) for name, splits in held.items()}
    for split in Split:
        keys = [key for key, name in merged.items() if raised.get(name) == split]
        rising = assigned.filter(product__group_key__in=keys).exclude(split=split)
        rising.filter(split=Split.TRAIN).update(split=split, was_in_training=True)
        rising.update(split=split)
    return raised


def _assign_new(
    pairs: QuerySet[Any, tuple[int, int | None]],
    merged: dict[int, str],
    raised: dict[str, Split],
    now: datetime,
) -> None:
    cursor = pairs.iterator(chunk_size=_CHUNK)
    # What is assigned is looked up chunk by chunk: joined, it would be planned by what was known of
    # the table before this very loop has filled it, and read from end to end for each row.
    while chunk := list(islice(cursor, _CHUNK)):
        there = SplitAssignment.objects.filter(product__in=[pk for pk, _key in chunk])
        assigned = set(there.values_list("product_id", flat=True))
        new = [(pk, key) for pk, key in chunk if pk not in assigned]
        known = _splits_of({key for _pk, key in new if key is not None})
        SplitAssignment.objects.bulk_create(
            SplitAssignment(
                product_id=pk,
                split=_split_of(group_name(key, pk, merged), known.get(key), raised),
                assigned_at=now,
            )
            for pk, key in new
        )


def _splits_of(keys: set[int]) -> dict[int | None, str]:
    """Return the split of each group of which a product has one; merged groups are in one by now."""
    assigned = SplitAssignment.objects.filter(product__group_key__in=keys)
    return dict(assigned.values_list("product__group_key", "split").distinct())


def _split_of(name: str, of_group: str | None, raised: dict[str, Split]) -> str:
    return raised.get(name) or of_group or drawn(name)
