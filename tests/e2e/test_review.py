"""A moderator at the desk, in a real browser."""

import re
import sys
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.choices import ReviewReason, ReviewStatus, Verdict
from reviewapp.models import Decision, FeedbackLabel, ReviewItem
from tests.e2e.desk_hand import LOOK_MS, decision_on, fetched_ahead, press_and_move_on, saved, shown
from tests.e2e.desk_session import SEARCHES, paints, play, script, told
from tests.factories import NOW, DecisionFactory, ModeratorFactory
from tests.review_world import doubtful_item

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery staple"


def test_a_session_by_keyboard_only(desk, settings):
    for number in range(8):
        doubtful_item(settings.MEDIA_ROOT, number)
    page = desk()

    confirmed = press_and_move_on(page, "Enter")
    by_space = press_and_move_on(page, "Space")
    page.wait_for_timeout(LOOK_MS)
    second = shown(page)
    # The key beside "1" on a French keyboard, which writes "é" there.
    page.evaluate(
        "document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {code: 'Digit2', key: 'é', bubbles: true}))"
    )
    expect(page.locator(f'#desk-stage article[data-item="{second}"]')).to_have_count(0)
    numpad = press_and_move_on(page, "Shift+Numpad3")
    # The slash of a Swiss keyboard.
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', "
        "{code: 'Digit7', key: '/', shiftKey: true, bubbles: true}))"
    )
    expect(page.locator("#desk-stage .combobox input")).to_be_focused()
    page.keyboard.press("Escape")
    searched = press_and_move_on(page, *"aquar", "Enter")
    skipped = press_and_move_on(page, "s", "Digit1")
    saved(page)

    assert decision_on(confirmed).verdict == decision_on(by_space).verdict == Verdict.CONFIRMED
    assert decision_on(int(second)).category.code == 1300
    assert decision_on(numpad).category.code == 1281
    assert decision_on(searched).category.code == 2220
    assert decision_on(skipped).skip_reason == "unclear"
    assert decision_on(confirmed).seconds > 0.25


def test_undo_brings_the_product_back_and_takes_the_label(desk, settings):
    for number in range(3):
        doubtful_item(settings.MEDIA_ROOT, number)
    page = desk()
    decided = press_and_move_on(page, "Enter")
    saved(page)

    page.keyboard.press("u")

    expect(page.locator(f'#desk-stage article[data-item="{decided}"]')).to_be_visible()
    assert not FeedbackLabel.objects.filter(ended_at=None).exists()
    press_and_move_on(page, "Digit2")
    saved(page)
    assert FeedbackLabel.objects.get(ended_at=None).category.code == 1300


def test_a_blind_item_confirms_nothing_and_tells_afterwards(desk):
    doubtful_item(reasons=[ReviewReason.AUDIT], is_blind=True)
    page = desk()

    page.keyboard.press("Enter")
    page.keyboard.press("Digit1")
    expect(page.locator("#toasts")).to_contain_text("This is a blind check")
    toast = page.locator("#toasts [data-toast]").last.bounding_box()
    bar = page.locator("#desk-stage .action-bar").bounding_box()
    assert toast["y"] + toast["height"] <= bar["y"]
    page.keyboard.press("/")
    page.keyboard.type("drone")
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("FUSION had said 1280")
    assert Decision.objects.get().is_blind


def test_answers_wait_for_the_network_and_are_sent_once(desk, context):
    items = [doubtful_item(number=n) for n in range(3)]
    page = desk()
    fetched_ahead(page, 2)

    context.set_offline(True)
    press_and_move_on(page, "Enter")
    press_and_move_on(page, "Enter")
    expect(page.locator("[data-outbox]")).to_contain_text("2 answers wait")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('desk:changed'))")
    page.wait_for_timeout(300)
    assert page.locator("#toasts [data-toast]").count() == 0  # nothing else contradicts it
    assert not Decision.objects.exists()
    context.set_offline(False)

    expect(page.locator("[data-outbox]")).to_be_hidden(timeout=20_000)
    assert Decision.objects.count() == 2
    assert ReviewItem.objects.filter(status=ReviewStatus.RESOLVED).count() == 2
    assert len(items) == 3


def test_an_undo_without_network_takes_back_what_was_never_sent(desk, context):
    for number in range(3):
        doubtful_item(number=number)
    page = desk()
    fetched_ahead(page, 2)

    context.set_offline(True)
    first = press_and_move_on(page, "Enter")
    page.keyboard.press("u")

    expect(page.locator(f'#desk-stage article[data-item="{first}"]')).to_be_visible()
    expect(page.locator("[data-outbox]")).to_be_hidden()
    context.set_offline(False)
    assert not Decision.objects.exists()


