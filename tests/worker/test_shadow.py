from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from reviewapp.choices import ModelStage, ReviewStatus
from reviewapp.models import Product, ReviewItem, Route, ShadowAnswer, ShadowRun
from reviewapp.selectors import shadow as selectors
from reviewapp.services import predictions
from reviewapp.services.promotions import promote
from reviewapp.services.shadow import ShadowRefused, is_drawn, start_shadow, stop_shadow
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    ProductFactory,
    RequestFactory,
    RoutingPolicyFactory,
)
from tests.labels import label
from tests.worker.predictors import FixedPredictor, result
from worker import candidates
from worker.tasks.shadow import follow

pytestmark = pytest.mark.django_db


class ShadowPredictor(FixedPredictor):
    """Says 20 where the designation says "twenty"; the champion here always says 10."""

    def answer(self, product):
        super().answer(product)
        return result(product.key, code=20 if "twenty" in product.designation else 10)


@pytest.fixture(autouse=True)
def predictor(settings, monkeypatch):
    one = ShadowPredictor()
    monkeypatch.setattr(FixedPredictor, "load", classmethod(lambda *_, **__: one))
    settings.PREDICTOR = "tests.worker.predictors:FixedPredictor"
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    candidates.forget()
    yield one
    candidates.forget()


@pytest.fixture
def champion():
    # No audit by lot: it would open review items of its own.
    RoutingPolicyFactory(audit_rate=0.0)
    return ChampionFactory(name="old-1")


@pytest.fixture
def run(champion, predictor, now):
    version = ModelVersionFactory(name="new-1", manifest_sha256=predictor.manifest_sha256)
    return start_shadow(version=version, share=1.0, author=None, now=now)


def arrive(champion, now, *designations):
    """Products that the champion has classified and routed."""
    for designation in designations:
        RequestFactory(product=ProductFactory(designation=designation))
    claims = predictions.claim_requests(limit=50, now=now)
    results = {claim.key: result(claim.key, code=10) for claim in claims}
    predictions.record_results(claims=claims, results=results, version=champion, now=now)
    return [Product.objects.get(pk=claim.product_id) for claim in claims]


def test_it_answers_beside_the_champion_and_moves_nothing(champion, run, now):
    products = arrive(champion, now, "ten", "twenty")
    before = list(Route.objects.values_list("pk", flat=True))

    follow()
    follow()

    answers = ShadowAnswer.objects.order_by("route_id")
    assert [one.category.code for one in answers] == [10, 20]
    assert list(Route.objects.values_list("pk", flat=True)) == before
    assert [Product.objects.get(pk=p.pk).category.code for p in products] == [10, 10]
    assert not ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).exists()


def test_only_what_arrives_after_the_start_counts(champion, predictor, now):
    arrive(champion, now, "early")
    version = ModelVersionFactory(manifest_sha256=predictor.manifest_sha256)
    start_shadow(version=version, share=1.0, author=None, now=now)
    arrive(champion, now, "late")

    follow()

    assert [one.route.product.designation for one in ShadowAnswer.objects.all()] == ["late"]


def test_its_share_is_bounded_and_the_rest_is_passed_over(champion, run, now):
    ShadowRun.objects.update(share=0.5)
    run.refresh_from_db()
    products = arrive(champion, now, *(f"ten {number}" for number in range(40)))

    follow()

    wanted = {one.pk for one in products if is_drawn(run, one)}
    assert {one.route.product_id for one in ShadowAnswer.objects.all()} == wanted
    assert 5 < len(wanted) < 35
    run.refresh_from_db()
    assert run.cursor == Route.objects.order_by("-pk")[0].pk


def test_arrivals_go_first(champion, run, now, predictor):
    arrive(champion, now, "ten")
    RequestFactory()

    follow()

    assert not ShadowAnswer.objects.exists()


def test_what_it_said_is_counted_beside_the_champion(champion, run, now):
    same, other, *_rest = arrive(champion, now, "ten", "twenty", "twenty more")
    follow()
    label(now, code=10, product=same, input_digest=same.input_digest)
    label(now, code=20, product=other, input_digest=other.input_digest)

    found = selectors.numbers(run)

    assert (found.products, found.agreement.value) == (3, pytest.approx(1 / 3))
    assert (found.listed, found.old_listed, found.clashes) == (3, 3, 2)
    assert (found.decided, found.won, found.lost) == (2, 1, 0)
    assert (found.median_ms, found.old_median_ms) == (1.5, 1.5)
    newest = selectors.disagreements(run)
    assert [one.route.product.designation for one in newest] == ["twenty more", "twenty"]


def test_a_shadow_that_cannot_be_loaded_says_why(champion, now):
    version = ModelVersionFactory(name="broken")
    run = start_shadow(version=version, share=1.0, author=None, now=now)
    arrive(champion, now, "ten")

    follow()

    run.refresh_from_db()
    assert "broken cannot be used" in run.problem


def test_a_product_that_it_fails_on_sinks_no_other(champion, run, now):
    arrive(champion, now, "ten", "poison", "twenty")

    follow()
    arrive(champion, now, "ten again")
    follow()

    answered = ShadowAnswer.objects.order_by("pk").values_list("route__product__designation")
    assert [name for (name,) in answered] == ["ten", "twenty", "ten again"]


def test_one_candidate_at_a_time_and_never_the_champion(champion, run, now):
    for version in (champion, ModelVersionFactory()):
        with pytest.raises(ShadowRefused):
            start_shadow(version=version, share=0.2, author=None, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        ShadowRun.objects.create(
            version=ModelVersionFactory(), champion=champion, share=0.2, cursor=0, started_at=now
        )


def test_it_ends_by_hand_and_becomes_a_candidate_again(champion, run, now):
    run.version.refresh_from_db()
    during = run.version.stage

    stop_shadow(now=now + timedelta(hours=1))
    arrive(champion, now, "ten")
    follow()

    run.version.refresh_from_db()
    assert (during, run.version.stage) == (ModelStage.SHADOW, ModelStage.CANDIDATE)
    assert not ShadowAnswer.objects.exists()
    assert stop_shadow(now=now) is None


def test_a_promotion_ends_it(champion, run, now):
    promote(version=run.version, reason="good in the shadow", now=now)

    run.refresh_from_db()
    run.version.refresh_from_db()
    assert (run.ended_at, run.version.stage) == (now, ModelStage.CHAMPION)
