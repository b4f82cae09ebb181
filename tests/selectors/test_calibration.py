from datetime import timedelta

import pytest

from reviewapp.choices import ReviewReason, RouteOutcome, SampleSource
from reviewapp.models import HeldOutAnswers, Product, Route
from reviewapp.selectors import calibration
from reviewapp.selectors.calibration import (
    arrivals_per_day,
    held_out,
    known_products,
    lately_known,
    live_sample,
)
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    DecisionFactory,
    FeedbackLabelFactory,
    ModelVersionFactory,
    PredictionFactory,
    ProductFactory,
    RoutingPolicyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    return ChampionFactory()


@pytest.fixture
def categories():
    return CategoryFactory(code=10), CategoryFactory(code=20)


def decided(version, categories, *, outcome, rate, is_blind, reasons, now, confidence=0.9):
    """A routed product with a person's answer: FUSION said 10, it is 20."""
    said, true = categories
    product = ProductFactory(image=None)
    prediction = PredictionFactory(
        product=product, model_version=version, category=said, confidence=confidence
    )
    Route.objects.create(
        product=product,
        prediction=prediction,
        policy=RoutingPolicyFactory(),
        outcome=outcome,
        reasons=reasons,
        inclusion_probability=rate,
        created_at=now,
    )
    decision = DecisionFactory(product=product, category=true)
    return FeedbackLabelFactory(
        decision=decision, product=product, is_blind=is_blind, reasons=reasons
    )


def doubtful(version, categories, now):
    return decided(
        version,
        categories,
        outcome=RouteOutcome.REVIEW,
        rate=1.0,
        is_blind=False,
        reasons=[ReviewReason.LOW_CONFIDENCE],
        now=now,
        confidence=0.5,
    )


def audited(version, categories, now, *, is_blind=True, rate=0.25):
    return decided(
        version,
        categories,
        outcome=RouteOutcome.LISTED,
        rate=rate,
        is_blind=is_blind,
        reasons=[ReviewReason.AUDIT],
        now=now,
    )


def test_doubtful_products_are_thinned_to_the_share_at_which_listed_ones_are_audited(
    version, categories, now
):
    for _ in range(60):
        doubtful(version, categories, now)
    for _ in range(5):
        audited(version, categories, now)

    sample = live_sample(version)

    kept = int((sample.confidence == 0.5).sum())
    assert len(sample) - kept == 5
    assert 4 <= kept <= 30  # about a quarter of 60, always the same
    assert live_sample(version).confidence.tolist() == sample.confidence.tolist()
    assert set(sample.predicted) == {10}
    assert set(sample.true) == {20}
    assert set(sample.missing) == {"image"}
    assert {kind: len(values) for kind, values in sample.groups.items()} == dict.fromkeys(
        ("language", "description", "seller"), len(sample)
    )
    assert set(sample.groups["seller"]) == {"feed"}


def test_near_duplicates_are_known_as_such(version, categories, now):
    pair = [audited(version, categories, now).product_id for _ in range(2)]
    audited(version, categories, now)
    Product.objects.filter(pk__in=pair).update(group_key=-5)

    groups = live_sample(version).duplicates.tolist()

    assert len(groups) == 3
    assert groups[0] == groups[1] != groups[2]


def test_an_answer_that_saw_the_models_measures_no_listing(version, categories, now):
    audited(version, categories, now, is_blind=False)

    assert len(live_sample(version)) == 0


def test_answers_of_another_model_or_for_another_text_do_not_count(version, categories, now):
    label = audited(version, categories, now)
    label.product.labels.update(input_digest="of an earlier text")

    assert len(live_sample(version)) == 0


def test_until_enough_is_decided_the_products_kept_out_of_training_speak(
    version, categories, now, monkeypatch
):
    audited(version, categories, now)
    HeldOutAnswers.objects.create(
        model_version=version,
        confidence=[0.9, 0.4],
        predicted=[10, 20],
        true=[10, 10],
        missing=["", "text"],
        group=[4, 4],
    )

    few = known_products(version, now=now)
    monkeypatch.setattr(calibration, "ENOUGH_AUDITS", 1)
    enough = known_products(version, now=now)

    assert (few.source, len(few.sample)) == (SampleSource.HELD_OUT, 2)
    assert few.sample.is_right.tolist() == [True, False]
    assert few.sample.duplicates.tolist() == [4, 4]
    assert (enough.source, len(enough.sample)) == (SampleSource.LIVE, 1)


def test_a_model_without_answers_offers_nothing(version, now):
    assert held_out(version) is None
    assert known_products(version, now=now) is None
    assert lately_known(version, now=now) is None


def test_what_is_known_is_read_anew_after_a_minute_and_for_another_model(
    version, categories, now, monkeypatch
):
    monkeypatch.setattr(calibration, "ENOUGH_AUDITS", 1)

    def lately(model, **later):
        known = lately_known(model, now=now + timedelta(**later))
        return known and len(known.sample)

    audited(version, categories, now)
    assert lately(version) == 1
    audited(version, categories, now)

    assert lately(version, seconds=59) == 1
    assert lately(version, seconds=60) == 2
    assert lately(ModelVersionFactory(), seconds=61) is None
    assert lately(version, seconds=61) == 2


def test_arrivals_are_the_mean_of_the_week(now):
    assert arrivals_per_day(now=now) == 0
    for days in (1, 2, 4, 30):
        ProductFactory(arrived_at=now - timedelta(days=days))

    assert arrivals_per_day(now=now) == pytest.approx(3 / 4)