def test_two_undos_without_network_take_back_two_answers_once_it_is_there(desk, context):
    for number in range(4):
        doubtful_item(number=number)
    page = desk()
    fetched_ahead(page, 2)
    answered = [press_and_move_on(page, "Enter") for _ in range(2)]
    saved(page)

    context.set_offline(True)
    page.keyboard.press("u")
    expect(page.locator("[data-outbox]")).to_contain_text("1 answer waits")
    page.keyboard.press("u")
    expect(page.locator("[data-outbox]")).to_contain_text("2 answers wait")
    context.set_offline(False)
    saved(page)

    undone = Decision.objects.filter(verdict=Verdict.UNDONE)
    assert set(undone.values_list("item_id", flat=True)) == set(answered)


def test_a_card_that_comes_by_itself_leaves_the_focus_to_whoever_writes(desk):
    doubtful_item(number=0)
    page = desk()
    press_and_move_on(page, "Enter")
    expect(page.locator("#desk-stage")).to_contain_text("The queue is empty")
    page.locator("summary", has=page.locator(".desk-filter-name")).click()
    name = page.get_by_label("Name of the filter")
    name.fill("Aud")
    doubtful_item(number=1)

    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#desk-stage article")).to_be_visible()
    page.wait_for_timeout(LOOK_MS)
    page.keyboard.type("it")

    expect(name).to_have_value("Audit")
    assert Decision.objects.count() == 1


def test_a_question_half_written_stays_when_the_lease_is_lost(desk):
    item = doubtful_item(number=0)
    doubtful_item(number=1)
    page = desk()
    page.keyboard.press("e")
    question = page.locator("#desk-stage textarea")
    question.fill("Is this a to")
    ReviewItem.objects.filter(pk=item.pk).update(claimed_by=ModeratorFactory(username="otto"))

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#desk-notices")).to_contain_text("otto is looking at it now")
    question.press_sequentially("y?")
    question.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#desk-notices q")).to_have_text("Is this a toy?")
    expect(page.locator(f'#desk-stage article[data-item="{item.pk}"]')).to_have_count(0)
    assert not Decision.objects.exists()


def test_an_ended_login_keeps_the_answer_until_the_person_is_back(desk, context, sign_in):
    for number in range(5):
        doubtful_item(number=number)
    page = desk()
    fetched_ahead(page, 2)
    cookies = context.cookies()
    context.clear_cookies(name="sessionid")

    press_and_move_on(page, "Enter")
    expect(page.locator("[data-outbox]")).to_contain_text("Your session has ended")
    expect(page.locator("[data-outbox-login]")).to_be_visible()
    otto = ModeratorFactory(username="otto", language="en")
    sign_in(otto)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-outbox]")).to_contain_text("Somebody else is signed in")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_load_state("networkidle")
    assert not ReviewItem.objects.filter(claimed_by=otto).exists()
    expect(page.locator("#desk-notices [data-conflict]")).to_have_count(0)
    context.add_cookies(cookies)
    page.evaluate("window.dispatchEvent(new Event('focus'))")

    expect(page.locator("[data-outbox]")).to_be_hidden()
    assert Decision.objects.get().verdict == Verdict.CONFIRMED


def test_a_lost_lease_shows_the_conflict_and_goes_on(desk):
    item = doubtful_item(number=0)
    doubtful_item(number=1)
    page = desk()
    other = ModeratorFactory(username="otto")
    ReviewItem.objects.filter(pk=item.pk).update(claimed_by=other)

    press_and_move_on(page, "Enter")

    expect(page.locator("#desk-notices")).to_contain_text("no longer yours")
    expect(page.locator("#desk-notices")).to_contain_text("otto is looking at it now")
    assert not Decision.objects.exists()


def test_a_lease_lost_before_the_answer_shows_what_the_colleague_decided(desk, faults):
    item = doubtful_item(number=0)
    doubtful_item(number=1)
    page = desk()
    before = shown(page)
    ReviewItem.objects.filter(pk=item.pk).update(
        status=ReviewStatus.RESOLVED, claim_expires_at=None, claimed_by=None, resolved_at=NOW
    )
    DecisionFactory(item=item, product=item.product, moderator=ModeratorFactory(username="otto"))

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("#desk-notices")).to_contain_text("otto has put it into")
    expect(page.locator(f'#desk-stage article[data-item="{before}"]')).to_have_count(0)
    page.wait_for_timeout(100)
    assert faults == []


def test_colleagues_are_seen_with_what_they_hold(desk):
    item, _mine = doubtful_item(number=0), doubtful_item(number=1)
    hold = {"claimed_by": ModeratorFactory(username="otto"), "status": ReviewStatus.CLAIMED}
    until = timezone.now() + timedelta(minutes=3)
    ReviewItem.objects.filter(pk=item.pk).update(claim_expires_at=until, **hold)
    page = desk()

    page.get_by_role("button", name="Who holds what").click()

    row = page.get_by_role("dialog", name="Who holds what").get_by_role("row", name="otto")
    expect(row).to_contain_text(item.product.designation)


