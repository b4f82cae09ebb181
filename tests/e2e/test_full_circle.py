"""A product's whole way: reported, corrected, explained, contested, decided by somebody else."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.models import Category, Decision, Product, ReviewItem
from reviewapp.services.reports import submit_report
from tests.factories import (
    ListedProductFactory,
    ModeratorFactory,
    ProvenBuyerFactory,
    SellerFactory,
)
from tests.review_world import load_categories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
# A card answers only after it has been on the screen for a moment.
LOOK_MS = 300
WRONG, RIGHT = 1280, 2220


@pytest.fixture
def seller():
    return SellerFactory(language="en")


@pytest.fixture
def aquarium(seller):
    """Listed by mistake among toys; two of three proven buyers have said so already."""
    load_categories()
    product = ListedProductFactory(
        designation="Aquarium en verre",
        seller=seller,
        category=Category.objects.get(code=WRONG),
        listed_at=timezone.now(),
    )
    for _ in range(2):
        submit_report(
            product=product,
            reporter=ProvenBuyerFactory(upheld__at=timezone.now()),
            suggested_category=Category.objects.get(code=RIGHT),
            comment="",
            now=timezone.now(),
        )
    return product


def decide(page, live_server, search):
    """Take the one card of the desk and give it the category that `search` finds."""
    page.goto(f"{live_server.url}/review/")
    card = page.locator("#desk-stage article[data-item]")
    expect(card).to_be_visible()
    item = int(card.get_attribute("data-item"))
    page.wait_for_timeout(LOOK_MS)
    page.keyboard.type(search)
    # The card goes at once, the answer after it; on a busy machine it takes its time.
    with page.expect_response(lambda response: response.url.endswith("/decide/")):
        page.keyboard.press("Enter")
    expect(page.locator(f'#desk-stage article[data-item="{item}"]')).to_have_count(0)
    page.wait_for_load_state("networkidle")
    return item


def leave(page):
    """Let the desk's last request end before somebody else takes the browser."""
    page.goto("about:blank")
    page.wait_for_timeout(LOOK_MS)


def test_report_correction_reason_appeal_and_a_second_moderator(
    page, live_server, sign_in, faults, seller, aquarium
):
    buyer = ProvenBuyerFactory(language="en", upheld__at=timezone.now())
    first, second = ModeratorFactory(language="en"), ModeratorFactory(language="en")
    page.set_viewport_size({"width": 1440, "height": 900})

    sign_in(buyer)
    page.goto(f"{live_server.url}/product/{aquarium.pk}/")
    page.get_by_text("Say which would be right").click()
    page.get_by_label("What is wrong?").fill("It holds fish")
    page.get_by_role("button", name="Report wrong category").click()
    expect(page.get_by_text("You reported a wrong category")).to_be_visible()

    sign_in(first)
    decide(page, live_server, "aquar")
    leave(page)
    assert Product.objects.get(pk=aquarium.pk).category.code == RIGHT

    sign_in(buyer)
    page.goto(f"{live_server.url}/reports/")
    expect(page.get_by_text("it was moved to “Pet supplies”")).to_be_visible()

    sign_in(seller)
    page.goto(f"{live_server.url}/seller/{aquarium.pk}/")
    expect(page.get_by_text("reported", exact=False).first).to_be_visible()
    page.locator("summary", has_text="Appeal against the category").click()
    page.get_by_label("Why do you disagree?").fill("It is a toy aquarium for dolls")
    page.get_by_role("button", name="Send the appeal").click()
    item = ReviewItem.objects.get(product=aquarium, resolved_at=None)

    sign_in(first)
    page.goto(f"{live_server.url}/review/")
    expect(page.locator("#desk-stage article[data-item]")).to_have_count(0)
    leave(page)

    sign_in(second)
    assert decide(page, live_server, "wooden") == item.pk
    leave(page)
    answer = Decision.objects.get(item=item)
    assert (answer.moderator, answer.category.code) == (second, WRONG)

    sign_in(seller)
    page.goto(f"{live_server.url}/seller/{aquarium.pk}/")
    expect(page.get_by_text("It is a toy aquarium for dolls")).to_be_visible()
    assert Product.objects.get(pk=aquarium.pk).category.code == WRONG

    sign_in(buyer)
    page.goto(f"{live_server.url}/reports/")
    row = page.locator("tbody tr", has_text="Aquarium en verre")
    expect(row.get_by_text("A moderator looked and found")).to_be_visible()
    expect(row.get_by_text("overturned the answer you had before")).to_be_visible()
    expect(row.get_by_text("it was moved to")).to_have_count(0)
    assert faults == []
