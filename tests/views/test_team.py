"""My work and the team page."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import MeasureKind, ReviewReason, Verdict
from reviewapp.models import ModeratorAlarm, TeamMeasure
from reviewapp.selectors.comparisons import LEAST_CONFUSIONS, LEAST_IN_HAND
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    DecisionFactory,
    ModeratorFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator():
    return ModeratorFactory(username="zoe", language="en")


@pytest.fixture
def lead(client):
    client.force_login(AdminFactory(username="lea", language="en"))
    return client


def closed(**kwargs):
    return ReviewItemFactory(status="resolved", resolved_at=NOW, **kwargs)


def measured(kind, moderator, value=0.9, sample=50, category=None):
    is_shown = value is not None
    return TeamMeasure.objects.create(
        kind=kind,
        moderator=moderator,
        category=category,
        value=value,
        low=value - 0.05 if is_shown else None,
        high=value + 0.05 if is_shown else None,
        sample=sample,
        needed=30,
        measured_at=NOW,
    )


def alarm_about(moderator):
    return ModeratorAlarm.objects.create(
        moderator=moderator,
        evidence=21.5,
        record={"far": {"seen": 60, "off": 14, "tolerated": 3.2}},
        watched_since=NOW,
        raised_at=NOW,
    )


def text_of(client, name, *args):
    return client.get(reverse(f"review:{name}", args=args)).content.decode()


def test_my_work_tells_today_and_the_median_time(client, moderator):
    client.force_login(moderator)
    now = timezone.now()
    for seconds in (2, 4, 30):
        DecisionFactory(moderator=moderator, decided_at=now, seconds=seconds)
    DecisionFactory(moderator=moderator, decided_at=now, seconds=400, is_bulk=True)
    DecisionFactory(moderator=moderator, decided_at=now - timedelta(days=2), seconds=100)

    response = client.get(reverse("review:work"))

    assert response.context["today"].decided == 4
    assert response.context["today"].seconds == 4


def test_a_number_stands_with_its_interval_or_with_what_is_missing(client, moderator):
    client.force_login(moderator)
    measured(MeasureKind.AGREEMENT, moderator, value=0.875)
    measured(MeasureKind.ANCHORING, moderator, value=None, sample=18)

    text = text_of(client, "work")

    assert "87.5%" in text
    assert "82.5% to 92.5%" in text
    assert "12 more needed" in text


def test_what_leads_answered_comes_back_to_who_asked(client, moderator):
    client.force_login(moderator)
    item = closed()
    asked = {"verdict": Verdict.ESCALATED, "category": None, "moderator": moderator}
    DecisionFactory(item=item, comment="A toy or a model?", **asked)
    DecisionFactory(item=closed(), comment="And this one?", **asked)
    answer = CategoryFactory(name_en="Scale models")
    DecisionFactory(item=item, moderator=AdminFactory(username="lea"), category=answer)

    text = text_of(client, "work")

    assert "A toy or a model?" in text
    assert "lea put it into <strong>" in text
    assert "Scale models" in text
    assert "No lead has answered yet" in text


def both_answer(moderator, mine, theirs):
    """The moderator answers blind, then a colleague does."""
    first = DecisionFactory(item=closed(), moderator=moderator, category=mine, is_blind=True)
    DecisionFactory(
        item=closed(
            product=first.product,
            not_for=moderator,
            checks=first,
            reasons=[ReviewReason.SECOND_OPINION],
        ),
        category=theirs,
        reasons=[ReviewReason.SECOND_OPINION],
        is_blind=True,
    )


def test_differences_on_a_pair_that_was_rarely_in_hand_are_chance(client, moderator):
    client.force_login(moderator)
    toys, games = CategoryFactory(), CategoryFactory()
    for _ in range(LEAST_CONFUSIONS):
        both_answer(moderator, toys, games)
    for _ in range(LEAST_IN_HAND - LEAST_CONFUSIONS - 1):
        both_answer(moderator, toys, toys)

    assert client.get(reverse("review:work")).context["confused"] == []


def test_three_differences_on_the_same_pair_are_called_a_confusion(client, moderator):
    client.force_login(moderator)
    toys = CategoryFactory(code=1280, name_en="Toys")
    games = CategoryFactory(code=1281, name_en="Board games")
    for number in range(3):
        both_answer(moderator, *((toys, games) if number % 2 else (games, toys)))
    for _ in range(17):
        both_answer(moderator, toys, toys)

    confused = client.get(reverse("review:work")).context["confused"]
    desk = " ".join(client.get(reverse("review:desk")).content.decode().split())

    assert [(one.first, one.second, one.times) for one in confused] == [(toys, games, 3)]
    for code, other in [(1280, "1281 Board games"), (1281, "1280 Toys")]:
        guide = desk.split(f'class="guide" data-code="{code}"')[1].split("</section>")[0]
        assert f"You often confuse this with {other}." in guide
        assert "3 times out of 20 (5.2% to 36.0%)" in guide


def test_a_lead_sees_load_age_pace_and_who_is_on_what(lead, moderator):
    now = timezone.now()
    ReviewItemFactory(opened_at=now - timedelta(days=3))
    ReviewItemFactory(
        product__designation="Lampe de chevet",
        status="claimed",
        claimed_by=moderator,
        claim_expires_at=now + timedelta(minutes=2),
        opened_at=now,
    )
    DecisionFactory(item=closed(), moderator=moderator, decided_at=now)

    response = lead.get(reverse("review:team"))

    load, text = response.context["load"], response.content.decode()
    assert (load.open, load.held, load.old) == (2, 1, 1)
    assert load.seconds_left == 2 * 24 * 3600
    assert sum(hour.decided for hour in response.context["hours"]) == 1
    assert "Lampe de chevet" in text


def test_an_alarm_comes_first_and_is_closed_with_what_was_found(lead, moderator):
    busy = ModeratorFactory()
    DecisionFactory(item=closed(), moderator=busy, decided_at=timezone.now())
    alarm = alarm_about(moderator)
    address = reverse("review:close-alarm", args=[alarm.pk])

    first = lead.get(reverse("review:team")).context["members"][0]
    refused = lead.post(address, {"comment": ""})
    lead.post(address, {"comment": "Tired; we have talked."})

    alarm.refresh_from_db()
    assert first.user == moderator
    assert refused.status_code == 422
    assert alarm.closed_by is not None
    assert "Tired; we have talked." in text_of(lead, "member", moderator.pk)


def test_a_members_page_shows_categories_and_what_an_alarm_rests_on(lead, moderator):
    alarm_about(moderator)
    category = CategoryFactory(name_en="Garden tools")
    measured(MeasureKind.COMPETENCE, moderator, value=0.75, category=category)

    text = text_of(lead, "member", moderator.pk)

    assert "Garden tools" in text
    assert "75.0%" in text
    assert "3.2" in text


@pytest.mark.parametrize("name", ["team", "member", "close-alarm"])
def test_moderators_do_not_see_each_others_numbers(client, moderator, name):
    client.force_login(ModeratorFactory())
    args = {"team": [], "member": [moderator.pk], "close-alarm": [alarm_about(moderator).pk]}[name]
    send = client.post if name == "close-alarm" else client.get

    assert send(reverse(f"review:{name}", args=args)).status_code == 403


@pytest.mark.parametrize("people", [1, 8])
def test_the_team_page_costs_the_same_for_any_team(lead, people, django_assert_num_queries):
    for _ in range(people):
        person = ModeratorFactory()
        DecisionFactory(item=closed(), moderator=person, decided_at=timezone.now())
        measured(MeasureKind.AGREEMENT, person, category=CategoryFactory())

    with django_assert_num_queries(22):
        lead.get(reverse("review:team"))


@pytest.mark.parametrize("rows", [1, 15])
def test_my_work_costs_the_same_for_any_length(client, moderator, rows, django_assert_num_queries):
    client.force_login(moderator)
    for _ in range(rows):
        asked = DecisionFactory(
            item=closed(), moderator=moderator, verdict=Verdict.ESCALATED, category=None
        )
        DecisionFactory(item=asked.item)

    with django_assert_num_queries(15):
        client.get(reverse("review:work"))
