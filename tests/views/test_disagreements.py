"""Leads' pages: what people answered differently, and what moderators ask."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import ReviewReason, Verdict
from reviewapp.models import Adjudication, Category, Decision, Disagreement
from reviewapp.selectors.checks import disagreements as selectors
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    DecisionFactory,
    DisagreementFactory,
    FeedbackLabelFactory,
    KnownAnswerFactory,
    ModeratorFactory,
    ReviewItemFactory,
)
from tests.services.test_disputes import GOLD, missing
from tests.views.test_team import closed, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator():
    return ModeratorFactory(username="zoe", language="en")


@pytest.fixture
def lead(client):
    client.force_login(AdminFactory(username="lea", language="en"))
    return client


def differing(**kwargs):
    """Two blind answers to a listed product, of which the first had left a label."""
    first = DecisionFactory(item=closed(product__designation="Roue de rechange"))
    FeedbackLabelFactory(decision=first, ended_at=first.decided_at)
    return DisagreementFactory(first=first, **kwargs)


def word(row, category, **kwargs):
    return {
        "client_key": uuid.uuid4(),
        "category": category.code,
        "cause": "guideline_gap",
        "comment": "The guide is silent.",
        "seen": row.product.input_digest,
        **kwargs,
    }


def escalated(asker, **kwargs):
    now = timezone.now()
    item = ReviewItemFactory(escalated_at=now, **kwargs)
    DecisionFactory(
        item=item, moderator=asker, verdict=Verdict.ESCALATED, category=None, comment="A toy?"
    )
    return item


def address(name, *args):
    return reverse(f"review:{name}", args=args)


def test_a_lead_decides_with_a_cause_and_everywhere_says_so(lead):
    row = differing()
    page = text_of(lead, "disagreement", row.pk)

    answered = lead.post(address("disagreement", row.pk), word(row, row.second.category))

    assert str(row.first.moderator) in page
    assert str(row.second.moderator) in page
    assert answered.status_code == 302
    assert Adjudication.objects.get().decision.category == row.second.category
    assert "The guideline has a gap" in text_of(lead, "disagreement", row.pk)
    past = text_of(lead, "provenance", row.product_id)
    assert "The guideline has a gap" in past
    assert "The guide is silent." in past
    assert "Nothing waits for a lead" in text_of(lead, "disagreements")
    assert str(row.first.category) in text_of(lead, "disagreements")


def test_a_party_is_told_and_cannot_decide(client):
    party = AdminFactory(language="en")
    row = differing()
    Decision.objects.filter(pk=row.first_id).update(moderator=party)
    client.force_login(party)

    page = client.get(address("disagreement", row.pk)).content.decode()
    sent = client.post(address("disagreement", row.pk), word(row, row.second.category))

    assert "another lead must decide" in page
    assert "guideline_gap" not in page
    assert sent.status_code == 403
    assert not Adjudication.objects.exists()


@pytest.mark.parametrize("name", ["disagreements", "questions"])
def test_moderators_do_not_see_the_pages_of_leads(client, moderator, name):
    client.force_login(moderator)
    row = differing()

    assert client.get(address(name)).status_code == 403
    assert client.get(address("disagreement", row.pk)).status_code == 403
    assert (
        client.post(address("disagreement", row.pk), word(row, row.second.category)).status_code
        == 403
    )


def test_without_a_cause_or_category_nothing_is_decided(lead):
    row = differing()

    refused = lead.post(address("disagreement", row.pk), word(row, row.second.category, cause=""))

    assert refused.status_code == 422
    assert "Say why they differed." in refused.content.decode()
    assert not Adjudication.objects.exists()


def test_a_lead_takes_the_own_word_back(lead):
    row = differing()
    lead.post(address("disagreement", row.pk), word(row, row.second.category))

    sent = {"client_key": uuid.uuid4()}
    lead.post(address("undo-adjudication", Adjudication.objects.get().pk), sent)

    assert Disagreement.objects.get().closed_at is None
    assert "Your word" in text_of(lead, "disagreement", row.pk)


def test_the_list_is_filtered_by_kind_and_goes_by_pages(lead, monkeypatch):
    monkeypatch.setattr(selectors, "PAGE_SIZE", 1)
    older, newer = differing(), differing()
    Disagreement.objects.filter(pk=newer.pk).update(opened_at=timezone.now())
    listed = address("disagreements")

    first = lead.get(listed, {"kind": "second_opinion"})
    second = lead.get(listed, {"kind": "second_opinion", "after": first.context["older"]})

    assert [list(page.context["rows"]) for page in (first, second)] == [[newer], [older]]
    assert lead.get(listed, {"kind": "dispute"}).context["rows"] == []
    assert lead.get(listed, {"after": "x"}).status_code == 404


def test_whoever_asked_reads_the_leads_answer(lead, client, moderator):
    item, category = escalated(moderator), CategoryFactory()
    listed, page = text_of(lead, "questions"), text_of(lead, "question", item.pk)

    sent = {
        "client_key": uuid.uuid4(),
        "category": category.code,
        "comment": "A model: it has a scale.",
        "seen": item.product.input_digest,
    }
    refused = lead.post(address("question", item.pk), sent | {"comment": ""})
    lead.post(address("question", item.pk), sent)

    assert "A toy?" in listed
    assert "zoe" in page
    assert refused.status_code == 422
    item.product.refresh_from_db()
    assert item.product.category == category
    assert "Nobody is asking" in text_of(lead, "questions")
    client.force_login(moderator)
    assert "A model: it has a scale." in text_of(client, "work")


def test_a_question_that_another_lead_holds_is_left_to_that_one(lead, moderator):
    other = AdminFactory()
    until = timezone.now() + timedelta(hours=1)
    item = escalated(moderator, status="claimed", claimed_by=other, claim_expires_at=until)

    sent = {"client_key": uuid.uuid4(), "category": CategoryFactory().code, "comment": "So."}
    answered = lead.post(address("question", item.pk), sent)

    assert answered.status_code == 409
    assert Category.objects.get(code=sent["category"]) != item.product.category


def test_a_miss_is_told_late_with_its_definition_and_disputed_with_one_press(client, moderator):
    known = KnownAnswerFactory(product__category__definition_en="Tins of fish.")
    miss = missing(known, moderator)
    client.force_login(moderator)

    page = text_of(client, "work")
    client.post(address("dispute", miss.pk))

    assert "Tins of fish." in page
    assert "I think mine is right" in page
    assert Disagreement.objects.get().second == miss
    assert "A lead is looking at it" in text_of(client, "work")


def test_the_history_tells_only_leads_what_was_a_known_answer(client, moderator):
    known = KnownAnswerFactory()
    miss = missing(known, moderator)
    audit = DecisionFactory(item=closed(), reasons=[ReviewReason.AUDIT])
    found = {}

    for person in (moderator, AdminFactory(language="en")):
        client.force_login(person)
        pages = [
            client.get(address("decisions"), {"reason": reason}) for reason in ("gold", "audit")
        ]
        found[person] = [{row.pk for row, _ in page.context["rows"]} for page in pages]
        texts = text_of(client, "decisions") + text_of(client, "provenance", miss.product_id)
        found[person].append("Known answer" in texts or 'value="gold"' in texts)

    as_moderator, as_lead = found.values()
    assert miss.reasons == GOLD
    assert as_moderator == [set(), {miss.pk, audit.pk}, False]
    assert as_lead == [{miss.pk}, {audit.pk}, True]


@pytest.mark.parametrize("rows", [1, 12])
def test_long_lists_cost_the_same(lead, moderator, rows, django_assert_num_queries):
    for _ in range(rows):
        differing()
        escalated(moderator)

    with django_assert_num_queries(15):
        lead.get(address("disagreements"))
    with django_assert_num_queries(7):
        lead.get(address("questions"))
