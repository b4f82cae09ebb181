"""Narrowing the shop, and how many products each narrowing would leave."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Cast
from django.db.models.lookups import Exact

from reviewapp.models import CatalogueEntry, CatalogueTally, Category, CategoryFamily

WEEK, MONTH = 7, 30  # days


@dataclass(frozen=True, slots=True)
class Filters:
    """What a buyer narrows the shop to. days: listed within the last 7 or 30; 0 for any time."""

    now: datetime
    family: CategoryFamily | None = None
    category: Category | None = None
    language: str = ""
    with_picture: bool = False
    days: int = 0

    def __bool__(self) -> bool:
        return bool(self.family or self.category or self.language or self.with_picture or self.days)

    def shelf(self) -> QuerySet[CatalogueEntry]:
        """Return what an index reads by time: the category, else the language, else everything."""
        entries = CatalogueEntry.objects.all()
        if self.category is not None:
            return entries.filter(_among([self.category.pk]))
        return entries.filter(language=self.language) if self.language else entries

    @property
    def has_own_shelf(self) -> bool:
        """Whether `shelf` is less than everything."""
        return self.category is not None or bool(self.language)

    def narrow(self, entries: QuerySet[CatalogueEntry]) -> QuerySet[CatalogueEntry]:
        """Keep the entries that pass every filter."""
        if self.category is not None:
            entries = entries.filter(_among([self.category.pk]))
        elif self.family is not None:
            # Ids, not a join: with a join the index by time is not read in order.
            entries = entries.filter(_among(self.family.categories.values_list("pk", flat=True)))
        if self.language:
            entries = entries.filter(language=self.language)
        if self.with_picture:
            entries = entries.filter(has_picture=True)
        if self.days:
            entries = entries.filter(listed_at__gt=self.now - timedelta(days=self.days))
        return entries


def _among(ids: Iterable[int]) -> Q:
    found = list(ids)
    if len(found) == 1:
        # Cast: the index of words and categories compares equal types only.
        return Q(Exact(F("category"), Cast(models.Value(found[0]), models.BigIntegerField())))
    return Q(category__in=found)


class Place(NamedTuple):
    """Where a match stands: the first pass that finds it, and within that."""

    number: int
    listed_at: datetime
    pk: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Some products that share what the filters ask about. places: if it is known which"""

    category: Category
    language: str
    has_picture: bool
    products: int
    in_week: int
    in_month: int
    places: Sequence[Place] = ()

    def count(self, days: int) -> int:
        """How many of them were listed within `days`, 0 for any time."""
        return {WEEK: self.in_week, MONTH: self.in_month}.get(days, self.products)

    def passes(self, filters: Filters) -> bool:
        """Tell whether they pass every filter but that of time, which `count` answers."""
        return (
            (filters.category is None or self.category.pk == filters.category.pk)
            and (filters.family is None or self.category.family_id == filters.family.pk)
            and (not filters.language or self.language == filters.language)
            and (not filters.with_picture or self.has_picture)
        )


@dataclass(frozen=True, slots=True)
class Value:
    """One choice of a facet. is_more: there are more than `count`, which was counted no further."""

    key: str
    label: str
    count: int
    is_more: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facets:
    """families: with a chosen family, its categories stand in `categories`."""

    families: list[Value]
    categories: list[Value]
    languages: list[Value]
    with_picture: Value
    recency: list[Value]


def tallied(categories: Iterable[Category]) -> list[Fact]:
    """Return the facts of the whole shop as of the last roll-up."""
    by_id = {category.pk: category for category in categories}
    return [
        Fact(
            by_id[tally.category_id],
            tally.language,
            tally.has_picture,
            tally.products,
            tally.in_week,
            tally.in_month,
        )
        for tally in CatalogueTally.objects.all()
        if tally.category_id in by_id
    ]


def total(facts: Iterable[Fact], filters: Filters) -> int:
    """Return how many products pass `filters`."""
    return sum(fact.count(filters.days) for fact in facts if fact.passes(filters))


def count_facets(facts: Sequence[Fact], filters: Filters, *, is_more: bool = False) -> Facets:
    """Count each choice as if it were made beside the filters of the other facets.

    is_more: the facts are only some of what was found, so that every count may be too low.
    """

    def values(facet: Filters, name: Callable[[Fact], tuple[str, str]], chosen: str) -> list[Value]:
        counts: dict[tuple[str, str], int] = {}
        for fact in facts:
            if fact.passes(facet) and (number := fact.count(facet.days)):
                counts[name(fact)] = counts.get(name(fact), 0) + number
        return [
            Value(key, label, number, is_more, key == chosen)
            for (key, label), number in sorted(counts.items(), key=lambda item: -item[1])
        ]

    family, category = filters.family, filters.category
    anywhere = replace(filters, family=None, category=None)
    in_family = replace(filters, category=None)
    return Facets(
        families=values(anywhere, _family, family.slug if family else ""),
        categories=values(in_family, _category, str(category.code) if category else "")
        if family
        else [],
        languages=[
            one
            for one in values(replace(filters, language=""), _language, filters.language)
            if one.key
        ],
        with_picture=Value(
            "1",
            "",
            total(facts, replace(filters, with_picture=True)),
            is_more,
            filters.with_picture,
        ),
        recency=[
            Value(
                str(days),
                "",
                total(facts, replace(filters, days=days)),
                is_more,
                filters.days == days,
            )
            for days in (WEEK, MONTH)
        ],
    )


def _family(fact: Fact) -> tuple[str, str]:
    return fact.category.family.slug, fact.category.family.name


def _category(fact: Fact) -> tuple[str, str]:
    return str(fact.category.code), fact.category.name


def _language(fact: Fact) -> tuple[str, str]:
    return fact.language, fact.language
