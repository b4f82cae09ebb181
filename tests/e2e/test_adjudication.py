"""Two moderators differ and a lead decides, in a real browser; the leads' pages are clean to axe."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.choices import ReviewReason
from reviewapp.models import Category, Decision, FeedbackLabel, ReviewItem
from reviewapp.services import decisions, review
from tests.e2e.axe import violations
from tests.factories import AdminFactory, KnownAnswerFactory, ModeratorFactory, ReviewItemFactory
from tests.review_world import doubtful_item, load_categories
from tests.services.test_decisions import decide
from tests.services.test_disputes import GOLD

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def differing(settings):
    """A double-labelled product on which two moderators have differed; return its first answer."""
    settings.REVIEW_SECOND_OPINION_SHARE = 1.0
    load_categories()
    alice, bob = ModeratorFactory(username="alice"), ModeratorFactory(username="bob")
    item = doubtful_item(settings.MEDIA_ROOT)
    now = timezone.now()
    review.claim_next(moderator=alice, now=now)
    first = decide(item, alice, Category.objects.get(code=1280), now=now)
    review.claim_next(moderator=bob, now=now)
    decide(ReviewItem.objects.get(checks=first), bob, Category.objects.get(code=1300), now=now)
    return first


def asked_and_missed():
    """A question to a lead, and a known answer that its author has missed."""
    person = ModeratorFactory(username="chloe", language="en")
    now = timezone.now() - timedelta(hours=1)
    item = doubtful_item(settings.MEDIA_ROOT, 1)
    review.claim_next(moderator=person, now=now)
    decisions.escalate(
        item_id=item.pk,
        moderator=person,
        comment="A soft toy, or a decoration?",
        client_key="7b0cf1f6-19de-4fbb-8f0a-2d8c5e1c5a11",
        now=now,
    )
    known = KnownAnswerFactory(product__category=Category.objects.get(code=1281))
    gold = ReviewItemFactory(
        product=known.product, reasons=GOLD, known_answer=known, only_for=person, is_blind=True
    )
    review.claim_next(moderator=person, now=now)
    decide(gold, person, Category.objects.get(code=1280), now=now)
    return person, item


def test_a_lead_decides_between_two_moderators(page, live_server, sign_in, differing, faults):
    sign_in(AdminFactory(username="chief", language="en"))
    page.goto(f"{live_server.url}{reverse('review:team')}")
    page.get_by_role("link", name="Disagreements", exact=True).click()
    page.get_by_role("link", name=differing.product.designation).click()
    expect(page.get_by_role("heading", name="alice")).to_be_visible()
    expect(page.get_by_role("heading", name="bob")).to_be_visible()
    page.get_by_label("Category", exact=True).select_option("1300")
    page.get_by_label("The guideline has a gap").check()
    page.get_by_label("For those who answered").fill("A scale model is a model.")
    page.get_by_role("button", name="Decide").click()

    expect(page.get_by_text("Nothing waits for a lead")).to_be_visible()
    label = FeedbackLabel.objects.get(product=differing.product, ended_at=None)
    differing.product.refresh_from_db()
    assert (label.category.code, differing.product.category.code) == (1300, 1300)
    assert ReviewReason.SECOND_OPINION not in Decision.objects.get(label=label).reasons
    page.goto(f"{live_server.url}{reverse('review:provenance', args=[differing.product_id])}")
    expect(page.get_by_text("The guideline has a gap")).to_be_visible()
    expect(page.get_by_text("A scale model is a model.")).to_be_visible()
    assert faults == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_every_page_is_whole_and_clean(page, live_server, sign_in, differing, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    person, item = asked_and_missed()
    row = Decision.objects.get(moderator__username="bob").disagreement
    of_lead = [
        reverse("review:disagreements"),
        reverse("review:disagreement", args=[row.pk]),
        reverse("review:questions"),
        reverse("review:question", args=[item.pk]),
        reverse("review:provenance", args=[differing.product_id]),
    ]

    for who, addresses in (
        (AdminFactory(language="en"), of_lead),
        (person, [reverse("review:work")]),
    ):
        sign_in(who)
        for address in addresses:
            page.goto(f"{live_server.url}{address}")

            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            assert violations(page) == [], address
