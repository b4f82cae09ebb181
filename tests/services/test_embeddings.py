"""Vectors beside predictions, and the label repeated beside them."""

import uuid

import pytest

from classifier.types import PredictionResult
from reviewapp.models import Category, ProductEmbedding
from reviewapp.services import decisions, predictions, review
from reviewapp.services.embeddings import renew_embeddings
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    ModeratorFactory,
    ProductFactory,
    RequestFactory,
    RoutingPolicyFactory,
)
from tests.guidance_world import confirmed, embedded, unit
from tests.worker.predictors import no_answer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def model():
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    RoutingPolicyFactory(audit_rate=0.0)
    return ChampionFactory(labels=[10, 20])


def classify(request, version, now, made):
    [claim] = predictions.claim_requests(limit=1, now=now)
    assert claim.request_id == request.pk
    predictions.record_results(
        claims=[claim], results={claim.key: made(claim.key)}, version=version, now=now
    )


def test_a_vector_is_stored_with_the_answers_and_replaced_by_a_newer_model(model, now):
    product = ProductFactory()
    classify(RequestFactory(product=product), model, now, lambda key: embedded(key, unit(0)))
    first = product.embedding
    newer = ModelVersionFactory(labels=[10, 20])

    classify(RequestFactory(product=product), newer, now, lambda key: embedded(key, unit(90)))

    [row] = ProductEmbedding.objects.all()
    assert first.model_version == model
    assert list(first.vector) == pytest.approx(unit(0), abs=1e-3)
    assert (row.product, row.model_version, row.input_digest) == (
        product,
        newer,
        product.input_digest,
    )
    assert list(row.vector) == pytest.approx(unit(90), abs=1e-3)


def test_without_input_there_is_no_vector_and_an_old_one_goes(model, now):
    product = ProductFactory()
    classify(RequestFactory(product=product), model, now, lambda key: embedded(key, unit(0)))

    classify(RequestFactory(product=product), model, now, no_answer)

    assert not ProductEmbedding.objects.exists()


def test_a_vector_goes_with_the_transaction_that_fails(model, now):
    request = RequestFactory()

    def unknown(key) -> PredictionResult:
        return embedded(key, unit(0), code=999)

    with pytest.raises(predictions.results.UnknownCategory):
        classify(request, model, now, unknown)

    assert not ProductEmbedding.objects.exists()


def test_the_label_is_repeated_on_decision_and_taken_back_on_undo(model, now):
    product = ProductFactory()
    doubtful = {"code": 10, "confidence": 0.3}
    classify(
        RequestFactory(product=product), model, now, lambda key: embedded(key, unit(0), **doubtful)
    )
    moderator, item = ModeratorFactory(), product.review_items.get()
    assert review.claim_next(moderator=moderator, now=now) == item.pk
    chosen = Category.objects.get(code=20)
    decision = decisions.decide(
        item_id=item.pk,
        moderator=moderator,
        category=chosen,
        client_key=uuid.uuid4(),
        seconds=1.0,
        seen_digest=product.input_digest,
        now=now,
    )

    assert ProductEmbedding.objects.get().confirmed_category == chosen
    decisions.undo(decision_id=decision.pk, moderator=moderator, client_key=uuid.uuid4(), now=now)
    assert ProductEmbedding.objects.get().confirmed_category is None


def test_renewing_keeps_the_label_and_leaves_out_what_has_changed_since(model, now):
    category = CategoryFactory(code=30)
    kept, changed = confirmed(category, model, 0), confirmed(category, model, 0)
    newer = ModelVersionFactory(labels=[10, 20])
    inputs = {kept.pk: kept.input_digest, changed.pk: "0" * 64}

    count = renew_embeddings(
        inputs=inputs, vectors={kept.pk: unit(90), changed.pk: unit(90)}, version=newer
    )

    assert count == 1
    kept.embedding.refresh_from_db()
    changed.embedding.refresh_from_db()
    assert (kept.embedding.model_version, kept.embedding.confirmed_category) == (newer, category)
    assert changed.embedding.model_version == model
