"""Answers on their way: two tabs, foreign pages, cut connections, and one that is never taken."""

import json

import pytest
from playwright.sync_api import expect

from reviewapp.models import Decision, ReviewItem
from tests.e2e.desk_hand import fetched_ahead, press_and_move_on, saved, shown, until
from tests.review_world import doubtful_item

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
DECIDE = "**/decide/"


@pytest.fixture
def sitting(desk):
    for number in range(4):
        doubtful_item(number=number)
    page = desk()
    fetched_ahead(page, 2)
    return page


def on_page(page):
    ids = "[...document.querySelectorAll('article[data-item]')].map((one) => one.dataset.item)"
    return page.evaluate(ids)


def expiries(items):
    held = ReviewItem.objects.filter(pk__in=items)
    return dict(held.values_list("pk", "claim_expires_at"))


def waiting(page):
    return page.evaluate("Object.keys(localStorage).filter((key) => key.includes('.outbox.'))")


def test_a_page_of_another_network_takes_no_answer(sitting):
    page = sitting
    hotel = {"status": 200, "content_type": "text/html", "body": "<h1>Welcome, guest</h1>"}
    page.route(DECIDE, lambda route: route.fulfill(**hotel))

    press_and_move_on(page, "Enter")
    expect(page.locator("[data-outbox]")).to_contain_text("1 answer waits")
    page.unroute(DECIDE)

    expect(page.locator("[data-outbox]")).to_be_hidden(timeout=20_000)
    assert Decision.objects.count() == 1


def test_a_connection_cut_within_the_answer_is_tried_again(sitting):
    page = sitting
    page.evaluate(
        "const real = window.fetch; let cuts = 1;"
        "window.fetch = async (...given) => {"
        "  const response = await real(...given);"
        "  if (String(given[0]).endsWith('/decide/') && cuts-- > 0)"
        "    response.text = () => Promise.reject(new TypeError('network error'));"
        "  return response; }"
    )

    press_and_move_on(page, "Enter")
    expect(page.locator("[data-outbox]")).to_contain_text("No connection")
    saved(page)

    expect(page.locator("[data-outbox]")).to_be_hidden()
    assert Decision.objects.count() == 1


def test_a_right_that_is_gone_is_named_and_the_answer_kept(sitting, moderator):
    groups = list(moderator.groups.all())
    moderator.groups.clear()

    press_and_move_on(sitting, "Enter")
    expect(sitting.locator("[data-outbox]")).to_contain_text("You may not review any more")
    moderator.groups.set(groups)

    expect(sitting.locator("[data-outbox]")).to_be_hidden(timeout=20_000)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("status", [403, 500])
def test_an_answer_that_is_never_taken_lets_the_others_go(sitting, status):
    page = sitting
    poisoned = shown(page)
    title = page.locator("#desk-stage .review-title").inner_text()
    page.route(f"**/items/{poisoned}/decide/", lambda route: route.fulfill(status=status))

    press_and_move_on(page, "Enter")
    other = press_and_move_on(page, "Enter")
    line = page.locator("[data-outbox]")
    expect(line).to_contain_text(f"after several tries: {title}", timeout=20_000)

    expect(line).to_contain_text("1 answer waits to be sent")
    assert Decision.objects.get().item_id == other


def test_two_tabs_share_no_product_and_let_none_of_each_other_go(sitting, context, live_server):
    page = sitting
    first = set(on_page(page))
    other = context.new_page()

    other.goto(f"{live_server.url}/review/")
    expect(other.locator("#desk-stage article")).to_be_visible()
    until(other, "document.querySelectorAll('article[data-item]').length >= 1")
    second = set(on_page(other))
    leases = expiries(first)
    other.goto("about:blank")
    page.wait_for_timeout(500)

    assert len(first) == 3
    assert len(second) == 1
    assert not first & second
    # Not shortened; a sign of life may have come in between.
    assert all(expiry >= leases[pk] for pk, expiry in expiries(first).items())
    page.reload()
    expect(page.locator("#desk-stage article")).to_be_visible()
    assert set(on_page(page)) & first


def test_what_another_tab_holds_is_brought_here_by_one_press(sitting, context, live_server):
    page = sitting
    held = set(on_page(page))
    other = context.new_page()
    other.goto(f"{live_server.url}/review/")
    until(other, "document.querySelectorAll('article[data-item]').length >= 1")
    own = set(on_page(other))

    other.get_by_role("button", name="Work on them here").click()

    until(
        other,
        f"{sorted(held)}.includes(document.querySelector('#desk-stage article')?.dataset.item)",
    )
    page.bring_to_front()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#desk-notices")).to_contain_text("open in another tab of yours")
    assert not held & own


def test_an_undo_comes_back_on_the_tab_that_asks(sitting, context, live_server):
    page = sitting
    other = context.new_page()
    other.goto(f"{live_server.url}/review/")
    expect(other.locator("#desk-stage article")).to_be_visible()
    decided = press_and_move_on(other, "Enter")
    saved(other)

    page.keyboard.press("u")

    expect(page.locator(f'#desk-stage article[data-item="{decided}"]')).to_be_visible()
    other.reload()
    expect(other.locator("[data-empty]")).to_contain_text("open in another tab of yours")
    assert ReviewItem.objects.get(pk=decided).claimed_by is not None


def test_two_tabs_keep_each_other_s_answers_and_those_of_an_earlier_version(sitting, context):
    page = sitting
    mine = page.evaluate("document.getElementById('desk').dataset.moderator")
    entry = {"url": "/nowhere/", "fields": {"client_key": "x"}, "tried": True}
    old = json.dumps([{**entry, "id": "old"}])
    page.evaluate(
        "([key, text]) => localStorage.setItem(key, text)", [f"bonrayon.outbox.{mine}", old]
    )
    context.set_offline(True)

    # The other tab writes between this one's reading and writing.
    page.evaluate(
        "([key, text]) => {"
        "  const stringify = JSON.stringify;"
        "  JSON.stringify = (...given) => {"
        "    JSON.stringify = stringify; localStorage.setItem(key, text); return stringify(...given); } }",
        [f"bonrayon.outbox.{mine}.other", json.dumps({**entry, "id": "other", "at": 1})],
    )
    press_and_move_on(page, "Enter")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-outbox]")).to_contain_text("3 answers wait")

    kept = waiting(page)
    page.evaluate("localStorage.clear()")
    context.set_offline(False)
    assert len(kept) == 3
    assert f"bonrayon.outbox.{mine}" not in kept
