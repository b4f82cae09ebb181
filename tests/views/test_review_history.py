"""Looking back at decisions, and what each page costs."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.models import Decision, FeedbackLabel, ReviewItem
from reviewapp.selectors.review import history
from reviewapp.services import decisions, review
from tests.factories import (
    NOW,
    AdminFactory,
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    ModeratorFactory,
    ReviewItemFactory,
)
from tests.review_world import doubtful_item, load_categories

pytestmark = pytest.mark.django_db


def decided(moderator, **kwargs):
    item = ReviewItemFactory()
    now = kwargs.pop("now", timezone.now())
    assert review.claim_next(moderator=moderator, now=now) == item.pk
    return decisions.decide(
        item_id=item.pk,
        moderator=moderator,
        category=kwargs.pop("category", None) or CategoryFactory(),
        client_key=uuid.uuid4(),
        now=now,
    )


def test_own_decisions_are_listed_newest_first_by_pages(signed_in, moderator, monkeypatch):
    monkeypatch.setattr(history, "PAGE_SIZE", 2)
    made = [
        DecisionFactory(moderator=moderator, decided_at=NOW + timedelta(minutes=n))
        for n in range(3)
    ]
    DecisionFactory()  # a colleague's

    first = signed_in.get(reverse("review:history"))
    second = signed_in.get(reverse("review:history"), {"after": first.context["older"]})

    shown = [row[0] for row in first.context["rows"]], [row[0] for row in second.context["rows"]]
    assert shown == ([made[2], made[1]], [made[0]])


@pytest.mark.parametrize("cursor", ["x", "2026-01-01,1", "2026-01-01T00:00:00+00:00,x", "\x00"])
def test_a_wrong_cursor_is_not_found(signed_in, cursor):
    assert signed_in.get(reverse("review:history"), {"after": cursor}).status_code == 404


def test_any_of_the_last_decisions_can_be_undone_from_the_list(signed_in, moderator):
    older, _newer = decided(moderator), decided(moderator)
    data = {"client_key": uuid.uuid4(), "of": older.client_key}

    page = signed_in.post(reverse("review:undo"), data, follow=True)

    assert "Undone." in page.content.decode()
    assert not FeedbackLabel.objects.filter(product=older.product, ended_at=None).exists()
    assert FeedbackLabel.objects.filter(ended_at=None).count() == 1


def test_only_the_last_decisions_offer_an_undo(signed_in, moderator, settings):
    settings.REVIEW_UNDO_LIMIT = 1
    decided(moderator, now=timezone.now() - timedelta(minutes=1))
    decided(moderator)

    page = signed_in.get(reverse("review:history"))

    assert [key is not None for _decision, key in page.context["rows"]] == [True, False]


def test_a_colleagues_decision_is_not_undone_by_its_key(signed_in):
    theirs = decided(ModeratorFactory())
    data = {"client_key": uuid.uuid4(), "of": theirs.client_key}

    response = signed_in.post(reverse("review:undo"), data)

    assert response.status_code == 409
    assert Decision.objects.count() == 1


def test_a_products_past_is_told_in_full(client, moderator):
    decision = decided(moderator, category=CategoryFactory(name_en="Garden tools"))
    client.force_login(AdminFactory(language="en"))

    text = client.get(reverse("review:provenance", args=[decision.product_id])).content.decode()

    assert moderator.username in text
    assert "Garden tools" in text
    assert "Low confidence" in text
    assert "live" in text


@pytest.mark.parametrize("role", [ModeratorFactory, AdminFactory])
def test_a_products_past_is_hidden_while_a_blind_answer_is_awaited(client, role):
    """That there is any, too: a product with answers is a check, one without is none."""
    # A long code: a short one may stand in a digest or a name by chance.
    category = CategoryFactory(code=1_987_654_321, name_en="Garden tools", name_fr="Garden tools")
    decision = decided(ModeratorFactory(username="zenobia"), category=category)
    Decision.objects.filter(pk=decision.pk).update(suggested_category=category)
    blind = ReviewItemFactory(product=decision.product, is_blind=True, reasons=["audit"])
    client.force_login(role(language="en"))
    address = reverse("review:provenance", args=[decision.product_id])

    hidden = client.get(address).content.decode()
    ReviewItem.objects.filter(pk=blind.pk).update(status="resolved", resolved_at=NOW)
    shown = client.get(address).content.decode()

    assert "awaits a blind answer" in hidden
    assert "awaits a blind answer" not in shown
    told = ("Garden tools", str(category.code), "Low confidence", "Corrected", "zenobia", "Listed")
    for given_away in told:
        assert given_away not in hidden.split("<main")[1]
        assert given_away in shown.split("<main")[1]


@pytest.mark.parametrize("page", ["review:history", "review:work"])
def test_own_rows_do_not_tell_what_fusion_said_of_a_blind_item_passed_on(
    signed_in, moderator, page
):
    fusion = CategoryFactory(name_en="Garden tools")
    for verdict in ("skipped", "escalated"):
        DecisionFactory(
            item=ReviewItemFactory(is_blind=True, status="resolved", resolved_at=NOW),
            moderator=moderator,
            verdict=verdict,
            category=None,
            is_blind=True,
            suggested_category=fusion,
            **({"skip_reason": "unclear"} if verdict == "skipped" else {"comment": "?"}),
        )

    text = signed_in.get(reverse(page)).content.decode().split("<main")[1]

    assert "Garden tools" not in text
    assert "Skipped" in text


def test_nothing_on_my_pages_tells_that_my_answer_is_being_checked(signed_in, moderator):
    load_categories()
    decision, colleague = decided(moderator), ModeratorFactory()
    unchecked = [page_text(signed_in, url) for url in pages_about(decision)]
    check = ReviewItemFactory(
        product=decision.product,
        is_blind=True,
        reasons=["second_opinion"],
        checks=decision,
        not_for=moderator,
    )

    assert review.claim_next(moderator=colleague, now=timezone.now()) == check.pk

    assert [page_text(signed_in, url) for url in pages_about(decision)] == unchecked


def pages_about(decision):
    names = ("work", "history", "decisions", "held")
    product = reverse("review:provenance", args=[decision.product_id])
    return [*(reverse(f"review:{name}") for name in names), product]


def page_text(client, url):
    """The page as it is read: without what is made anew for each request."""
    html = client.get(url).content.decode()
    return re.sub(r'value="[^"]*"|<time.*?</time>', "", html.partition("<main")[2] or html)


def test_own_rows_tell_what_fusion_said_once_no_blind_answer_is_awaited(signed_in, moderator):
    fusion = CategoryFactory(name_en="Garden tools")
    answered = ReviewItemFactory(status="resolved", resolved_at=NOW)
    decision = DecisionFactory(
        item=answered, moderator=moderator, verdict="corrected", suggested_category=fusion
    )
    blind = ReviewItemFactory(product=decision.product, is_blind=True, reasons=["audit"])
    address = reverse("review:history")

    awaited = signed_in.get(address).content.decode().split("<main")[1]
    ReviewItem.objects.filter(pk=blind.pk).update(status="resolved", resolved_at=NOW)
    given = signed_in.get(address).content.decode().split("<main")[1]

    for given_away in ("Garden tools", "Corrected"):
        assert given_away not in awaited
        assert given_away in given


def test_a_products_past_is_not_for_buyers(client, moderator):
    decision = decided(moderator)
    client.force_login(BuyerFactory())

    response = client.get(reverse("review:provenance", args=[decision.product_id]))

    assert response.status_code == 403


# What a page may cost is a number, so that a query per row never lands.


@pytest.mark.parametrize("rows", [1, 20])
def test_the_history_costs_the_same_for_any_length(
    signed_in, moderator, rows, django_assert_num_queries
):
    DecisionFactory.create_batch(rows, moderator=moderator)

    with django_assert_num_queries(6):
        signed_in.get(reverse("review:history"))


@pytest.mark.parametrize("rows", [1, 20])
def test_a_products_past_costs_the_same_for_any_length(signed_in, rows, django_assert_num_queries):
    item = ReviewItemFactory()
    DecisionFactory.create_batch(rows, item=item)

    with django_assert_num_queries(11):
        signed_in.get(reverse("review:provenance", args=[item.product_id]))


def test_claiming_and_drawing_a_card_is_a_handful_of_queries(signed_in, django_assert_num_queries):
    load_categories()
    doubtful_item()
    headers = {"X-Requested-With": "desk"}
    signed_in.get(reverse("review:counts"))

    # Of these two claims, the second of which finds it, and what the moderator had before.
    with django_assert_num_queries(13):
        signed_in.post(reverse("review:claim"), headers=headers)


def test_the_counters_are_cheap(signed_in, django_assert_num_queries):
    ReviewItemFactory.create_batch(5)

    with django_assert_num_queries(7):
        signed_in.get(reverse("review:counts"))


def test_what_was_undone_does_not_count_as_decided_today(signed_in, moderator):
    decided(moderator), decided(moderator)
    signed_in.post(reverse("review:undo"), {"client_key": uuid.uuid4()})

    start = signed_in.get(reverse("home"))
    counters = signed_in.get(reverse("review:counts"))

    assert start.context["decided_today"] == 1
    assert counters.context["state"].decided_today == 1
