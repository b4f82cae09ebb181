"""What a card says of where its product is listed: enough to answer, nothing that answers itself."""

import pytest
from django.urls import reverse

from reviewapp.choices import ReviewReason
from tests.factories import (
    CategoryFactory,
    ListedProductFactory,
    ModeratorFactory,
    ReportFactory,
    ReviewItemFactory,
    SellerFactory,
)
from tests.services.test_appeals import appeal, decided

pytestmark = pytest.mark.django_db
PLAIN, CONTESTED = "Listed in:", "Listed in, and contested:"


@pytest.fixture
def product():
    return ListedProductFactory(category=CategoryFactory(code=1280, name_en="Wooden toys"))


@pytest.fixture
def take(client, moderator):
    """Return a function that takes the next item and returns what its card says."""

    def take():
        client.force_login(moderator)
        return client.post(reverse("review:claim"), follow=True).text

    return take


@pytest.fixture
def card(take, product):
    """Return a function that opens an item of `reasons` and returns what its card says."""

    def card(*reasons, **fields):
        ReviewItemFactory(product=product, reasons=list(reasons), **fields)
        return take()

    return card


def test_a_listing_in_no_doubt_is_named(card):
    shown = card(ReviewReason.MISSING_INPUT)

    assert PLAIN in shown
    assert CONTESTED not in shown


def test_a_listing_that_buyers_report_is_called_contested(card, product):
    ReportFactory(product=product)

    shown = card(ReviewReason.BUYER_REPORT)

    assert CONTESTED in shown
    assert PLAIN not in shown


def test_a_listing_that_its_seller_appeals_against_is_called_contested(take, monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    seller = SellerFactory()
    appeal(decided(seller, ModeratorFactory()), seller)

    shown = take()

    assert CONTESTED in shown
    assert PLAIN not in shown


def test_an_answer_contested_by_another_tool_is_asked_anew_without_naming_it(card):
    shown = card(ReviewReason.SUSPECT_LABEL)

    assert "Its present category is in doubt" in shown
    assert PLAIN not in shown
    assert CONTESTED not in shown


@pytest.mark.parametrize("reason", [ReviewReason.BUYER_REPORT, ReviewReason.SUSPECT_LABEL])
def test_a_blind_card_never_says_where(card, product, reason):
    ReportFactory(product=product)

    shown = card(reason, is_blind=True)

    assert "Blind check" in shown
    assert PLAIN not in shown
    assert CONTESTED not in shown
