"""A buyer in a real browser: browse, report, and see what became of it."""

import uuid

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.models import ReviewItem
from reviewapp.services import review
from reviewapp.services.decisions.answer import decide
from reviewapp.services.reports import submit_report
from tests.e2e.pictures import stored_picture
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProvenBuyerFactory,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def books():
    return CategoryFactory(code=2705, name_en="New books", name_fr="Livres neufs")


@pytest.fixture
def toys():
    return CategoryFactory(code=1280, name_en="Toys", name_fr="Jouets")


@pytest.fixture
def bear(books):
    return ListedProductFactory(
        designation="Ours en peluche brun", category=books, image=stored_picture()
    )


def decide_for(product, category):
    moderator = ModeratorFactory()
    item = review.claim_next(moderator=moderator, now=timezone.now())
    assert ReviewItem.objects.get(pk=item).product == product
    decide(
        item_id=item,
        moderator=moderator,
        category=category,
        client_key=uuid.uuid4(),
        now=timezone.now(),
    )


def report_by(buyer, product, category):
    submit_report(
        product=product,
        reporter=buyer,
        suggested_category=category,
        comment="",
        now=timezone.now(),
    )


def test_a_report_in_place_and_its_outcome(page, live_server, sign_in, faults, bear, toys):
    for _ in range(2):
        report_by(ProvenBuyerFactory(upheld__at=timezone.now()), bear, toys)
    sign_in(BuyerFactory(language="en"))
    page.goto(f"{live_server.url}/catalogue/2705/")
    page.get_by_role("link", name="Ours en peluche brun").click()
    page.get_by_text("Say which would be right").click()
    page.get_by_label("The right category").select_option(str(toys.code))
    page.get_by_label("What is wrong?").fill("It is a toy")
    page.get_by_role("button", name="Report wrong category").click()

    expect(page.get_by_text("You reported a wrong category")).to_be_visible()
    assert page.url == f"{live_server.url}/product/{bear.pk}/"
    decide_for(bear, toys)
    page.goto(f"{live_server.url}/reports/")
    expect(page.get_by_text("it was moved to “Toys”")).to_be_visible()
    page.goto(f"{live_server.url}/catalogue/1280/")
    expect(page.get_by_role("link", name="Ours en peluche brun")).to_be_visible()
    assert faults == []


def test_a_report_by_keyboard_alone(page, live_server, sign_in, bear):
    sign_in(BuyerFactory(language="en"))
    page.goto(f"{live_server.url}/product/{bear.pk}/")
    for _ in range(40):
        page.keyboard.press("Tab")
        if "Report wrong category" in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Enter")

    expect(page.get_by_text("You reported a wrong category")).to_be_visible()


def test_a_visitor_signs_in_and_comes_back_to_the_product(page, live_server, bear):
    BuyerFactory(username="bea", language="fr")
    page.goto(f"{live_server.url}/product/{bear.pk}/")
    page.locator("#report a").click()
    page.locator("input[name=username]").fill("bea")
    page.locator("input[name=password]").fill("correct horse battery staple")
    page.locator("main form button").first.click()

    expect(page.get_by_text("Signaler une mauvaise catégorie")).to_be_visible()


def test_a_picture_opens_large(page, live_server, bear):
    page.goto(f"{live_server.url}/product/{bear.pk}/")
    page.locator("a.zoomable").click()

    expect(page.locator("dialog[open] img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
