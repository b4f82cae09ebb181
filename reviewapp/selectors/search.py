"""Finding listed products by a buyer's words.

Relevance is a short list of passes: all words in the title, all words anywhere, then, when that
finds few, the words as they may have been meant. Within a pass the newest come first, so that a
page continues where the last one ended, however deep.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from operator import and_, or_

from django.contrib.postgres.search import SearchQuery
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from reviewapp.domain.search import fold, has_operators, split_words
from reviewapp.models import CatalogueEntry, Category, Product
from reviewapp.selectors.facets import MONTH, WEEK, Facets, Fact, Filters, count_facets, total
from reviewapp.selectors.pages import CursorInvalid, page_by_time
from reviewapp.selectors.shop import PAGE_SIZE, categories_in_use, products_in_order
from reviewapp.selectors.spelling import Reading, either_language, read_words, spelled

MOST_COUNTED = 1_000
FEW = 5
"""With fewer matches than this, the words are read as they may have been meant, too."""
_MOST_NAMED = 4


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


@dataclass(slots=True)
class _Plan:
    """What to look for: `passes` by falling relevance, `everything` their union."""

    passes: list[Q]
    everything: Q
    corrected: str = ""
    relaxed: bool = False
    facts: list[Fact] = field(default_factory=list)


def search(*, text: str, filters: Filters, cursor: str = "", size: int = PAGE_SIZE) -> Results:
    """Return one page of the best matches for `text`. Raises pages.CursorInvalid.

    Quotes, OR and a minus sign work as in a web search; with them nothing is corrected.
    """
    categories = categories_in_use()
    plan = _plan(text, filters, categories)
    is_cut = len(plan.facts) > MOST_COUNTED
    facts = plan.facts[:MOST_COUNTED]
    kept, is_more = facts, is_cut
    entries = CatalogueEntry.objects.all()
    if is_cut and filters:
        kept = _facts(filters.narrow(entries.filter(plan.everything)), filters, categories)
        is_more = len(kept) > MOST_COUNTED
    if is_more:
        entries = filters.narrow(entries)
    else:
        # By key: the planner guesses badly how often words occur together.
        wanted = [one for one in kept if one.passes(filters) and one.count(filters.days)]
        entries = entries.filter(pk__in=[one.product_id for one in wanted])
    products, older = _page(entries, plan.passes, cursor, size)
    return Results(
        products=products,
        older=older,
        count=MOST_COUNTED if is_more else total(kept, filters),
        is_more=is_more,
        unfiltered=bool(facts),
        facets=count_facets(facts, filters, is_more=is_cut),
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


def _singular(text: str) -> frozenset[str]:
    words = split_words(fold(text))
    return frozenset(word.rstrip("sx") if len(word) > 3 else word for word in words)


def _plan(text: str, filters: Filters, categories: list[Category]) -> _Plan:
    asked = either_language(text, "websearch")
    plan = _Plan(_passes(asked), Q(all_words=asked))
    _look(plan, filters, categories)
    if len(plan.facts) >= FEW or has_operators(text):
        return plan
    words = split_words(text)
    readings = read_words(words) if words else []
    if any(one.meanings for one in readings):
        meant = reduce(and_, [one.query() for one in readings])
        plan.passes += [one & ~Q(all_words=asked) for one in _passes(meant)]
        plan.everything |= Q(all_words=meant)
        plan.corrected = spelled(words, readings)
        _look(plan, filters, categories)
    if not plan.facts and len(readings) > 1:
        plan = _Plan(*_all_but_one(readings), corrected=plan.corrected, relaxed=True)
        _look(plan, filters, categories)
    named = [] if plan.facts else named_by(plan.corrected or text, categories)
    if named:
        condition = Q(category__in=[one.pk for one in named])
        plan = _Plan([condition], condition, corrected=plan.corrected)
        _look(plan, filters, categories)
    return plan


def _passes(query: SearchQuery) -> list[Q]:
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
    found = CatalogueEntry.objects.filter(plan.everything)
    plan.facts = _facts(found, filters, categories)


def _facts(
    found: QuerySet[CatalogueEntry], filters: Filters, categories: list[Category]
) -> list[Fact]:
    """Return a fact for each entry found, in no order, one more than are counted at most."""
    by_id = {category.pk: category for category in categories}
    week = filters.now - timedelta(days=WEEK)
    month = filters.now - timedelta(days=MONTH)
    columns = ("category_id", "language", "has_picture", "listed_at", "pk")
    with transaction.atomic(), connection.cursor() as cursor:
        # Two frequent words that never meet would have the whole table read in vain.
        cursor.execute("SET LOCAL enable_seqscan = off")
        rows = list(found.values_list(*columns)[: MOST_COUNTED + 1])
    return [
        Fact(by_id[category], language, has_picture, 1, listed > week, listed > month, pk)
        for category, language, has_picture, listed, pk in rows
        if category in by_id
    ]


def _page(
    entries: QuerySet[CatalogueEntry], passes: list[Q], cursor: str, size: int
) -> tuple[list[Product], str]:
    """Return a page and the cursor of the next: "<pass>,<time>,<id>", or "<pass>," at its start."""
    first, after = _read(cursor, len(passes))
    ids: list[int] = []
    for number in range(first, len(passes)):
        rows = entries.filter(passes[number]).only("pk", "listed_at")
        if len(ids) == size:
            if rows.exists():
                return products_in_order(ids), f"{number},"
            continue
        page = page_by_time(rows, field="listed_at", cursor=after, size=size - len(ids))
        ids += [row.pk for row in page.rows]
        if page.older:
            return products_in_order(ids), f"{number},{page.older}"
        after = ""
    return products_in_order(ids), ""


def _read(cursor: str, passes: int) -> tuple[int, str]:
    number, _comma, after = cursor.partition(",")
    if not cursor:
        return 0, ""
    if not (number.isascii() and number.isdigit()) or int(number) >= passes:
        raise CursorInvalid(cursor)
    return int(number), after
