"""Answers sent by the desk: taken once, or refused with a reason."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import Verdict
from reviewapp.models import Decision, ReviewItem
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    DecisionFactory,
    ReviewItemFactory,
)
from tests.views.test_review_desk import claimed, post

pytestmark = pytest.mark.django_db


def test_a_decision_is_answered_in_words_and_once(signed_in, moderator):
    item, category, key = claimed(moderator), CategoryFactory(), uuid.uuid4()

    first = post(signed_in, "decide", item.pk, category=category.code, client_key=key, seconds=3)
    again = post(signed_in, "decide", item.pk, category=category.code, client_key=key, seconds=3)

    assert first.json() == again.json()
    assert str(category.code) in first.json()["text"]
    assert Decision.objects.get().seconds == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"category": 999999},
        {"category": "books"},
        {"category": ""},
        {"category": "1\x00"},
        {"category": "9" * 400},
        {"client_key": "not a key"},
        {"seconds": "nan"},
        {"seconds": "1e400"},
        {"seconds": -1},
        {"moderator": "9" * 400},
    ],
)
def test_nonsense_is_refused_with_a_reason_and_changes_nothing(signed_in, moderator, fields):
    item = claimed(moderator)
    good = {"category": CategoryFactory().code}

    response = post(signed_in, "decide", item.pk, **{**good, **fields})

    assert response.status_code in (401, 422)
    assert response.content
    assert not Decision.objects.exists()


def test_a_category_out_of_use_is_unprocessable(signed_in, moderator):
    item = claimed(moderator)

    response = post(signed_in, "decide", item.pk, category=CategoryFactory(is_active=False).code)

    assert response.status_code == 422
    assert "no longer in use" in response.content.decode()


def test_an_unknown_item_is_not_found(signed_in):
    response = post(signed_in, "decide", 10**9, category=CategoryFactory().code)

    assert response.status_code == 404


def test_a_lost_lease_answers_with_what_the_colleague_decided(signed_in, moderator):
    category = CategoryFactory(name_en="Garden tools")
    item = claimed(moderator)
    done = DecisionFactory(item=item, category=category)
    ReviewItem.objects.filter(pk=item.pk).update(
        status="resolved", claim_expires_at=None, resolved_at=timezone.now()
    )

    response = post(signed_in, "decide", item.pk, category=CategoryFactory().code)

    text = response.content.decode()
    assert response.status_code == 409
    assert done.moderator.username in text
    assert "Garden tools" in text


def test_a_check_that_was_withdrawn_is_not_said_to_be_back_in_the_queue(signed_in, moderator):
    item = claimed(moderator)
    ReviewItem.objects.filter(pk=item.pk).update(
        status="resolved", claimed_by=None, claim_expires_at=None, resolved_at=timezone.now()
    )

    text = post(signed_in, "decide", item.pk, category=CategoryFactory().code).content.decode()

    assert "no longer needs an answer" in text
    assert "back in the queue" not in text


def test_an_edited_product_is_shown_again(signed_in, moderator):
    item = claimed(moderator)

    response = post(signed_in, "decide", item.pk, category=CategoryFactory().code, seen="old")

    assert response.status_code == 409
    assert "changed while you were looking" in response.content.decode()


def test_skip_and_escalate_need_their_reason(signed_in, moderator):
    item = claimed(moderator)

    assert post(signed_in, "skip", item.pk, reason="bored").status_code == 422
    assert post(signed_in, "escalate", item.pk, comment="  ").status_code == 422
    assert post(signed_in, "escalate", item.pk, comment="Which one?").status_code == 200


def test_the_lead_reads_the_question_on_the_card(signed_in, moderator):
    item = claimed(moderator)
    post(signed_in, "escalate", item.pk, comment="Toy or model?")
    lead = Client()
    lead.force_login(AdminFactory())

    text = post(lead, "claim").content.decode()

    assert "Toy or model?" in text
    assert moderator.username in text


def test_undo_returns_the_card_of_the_newest_answer(signed_in, moderator):
    item, category = claimed(moderator), CategoryFactory()
    post(signed_in, "decide", item.pk, category=category.code)

    response = post(signed_in, "undo")
    nothing_left = post(signed_in, "undo")

    assert f'data-item="{item.pk}"' in response.content.decode()
    assert Decision.objects.filter(verdict=Verdict.UNDONE).count() == 1
    assert nothing_left.status_code == 409


@pytest.mark.parametrize("is_blind", [True, False])
def test_after_a_blind_answer_the_card_says_that_the_next_is_not_blind(
    signed_in, moderator, is_blind
):
    item, category = claimed(moderator, is_blind=is_blind), CategoryFactory()
    post(signed_in, "decide", item.pk, category=category.code)

    card = post(signed_in, "undo").content.decode()
    reloaded = post(signed_in, "claim", page=uuid.uuid4()).content.decode()
    ReviewItem.objects.update(claim_page=None)
    page = signed_in.get(reverse("review:desk")).content.decode()
    post(signed_in, "decide", item.pk, category=category.code)

    answers = Decision.objects.exclude(verdict=Verdict.UNDONE).order_by("pk")
    assert [answer.is_blind for answer in answers] == [is_blind, False]
    assert ["Second look" in seen for seen in (card, reloaded, page)] == [is_blind] * 3


def test_a_skipped_blind_card_comes_back_blind(signed_in, moderator):
    item = claimed(moderator, is_blind=True)
    post(signed_in, "skip", item.pk, reason="unclear")

    card = post(signed_in, "undo").content.decode()

    assert "data-blind" in card
    assert "Second look" not in card


def test_a_repeated_undo_takes_back_only_one(signed_in, moderator):
    key = uuid.uuid4()
    for _ in range(2):
        post(signed_in, "decide", claimed(moderator).pk, category=CategoryFactory().code)

    post(signed_in, "undo", client_key=key)
    post(signed_in, "undo", client_key=key)

    assert Decision.objects.filter(verdict=Verdict.UNDONE).count() == 1


def test_without_a_script_one_press_saves_and_brings_the_next(signed_in, moderator):
    first, category = claimed(moderator, priority=0.9), CategoryFactory()
    second = ReviewItemFactory(priority=0.1)
    data = {"client_key": uuid.uuid4(), "category": category.code}

    page = signed_in.post(reverse("review:decide", args=[first.pk]), data, follow=True)

    text = page.content.decode()
    assert "Saved:" in text
    assert f'data-item="{second.pk}"' in text


def test_without_a_script_a_refusal_keeps_the_card_on_the_page(signed_in, moderator):
    item = claimed(moderator)

    page = signed_in.post(
        reverse("review:decide", args=[item.pk]), {"client_key": uuid.uuid4(), "category": ""}
    )

    assert page.status_code == 422
    assert "Choose a category." in page.content.decode()
    assert f'data-item="{item.pk}"' in page.content.decode()
