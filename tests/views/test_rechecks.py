"""A lead looks at what a recheck would cost, orders it, and takes it back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.domain.rechecks import NEEDED
from reviewapp.models import Decision, Recheck, ReviewItem
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    DecisionFactory,
    FeedbackLabelFactory,
    ModeratorFactory,
    ReviewItemFactory,
)
from tests.views.test_team import alarm_about, closed, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator():
    return ModeratorFactory(username="zoe", language="en")


@pytest.fixture
def lead(client):
    client.force_login(AdminFactory(username="lea", language="en"))
    return client


def answered(moderator, number):
    made = timezone.now() - timedelta(days=1)
    for _ in range(number):
        decision = DecisionFactory(item=closed(), moderator=moderator, decided_at=made)
        FeedbackLabelFactory(decision=decision)


def address(name, *args):
    return reverse(f"review:{name}", args=args)


def rechecked(moderator, **kwargs):
    return Recheck.objects.create(
        moderator=moderator,
        lead=AdminFactory(),
        comment="A bad week.",
        opened_at=NOW,
        **({"days": 7} | kwargs),
    )


def test_a_lead_sees_the_cost_first_and_orders_it_with_a_reason(lead, moderator):
    answered(moderator, 12)
    asked = {"number": 7, "reach": "days"}

    before = lead.get(address("recheck", moderator.pk), asked).content.decode()
    refused = lead.post(address("recheck", moderator.pk), asked | {"comment": ""})
    lead.post(address("recheck", moderator.pk), asked | {"comment": "Tired all week."})

    assert "12 answers would be checked" in before
    assert "2 minutes" in before
    assert refused.status_code == 422
    assert ReviewItem.objects.filter(recheck__comment="Tired all week.").count() == 12
    text = text_of(lead, "member", moderator.pk)
    assert "Tired all week." in text
    assert "0 of 12" in text
    assert "Tired all week." in text_of(lead, "team")


def test_an_alarm_leads_to_the_answers_since_it_was_watched(lead, moderator):
    alarm = alarm_about(moderator)
    alarm.watched_since = timezone.now() - timedelta(days=20, hours=3)
    alarm.save()

    link = address("recheck", moderator.pk)
    form = lead.get(link).context["asked"]

    assert f'href="{link}"' in text_of(lead, "member", moderator.pk)
    assert (form["number"].value(), form["reach"].value()) == (21, "days")


def test_the_outcome_stands_with_its_interval(lead, moderator):
    row = rechecked(moderator)
    category = CategoryFactory()
    for number in range(NEEDED):
        first = DecisionFactory(item=closed(), moderator=moderator, category=category)
        item = closed(product=first.product, checks=first, recheck=row, reasons=["second_opinion"])
        DecisionFactory(item=item, category=CategoryFactory() if number % 4 == 0 else category)

    text = text_of(lead, "member", moderator.pk)

    assert f"{NEEDED} of {NEEDED}" in text
    assert "25.0%" in text
    assert "11.2%\N{NO-BREAK SPACE}– 46.9%" in text


def test_a_demotion_is_told_to_whom_it_concerns_and_ends_with_a_reason(lead, client, moderator):
    lead.post(address("demote", moderator.pk), {"comment": "Every fifth answer is off."})
    team = text_of(lead, "team")
    client.force_login(moderator)
    own, grids = text_of(client, "work"), text_of(client, "bulk")
    client.force_login(AdminFactory(language="en"))
    row = Recheck.objects.get(demotes=True)

    client.post(address("undo-recheck", row.pk), {"comment": ""})
    still = Recheck.objects.get().undone_at
    client.post(address("undo-recheck", row.pk), {"comment": "Careful again."})

    assert "Demoted" in team
    assert "A colleague checks every answer of yours" in own
    assert "Grids are closed to you for now" in grids
    assert still is None
    assert "Careful again." in text_of(client, "member", moderator.pk)


@pytest.mark.parametrize("name", ["recheck", "demote", "undo-recheck"])
def test_nobody_judges_without_the_right_or_over_oneself(client, moderator, name):
    lead = AdminFactory()
    args = [rechecked(lead).pk if name == "undo-recheck" else lead.pk]
    sent = {"comment": "Why not.", "number": 1, "reach": "days"}

    client.force_login(moderator)
    as_moderator = client.post(address(name, *args), sent)
    client.force_login(lead)
    over_oneself = client.post(address(name, *args), sent)

    assert (as_moderator.status_code, over_oneself.status_code) == (403, 404)
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 12])
def test_a_long_list_of_rechecks_costs_the_same(lead, moderator, rows, django_assert_num_queries):
    for _ in range(rows):
        row = rechecked(moderator)
        first = DecisionFactory(item=closed(), moderator=moderator)
        ReviewItemFactory(
            product=first.product, checks=first, recheck=row, reasons=["second_opinion"]
        )

    with django_assert_num_queries(13):
        lead.get(address("member", moderator.pk))
