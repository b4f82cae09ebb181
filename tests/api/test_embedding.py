"""The report button on other sites' pages: who may use it, and what it may do."""

import json

import pytest
from rest_framework.test import APIClient

from reviewapp.choices import CaseStatus
from reviewapp.models import MisclassificationReport, ReportCase
from reviewapp.services.embedding import add_origin, end_origin, product_token
from reviewapp.services.report_policies import current_report_policy, set_report_policy
from tests.factories import NOW, AdminFactory, CategoryFactory, ListedProductFactory, ProductFactory

pytestmark = pytest.mark.django_db
SHOP = "https://shop.example"
REPORTS, OPTIONS = "/api/v1/embed/reports", "/api/v1/embed/options"


@pytest.fixture
def admin():
    return AdminFactory()


@pytest.fixture
def shop(admin):
    return add_origin(address=SHOP, admin=admin, now=NOW)


@pytest.fixture
def anonymous(shop, admin):
    based_on = current_report_policy(now=NOW).version
    set_report_policy(numbers={"allow_anonymous": True}, based_on=based_on, author=admin, now=NOW)


def report(product, address="203.0.113.7", origin=SHOP, **given):
    headers = {"origin": origin} if origin else {}
    return APIClient().post(
        REPORTS,
        {"token": product_token(product), **given},
        format="json",
        headers=headers,
        REMOTE_ADDR=address,
    )


def test_a_report_comes_in_without_account_name_or_cookie(anonymous):
    product, right = ListedProductFactory(), CategoryFactory()

    answer = report(product, suggested_category=right.code, comment="Un jouet")

    found = MisclassificationReport.objects.get()
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (202, SHOP)
    assert (found.product, found.reporter, found.suggested_category) == (product, None, right)
    assert not answer.cookies
    assert "Access-Control-Allow-Credentials" not in answer


def test_one_network_has_one_open_report_of_a_product(anonymous):
    product, other = ListedProductFactory(), ListedProductFactory()

    for address in ("203.0.113.7", "203.0.113.99", "198.51.100.1"):
        assert report(product, address, comment=address).status_code == 202
    report(other)

    kept = MisclassificationReport.objects.filter(product=product).order_by("comment")
    assert [one.comment for one in kept] == ["198.51.100.1", "203.0.113.7"]


def test_a_bare_click_from_the_same_network_takes_nothing_back(anonymous):
    product, right = ListedProductFactory(), CategoryFactory()

    report(product, suggested_category=right.code, comment="A game")
    report(product)

    filed = MisclassificationReport.objects.get()
    assert (filed.suggested_category, filed.comment) == (right, "A game")


def test_two_hundred_anonymous_reports_do_not_reach_the_bar(anonymous):
    product, wrong = ListedProductFactory(), CategoryFactory()

    for number in range(200):
        report(product, f"10.{number}.0.1", suggested_category=wrong.code)

    case = ReportCase.objects.get()
    product.refresh_from_db()
    assert case.reports.count() == 200
    assert (case.status, product.status) == (CaseStatus.COLLECTING, "listed")
    assert case.score < case.policy.reopen_at


def test_only_allowed_sites_may_ask(anonymous, shop):
    product = ListedProductFactory()

    foreign = report(product, origin="https://evil.example")
    nameless = report(product, origin="")
    end_origin(origin_id=shop.pk, now=NOW)
    ended = report(product)

    assert [answer.status_code for answer in (foreign, nameless, ended)] == [403, 403, 403]
    assert "Access-Control-Allow-Origin" not in foreign
    assert not MisclassificationReport.objects.exists()


def test_a_preflight_is_answered_for_allowed_sites_only_and_for_the_button_only(anonymous):
    def preflight(address, origin):
        asked = {"origin": origin, "access-control-request-method": "POST"}
        return APIClient().options(address, headers=asked)

    allowed = preflight(REPORTS, SHOP)

    assert allowed["Access-Control-Allow-Origin"] == SHOP
    assert allowed["Access-Control-Allow-Headers"] == "content-type"
    for address, origin in [(REPORTS, "https://evil.example"), ("/api/v1/products", SHOP)]:
        assert "Access-Control-Allow-Origin" not in preflight(address, origin)


def test_without_the_switch_people_are_led_to_the_products_page(shop):
    product = ListedProductFactory()

    options = (
        APIClient().get(OPTIONS, {"token": product_token(product)}, headers={"origin": SHOP}).json()
    )
    refused = report(product)

    assert options["takes_anonymous"] is False
    assert options["address"].endswith(f"/product/{product.pk}/")
    assert refused.status_code == 403
    assert "Sign in" in refused.json()["detail"] or "Connectez" in refused.json()["detail"]


def test_the_form_is_in_the_language_of_the_page(anonymous):
    category = CategoryFactory(name_fr="Jouets", name_en="Toys")
    token = product_token(ListedProductFactory(category=category))

    names = [
        APIClient()
        .get(OPTIONS, {"token": token, "lang": language}, headers={"origin": SHOP})
        .json()["categories"][0]["name"]
        for language in ("fr", "en", "de")
    ]

    assert names == ["Jouets", "Toys", "Jouets"]


@pytest.mark.parametrize("token", ["", "1", "1:forged", "é\x00", "x" * 300, None, 7])
def test_a_token_that_we_did_not_sign_is_refused(anonymous, token):
    answer = APIClient().post(
        REPORTS,
        json.dumps({"token": token}),
        content_type="application/json",
        headers={"origin": SHOP},
    )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "token"


def test_a_product_out_of_the_shop_takes_no_report(anonymous):
    assert report(ProductFactory()).status_code == 400


def test_a_network_is_limited_and_told_for_how_long(anonymous, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"anonymous_reports": (2, 60)}
    products = ListedProductFactory.create_batch(3)

    answers = [report(product, "192.0.2.77") for product in products]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60


def test_what_is_refused_counts_as_well(anonymous, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"anonymous_reports": (2, 60)}
    product = ListedProductFactory()

    answers = [report(product, "198.18.5.7", suggested_category=999_999) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]


def test_asking_for_the_form_is_limited_too(anonymous, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"embedding": (1, 60)}
    product = ListedProductFactory()

    asked = {"token": product_token(product)}
    shop = APIClient(headers={"origin": SHOP}, REMOTE_ADDR="192.0.2.99")
    answers = [shop.get(OPTIONS, asked) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]


def test_the_limit_is_the_networks_and_not_the_addresss(anonymous, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"anonymous_reports": (2, 60)}
    products = ListedProductFactory.create_batch(3)
    addresses = ("2001:db8:7:1::1", "2001:db8:7:2::1", "2001:db8:7:3::1")

    answers = [report(*pair) for pair in zip(products, addresses, strict=True)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
