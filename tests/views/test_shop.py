import pytest
from django.utils import timezone

from reviewapp.choices import ProductStatus
from reviewapp.services.catalogue_rollup import roll_up
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProductFactory,
    ProductImageFactory,
    ReportFactory,
)

pytestmark = pytest.mark.django_db


def test_a_visitor_browses_without_an_account(client):
    product = ListedProductFactory(designation="Lampe de bureau")

    for address in ("/", "/catalogue/", f"/catalogue/{product.category.code}/"):
        assert client.get(address).status_code == 200
    assert "Lampe de bureau" in client.get(f"/product/{product.pk}/").content.decode()


@pytest.mark.parametrize("status", [ProductStatus.WAITING, ProductStatus.IN_REVIEW])
def test_what_is_not_listed_is_not_there(client, status):
    assert client.get(f"/product/{ProductFactory(status=status).pk}/").status_code == 404


def test_markup_in_a_title_is_shown_as_text(client):
    product = ListedProductFactory(designation="<script>alert(1)</script>")

    page = client.get(f"/product/{product.pk}/").content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("query", ["roman", '"', "'", "a & b | !c", "\x00", "x" * 5000, "é" * 300])
def test_any_search_is_answered(client, query):
    ListedProductFactory(designation="Roman policier")

    assert client.get("/catalogue/", {"q": query}).status_code == 200


def test_a_made_up_cursor_is_not_found(client):
    category = CategoryFactory()

    assert client.get(f"/catalogue/{category.code}/", {"after": "x"}).status_code == 404


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "99", "²"])
def test_a_made_up_cursor_of_a_search_is_not_found(client, number):
    assert client.get("/catalogue/", {"q": "lampe", "after": f"{number},x"}).status_code == 404


def test_a_page_and_the_next_show_each_product_once(client):
    category = CategoryFactory()
    products = [ListedProductFactory(category=category) for _ in range(30)]

    first = client.get(f"/catalogue/{category.code}/")
    second = client.get(f"/catalogue/{category.code}/", {"after": first.context["older"]})

    seen = [p.pk for answer in (first, second) for p in answer.context["products"]]
    assert sorted(seen) == sorted(p.pk for p in products)


def test_more_products_cost_no_more_queries(client, django_assert_max_num_queries):
    category = CategoryFactory()
    counts = []
    for _ in range(2):
        for _ in range(10):
            ListedProductFactory(category=category, image=ProductImageFactory())
        with django_assert_max_num_queries(9) as captured:
            client.get(f"/catalogue/{category.code}/")
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_a_choice_narrows_and_can_be_taken_back(client):
    category = CategoryFactory(code=10)
    french = ListedProductFactory(category=category, language="fr")
    ListedProductFactory(category=category, language="en")
    roll_up(now=timezone.now())

    answer = client.get("/catalogue/10/", {"language": "fr"})

    assert answer.context["products"] == [french]
    chosen = next(c for c in answer.context["choices"]["languages"] if c.value.is_chosen)
    assert chosen.url == "/catalogue/10/?"


def test_a_search_goes_on_page_by_page_and_keeps_its_filters(client):
    category = CategoryFactory(code=10)
    products = [ListedProductFactory(category=category, designation="Roman") for _ in range(30)]

    first = client.get("/catalogue/", {"q": "roman", "picture": ""})
    second = client.get(f"/catalogue/?{first.context['next_query']}")

    seen = [p.pk for answer in (first, second) for p in answer.context["products"]]
    assert sorted(seen) == sorted(p.pk for p in products)


def test_nothing_found_says_what_to_do(client):
    ListedProductFactory(designation="Roman", language="fr")

    narrowed = client.get(
        "/catalogue/", {"q": "roman", "language": "de"}, headers={"accept-language": "en"}
    )
    nothing = client.get("/catalogue/", {"q": "qqqq"}, headers={"accept-language": "en"})

    assert "Drop the filters" in narrowed.content.decode()
    assert "Try fewer or other words" in nothing.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"family": "\x00"},
        {"family": "none"},
        {"days": "1e400"},
        {"language": "é" * 99},
        {"q": "a", "after": "9,"},
    ],
)
def test_made_up_filters_never_break(client, query):
    assert client.get("/catalogue/", query).status_code in (200, 404)


