import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from reviewapp.choices import ProductStatus
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    ListedProductFactory,
    ProductFactory,
    ReportFactory,
    SellerFactory,
)

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/reports"


@pytest.fixture(autouse=True)
def _no_limits_left_over():
    cache.clear()


@pytest.fixture
def buyer():
    return BuyerFactory()


@pytest.fixture
def api(buyer):
    client = APIClient()
    client.force_authenticate(buyer)
    return client


def test_a_buyer_files_a_report_and_reads_it(api):
    product, right = ListedProductFactory(), CategoryFactory()

    made = api.post(ADDRESS, {"product": product.pk, "suggested_category": right.code})

    assert made.status_code == 201
    assert made.json()["status"] == "open"
    assert api.get(ADDRESS).json()["results"][0]["suggested_category"] == right.code


def test_filing_twice_changes_the_open_report(api):
    product = ListedProductFactory()
    first = api.post(ADDRESS, {"product": product.pk}).json()

    second = api.post(ADDRESS, {"product": product.pk, "comment": "encore"}).json()

    assert second["id"] == first["id"]
    assert second["comment"] == "encore"


def test_what_is_not_listed_cannot_be_reported(api):
    hidden = ProductFactory(status=ProductStatus.IN_REVIEW)

    assert api.post(ADDRESS, {"product": hidden.pk}).status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"product": "x"}, {"product": [1]}, {"product": None}, [], "x", 7]
)
def test_bad_bodies_are_answered_400(api, body):
    assert api.post(ADDRESS, body, format="json").status_code == 400


def test_others_reports_are_not_there(api):
    other = ReportFactory()

    assert api.get(f"{ADDRESS}/{other.pk}").status_code == 404


def test_a_seller_may_not_report():
    client = APIClient()
    client.force_authenticate(SellerFactory())

    assert client.post(ADDRESS, {"product": ListedProductFactory().pk}).status_code == 403


def test_a_visitor_has_to_sign_in():
    assert APIClient().get(ADDRESS).status_code == 401


def test_too_many_reports_have_to_wait(api, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"reports": (2, 60)}
    products = [ListedProductFactory() for _ in range(3)]

    answers = [api.post(ADDRESS, {"product": product.pk}) for product in products]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert api.get(ADDRESS).status_code == 200


def test_what_is_refused_counts_as_well(api, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"reports": (2, 60)}

    answers = [api.post(ADDRESS, {"product": 999_999}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]


def test_reports_from_the_pages_and_over_the_api_share_one_limit(api, buyer, client, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"reports": (1, 60)}
    client.force_login(buyer)

    page = client.post(f"/reports/product/{ListedProductFactory().pk}/")

    assert page.status_code == 302
    assert api.post(ADDRESS, {"product": ListedProductFactory().pk}).status_code == 429
