"""A moderator's own keys, and what colleagues see of each other."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import ReviewStatus, Verdict
from reviewapp.domain.keys import DEFAULT_KEYS
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    ModeratorFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db
SENT = {**DEFAULT_KEYS, "has_characters": "on"}


def held(holder, **kwargs):
    until = timezone.now() + timedelta(minutes=2, seconds=5)
    return ReviewItemFactory(
        status=ReviewStatus.CLAIMED, claimed_by=holder, claim_expires_at=until, **kwargs
    )


def test_a_person_moves_a_key_and_the_desk_goes_by_it(signed_in, moderator):
    response = signed_in.post(reverse("review:keys"), {**SENT, "skip": "K", "undo": ""})
    page = signed_in.get(reverse("review:desk")).content.decode()

    moderator.refresh_from_db()
    assert response.status_code == 302
    assert moderator.desk_keys == {"skip": "k", "undo": ""}
    assert json.dumps({**DEFAULT_KEYS, "skip": "k", "undo": ""}).replace('"', "&quot;") in page
    assert "<kbd>K</kbd>" in page


def test_two_actions_never_share_a_key(signed_in, moderator):
    response = signed_in.post(reverse("review:keys"), {**SENT, "skip": "e"})

    moderator.refresh_from_db()
    assert response.status_code == 422
    assert "Another action has this key." in response.content.decode()
    assert moderator.desk_keys == {}


def test_character_keys_are_switched_off_and_what_was_moved_stays(signed_in, moderator):
    signed_in.post(reverse("review:keys"), {**DEFAULT_KEYS, "skip": "k"})
    page = signed_in.get(reverse("review:desk")).content.decode()

    moderator.refresh_from_db()
    assert moderator.desk_keys == {"skip": "k"}
    assert "data-characters" not in page
    assert json.dumps(dict.fromkeys(DEFAULT_KEYS, "")).replace('"', "&quot;") in page
    assert "<kbd>K</kbd>" not in page
    assert 'value="k"' in signed_in.get(reverse("review:keys")).content.decode()


def test_the_common_keys_come_back_by_a_button(signed_in, moderator):
    signed_in.post(reverse("review:keys"), {**SENT, "skip": "k"})

    signed_in.post(reverse("review:keys"), {"reset": "1"})

    moderator.refresh_from_db()
    assert moderator.desk_keys == {}
    assert moderator.has_character_keys


def test_one_persons_keys_are_not_anothers(signed_in, client):
    signed_in.post(reverse("review:keys"), {**SENT, "skip": "k"})
    client.force_login(ModeratorFactory(language="en"))

    assert 'value="s"' in client.get(reverse("review:keys")).content.decode()


@pytest.mark.parametrize("name", ["keys", "held"])
def test_the_pages_are_for_moderators(client, name):
    client.force_login(BuyerFactory())

    assert client.get(reverse(f"review:{name}")).status_code == 403


def test_colleagues_see_who_holds_what_and_until_when(signed_in, moderator):
    mona = ModeratorFactory(username="mona")
    theirs, mine = held(mona), held(moderator)

    text = signed_in.get(reverse("review:held")).content.decode()

    assert "mona" in text
    assert theirs.product.designation in text
    assert "in 2 minutes" in text
    assert mine.product.designation not in text


def test_the_list_of_holders_costs_one_query(signed_in, moderator, django_assert_num_queries):
    for _ in range(3):
        held(ModeratorFactory())

    with django_assert_num_queries(3):  # session, the person with permissions, the list
        signed_in.get(reverse("review:held"))


def test_what_i_answered_in_another_tab_is_not_said_to_have_been_lost(signed_in, moderator):
    item = ReviewItemFactory(status=ReviewStatus.RESOLVED, resolved_at=timezone.now())
    DecisionFactory(item=item, moderator=moderator)

    text = signed_in.get(reverse("review:lost", args=[item.pk])).content.decode()

    assert "You have answered this product already, in another tab" in text
    assert "its lease ended" not in text


def test_what_i_only_skipped_is_not_said_to_have_been_answered(signed_in, moderator):
    mona = ModeratorFactory(username="mona")
    item = held(mona)
    skipped = {"verdict": Verdict.SKIPPED, "category": None, "skip_reason": "unclear"}
    DecisionFactory(item=item, moderator=moderator, **skipped)

    text = signed_in.get(reverse("review:lost", args=[item.pk])).content.decode()

    assert "answered this product already" not in text
    assert "its lease ended" in text


def test_a_lost_lease_tells_what_the_colleague_decided(signed_in):
    mona = ModeratorFactory(username="mona")
    item = ReviewItemFactory(status=ReviewStatus.RESOLVED, resolved_at=timezone.now())
    category = CategoryFactory(name_en="Garden tools")
    DecisionFactory(item=item, moderator=mona, verdict=Verdict.CORRECTED, category=category)

    text = signed_in.get(reverse("review:lost", args=[item.pk])).content.decode()

    assert "its lease ended" in text
    assert "mona has put it into" in text
    assert "Garden tools" in text


def test_a_product_that_another_tab_of_one_s_own_shows_is_said_to_be_there(signed_in, moderator):
    item = held(moderator)

    text = signed_in.get(reverse("review:lost", args=[item.pk])).content.decode()

    assert "open in another tab of yours" in text
    assert "is looking at it now" not in text


def test_a_blind_item_that_is_open_tells_nothing_of_earlier_answers(signed_in):
    item = held(ModeratorFactory(username="otto"), is_blind=True)
    category = CategoryFactory(name_en="Garden tools")
    DecisionFactory(item=item, category=category, verdict=Verdict.CORRECTED)

    text = signed_in.get(reverse("review:lost", args=[item.pk])).content.decode()

    assert "otto is looking at it now" in text
    assert "Garden tools" not in text


def test_an_item_that_does_not_exist_is_not_found(signed_in):
    assert signed_in.get(reverse("review:lost", args=[12345])).status_code == 404
