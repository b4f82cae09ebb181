from datetime import timedelta

import pytest

from reviewapp.choices import ProductStatus, RescoringPhase, ReviewReason, ReviewStatus, Split
from reviewapp.models import (
    Prediction,
    Product,
    Rescoring,
    ReviewItem,
    Route,
    SplitAssignment,
)
from reviewapp.services import rescoring
from reviewapp.services.promotions import promote
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ListedProductFactory,
    ModelVersionFactory,
    ProductFactory,
    RequestFactory,
    ReviewItemFactory,
    TrainedRunFactory,
)
from tests.worker.predictors import FixedPredictor
from worker import inference
from worker.tasks.rescore import rescore

pytestmark = pytest.mark.django_db


@pytest.fixture
def predictor(settings, monkeypatch):
    one = FixedPredictor()
    monkeypatch.setattr(FixedPredictor, "load", classmethod(lambda *_, **__: one))
    settings.PREDICTOR = "tests.worker.predictors:FixedPredictor"
    inference.forget()
    yield one
    inference.forget()


@pytest.fixture
def promoted(predictor, now):
    """Promotes a version that has not been asked about anything yet."""
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    ChampionFactory()

    def put_into_service(*, is_trained_here=False):
        version = ModelVersionFactory(manifest_sha256=predictor.manifest_sha256, created_at=now)
        if is_trained_here:
            TrainedRunFactory(model_version=version)
        promote(version=version, reason="better", now=now)
        return version

    return put_into_service


def doubtful(designation, **values):
    return ReviewItemFactory(
        product=ProductFactory(designation=designation, status=ProductStatus.IN_REVIEW), **values
    )


def test_open_items_are_routed_by_the_policy_and_the_new_answers(promoted):
    sure, unsure = doubtful("sure now"), doubtful("unsure still")
    version = promoted()

    rescore()

    sure.product.refresh_from_db()
    unsure.product.refresh_from_db()
    assert (sure.product.status, unsure.product.status) == ("listed", "in_review")
    assert ReviewItem.objects.get(pk=sure.pk).status == ReviewStatus.RESOLVED
    route = Route.objects.get(product=sure.product)
    assert (route.prediction.model_version, route.policy.promotion.version) == (version, version)
    row = Rescoring.objects.latest("id")
    assert (row.rerouted, row.listed, row.phase) == (2, 1, RescoringPhase.DONE)
    assert row.rows_done == row.rows_total == 2


def test_what_the_new_model_has_learned_is_suggested_to_people_but_not_listed(promoted, now):
    learned, held_out, later = (doubtful("sure now") for _ in range(3))
    for item, split, moment in (
        (learned, Split.TRAIN, now),
        (held_out, Split.TEST, now),
        (later, Split.TRAIN, now + timedelta(days=1)),
    ):
        SplitAssignment.objects.create(product=item.product, split=split, assigned_at=moment)
    version = promoted(is_trained_here=True)

    rescore()
    rescore()

    statuses = [
        Product.objects.get(pk=item.product_id).status for item in (learned, held_out, later)
    ]
    assert statuses == ["in_review", "listed", "listed"]
    answers = Prediction.objects.filter(product=learned.product, model_version=version)
    assert answers.count() == 3


@pytest.mark.parametrize("reason", [ReviewReason.BUYER_REPORT, ReviewReason.AUDIT])
def test_items_that_people_asked_for_are_not_touched(promoted, reason):
    item = doubtful("sure now", reasons=[reason])
    promoted()

    rescore()

    item.refresh_from_db()
    assert item.status == ReviewStatus.PENDING
    assert not Route.objects.exists()
    assert Prediction.objects.filter(product=item.product, member="fusion").exists()


def test_listed_products_get_answers_and_keep_their_place(promoted):
    kept = ListedProductFactory(category=CategoryFactory(code=20))
    version = promoted()

    rescore()

    kept.refresh_from_db()
    assert (kept.status, kept.category.code) == ("listed", 20)
    assert Prediction.objects.filter(product=kept, model_version=version).count() == 3
    assert Rescoring.objects.latest("id").changed == 1


def test_arrivals_go_first(promoted, predictor):
    doubtful("sure now")
    promoted()
    RequestFactory()
    before = len(predictor.batches)

    rescore()

    assert [b for b in predictor.batches[before:] if b != ["warm-up"]] == []


def test_a_pause_lasts_until_somebody_ends_it(promoted):
    item = doubtful("sure now")
    promoted()
    row = Rescoring.objects.latest("id")

    rescoring.set_paused(rescoring_id=row.pk, is_paused=True)
    rescore()
    item.refresh_from_db()
    paused = item.status
    rescoring.set_paused(rescoring_id=row.pk, is_paused=False)
    rescore()

    item.refresh_from_db()
    assert (paused, item.status) == (ReviewStatus.PENDING, ReviewStatus.RESOLVED)


def test_a_batch_is_one_workers_until_its_lease_ends(promoted, now, settings):
    doubtful("sure now")
    version = promoted()
    later = now + timedelta(seconds=settings.CLASSIFY_LEASE_SECONDS)

    first = rescoring.take_batch(version=version, limit=5, now=now)
    meanwhile = rescoring.take_batch(version=version, limit=5, now=now)
    second = rescoring.take_batch(version=version, limit=5, now=later)

    assert meanwhile is None
    assert [p.pk for p in second.products] == [p.pk for p in first.products]
    assert not rescoring.record_batch(batch=first, results={}, now=later)


def test_a_product_that_the_models_fail_on_stops_nothing(promoted):
    broken, sure = doubtful("poison"), doubtful("sure now")
    promoted()

    rescore()

    broken.refresh_from_db()
    sure.refresh_from_db()
    assert (broken.status, sure.status) == (ReviewStatus.PENDING, ReviewStatus.RESOLVED)
    assert Rescoring.objects.latest("id").phase == RescoringPhase.DONE


def test_a_product_that_changed_meanwhile_is_left_to_its_own_request(promoted, now):
    item = doubtful("sure now")
    version = promoted()
    batch = rescoring.take_batch(version=version, limit=5, now=now)
    item.product.input_digest = "e" * 64
    item.product.save()

    rescoring.record_batch(
        batch=batch,
        results={item.product_id: FixedPredictor().predict(_inputs(batch))[0]},
        now=now,
    )

    assert not Prediction.objects.exists()
    assert not Route.objects.exists()


def _inputs(batch):
    from reviewapp.selectors.predictions import product_input

    return [product_input(str(one.pk), one) for one in batch.products]


def test_the_next_promotion_ends_the_work_of_the_one_before(promoted, now):
    doubtful("sure now")
    promoted()

    promote(version=ModelVersionFactory(), reason="better still", now=now)

    first, second = Rescoring.objects.order_by("pk")
    assert (first.finished_at, first.phase) == (now, RescoringPhase.REVIEW)
    assert second.finished_at is None
