"""What a hand does at the desk, and what it waits for."""

from playwright.sync_api import expect

from reviewapp.models import Decision

LOOK_MS = 300
"""A card answers only after it has been on the screen for a moment."""


def shown(page):
    return page.locator("#desk-stage article").get_attribute("data-item")


def press_and_move_on(page, *keys):
    before = shown(page)
    page.wait_for_timeout(LOOK_MS)
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator(f'#desk-stage article[data-item="{before}"]')).to_have_count(0)
    return int(before)


def until(page, expression):
    """Wait until `expression` holds. Not wait_for_function: the page's policy forbids its eval."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {expression}")


def saved(page):
    """Wait until the outbox has nothing left."""
    until(page, "!Object.values(localStorage).some((text) => text.includes('client_key'))")


def fetched_ahead(page, count):
    until(page, f"document.querySelectorAll('#desk-ahead article').length >= {count}")


def decision_on(item_id):
    """The standing answer to an item."""
    return Decision.objects.get(item_id=item_id, undone_by=None, undoes=None)
