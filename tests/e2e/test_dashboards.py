"""Charts as a person sees them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.models import DelayTally, QueueState
from tests.factories import AdminFactory, ChampionFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def arrived(*days_ago):
    version = ChampionFactory()
    for ago in days_ago:
        day = (timezone.now() - timedelta(days=ago)).date()
        for step, bucket in (("routed", -20), ("listed", -4)):
            DelayTally.objects.create(
                day=day, model_version=version, kind="all", group="", step=step, bucket=bucket,
                products=40,
            )  # fmt: skip


def ticks(page, chart, axis):
    labels = page.locator(f"#{chart} .{axis}tick text")
    expect(labels.first).to_be_visible()
    return labels.all_text_contents()


def test_the_links_of_the_present_page_are_in_sight_on_a_phone(page, live_server, sign_in):
    sign_in(AdminFactory())
    page.set_viewport_size({"width": 360, "height": 780})

    page.goto(f"{live_server.url}/drift/")

    for strip in (".site-nav", ".tabs"):
        expect(page.locator(f"{strip} [aria-current]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("language", "comma"), [("fr", ","), ("en", ".")])
def test_a_single_day_is_one_tick_in_the_readers_language(
    page, live_server, sign_in, faults, language, comma
):
    sign_in(AdminFactory(language=language))
    arrived(1)

    page.goto(f"{live_server.url}/dashboards/")

    yesterday = timezone.now() - timedelta(days=1)
    assert ticks(page, "cohorts-chart", "x") == [f"{yesterday:%d/%m/%Y}"]
    numbers = [text for text in ticks(page, "delays-chart", "y") if not text.isdigit()]
    assert numbers
    assert all(comma in text for text in numbers)
    assert faults == []


def test_a_single_hour_is_told_in_the_time_of_its_table_without_milliseconds(
    page, live_server, sign_in, faults
):
    sign_in(AdminFactory(language="fr"))
    at = (timezone.now() - timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    QueueState.objects.create(at=at, open=0, answered=0, people=0)

    page.goto(f"{live_server.url}/dashboards/")

    told = ticks(page, "queue-chart", "x")
    hour = f"{timezone.localtime(at):%H:%M}"
    assert any(text.startswith(hour) for text in told), told
    assert not any("." in text for text in told), told
    assert faults == []


def test_many_days_are_told_by_the_months_of_the_readers_language(
    page, live_server, sign_in, faults
):
    sign_in(AdminFactory(language="fr"))
    arrived(*range(29))

    page.goto(f"{live_server.url}/dashboards/")

    months = [
        "janv",
        "févr",
        "mars",
        "avr",
        "mai",
        "juin",
        "juil",
        "août",
        "sept",
        "oct",
        "nov",
        "déc",
    ]
    assert any(month in text for text in ticks(page, "cohorts-chart", "x") for month in months)
    assert faults == []
