"""Searching the history of decisions."""

from datetime import timedelta

import pytest
from django.urls import reverse

from reviewapp.choices import SkipReason, Verdict
from reviewapp.selectors import decisions
from tests.factories import (
    NOW,
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    ModelVersionFactory,
    ModeratorFactory,
    ProductFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client):
    client.force_login(ModeratorFactory(username="zoe", language="en"))
    return client


def closed(**product):
    return ReviewItemFactory(product=ProductFactory(**product), status="resolved", resolved_at=NOW)


def found(signed_in, **filters):
    response = signed_in.get(reverse("review:decisions"), filters)
    assert response.status_code == 200
    return [decision for decision, _reasons in response.context["rows"]]


def test_each_filter_finds_what_it_names_and_nothing_else(signed_in):
    wanted = DecisionFactory(
        item=closed(designation="Tondeuse à gazon électrique", external_id="abc-1"),
        moderator=ModeratorFactory(username="otto"),
        category=CategoryFactory(code=2585),
        verdict=Verdict.CORRECTED,
        reasons=["audit"],
        model_version=ModelVersionFactory(name="fusion-7"),
        decided_at=NOW - timedelta(days=10),
    )
    other = DecisionFactory(item=closed(external_id="abc-2"), reasons=["low_confidence"])
    day = (NOW - timedelta(days=10)).date().isoformat()
    filters = [
        {"moderator": "otto"},
        {"category": 2585},
        {"verdict": "corrected"},
        {"reason": "audit"},
        {"model": "fusion-7"},
        {"since": day, "until": day},
        {"q": "tondeuses gazon"},
        {"q": "abc-1"},
        {"q": "tondeuse", "moderator": "otto", "reason": "audit", "until": day},
    ]

    answers = [found(signed_in, **one) for one in filters]

    assert answers == [[wanted]] * len(filters)
    assert found(signed_in) == [other, wanted]
    assert found(signed_in, q="tondeuse", verdict="confirmed") == []


@pytest.mark.parametrize("filters", [{}, {"q": "marteau"}])
def test_pages_follow_each_other_without_gap_or_overlap(signed_in, monkeypatch, filters):
    monkeypatch.setattr(decisions, "PAGE_SIZE", 2)
    # Three at one moment: the id decides.
    made = [DecisionFactory(item=closed(designation="Marteau")) for _ in range(3)]
    made += [
        DecisionFactory(item=closed(designation="Marteau"), decided_at=NOW - timedelta(hours=n))
        for n in (1, 2)
    ]

    pages, after = [], ""
    while True:
        response = signed_in.get(reverse("review:decisions"), {**filters, "after": after})
        pages.append([decision for decision, _reasons in response.context["rows"]])
        after = response.context["older"]
        if not after:
            break

    assert pages == [[made[2], made[1]], [made[0], made[3]], [made[4]]]


def test_a_product_that_awaits_a_blind_answer_is_left_out(signed_in):
    decided = DecisionFactory(item=closed())
    blind = ReviewItemFactory(product=decided.product, is_blind=True, reasons=["audit"])

    hidden = found(signed_in)
    blind.status, blind.resolved_at = "resolved", NOW
    blind.save()

    assert hidden == []
    assert found(signed_in) == [decided]


def test_words_that_too_many_products_share_ask_for_another(signed_in, monkeypatch):
    monkeypatch.setattr(decisions, "MOST_PRODUCTS", 2)
    DecisionFactory.create_batch(3)

    page = signed_in.get(reverse("review:decisions"), {"q": "roman"}).content.decode()

    assert "Add another word" in page


@pytest.mark.parametrize(
    "filters", [{"moderator": "nobody"}, {"category": "x"}, {"since": "no day"}, {"q": "\x00"}]
)
def test_a_wrong_filter_is_named_and_finds_nothing(signed_in, filters):
    DecisionFactory(item=closed())

    response = signed_in.get(reverse("review:decisions"), filters)

    assert response.status_code == 200
    assert response.context["rows"] == []
    assert response.context["form"].errors


def test_a_wrong_cursor_is_not_found(signed_in):
    assert signed_in.get(reverse("review:decisions"), {"after": "x"}).status_code == 404


def test_skips_and_undone_answers_stand_in_the_history(signed_in):
    skipped = DecisionFactory(
        item=closed(), verdict=Verdict.SKIPPED, category=None, skip_reason=SkipReason.UNCLEAR
    )
    undone = DecisionFactory(item=closed())
    DecisionFactory(
        item=undone.item,
        moderator=undone.moderator,
        verdict=Verdict.UNDONE,
        category=None,
        undoes=undone,
    )

    text = signed_in.get(reverse("review:decisions")).content.decode()

    assert found(signed_in, verdict="skipped") == [skipped]
    assert "The product is unclear" in text
    assert "(undone since)" in text


def test_the_history_is_not_for_buyers(client):
    client.force_login(BuyerFactory())

    assert client.get(reverse("review:decisions")).status_code == 403


@pytest.mark.parametrize("rows", [1, 20])
def test_the_search_costs_the_same_for_any_length(signed_in, rows, django_assert_num_queries):
    for _ in range(rows):
        DecisionFactory(item=closed(designation="Marteau"))

    with django_assert_num_queries(12):
        signed_in.get(reverse("review:decisions"), {"q": "marteau"})
