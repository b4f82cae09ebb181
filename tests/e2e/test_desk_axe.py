"""Every state of the desk is clean to axe and as wide as its window, in each look."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.choices import ReviewReason, ReviewStatus
from reviewapp.models import ReviewItem
from tests.e2e.axe import in_each_look, lasting_violations
from tests.factories import NOW, DecisionFactory, ModeratorFactory
from tests.review_world import doubtful_item

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


class Looked:
    """What axe found, by state and look."""

    def __init__(self, page):
        self.page, self.found = page, []

    def at(self, state):
        for look in in_each_look(self.page):
            found = lasting_violations(self.page, look.rules)
            self.found += [(state, look, *what) for what in found]
            if self.page.evaluate("document.documentElement.scrollWidth") > look.width:
                self.found.append((state, look, "wider than the window"))


def test_axe_finds_nothing_in_any_state_of_the_desk(desk, settings):
    doubtful_item(settings.MEDIA_ROOT, 0)
    hold = {"claimed_by": ModeratorFactory(username="otto"), "status": ReviewStatus.CLAIMED}
    doubtful_item(number=1, claim_expires_at=timezone.now() + timedelta(minutes=3), **hold)
    page = desk()
    looked = Looked(page)

    looked.at("card")
    for state, key, shown in [
        ("skipping", "s", "[data-menu=skip][open]"),
        ("asking a lead", "e", "[data-menu=escalate][open]"),
        ("searching", "a", ".combobox-list"),
        ("enlarged", "z", "dialog.dialog-zoom[open]"),
        ("keys", "?", "#desk-shortcuts[open]"),
    ]:
        page.keyboard.press(key)
        expect(page.locator(f"{shown} >> visible=true").first).to_be_visible()
        looked.at(state)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        page.locator("#desk-stage article").focus()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Who holds what").click()
    expect(page.get_by_role("dialog").get_by_role("row", name="otto")).to_be_visible()
    looked.at("who holds what")
    page.keyboard.press("Escape")
    page.locator(".desk-filter > summary").click()
    looked.at("filter")
    panel = page.locator(".desk-filter-panel").bounding_box()

    assert looked.found == []
    # The last look was a phone's.
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 360


def test_axe_finds_nothing_on_a_conflict_a_blind_card_and_an_empty_desk(desk, settings):
    lost = doubtful_item(settings.MEDIA_ROOT, 0, priority=0.9)
    doubtful_item(settings.MEDIA_ROOT, 1, reasons=[ReviewReason.AUDIT], is_blind=True)
    page = desk()
    looked = Looked(page)
    ReviewItem.objects.filter(pk=lost.pk).update(
        status=ReviewStatus.RESOLVED, claim_expires_at=None, claimed_by=None, resolved_at=NOW
    )
    otto = ModeratorFactory(username="otto")
    DecisionFactory(item=lost, product=lost.product, moderator=otto)

    page.keyboard.press("Enter")
    expect(page.locator("[data-conflict]")).to_contain_text("otto")
    expect(page.locator("#desk-stage article[data-blind]")).to_be_visible()
    looked.at("conflict, blind")
    ReviewItem.objects.exclude(pk=lost.pk).update(
        status=ReviewStatus.RESOLVED, claim_expires_at=None, claimed_by=None, resolved_at=NOW
    )
    page.reload()
    expect(page.locator("[data-empty]")).to_be_visible()
    looked.at("empty")

    assert looked.found == []