def test_an_empty_desk_takes_the_focus_and_asks_anew_without_moving_it(desk):
    item = doubtful_item()
    page = desk()
    press_and_move_on(page, "Enter")
    empty = page.locator("#desk-stage [data-empty]")
    expect(empty).to_be_focused()
    undo = empty.get_by_role("button", name="Undo my last answer")

    undo.focus()
    ask_anew(page)
    expect(undo).to_be_focused()
    until = timezone.now() + timedelta(minutes=3)
    ReviewItem.objects.filter(pk=item.pk).update(
        status=ReviewStatus.CLAIMED,
        claimed_by=ModeratorFactory(),
        claim_expires_at=until,
        resolved_at=None,
    )
    ask_anew(page)

    expect(empty).to_contain_text("1 product is with a colleague")
    expect(undo).to_be_focused()


def ask_anew(page):
    with page.expect_response("**/review/claim/"):
        page.evaluate("window.dispatchEvent(new Event('online'))")


def test_a_double_click_answers_one_card_only(desk):
    for number in range(3):
        doubtful_item(number=number)
    page = desk()

    page.locator("#desk-stage [data-confirm] button").dblclick()
    saved(page)

    assert Decision.objects.count() == 1


def test_a_reload_keeps_the_item(desk):
    doubtful_item(number=0)
    doubtful_item(number=1)
    page = desk()
    before = shown(page)

    page.reload()

    expect(page.locator(f'#desk-stage article[data-item="{before}"]')).to_be_visible()


def test_leaving_the_page_lets_the_items_go(desk, live_server):
    item = doubtful_item()
    page = desk()
    lease = ReviewItem.objects.get(pk=item.pk).claim_expires_at

    page.goto(f"{live_server.url}/review/guide/")
    page.wait_for_timeout(500)

    assert ReviewItem.objects.get(pk=item.pk).claim_expires_at < lease


def test_fifty_products_by_keyboard_only_each_in_few_keys_and_the_next_card_at_once(desk, settings):
    turns = script()
    for number in range(len(turns) + 2):
        doubtful_item(settings.MEDIA_ROOT if number % 5 == 0 else None, number)
    page = desk()

    played = play(page, turns)
    times = paints(page)
    saved(page)
    sys.stdout.write(told(played, times) + "\n")

    given = dict(Decision.objects.values_list("item_id", "category__code"))
    assert given == {turn.item: turn.code for turn in played}
    assert len(given) == 50
    assert {turn.keys for turn in played if turn.kind != "search"} == {1}
    assert max(turn.keys for turn in played) <= 4
    assert {turn.code for turn in played if turn.kind == "search"} == set(SEARCHES["en"])
    assert sorted(times)[len(times) // 2] < 100


def test_everything_works_without_javascript(browser, live_server, moderator):
    items = [doubtful_item(number=n) for n in range(2)]
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/login/?next=/review/")
    page.get_by_label(re.compile("Username|Nom d")).fill("mona")
    page.get_by_label(re.compile("Password|Mot de passe")).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("Sign in|Se connecter")).click()

    page.get_by_role("button", name="Take the next product").click()
    page.locator("[data-confirm] button").click()
    page.get_by_label(re.compile("Another category")).select_option("2220")
    page.get_by_role("button", name="Save and next").click()

    expect(page.locator("body")).to_contain_text("The queue is empty")
    codes = [d.category.code for d in Decision.objects.order_by("id")]
    assert codes == [1280, 2220]
    assert len(items) == 2


@pytest.mark.browser_context_args(has_touch=True)
def test_a_phone_shows_the_card_without_scrolling_sideways(desk, settings, moderator):
    """A finger has no keyboard: the hints of keys are not there."""
    moderator.language = "fr"
    moderator.save()
    for number in range(2):
        doubtful_item(settings.MEDIA_ROOT, number)
    page = desk()
    page.set_viewport_size({"width": 360, "height": 740})

    box = page.locator("#desk-stage .action-bar").bounding_box()

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert box["y"] + box["height"] <= 741
    page.locator("#desk-stage [data-confirm] button").tap()
    expect(page.locator("#desk-stage .review-title")).to_contain_text("(1)")
    assert 0 <= page.locator("#desk-stage").bounding_box()["y"] < 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whole_card_is_in_view_on_a_laptop(desk, settings, scheme):
    doubtful_item(settings.MEDIA_ROOT, 0)
    page = desk()
    page.emulate_media(color_scheme=scheme)

    for target in [".review-picture", ".review-title", ".suggestion >> nth=4", ".action-bar"]:
        box = page.locator(target).first.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 900
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
    page.set_viewport_size({"width": 1024, "height": 700})
    picture = page.locator("#desk-stage .review-picture").bounding_box()
    drawn = page.locator("#desk-stage .review-picture img").bounding_box()
    assert drawn["height"] <= picture["height"]
    assert page.locator("#desk-stage .action-bar").bounding_box()["height"] < 80
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("z")
    assert page.locator("dialog.dialog-zoom").bounding_box()["width"] > 1300
