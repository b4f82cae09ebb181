"""The pages that look back, in a real browser: whole at any width, clean to axe, free of faults."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.choices import MeasureKind, Verdict
from reviewapp.models import ModeratorAlarm
from tests.factories import AdminFactory, CategoryFactory, DecisionFactory, ReviewItemFactory
from tests.views.test_team import alarm_about, closed, measured

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lead(sign_in):
    """A lead who has decided, asked, and is watched; so each page has something to show."""
    lead = AdminFactory(username="chief", language="en")
    now = timezone.now()
    decided = DecisionFactory(
        item=closed(product__designation="Lampe de chevet"),
        moderator=lead,
        category=CategoryFactory(),
        decided_at=now,
        seconds=3,
    )
    DecisionFactory(
        item=closed(),
        moderator=lead,
        verdict=Verdict.ESCALATED,
        category=None,
        comment="A toy or a model?",
        decided_at=now,
    )
    ReviewItemFactory(
        status="claimed", claimed_by=lead, claim_expires_at=now + timedelta(hours=1), opened_at=now
    )
    measured(MeasureKind.ALPHA, None)
    measured(MeasureKind.ALPHA, None, category=decided.category)
    measured(MeasureKind.AGREEMENT, lead)
    measured(MeasureKind.AGREEMENT, lead, category=decided.category)
    measured(MeasureKind.ANCHORING, lead, value=None, sample=4)
    alarm_about(lead)
    sign_in(lead)
    return decided


def test_a_lead_goes_from_the_desk_to_an_alarm_and_closes_it(page, live_server, lead):
    page.goto(f"{live_server.url}{reverse('review:desk')}")
    page.get_by_role("link", name="My work").click()
    page.get_by_role("link", name="Team", exact=True).click()
    page.get_by_role("link", name="Alarm", exact=True).click()
    page.get_by_label("What did you find?").fill("All of one seller; the guide is unclear.")
    page.get_by_role("button", name="Close the alarm").click()

    expect(page.get_by_text("Closed by chief")).to_be_visible()
    assert ModeratorAlarm.objects.get().closed_at is not None


def test_a_decision_is_found_by_words_and_leads_to_its_products_past(page, live_server, lead):
    page.goto(f"{live_server.url}{reverse('review:decisions')}")
    page.get_by_label("Words or external id").fill("lampe")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Lampe de chevet").click()

    expect(page.get_by_role("heading", level=1, name="Lampe de chevet")).to_be_visible()
    expect(page.get_by_text("after 3.0 s")).to_be_visible()
