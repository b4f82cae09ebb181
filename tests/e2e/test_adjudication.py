"""Two moderators differ and a lead decides, in a real browser; the leads' pages are clean to axe."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.choices import ReviewReason
from reviewapp.models import Category, Decision, FeedbackLabel, ReviewItem
from reviewapp.services import review
from tests.factories import AdminFactory, ModeratorFactory
from tests.review_world import doubtful_item, load_categories
from tests.services.test_decisions import decide

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


def test_an_ended_login_keeps_a_lead_s_words(page, context, live_server, sign_in, differing):
    sign_in(AdminFactory(username="chief", language="en"))
    page.goto(f"{live_server.url}{reverse('review:disagreements')}")
    page.get_by_role("link", name=differing.product.designation).click()
    page.get_by_label("Category", exact=True).select_option("1300")
    page.get_by_label("The guideline has a gap").check()
    page.get_by_label("For those who answered").fill("A scale model is a model.")
    context.clear_cookies(name="sessionid")

    page.get_by_role("button", name="Decide").click()
    page.locator("[name=username]").fill("chief")
    page.locator("[name=password]").fill("correct horse battery staple")
    page.locator("[data-log-in] button").click()

    expect(page.locator("[data-kept-note]")).to_be_visible()
    expect(page.get_by_label("Category", exact=True)).to_have_value("1300")
    expect(page.get_by_label("The guideline has a gap")).to_be_checked()
    expect(page.get_by_label("For those who answered")).to_have_value("A scale model is a model.")


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
