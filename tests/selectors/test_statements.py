"""The history that a seller reads: every change, by whom, why, and nothing that gives people away."""

import uuid
from datetime import timedelta

import pytest
from django.utils import translation

from reviewapp.choices import MemberChoice, ReviewReason, RouteOutcome
from reviewapp.models import CategoryConfusion, ReviewItem, Route
from reviewapp.selectors.seller import categories_by_code
from reviewapp.selectors.statements import history
from reviewapp.services import decisions, review
from reviewapp.services.appeals import submit_appeal
from tests.factories import (
    NOW,
    CategoryFactory,
    DecisionFactory,
    ModelVersionFactory,
    ModeratorFactory,
    PredictionFactory,
    ProductFactory,
    ReportFactory,
    ReviewItemFactory,
    RoutingPolicyFactory,
    SellerFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def books():
    return CategoryFactory(code=2705, name_en="New books")


@pytest.fixture
def toys():
    return CategoryFactory(code=1280, name_en="Toys", definition_en="Things to play with.")


def told(product):
    return history(product=product, categories=categories_by_code())


def routed(product, category, confidence, outcome, reasons=(), **details):
    fusion = PredictionFactory(
        product=product,
        category=category,
        confidence=confidence,
        model_version=ModelVersionFactory(name="fusion-7"),
    )
    return Route.objects.create(
        product=product,
        prediction=fusion,
        policy=RoutingPolicyFactory(),
        outcome=outcome,
        reasons=list(reasons),
        details={
            "accept_at": 0.8,
            "members": {
                MemberChoice.FUSION: {"code": category.code, "confidence": confidence},
                MemberChoice.CNN: {"code": 2705, "confidence": 0.71},
                MemberChoice.BERT: {"code": 1280, "confidence": 0.64},
            },
        }
        | details,
        inclusion_probability=1.0,
        created_at=NOW + timedelta(minutes=1),
    )


def decide(product, category, moderator=None, minutes=2, **item):
    moderator = moderator or ModeratorFactory()
    now = NOW + timedelta(minutes=minutes)
    ReviewItemFactory(product=product, **item) if item else None
    item_id = review.claim_next(moderator=moderator, now=now)
    return decisions.decide(
        item_id=item_id, moderator=moderator, category=category, client_key=uuid.uuid4(), now=now
    )


def test_an_automatic_listing_names_confidence_threshold_model_and_policy(toys, books):
    product = ProductFactory()
    routed(product, toys, 0.93, RouteOutcome.LISTED)

    listed, arrived = told(product)

    assert (listed.kind, listed.is_automatic, arrived.kind) == ("listed", True, "arrived")
    assert listed.title == "It was listed automatically under “Toys”."
    assert listed.grounds == [
        "Text and picture together say “Toys”, 93% sure; from 80% on a product is listed"
        " without a person."
    ]
    assert (listed.model, listed.policy, listed.category) == ("fusion-7", 1, toys)


@pytest.mark.parametrize(
    ("absent", "sentence"),
    [
        (
            MemberChoice.CNN,
            "There is no picture to look at; the text says “Toys”, 93% sure; from 80% on a product"
            " is listed without a person.",
        ),
        (
            MemberChoice.BERT,
            "There is no text to read; the picture says “Toys”, 93% sure; from 80% on a product is"
            " listed without a person.",
        ),
    ],
)
def test_grounds_name_only_what_was_looked_at(toys, books, absent, sentence):
    product = ProductFactory()
    members = {MemberChoice.FUSION: {"code": 1280, "confidence": 0.93}, absent: {"absence": "no"}}
    routed(product, toys, 0.93, RouteOutcome.LISTED, members=members)

    listed, _arrived = told(product)

    assert listed.grounds == [sentence]


def test_a_hold_says_what_was_in_doubt(toys, books):
    product = ProductFactory(status="in_review")
    doubts = [ReviewReason.LOW_CONFIDENCE, ReviewReason.DISAGREEMENT]
    routed(product, toys, 0.62, RouteOutcome.REVIEW, doubts)

    held = told(product)[0]

    assert (held.kind, held.category) == ("held", None)
    assert "only 62% sure; below 80% a moderator decides" in held.grounds[0]
    assert "The picture says “New books” (71%), the text says “Toys” (64%)." in held.grounds


def test_a_moderators_move_tells_reports_definition_and_the_telling_question(toys, books):
    product = ProductFactory(status="listed", category=books, listed_at=NOW)
    ReportFactory(product=product), ReportFactory(product=product)
    CategoryConfusion.objects.create(
        category=toys, neighbour=books, question_fr="?", question_en="Is it for reading?"
    )

    decide(product, toys, reasons=[ReviewReason.BUYER_REPORT])

    moved = told(product)[0]
    assert moved.title == "A moderator moved it from “New books” to “Toys”."
    assert moved.grounds == [
        "2 buyers had reported the category as wrong.",
        "It was compared with what belongs into “Toys”: Things to play with.",
        "What tells the two categories apart: Is it for reading?",
    ]


@pytest.mark.parametrize("reason", [ReviewReason.GOLD, ReviewReason.SECOND_OPINION])
def test_which_products_check_moderators_is_not_told(toys, reason):
    product = ProductFactory(status="in_review")

    decide(product, toys, reasons=[reason])

    assert "The product was drawn for a check." in told(product)[0].grounds


def test_appeal_answer_and_withdrawal_stay_in_the_history(toys, books):
    seller, second = SellerFactory(), ModeratorFactory()
    product = ProductFactory(seller=seller, status="in_review")
    decide(product, books, reasons=[ReviewReason.LOW_CONFIDENCE])
    submit_appeal(
        product_id=product.pk,
        seller=seller,
        comment="It is a game",
        wished_category=toys,
        now=NOW + timedelta(minutes=3),
    )
    upheld = decide(product, toys, second, minutes=4)
    before = told(product)

    undo = {"client_key": uuid.uuid4(), "now": NOW + timedelta(minutes=5)}
    decisions.undo(decision_id=upheld.pk, moderator=second, **undo)

    assert [one.kind for one in before] == ["upheld", "appealed", "confirmed", "arrived"]
    assert "You had appealed against “New books”." in before[0].grounds
    after = told(product)
    assert [one.kind for one in after] == [
        "withdrawn",
        "upheld",
        "appealed",
        "confirmed",
        "arrived",
    ]
    assert after[1:] == before


@pytest.fixture
def appealed(toys, books):
    """Contested in Books by its seller, who wishes for Toys."""
    product = ProductFactory(seller=SellerFactory(), status="in_review")
    decide(product, books, reasons=[ReviewReason.LOW_CONFIDENCE])
    submit_appeal(
        product_id=product.pk,
        seller=product.seller,
        comment="It is a game",
        wished_category=toys,
        now=NOW + timedelta(minutes=3),
    )
    return product


def undo(decision, moderator, minutes):
    now = NOW + timedelta(minutes=minutes)
    decisions.undo(decision_id=decision.pk, moderator=moderator, client_key=uuid.uuid4(), now=now)


def test_a_blind_answer_that_dismissed_nothing_is_not_told_as_a_dismissal(appealed, toys, books):
    second = ModeratorFactory()
    ModeratorFactory()  # somebody else is there to read the appeal
    ReviewItem.objects.filter(product=appealed, resolved_at=None).update(
        reasons=[ReviewReason.SELLER_APPEAL, ReviewReason.AUDIT], is_blind=True
    )
    blind = decide(appealed, books, second, minutes=4)
    assert blind.is_blind
    told_then = [one.kind for one in told(appealed)]

    undo(blind, second, minutes=5)

    assert told_then == ["confirmed", "appealed", "confirmed", "arrived"]
    assert [one.kind for one in told(appealed)] == ["withdrawn", *told_then]


def test_an_answer_tells_of_its_appeal_whatever_brought_the_item(appealed, books):
    ReviewItem.objects.filter(product=appealed, resolved_at=None).update(
        reasons=[ReviewReason.LOW_CONFIDENCE]
    )

    decide(appealed, books, minutes=4)

    assert [one.kind for one in told(appealed)] == [
        "dismissed",
        "appealed",
        "confirmed",
        "arrived",
    ]


def test_the_history_costs_the_same_whatever_its_length(toys, books, django_assert_num_queries):
    product = ProductFactory(status="in_review")
    categories = categories_by_code()
    for minute in range(2, 8):
        decide(product, toys, minutes=minute, reasons=[ReviewReason.LOW_CONFIDENCE])

    with django_assert_num_queries(5):
        history(product=product, categories=categories)


def test_it_speaks_french(toys, books):
    product = ProductFactory()
    routed(product, toys, 0.93, RouteOutcome.LISTED)

    with translation.override("fr"):
        listed = told(product)[0]

    assert "automatiquement" in listed.title
    assert "93" in listed.grounds[0]


def test_a_check_of_a_moderator_is_no_part_of_the_history(toys, books):
    product = ProductFactory(status="in_review")
    decide(product, toys, reasons=[ReviewReason.LOW_CONFIDENCE])
    DecisionFactory(
        item__product=product, item__status="resolved", item__resolved_at=NOW, category=books
    )

    told_of = told(product)

    assert [one.kind for one in told_of] == ["confirmed", "arrived"]
