"""What may wait for a promotion, and what must not."""

import pytest
from django.db import transaction

from reviewapp.models import Prediction
from reviewapp.services import promotions
from reviewapp.services.model_versions import locked_versions
from reviewapp.services.policies import set_policy
from reviewapp.services.promotions import promote, roll_back
from reviewapp.services.rescoring import record_batch, take_batch
from reviewapp.services.shadow import start_shadow, stop_shadow
from reviewapp.services.versions import VersionOutdated
from tests.concurrency import in_new_connection, started_and_waiting
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ListedProductFactory,
    ModelVersionFactory,
    PredictionFactory,
    RoutingPolicyFactory,
)
from tests.worker.predictors import result

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _categories():
    for code in (10, 20):
        CategoryFactory(code=code)


def test_classification_does_not_wait_for_a_promotion(now):
    champion, product, category = (
        ChampionFactory(),
        ListedProductFactory(),
        CategoryFactory(code=10),
    )
    values = {"product": product, "model_version": champion, "category": category}

    with transaction.atomic():
        promote(version=ModelVersionFactory(), reason="better", now=now)
        in_new_connection(lambda: PredictionFactory(**values))

    assert Prediction.objects.count() == 1


def test_going_back_waits_for_a_batch_of_the_rescoring_which_does_not_wait_for_it(now):
    first, second = ModelVersionFactory(), ModelVersionFactory()
    ListedProductFactory()
    promote(version=first, now=now)
    promote(version=second, reason="better", now=now)
    batch = take_batch(version=second, limit=5, now=now)
    results = {one.pk: result(str(one.pk)) for one in batch.products}

    with transaction.atomic():
        record_batch(batch=batch, results=results, now=now)
        going_back = started_and_waiting(lambda: roll_back(leaving=second, author=None, now=now))

    assert going_back.result(5).version == first
    assert Prediction.objects.filter(model_version=second).exists()


def test_a_person_who_ends_a_shadow_waits_for_a_promotion_which_does_not_wait_for_them(now):
    ChampionFactory()
    candidate, new = ModelVersionFactory(), ModelVersionFactory()
    start_shadow(version=candidate, share=1.0, author=None, now=now)

    with transaction.atomic():
        locked_versions()
        ending = started_and_waiting(lambda: stop_shadow(now=now))
        promote(version=new, reason="better", now=now)

    assert ending.result(5) is None


def test_a_policy_set_while_thresholds_are_certified_waits_and_is_outdated(now, monkeypatch):
    ChampionFactory()
    seen = RoutingPolicyFactory()
    changes = {"changes": {"accept_at": 0.9}, "based_on": seen.version}
    asked = []

    def meanwhile_a_person_sets_one(_version):
        asked.append(started_and_waiting(lambda: set_policy(**changes, author=None, now=now)))

    monkeypatch.setattr(promotions.calibration, "held_out", meanwhile_a_person_sets_one)
    promotion = promote(version=ModelVersionFactory(), reason="better", now=now)

    assert promotion.policy.version == seen.version + 1
    with pytest.raises(VersionOutdated):
        asked[0].result(5)
