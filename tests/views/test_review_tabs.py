"""Several tabs of one moderator: each product is on one of them, and can be brought to another."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import ReviewReason
from reviewapp.domain.review import MOST_HELD
from reviewapp.models import ReviewItem
from tests.factories import DecisionFactory, ModeratorFactory
from tests.views.test_review_desk import hold_items, post

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, MOST_HELD])
def test_what_a_lost_tab_held_is_brought_here_by_a_button(signed_in, moderator, count):
    items = hold_items(moderator, count)
    ReviewItem.objects.update(claim_page=uuid.uuid4())
    page = uuid.uuid4()

    stuck = post(signed_in, "claim", page=page)
    card = post(signed_in, "claim", page=page, take="1")

    assert stuck["Desk-State"] == ("full" if count == MOST_HELD else "empty")
    assert "Work on them here" in stuck.content.decode()
    assert card["Desk-State"] == "card"
    assert ReviewItem.objects.filter(claim_page=page).count() == len(items)


@pytest.mark.parametrize("matching", [0, 2])
def test_under_a_filter_only_what_matches_it_is_brought_here(signed_in, moderator, matching):
    items = hold_items(moderator, MOST_HELD)
    other, page = uuid.uuid4(), uuid.uuid4()
    ReviewItem.objects.update(claim_page=other)
    chosen = [item.pk for item in items[:matching]]
    ReviewItem.objects.filter(pk__in=chosen).update(reasons=[ReviewReason.FAILED])
    asked = {"page": page, "queue": ReviewReason.FAILED.value}

    stuck = post(signed_in, "claim", **asked).content.decode()
    after = post(signed_in, "claim", **asked, take="1")

    assert ("Work on them here" in stuck) == bool(matching)
    assert ("Show all products" in stuck) != bool(matching)
    assert after["Desk-State"] == ("card" if matching else "full")
    here = ReviewItem.objects.filter(claim_page=page).values_list("pk", flat=True)
    assert set(here) == set(chosen)


def test_the_counters_tell_what_another_tab_holds_once_the_page_has_said_who_it_is(
    signed_in, moderator
):
    hold_items(moderator, 2)
    ReviewItem.objects.update(claim_page=uuid.uuid4())

    of_another = signed_in.get(reverse("review:counts"), {"page": uuid.uuid4()}).content.decode()
    of_nobody = signed_in.get(reverse("review:counts")).content.decode()

    assert "2 in other tabs of yours" in of_another
    assert "other tabs" not in of_nobody


@pytest.mark.parametrize(("count", "words"), [(0, "décidé par"), (1, "décidé par"), (2, "décidés")])
def test_the_counters_speak_french_of_one_and_of_many(client, count, words):
    person = ModeratorFactory(language="fr")
    client.force_login(person)
    DecisionFactory.create_batch(count, moderator=person, decided_at=timezone.now())

    text = client.get(reverse("review:counts")).content.decode()

    assert f"<strong>{count}</strong> {words}" in text
