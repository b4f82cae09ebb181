"""What keys do at the desk, and where they rest."""

import pytest
from playwright.sync_api import expect

from reviewapp.models import Decision
from tests.e2e.desk_hand import LOOK_MS, decision_on, press_and_move_on, saved, shown
from tests.review_world import doubtful_item

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_person_s_own_keys_and_a_slip_of_the_finger(desk, moderator):
    moderator.desk_keys = {"skip": "k", "undo": ""}
    moderator.save()
    for number in range(3):
        doubtful_item(number=number)
    page = desk()

    skipped = press_and_move_on(page, "k", "Digit1")
    searched = press_and_move_on(page, *"aquarrium", "Enter")
    page.wait_for_timeout(LOOK_MS)
    page.keyboard.press("u")
    expect(page.locator("#desk-stage .combobox input")).to_have_value("u")
    saved(page)

    assert decision_on(skipped).skip_reason == "unclear"
    assert decision_on(searched).category.code == 2220


def test_with_character_keys_off_only_enter_and_the_buttons_act(desk, moderator):
    moderator.has_character_keys = False
    moderator.save()
    doubtful_item(number=0)
    doubtful_item(number=1)
    page = desk()
    before = shown(page)

    for key in ["1", "Numpad2", "s", "e", "u", "z", "x", "a", "/", "?"]:
        page.keyboard.press(key)
    page.wait_for_timeout(LOOK_MS)

    assert shown(page) == before
    expect(
        page.locator("dialog[open], details[open].desk-menu, .combobox-list:visible")
    ).to_have_count(0)
    expect(page.locator("#desk-stage .combobox input")).not_to_be_focused()
    press_and_move_on(page, "Enter")
    page.wait_for_timeout(LOOK_MS)
    page.locator('#desk-stage [data-digit="2"]').press("Enter")
    saved(page)
    codes = Decision.objects.order_by("pk").values_list("category__code", flat=True)
    assert list(codes) == [1280, 1300]


def test_space_and_enter_in_the_description_and_in_the_filter_confirm_nothing(desk):
    doubtful_item(number=0)
    doubtful_item(number=1)
    page = desk()
    before = shown(page)

    page.get_by_role("region", name="Description").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator(".desk-filter > summary").click()
    page.get_by_label("High value only").focus()
    page.keyboard.press("Space")
    page.wait_for_timeout(LOOK_MS)

    expect(page.get_by_label("High value only")).to_be_checked()
    assert shown(page) == before
    assert not Decision.objects.exists()


def test_keys_rest_in_text_fields_and_escape_leaves_them(desk):
    doubtful_item()
    page = desk()

    page.keyboard.press("e")
    page.keyboard.type("see 12 uses")
    expect(page.get_by_label("What should the lead know?")).to_have_value("see 12 uses")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    assert not Decision.objects.exists()
