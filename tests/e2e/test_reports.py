"""Reports as evidence in a real browser: what moderators, admins and reporters see."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.models import Category, ReportRing
from reviewapp.services import rings
from reviewapp.services.reports import submit_report
from tests.e2e.axe import violations
from tests.factories import AdminFactory, BuyerFactory, ListedProductFactory, ProvenBuyerFactory
from tests.review_world import load_categories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reported():
    """A product that proven people report, and one that a crowd does."""
    load_categories()
    right = Category.objects.get(code=1281)
    now = timezone.now()
    honest, other = ListedProductFactory.create_batch(
        2, category=Category.objects.get(code=1280), listed_at=now
    )
    people = [(honest, person) for person in ProvenBuyerFactory.create_batch(3, upheld=30)]
    people += [(other, person) for person in BuyerFactory.create_batch(6)]
    for number, (product, reporter) in enumerate(people):
        submit_report(
            product=product,
            reporter=reporter,
            suggested_category=right,
            comment="",
            now=now - timedelta(seconds=20 - number),
            address=f"10.0.{number}.1",
        )
    rings.hold_rings(now=now)


def test_a_moderator_reads_the_arithmetic_and_an_admin_judges_the_crowd(
    page, live_server, sign_in, faults, reported
):
    sign_in(AdminFactory(language="en"))
    page.goto(f"{live_server.url}/review/")
    expect(page.get_by_text("3 proven reporters name 1281")).to_be_visible()
    page.get_by_role("button", name="How this is weighed").click()
    expect(page.get_by_text("Together they weigh")).to_be_visible()
    desk = violations(page, within="dialog[open]")
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Reports", exact=True).click()
    page.locator("main table a").first.click()
    ring = violations(page)
    page.get_by_label("Why").fill("Same words")
    page.get_by_role("button", name="Set all aside").click()
    expect(page.get_by_text("The reports are set aside.")).to_be_visible()

    assert (desk, ring, faults) == ([], [], [])
    assert ReportRing.objects.get().status == "voided"
