"""Renewing vectors for a new model, as a function."""

from dataclasses import replace

import pytest

from reviewapp.models import ProductEmbedding
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    DecisionFactory,
    FeedbackLabelFactory,
    ModelVersionFactory,
    ProductFactory,
    RequestFactory,
    ReviewItemFactory,
)
from tests.guidance_world import confirmed, unit
from tests.worker.predictors import FixedPredictor
from worker import inference
from worker.tasks import embed

pytestmark = pytest.mark.django_db


class Placing(FixedPredictor):
    """Puts every product in one place; none whose title says "empty"."""

    def answer(self, product):
        vector = () if "empty" in product.designation else tuple(unit(90))
        return replace(super().answer(product), embedding=vector)


@pytest.fixture
def champion(monkeypatch):
    version = ChampionFactory(labels=[10, 20])
    model = inference.Model(version, Placing())
    monkeypatch.setattr(inference, "model", lambda: model)
    return version


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(embed.renew, "apply_async", lambda args, **_: messages.append(args))
    return messages


def test_labelled_and_open_products_are_encoded_again_and_no_others(champion, sent, monkeypatch):
    monkeypatch.setattr(embed, "_BATCH", 2)
    category = CategoryFactory(code=10)
    old = [confirmed(category, ModelVersionFactory(), 0) for _ in range(3)]
    new = ProductFactory()
    FeedbackLabelFactory(decision=DecisionFactory(product=new, category=category))
    in_review = ReviewItemFactory().product
    untouched = ProductFactory()
    present = confirmed(category, champion, 0)

    embed.renew()

    made = ProductEmbedding.objects.filter(model_version=champion).exclude(product=present)
    assert {*old, new, in_review} <= {row.product for row in made}
    assert untouched not in {row.product for row in made}
    assert made.filter(confirmed_category=category).count() == 4
    assert list(present.embedding.vector) == pytest.approx(unit(0), abs=1e-3)
    assert sent == []


def test_one_that_cannot_be_encoded_does_not_hold_up_the_rest(champion, sent, monkeypatch):
    monkeypatch.setattr(embed, "_BATCH", 1)
    ReviewItemFactory(product__designation="empty")
    good = ReviewItemFactory().product

    embed.renew()

    assert ProductEmbedding.objects.get().product == good


def test_classification_goes_first(champion, sent):
    ReviewItemFactory()
    RequestFactory()

    embed.renew(7)

    assert not ProductEmbedding.objects.exists()
    assert sent == [(7,)]
