"""The desk's page and what its script asks for."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import ReviewReason, ReviewStatus
from reviewapp.domain.review import MOST_HELD
from reviewapp.models import Category, Decision, ReviewItem
from reviewapp.services import review
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    KnownAnswerFactory,
    ListedProductFactory,
    ModeratorFactory,
    ReportFactory,
    ReviewItemFactory,
)
from tests.review_world import doubtful_item, load_categories

pytestmark = pytest.mark.django_db
SCRIPT = {"X-Requested-With": "desk"}
# The key of an answer, also as part of ids, and the token of a form.
NEW_EACH_TIME = re.compile(r'[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|value="\w{64}"')


@pytest.fixture
def world(settings):
    load_categories()


def claimed(moderator, **kwargs):
    item = ReviewItemFactory(**kwargs)
    assert review.claim_next(moderator=moderator, now=timezone.now()) == item.pk
    return item


def post(client, name, *args, **fields):
    data = {"client_key": uuid.uuid4(), **fields}
    return client.post(reverse(f"review:{name}", args=args), data, headers=SCRIPT)


def test_looking_at_the_page_takes_nothing(signed_in):
    item = ReviewItemFactory()

    page = signed_in.get(reverse("review:desk"))

    item.refresh_from_db()
    assert item.status == ReviewStatus.PENDING
    assert "Take the next product" in page.content.decode()


def test_the_card_says_why_with_numbers_and_offers_five(signed_in, moderator, world, tmp_path):
    item = doubtful_item(tmp_path)
    ReportFactory(product=item.product, reported_category=Category.objects.get(code=1280))

    response = post(signed_in, "claim")

    text = " ".join(response.content.decode().split())
    assert response["Desk-State"] == "card"
    assert "FUSION is 62% sure; listing needs 80%." in text
    assert "The picture says 1300" in text
    assert "(71%), the text says 1280" in text
    assert text.count('data-digit="') == 5


def test_a_missing_picture_is_said_and_not_guessed(signed_in, world):
    doubtful_item(reasons=[ReviewReason.MISSING_INPUT])

    text = post(signed_in, "claim").content.decode()

    assert "There is no picture." in text
    assert "no picture" in text


def test_a_report_shows_what_the_buyer_wrote_but_not_who(signed_in, world):
    item = doubtful_item(reasons=[ReviewReason.BUYER_REPORT])
    report = ReportFactory(
        product=item.product,
        reported_category=Category.objects.get(code=1280),
        suggested_category=Category.objects.get(code=1300),
        comment="It has a motor",
    )

    text = post(signed_in, "claim").content.decode()

    assert "It has a motor" in text
    assert report.reporter.username not in text


def test_reports_that_want_the_same_are_one_wish(signed_in, world):
    item = doubtful_item(reasons=[ReviewReason.BUYER_REPORT])
    product, wrong = item.product, Category.objects.get(code=1280)
    wished = Category.objects.get(code=1300)
    ReportFactory.create_batch(
        4, product=product, reported_category=wrong, suggested_category=wished
    )
    ReportFactory(product=product, reported_category=wrong, comment="Not a toy")

    text = " ".join(post(signed_in, "claim").content.decode().split())

    assert text.count("rather 1300") == 1
    assert "(4); no details <q>Not a toy</q>" in text


@pytest.mark.parametrize("where", ["claim", "desk"])
def test_a_blind_item_gives_nothing_away(signed_in, moderator, world, where):
    item = doubtful_item(
        reasons=[ReviewReason.AUDIT, ReviewReason.DISAGREEMENT], is_blind=True, codes=(1301, 2220)
    )
    category = Category.objects.get(code=1301)
    item.product.category = category
    item.product.status, item.product.listed_at = "listed", timezone.now()
    item.product.save()
    claim = post(signed_in, "claim").content.decode()
    html = claim if where == "claim" else stage_of(signed_in.get(reverse("review:desk")))

    card = html if where == "claim" else html.split("<option value=")[0]
    assert "data-blind" in card
    assert "1301" not in card
    assert category.name not in card
    assert not re.search(r"\b62\b", strip_ids(card))
    assert "disagree" not in card
    assert "data-digit" not in card


def test_a_blind_card_does_not_tell_of_which_kind_it_is(signed_in, world):
    item = doubtful_item(reasons=[ReviewReason.AUDIT], is_blind=True)
    answer = DecisionFactory(item=item)
    known = KnownAnswerFactory(product=item.product, category=answer.category, decision=answer)
    kinds = [
        {"reasons": [ReviewReason.AUDIT]},
        {"reasons": [ReviewReason.LOW_CONFIDENCE, ReviewReason.BUYER_REPORT]},
        {"reasons": [ReviewReason.SECOND_OPINION], "checks": answer, "priority": 0.5},
        {"reasons": [ReviewReason.GOLD], "checks": None, "known_answer": known, "priority": 2.5},
    ]

    cards = []
    for kind in kinds:
        ReviewItem.objects.filter(pk=item.pk).update(**kind)
        cards.append(NEW_EACH_TIME.sub("", post(signed_in, "claim").content.decode()))

    assert "data-blind" in cards[0]
    assert "Arrived" not in cards[0]
    assert "Blind check" in cards[0]
    assert len(set(cards)) == 1


def stage_of(response):
    return response.content.decode().split('id="desk-stage"')[1].split('id="desk-ahead"')[0]


def strip_ids(html):
    """Random keys and digests may hold any digits; what a person reads may not."""
    return "".join(part for part in html.split('"')[::2])


def test_after_a_blind_answer_the_desk_says_what_the_models_said(signed_in, moderator, world):
    item = doubtful_item(reasons=[ReviewReason.AUDIT], is_blind=True)
    post(signed_in, "claim")

    outcome = post(signed_in, "decide", item.pk, category=1300).json()

    assert "1280" in outcome["said"]
    assert "62%" in outcome["said"]


def test_markup_in_a_product_is_shown_as_text(signed_in):
    evil = "<script>alert(1)</script>"
    product = ListedProductFactory(designation=evil, description=evil, raw_description=evil)
    ReviewItemFactory(product=product)

    html = post(signed_in, "claim").content.decode()

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("name", ["desk", "history", "counts", "guide"])
def test_pages_are_for_moderators(client, name):
    anonymous = client.get(reverse(f"review:{name}"))
    client.force_login(BuyerFactory())
    buyer = client.get(reverse(f"review:{name}"))

    assert anonymous.status_code == 302
    assert buyer.status_code == 403


@pytest.mark.parametrize("name", ["claim", "heartbeat", "leave", "undo", "unskip"])
def test_actions_are_for_moderators_and_posts_only(client, name):
    assert client.post(reverse(f"review:{name}")).status_code == 302
    client.force_login(BuyerFactory())
    assert client.post(reverse(f"review:{name}")).status_code == 403
    client.force_login(ModeratorFactory())
    assert client.get(reverse(f"review:{name}")).status_code == 405


def test_an_ended_login_is_told_to_the_script_and_not_redirected(client):
    assert post(client, "claim").status_code == 401
    assert post(client, "decide", 1, category=10).status_code == 401


def test_an_answer_is_not_sent_under_someone_elses_name(signed_in, moderator):
    item = claimed(moderator)
    other = ModeratorFactory()

    response = post(
        signed_in, "decide", item.pk, category=CategoryFactory().code, moderator=other.pk
    )

    assert response.status_code == 401
    assert response["Desk-Answer"]
    assert not Decision.objects.exists()


@pytest.mark.parametrize("person", [ModeratorFactory, BuyerFactory])
@pytest.mark.parametrize("name", ["claim", "heartbeat", "leave", "undo"])
def test_nothing_is_done_on_a_page_that_somebody_else_had_opened(client, moderator, name, person):
    item = ReviewItemFactory()
    client.force_login(person())

    response = post(client, name, moderator=moderator.pk, items=item.pk)

    item.refresh_from_db()
    assert response.status_code == 401
    assert "Desk-Answer" in response
    assert item.claimed_by is None


def test_a_right_that_is_gone_is_told_to_the_script(client):
    client.force_login(BuyerFactory())

    response = post(client, "claim")

    assert (response.status_code, response["Desk-Answer"]) == (403, "1")


def test_a_session_that_has_ended_is_told_from_somebody_else_s(client, moderator):
    assert "Desk-Answer" not in post(client, "claim", moderator=moderator.pk)


def test_a_forged_post_is_refused(moderator):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(moderator)

    assert post(strict, "claim").status_code == 403


def test_logging_out_frees_the_items(signed_in, moderator):
    item = claimed(moderator)

    signed_in.post(reverse("logout"))

    assert review.claim_next(moderator=ModeratorFactory(), now=timezone.now()) == item.pk


def test_the_page_being_left_frees_its_items_soon(signed_in, moderator):
    item = claimed(moderator)

    response = post(signed_in, "leave", items=str(item.pk))

    item.refresh_from_db()
    assert response.status_code == 204
    assert item.claim_expires_at < timezone.now() + timedelta(seconds=11)


def test_a_heartbeat_names_what_is_kept(signed_in, moderator):
    item = claimed(moderator)

    response = post(signed_in, "heartbeat", items=f"{item.pk},{item.pk + 1}")

    assert response.json() == {"kept": [item.pk]}


@pytest.mark.parametrize("name", ["claim", "heartbeat", "leave"])
@pytest.mark.parametrize("ids", ["1;2", "x", "-1", "9" * 30, ",".join("1" * 60), "²"])
def test_wrong_ids_are_a_bad_request(signed_in, name, ids):
    field = "have" if name == "claim" else "items"

    assert post(signed_in, name, **{field: ids}).status_code == 400


def test_empty_states_tell_the_truth(signed_in, moderator):
    def text(**fields):
        return " ".join(post(signed_in, "claim", **fields).content.decode().split())

    assert "The queue is empty" in text()
    colleague = ModeratorFactory()
    claimed(colleague)
    assert "1 product is with a colleague" in text()
    review.release_all(moderator=colleague, now=timezone.now())
    item = ReviewItem.objects.get()
    item.skipped_by.add(moderator)
    assert "Show me the product I skipped" in text()
    assert "Nothing more for you right now" in text()
    assert "The queue is empty" not in text()
    assert "Nothing matches this filter" in text(queue="seller_appeal")
    assert "No worker is listening" in text()
    item.skipped_by.clear()
    ReviewItem.objects.update(escalated_at=timezone.now())
    assert "1 product waits for a lead" in text()


def test_what_is_answered_already_is_not_told_to_be_waiting(signed_in, moderator):
    item = claimed(moderator)

    text = post(signed_in, "claim", have=item.pk).content.decode()

    assert "The queue is empty" in text
    assert "Take the next product" not in text


def test_skipped_items_come_back_by_a_button(signed_in, moderator):
    item = ReviewItemFactory()
    item.skipped_by.add(moderator)

    signed_in.post(reverse("review:unskip"))

    assert f'data-item="{item.pk}"' in post(signed_in, "claim").content.decode()


def test_the_filter_holds_across_claims(signed_in, world):
    doubtful_item(number=1)
    audit = doubtful_item(number=2, reasons=[ReviewReason.AUDIT], is_blind=True)

    card = post(signed_in, "claim", queue="audit").content.decode()
    page = signed_in.get(reverse("review:desk") + "?queue=audit").content.decode()

    assert f'data-item="{audit.pk}"' in card
    assert f'data-item="{audit.pk}"' in page


def test_a_failure_is_told_in_words(signed_in, world):
    item = doubtful_item(reasons=[ReviewReason.FAILED])
    item.route.details = {"failure": "worker_died"}
    item.route.save()

    assert "The worker died while it classified" in post(signed_in, "claim").content.decode()


def test_a_reason_of_before_the_last_change_says_so(signed_in, world):
    item = doubtful_item()
    item.product.input_digest = "changed"
    item.product.save()

    card = post(signed_in, "claim").content.decode()

    assert card.count("True before the product last changed") == 2


def hold_items(moderator, count):
    until = timezone.now() + timedelta(minutes=3)
    return ReviewItemFactory.create_batch(
        count, status=ReviewStatus.CLAIMED, claimed_by=moderator, claim_expires_at=until
    )


def test_a_form_is_told_when_too_many_are_held(signed_in, moderator):
    hold_items(moderator, MOST_HELD)
    data = {"queue": ReviewReason.AUDIT.value}

    page = signed_in.post(reverse("review:claim"), data, follow=True)

    assert page.redirect_chain == [(reverse("review:desk") + "?queue=", 302)]
    assert f"You hold {MOST_HELD} products already." in page.content.decode()


def test_an_answer_counts_although_too_many_are_held(signed_in, moderator):
    item, *_others = hold_items(moderator, MOST_HELD + 1)
    category = CategoryFactory(name_en="Garden tools")
    data = {"client_key": uuid.uuid4(), "category": category.code, "queue": "audit"}

    page = signed_in.post(reverse("review:decide", args=[item.pk]), data, follow=True)

    text = page.content.decode()
    assert "Saved:" in text
    assert f"You hold {MOST_HELD} products already." in text
    assert Decision.objects.get().category == category
