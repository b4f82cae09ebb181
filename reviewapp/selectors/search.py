"""Finding listed products by a buyer's words.

Relevance is a short list of passes: all words in the title, all words anywhere, then, when that
finds few, the words as they may have been meant. Within a pass the newest come first, so that a
page continues where the last one ended, however deep.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, reduce
from operator import and_, or_

from django.contrib.postgres.search import SearchQueryCombinable
from django.db.models import Case, F, Q, Value, When
from django.db.models.lookups import GreaterThan

from reviewapp.domain.search import fold, has_operators, split_words
from reviewapp.models import CatalogueEntry, Category, Product
from reviewapp.selectors.facets import (
    MONTH,
    WEEK,
    Facets,
    Fact,
    Filters,
    Place,
    count_facets,
    total,
)
from reviewapp.selectors.matches import Matches, some_matches
from reviewapp.selectors.passes import page_of_passes, read_anew, read_found
from reviewapp.selectors.shop import PAGE_SIZE, categories_in_use, products_in_order
from reviewapp.selectors.spelling import (
    Reading,
    either_language,
    is_in_index,
    read_words,
    spelled,
)

MOST_COUNTED = 1_000
FEW = 5
"""With fewer matches than this, the words are read as they may have been meant, too."""
_MOST_NAMED = 4
_Row = tuple[int, str, bool, bool, bool, int, datetime, int]


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what was found.

    count: products that pass the filters, at most MOST_COUNTED; is_more: there are more
    unfiltered: whether anything was found without the filters
    corrected: the words that were searched besides or instead; relaxed: one word is missing
    categories: named by the words
    """

    products: list[Product]
    older: str
    count: int
    is_more: bool
    unfiltered: bool
    facets: Facets
    categories: list[Category]
    corrected: str = ""
    relaxed: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found, at most MOST_COUNTED products of it.

    is_more: there are others; are_recent: see `matches.Matches`
    """

    facts: list[Fact] = field(default_factory=list)
    is_more: bool = False
    are_recent: bool = True

    @property
    def count(self) -> int:
        return sum(fact.products for fact in self.facts)


@dataclass(slots=True)
class _Plan:
    """What to look for: `passes` by falling relevance, `everything` their union.

    is_by_words: False for all of some categories, and for all that does not have some words
    """

    passes: list[Q]
    everything: Q
    is_by_words: bool = True
    corrected: str = ""
    relaxed: bool = False
    found: _Found = field(default_factory=_Found)


def search(*, text: str, filters: Filters, cursor: str = "", size: int = PAGE_SIZE) -> Results:
    """Return one page of the best matches for `text`. Raises pages.CursorInvalid.

    Quotes, OR and a minus sign work as in a web search; with them nothing is corrected.
    """
    categories = categories_in_use()
    plan = _plan(text, filters, categories)
    found = kept = plan.found
    if found.is_more and filters:
        kept = _look_for(plan, filters, categories, within=found)
    if kept.is_more:
        shelf = filters.shelf() if plan.is_by_words else None
        entries = filters.narrow(CatalogueEntry.objects.all())
        read = read_anew(entries, plan.passes, shelf=shelf, are_recent=kept.are_recent)
    else:
        read = read_found(kept.facts, filters)
    ids, older = page_of_passes(read, len(plan.passes), cursor, size)
    return Results(
        products=products_in_order(ids),
        older=older,
        count=MOST_COUNTED if kept.is_more else total(kept.facts, filters),
        is_more=kept.is_more,
        unfiltered=bool(found.facts),
        facets=count_facets(found.facts, filters, is_more=found.is_more),
        categories=named_by(plan.corrected or text, categories),
        corrected=plan.corrected,
        relaxed=plan.relaxed,
    )


def named_by(text: str, categories: list[Category]) -> list[Category]:
    """Return the categories one of whose names or synonyms says `text`, or is said in it."""
    asked = _singular(text)
    if not asked:
        return []
    ranked = []
    for category in categories:
        phrases = [_singular(phrase) for phrase in _phrases(category)]
        if asked in phrases:
            ranked.append((0, category))
        elif any(phrase and phrase <= asked for phrase in phrases):
            ranked.append((1, category))
        elif any(asked <= phrase for phrase in phrases):
            ranked.append((2, category))
    ranked.sort(key=lambda pair: pair[0])
    return [category for _, category in ranked[:_MOST_NAMED]]


def _phrases(category: Category) -> list[str]:
    synonyms = [one for words in category.synonyms.values() for one in words]
    return [category.name_fr, category.name_en, *synonyms]


@lru_cache(maxsize=2048)
def _singular(text: str) -> frozenset[str]:
    words = split_words(fold(text))
    return frozenset(word.rstrip("sx") if len(word) > 3 else word for word in words)


def _plan(text: str, filters: Filters, categories: list[Category]) -> _Plan:
    asked = either_language(text, "websearch")
    plan = _Plan(_passes(asked), Q(all_words=asked), is_by_words=is_in_index(text))
    if has_operators(text):
        # What a minus sign excludes may stand in the description of what the title names.
        plan.passes[0] &= plan.everything
    _look(plan, filters, categories)
    if plan.found.count >= FEW or has_operators(text):
        return plan
    words = split_words(text)
    readings = read_words(words) if words else []
    if any(one.meanings for one in readings):
        meant = reduce(and_, [one.query() for one in readings])
        plan.passes += [one & ~Q(all_words=asked) for one in _passes(meant)]
        plan.everything |= Q(all_words=meant)
        plan.corrected = spelled(words, readings)
        _look(plan, filters, categories)
    if not plan.found.facts and len(readings) > 1:
        plan = _Plan(*_all_but_one(readings), corrected=plan.corrected, relaxed=True)
        _look(plan, filters, categories)
    named = [] if plan.found.facts else named_by(plan.corrected or text, categories)
    if named:
        condition = Q(category__in=[one.pk for one in named])
        plan = _Plan([condition], condition, is_by_words=False, corrected=plan.corrected)
        _look(plan, filters, categories)
    return plan


def _passes(query: SearchQueryCombinable) -> list[Q]:
    return [Q(title_words=query), Q(all_words=query) & ~Q(title_words=query)]


def _all_but_one(readings: list[Reading]) -> tuple[list[Q], Q]:
    """All words but any one of them."""
    queries = [one.query() for one in readings]
    combinations = [
        reduce(and_, [one for place, one in enumerate(queries) if place != absent])
        for absent in range(len(queries))
    ]
    query = reduce(or_, combinations)
    return _passes(query), Q(all_words=query)


def _look(plan: _Plan, filters: Filters, categories: list[Category]) -> None:
    plan.found = _look_for(plan, Filters(now=filters.now), categories)


def _look_for(
    plan: _Plan, filters: Filters, categories: list[Category], within: _Found | None = None
) -> _Found:
    """Return what passes `filters`, in no order; a fact for each kind of product.

    within: what was found without the filters
    """
    in_week, in_month = (
        GreaterThan(F("listed_at"), filters.now - timedelta(days=days)) for days in (WEEK, MONTH)
    )
    matches = filters.narrow(CatalogueEntry.objects.filter(plan.everything)).values_list(
        "category_id",
        "language",
        "has_picture",
        in_week,
        in_month,
        _place(plan.passes),
        "listed_at",
        "pk",
    )
    if plan.is_by_words:
        # Of the newest of everything no more match with the filters than without.
        may_be_recent = within is None or within.are_recent or filters.has_own_shelf
        some = some_matches(
            matches,
            shelf=filters.shelf(),
            most=MOST_COUNTED + 1,
            page=PAGE_SIZE,
            may_be_recent=may_be_recent,
        )
    else:
        some = Matches(list(matches[: MOST_COUNTED + 1]))
    facts = _facts(some.rows[:MOST_COUNTED], {category.pk: category for category in categories})
    return _Found(facts, len(some.rows) > MOST_COUNTED, some.are_recent)


def _place(passes: list[Q]) -> Case:
    """The number of the first pass that finds an entry."""
    return Case(*(When(one, then=Value(number)) for number, one in enumerate(passes)))


def _facts(rows: Iterable[_Row], categories: Mapping[int, Category]) -> list[Fact]:
    """Put together what differs in nothing that is counted: a loop over facts is over few then."""
    kinds: dict[tuple[int, str, bool, bool, bool], list[Place]] = {}
    for category, language, has_picture, in_week, in_month, number, listed_at, pk in rows:
        kind = (category, language, has_picture, in_week, in_month)
        kinds.setdefault(kind, []).append(Place(number, listed_at, pk))
    return [
        Fact(
            categories[category],
            language,
            has_picture,
            products=len(places),
            in_week=len(places) if in_week else 0,
            in_month=len(places) if in_month else 0,
            places=places,
        )
        for (category, language, has_picture, in_week, in_month), places in kinds.items()
        if category in categories
    ]