def test_a_buyer_reports_without_leaving_the_page(client):
    product, buyer = ListedProductFactory(), BuyerFactory()
    right = CategoryFactory()
    client.force_login(buyer)

    answer = client.post(
        f"/reports/product/{product.pk}/",
        {"suggested_category": right.code, "comment": "C'est un jeu"},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    report = buyer.reports.get()
    assert (report.suggested_category, report.comment) == (right, "C'est un jeu")


def test_a_report_works_without_javascript(client):
    product = ListedProductFactory()
    client.force_login(BuyerFactory())

    answer = client.post(f"/reports/product/{product.pk}/", follow=True)

    assert answer.redirect_chain == [(f"/product/{product.pk}/", 302)]
    assert product.reports.count() == 1


def test_a_report_that_makes_no_sense_is_answered_422(client):
    product = ListedProductFactory()
    client.force_login(BuyerFactory())

    same = client.post(
        f"/reports/product/{product.pk}/", {"suggested_category": product.category.code}
    )
    unknown = client.post(f"/reports/product/{product.pk}/", {"suggested_category": "999999"})

    assert (same.status_code, unknown.status_code) == (422, 422)
    assert not product.reports.exists()


def test_too_many_reports_have_to_wait(client, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"reports": (2, 60)}
    client.force_login(BuyerFactory())
    answers = [client.post(f"/reports/product/{ListedProductFactory().pk}/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60


def test_who_may_report(client):
    address = f"/reports/product/{ListedProductFactory().pk}/"

    assert client.post(address).url.startswith("/login/")
    client.force_login(ModeratorFactory())
    assert client.post(address).status_code == 403


def test_a_person_sees_only_their_own_reports(client):
    mine = ReportFactory(comment="le mien")
    ReportFactory(comment="un autre")
    client.force_login(mine.reporter)

    page = client.get("/reports/").content.decode()

    assert "le mien" in page
    assert "un autre" not in page


def test_a_reporter_who_has_to_wait_keeps_what_was_typed(client, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"reports": (0, 60)}
    client.force_login(BuyerFactory())

    answer = client.post(
        f"/reports/product/{ListedProductFactory().pk}/",
        {"comment": "It is a toy"},
        headers={"hx-request": "true"},
    )

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    said = answer.content.decode()
    assert "It is a toy" in said
    assert "<header" not in said


def test_a_part_that_asks_after_the_session_leads_the_whole_page_to_the_log_in(client):
    product = ListedProductFactory()

    answer = client.post(
        f"/reports/product/{product.pk}/",
        headers={
            "hx-request": "true",
            "hx-current-url": f"http://testserver/product/{product.pk}/",
        },
    )

    assert answer["HX-Redirect"] == f"/login/?next=%2Fproduct%2F{product.pk}%2F"
    assert not answer.content


def test_only_the_products_own_words_are_marked_as_in_its_language(client):
    product = ListedProductFactory(designation="Zahnrad", description="Aus Holz.", language="de")

    page = client.get(f"/product/{product.pk}/", headers={"accept-language": "en"}).content.decode()

    assert page.count('lang="de"') == 2
    assert '<h1 lang="de">Zahnrad</h1>' in page
    assert '<div class="description" lang="de"><p>Aus Holz.</p></div>' in page


@pytest.mark.parametrize(
    ("noted", "shown"),
    [
        pytest.param("As it was", "As it was", id="the title when reported"),
        pytest.param("", "A product that is not in the shop", id="none was noted"),
    ],
)
def test_my_reports_tell_no_title_of_a_product_that_has_left_the_shop(client, noted, shown):
    report = ReportFactory(reported_title=noted, reporter=BuyerFactory(language="en"))
    report.product.designation, report.product.status = "Changed since", ProductStatus.IN_REVIEW
    report.product.save()
    client.force_login(report.reporter)

    page = client.get("/reports/").content.decode()

    assert shown in page
    assert "Changed since" not in page
