"""The seller's word on a category: of its own kind, never truth."""

from datetime import timedelta

import pytest

from reviewapp.domain.snapshots import Filters
from reviewapp.models import FeedbackLabel, SellerSuggestion
from reviewapp.selectors.snapshots.labels import selected_labels
from reviewapp.selectors.suggestions import SellerRecord, record_of, seller_says, suggestion_for
from reviewapp.services.previews import claim_preview, finish_preview, request_preview
from reviewapp.services.suggestions import record_claims, record_suggestion
from tests.factories import (
    NOW,
    CategoryFactory,
    ChampionFactory,
    FeedbackLabelFactory,
    ProductFactory,
    SellerFactory,
)
from tests.worker.predictors import result

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return SellerFactory()


def say(product, category, now=NOW, **more):
    return record_suggestion(
        product=product, seller=product.seller, category=category, now=now, **more
    )


def test_a_word_is_kept_beside_what_fusion_had_said_to_the_draft(seller):
    said, found = CategoryFactory(code=20), CategoryFactory(code=10)
    row, _ = request_preview(seller=seller, designation="Lampe", description="", now=NOW)
    version = ChampionFactory()
    finish_preview(preview=claim_preview(now=NOW), result=result("x"), version=version, now=NOW)
    product = ProductFactory(seller=seller, input_digest=row.input_digest)

    word = say(product, said, preview_id=row.pk)

    assert (word.category, word.previewed_category, word.model_version) == (said, found, version)
    assert word.previewed_confidence == 0.9


def test_a_preview_of_another_draft_or_person_is_not_tied_to_the_word(seller):
    category = CategoryFactory(code=10)
    row, _ = request_preview(seller=seller, designation="Lampe", description="", now=NOW)
    finish_preview(
        preview=claim_preview(now=NOW), result=result("x"), version=ChampionFactory(), now=NOW
    )
    another = ProductFactory(seller=SellerFactory(), input_digest=row.input_digest)

    words = [
        say(ProductFactory(seller=seller), category, preview_id=row.pk),
        say(another, category, preview_id=row.pk),
    ]

    assert [word.previewed_category for word in words] == [None, None]


def test_saying_the_same_again_adds_nothing_and_another_word_counts_instead(seller):
    product, first, second = ProductFactory(seller=seller), CategoryFactory(), CategoryFactory()

    say(product, first)
    say(product, first)
    say(product, second, now=NOW + timedelta(minutes=1))

    assert SellerSuggestion.objects.count() == 2
    assert suggestion_for(product).category == second


def test_a_word_is_no_label_and_reaches_no_data_set(seller):
    say(ProductFactory(seller=seller), CategoryFactory())

    assert not FeedbackLabel.objects.exists()
    assert not selected_labels(Filters()).exists()


def test_codes_that_a_program_sends_are_words_too_and_come_once(seller):
    category = CategoryFactory(code=10)
    products = [
        ProductFactory(seller=seller, given_code=10),
        ProductFactory(seller=seller, given_code=99),
        ProductFactory(seller=seller),
    ]

    record_claims(seller=seller, products=products, now=NOW)
    record_claims(seller=seller, products=products, now=NOW)

    word = SellerSuggestion.objects.get()
    assert (word.product, word.category) == (products[0], category)


def test_the_record_compares_newest_words_with_what_moderators_found(seller):
    right, wrong = CategoryFactory(), CategoryFactory()
    looked_at = [ProductFactory(seller=seller) for _ in range(3)]
    for product in looked_at:
        FeedbackLabelFactory(decision__item__product=product, product=product, category=right)
    say(looked_at[0], right)
    say(looked_at[1], wrong)
    say(looked_at[2], wrong)
    say(looked_at[2], right, now=NOW + timedelta(minutes=1))
    unseen = ProductFactory(seller=seller)
    say(unseen, right)

    says = seller_says(unseen)

    assert says.record == record_of(seller.pk) == SellerRecord(right=2, judged=3)
    assert says.suggestion.category == right
