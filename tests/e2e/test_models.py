"""An administrator judges, promotes and rolls back in a real browser."""

import pytest
from playwright.sync_api import expect

from reviewapp.models import ModelVersion
from reviewapp.services.evaluations import judge, request_gate
from tests.e2e.axe import violations
from tests.evaluation_world import bare_snapshot, measured
from tests.factories import AdminFactory, CategoryFactory, ChampionFactory, ModelVersionFactory
from worker.tasks import classify

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def report(now, sign_in, monkeypatch):
    """A judgement that refuses: the candidate is no better."""
    monkeypatch.setattr(classify.drain, "apply_async", lambda **_: None)
    sign_in(AdminFactory(username="chief", language="en"))
    for code in range(10, 100, 10):
        CategoryFactory(code=code)
    snapshot = bare_snapshot(now, products=300)
    old, new = (
        measured(version, snapshot, now, sharpness=2.4, products=300)
        for version in (ChampionFactory(name="old-1"), ModelVersionFactory(name="new-1"))
    )
    row = request_gate(
        candidate=new.model_version,
        champion=old.model_version,
        snapshot=snapshot,
        user=None,
        now=now,
    )
    return judge(report_id=row.pk, now=now)


def test_a_candidate_is_judged_promoted_in_spite_of_it_and_taken_back(
    page, live_server, report, faults
):
    page.goto(f"{live_server.url}/models/gates/{report.pk}/")
    expect(page.get_by_role("rowheader", name="Costs less")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Why, in spite of the gate").fill("A test of the way back")
    page.get_by_role("button", name="Put it into service all the same").click()
    expect(page.get_by_text("new-1 classifies from now on.")).to_be_visible()
    expect(page.get_by_text("A test of the way back")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Roll back to old-1").click()

    expect(page.get_by_text("old-1 classifies again.")).to_be_visible()
    assert ModelVersion.objects.get(stage="champion").name == "old-1"
    assert faults == []


def test_measures_are_whole_on_a_phone_at_night(page, live_server, report, faults):
    page.set_viewport_size({"width": 360, "height": 900})
    page.emulate_media(color_scheme="dark")
    old, new = report.champion_id, report.candidate_id
    addresses = [
        "/models/evaluations/",
        f"/models/evaluations/{old}/",
        f"/models/comparison/?old={old}&new={new}",
    ]

    for address in addresses:
        page.goto(f"{live_server.url}{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert violations(page) == [], address

    assert faults == []


def test_a_click_on_the_confusion_matrix_leads_to_its_products(page, live_server, report, faults):
    page.set_viewport_size({"width": 1440, "height": 1200})
    page.goto(f"{live_server.url}/models/evaluations/{report.champion_id}/")
    chart = page.locator("#confusion .nsewdrag")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()

    # The first cell from below and the left: the first category, taken for itself.
    page.mouse.click(box["x"] + box["width"] / 18, box["y"] + box["height"] * 17 / 18)

    expect(page).to_have_url(
        f"{live_server.url}/models/evaluations/{report.champion_id}/products/"
        "?member=fusion&true=10&predicted=10"
    )
    assert faults == []
