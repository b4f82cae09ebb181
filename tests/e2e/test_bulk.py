"""Grids, filters and sharing in a real browser: by keyboard, on a phone, and for axe."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reviewapp.models import Category, Decision
from tests.e2e.axe import violations
from tests.factories import ModeratorFactory
from tests.review_world import doubtful_item, load_categories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _farewell(page):
    """The database is emptied after a test: no request of the page may be under way."""
    yield
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")


@pytest.fixture
def alike():
    load_categories()
    toys = Category.objects.get(code=1280)
    return [doubtful_item(number=n, group_key=7, suggested=toys) for n in range(5)]


def test_a_grid_is_settled_by_keyboard_and_taken_back(page, live_server, sign_in, faults, alike):
    person = ModeratorFactory(language="en")
    sign_in(person)
    page.goto(live_server.url + reverse("review:bulk"))
    page.get_by_role("button", name="Look at 5 products").press("Enter")
    expect(page.locator("[data-count]")).to_have_text("5")

    # The script has run.
    expect(page.get_by_role("checkbox").first).to_be_focused()
    page.keyboard.press("Digit2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("[data-count]")).to_have_text("3")
    grid = violations(page)
    page.keyboard.press("Enter")

    expect(page.get_by_text("3 products decided")).to_be_visible()
    made = Decision.objects.filter(moderator=person, is_bulk=True)
    left_out = {item.pk for item in alike} - set(made.values_list("item", flat=True))
    assert len(left_out) == 2
    assert made.first().seconds > 0
    page.get_by_role("button", name="Undo these 3 decisions").click()
    expect(page.get_by_text("3 decisions undone.")).to_be_visible()
    assert (grid, faults) == ([], [])


def test_a_grid_without_network_waits_on_the_page_and_goes_once_it_is_back(
    page, context, live_server, sign_in, alike
):
    sign_in(ModeratorFactory(language="en"))
    page.goto(live_server.url + reverse("review:bulk"))
    page.get_by_role("button", name="Look at 5 products").click()
    expect(page.get_by_role("checkbox").first).to_be_focused()
    page.keyboard.press("Digit2")
    left_out = page.get_by_role("checkbox").nth(1).get_attribute("value")

    context.set_offline(True)
    page.locator("[data-confirm]").click()
    expect(page.locator("[data-waiting]")).to_be_visible()
    page.wait_for_timeout(300)
    expect(page.locator("[data-count]")).to_have_text("4")
    assert not Decision.objects.exists()
    context.set_offline(False)

    expect(page.get_by_text("4 products decided")).to_be_visible()
    assert not Decision.objects.filter(item=left_out).exists()


def test_an_ended_login_keeps_what_was_unticked(page, context, live_server, sign_in, alike):
    sign_in(ModeratorFactory(username="mona", language="en"))
    page.goto(live_server.url + reverse("review:bulk"))
    page.get_by_role("button", name="Look at 5 products").click()
    expect(page.get_by_role("checkbox").first).to_be_focused()
    page.keyboard.press("Digit2")
    unticked = page.get_by_role("checkbox").nth(1).get_attribute("value")
    context.clear_cookies(name="sessionid")

    page.locator("[data-confirm]").click()
    page.locator("[name=username]").fill("mona")
    page.locator("[name=password]").fill("correct horse battery staple")
    page.locator("[data-log-in] button").click()

    expect(page.locator("[data-kept-note]")).to_be_visible()
    expect(page.locator("[data-count]")).to_have_text("4")
    assert not Decision.objects.exists()
    page.locator("[data-confirm]").click()
    expect(page.get_by_text("4 products decided")).to_be_visible()
    assert not Decision.objects.filter(item=unticked).exists()
