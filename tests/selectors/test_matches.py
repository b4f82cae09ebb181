"""However the words of a search meet, its pages hold each match once, the newest first, by the index."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviewapp.models import CatalogueEntry
from reviewapp.selectors import matches, search
from reviewapp.selectors.facets import Filters
from reviewapp.selectors.spelling import either_language, is_in_index
from tests.factories import NOW, CategoryFactory, ListedProductFactory

pytestmark = pytest.mark.django_db
MANY, PAGE = 7, 3


@pytest.fixture(autouse=True)
def _small_numbers(monkeypatch):
    """A page of three, two entries read by time, and four matches are too many to count."""
    monkeypatch.setattr(search, "MOST_COUNTED", 4)
    monkeypatch.setattr(matches, "NEWEST_READ", 2)


@pytest.fixture
def category():
    return CategoryFactory()


def listed(days, category, designation="Table", description=""):
    return ListedProductFactory(
        category=category,
        designation=designation,
        description=description,
        language="fr",
        listed_at=NOW - timedelta(days=days),
    )


def pages(filters, text="lampe verte"):
    """Every page of a search, as lists of products."""
    cursor, found = "", []
    while True:
        page = search.search(text=text, filters=filters, cursor=cursor, size=PAGE)
        found.append(page.products)
        cursor = page.older
        if not cursor:
            return found


def filters_of(kind, category):
    narrowing = {"category": category, "family": category.family, "language": "fr", "days": 30}
    return Filters(now=NOW, **({kind: narrowing[kind]} if kind else {}))


@pytest.mark.parametrize("kind", ["", "category", "family", "language", "days"])
@pytest.mark.parametrize("are_newest", [True, False])
def test_pages_hold_each_match_once_by_pass_and_time_wherever_it_stands(kind, are_newest, category):
    others, ours = (MANY, 0) if are_newest else (0, MANY)
    for number in range(MANY):
        listed(others + number, category, "Lampe bleue")
    in_title = [listed(ours + number, category, "Lampe verte") for number in range(MANY)]
    anywhere = [listed(ours + n, category, "Lampe", "Elle est verte") for n in range(MANY)]

    found = pages(filters_of(kind, category))

    assert [product for page in found for product in page] == in_title + anywhere
    assert [len(page) for page in found] == [PAGE, PAGE, PAGE, PAGE, 2]


def test_a_full_page_that_ends_a_pass_goes_on_with_the_next(category):
    in_title = [listed(number, category, "Lampe verte") for number in range(PAGE)]
    anywhere = [listed(number, category, "Lampe", "Elle est verte") for number in range(PAGE)]

    assert pages(Filters(now=NOW)) == [in_title, anywhere]


@pytest.mark.parametrize(
    ("words", "other"),
    [("title_in_category", "all_in_category"), ("all_in_category", "title_in_category")],
)
def test_the_index_of_words_knows_the_category_too(words, other, category):
    """By its own type: the index would not be asked about a smaller integer."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX entry_category, entry_{other}")

    with matches.by_words():
        plan = Filters(now=NOW, category=category).shelf().explain()

    assert f"entry_{words}" in plan
    assert "Index Cond: (category_id = " in plan


def test_words_that_rarely_meet_are_not_looked_for_through_the_whole_catalogue(category):
    for number in range(MANY):
        listed(number, category, "Lampe", "Elle est verte")

    with CaptureQueriesContext(connection) as asked:
        search.search(text="lampe verte", filters=Filters(now=NOW), size=PAGE)

    sent = [query["sql"] for query in asked]
    asked_for = [sql.partition(" WHERE ")[2] for sql in sent]
    titles = [place for place, sql in enumerate(asked_for) if '"title_words" @@' in sql]
    beyond = [place for place in titles if '"listed_at" >=' not in sent[place]]
    assert (len(titles), len(beyond)) == (2, 2)
    assert all("enable_indexscan = off" in sent[place - 1] for place in beyond)


def test_of_frequent_words_the_newest_matches_are_counted(category):
    for number in range(3 * MANY):
        listed(number, category, "Lampe verte")
    found = CatalogueEntry.objects.filter(title_words=either_language("lampe"))

    some = matches.some_matches(
        found.values_list("listed_at", flat=True),
        shelf=CatalogueEntry.objects.all(),
        most=4,
        page=1,
    )

    assert some.are_recent
    assert sorted(some.rows, reverse=True) == [NOW - timedelta(days=number) for number in range(4)]


def test_a_word_that_both_languages_read_alike_is_looked_for_once():
    alike, unlike = (
        CatalogueEntry.objects.filter(title_words=either_language(word)).explain()
        for word in ("maisons", "bois")
    )

    assert alike.count("'maison'") == 1
    assert "'bois'" in unlike
    assert "'boi'" in unlike


def test_what_only_excludes_words_is_not_asked_of_their_index(category):
    lamps = [listed(number, category, "Lampe") for number in range(MANY)]
    listed(0, category, "Table")

    with CaptureQueriesContext(connection) as asked:
        found = pages(Filters(now=NOW), text="-table")

    assert [product for page in found for product in page] == lamps
    assert not [query for query in asked if "SET LOCAL" in query["sql"]]


def test_what_is_excluded_may_stand_in_the_description_of_what_the_title_names(category):
    plain = listed(1, category, "Lampe verte", "Pour la chambre")
    listed(0, category, "Lampe verte", "Avec une ampoule")

    assert pages(Filters(now=NOW), text="lampe -ampoule") == [[plain]]


@pytest.mark.parametrize(
    ("text", "answers"),
    [("lampe", True), ("lampe -verte", True), ("-verte", False), ("lampe OR -verte", False)],
)
def test_an_index_of_words_answers_what_names_one(text, answers):
    assert is_in_index(text) is answers
