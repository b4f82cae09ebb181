from datetime import timedelta

import pytest

from classifier.types import Absence, Member
from reviewapp.choices import (
    FailureCode,
    ProductStatus,
    RequestStatus,
    ReviewReason,
    ReviewStatus,
    RouteOutcome,
)
from reviewapp.domain.priority import AUDIT, REPORTED
from reviewapp.models import Prediction, ReviewItem, Route
from reviewapp.services import predictions
from reviewapp.services.predictions.results import UnknownCategory
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    DecisionFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProductFactory,
    RequestFactory,
    ReviewItemFactory,
    RoutingPolicyFactory,
)
from tests.worker.predictors import absent, answer, no_answer, result

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def model():
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    RoutingPolicyFactory(audit_rate=0.0)
    return ChampionFactory(labels=[10, 20])


def classify(request, model, now, **answers):
    [claim] = predictions.claim_requests(limit=1, now=now)
    assert claim.request_id == request.pk
    return record(claim, model, now, **answers)


def record(claim, model, now, made=result, **answers):
    return predictions.record_results(
        claims=[claim], results={claim.key: made(claim.key, **answers)}, version=model, now=now
    )


def test_a_confident_product_is_listed_with_all_answers_on_record(model, now):
    request = RequestFactory()
    cnn = answer(Member.CNN, 20, 0.4)

    classify(request, model, now, code=10, confidence=0.93, cnn=cnn)

    product = request.product
    product.refresh_from_db()
    request.refresh_from_db()
    assert (product.status, product.category.code) == (ProductStatus.LISTED, 10)
    assert product.listed_at == product.predicted_at == now
    assert (request.status, request.lease_token, request.finished_at) == ("done", None, now)
    stored = {p.member: (p.category.code, p.confidence, p.top) for p in product.predictions.all()}
    assert stored["cnn"] == (20, 0.4, [[20, 0.4], [10, 0.6]])
    assert stored["fusion"] == (10, 0.93, [[10, 0.93], [20, pytest.approx(0.07)]])
    route = product.routes.get()
    assert (route.outcome, route.prediction.member) == (RouteOutcome.LISTED, "fusion")
    assert route.details["members"]["cnn"] == {"code": 20, "confidence": 0.4}
    assert not ReviewItem.objects.exists()


def test_a_doubtful_product_goes_to_review_by_how_doubtful_it_is(model, now):
    request = RequestFactory()

    classify(request, model, now, confidence=0.3)

    item = ReviewItem.objects.get(product=request.product)
    assert (item.reasons, item.priority) == (["low_confidence"], pytest.approx(2 * 0.7 / 1.7))
    assert item.product.status == ProductStatus.IN_REVIEW
    assert item.route.reasons == ["low_confidence"]


def test_disagreeing_members_are_a_reason(model, now):
    request = RequestFactory()

    classify(
        request,
        model,
        now,
        cnn=answer(Member.CNN, 20, 0.9),
        bert=answer(Member.BERT, 10, 0.8),
    )

    assert ReviewItem.objects.get().reasons == ["disagreement"]


def test_a_product_without_any_input_goes_to_review_with_the_absences(model, now):
    request = RequestFactory(product__designation="", product__raw_designation="")

    classify(request, model, now, made=no_answer)

    item = ReviewItem.objects.get(product=request.product)
    assert (item.reasons, item.priority) == (["missing_input"], 1.0)
    assert item.route.details["members"]["cnn"] == {"absence": "no_image"}
    assert set(request.product.predictions.values_list("member", "absence")) == {
        ("cnn", "no_image"),
        ("bert", "no_text"),
        ("fusion", "no_input"),
    }


def test_an_audited_product_is_listed_and_looked_at_blindly(model, now):
    RoutingPolicyFactory(version=2, audit_rate=1.0)
    request = RequestFactory()

    classify(request, model, now)

    item = ReviewItem.objects.get(product=request.product)
    assert item.product.status == ProductStatus.LISTED
    assert (item.reasons, item.is_blind, item.priority) == (["audit"], True, AUDIT)
    assert item.route.inclusion_probability == 1.0


def test_the_same_claim_recorded_twice_counts_once(model, now):
    RequestFactory()
    [claim] = predictions.claim_requests(limit=1, now=now)

    first = record(claim, model, now, confidence=0.3)
    item = ReviewItem.objects.get()
    item.status, item.resolved_at = ReviewStatus.RESOLVED, now
    item.save()
    second = record(claim, model, now, confidence=0.3)

    assert (first.kept, second.kept, second.late) == (1, 0, 1)
    assert Prediction.objects.count() == 3
    assert Route.objects.count() == ReviewItem.objects.count() == 1


def test_an_answer_after_the_lease_went_to_another_worker_is_dropped(model, now):
    request = RequestFactory()
    [slow] = predictions.claim_requests(limit=1, now=now)
    predictions.end_dead_leases(now=now + timedelta(hours=1))
    [quick] = predictions.claim_retry(now=now + timedelta(hours=1))

    late = record(slow, model, now, code=20)
    kept = record(quick, model, now, code=10)

    request.product.refresh_from_db()
    assert (late.kept, kept.kept) == (0, 1)
    assert request.product.category.code == 10


def test_an_answer_to_a_text_that_has_changed_since_is_dropped(model, now):
    request = RequestFactory()
    [claim] = predictions.claim_requests(limit=1, now=now)
    request.product.input_digest = "b" * 64
    request.product.save()

    recorded = record(claim, model, now)

    request.refresh_from_db()
    assert recorded.late == 1
    assert (request.status, request.input_digest, request.attempts) == ("waiting", "b" * 64, 0)
    assert not Prediction.objects.exists()


def test_the_same_input_seen_again_keeps_the_first_answers(model, now):
    product = ProductFactory()
    for confidence in (0.9, 0.6):
        request = RequestFactory(product=product)
        classify(request, model, now, confidence=confidence)

    routes = product.routes.order_by("id")
    assert Prediction.objects.count() == 3
    assert [route.outcome for route in routes] == ["listed", "listed"]
    assert routes[0].prediction == routes[1].prediction


def labelled(now, **changes):
    product = ListedProductFactory(category=CategoryFactory(code=20))
    decision = DecisionFactory(
        item__product=product, item__status=ReviewStatus.RESOLVED, item__resolved_at=now
    )
    FeedbackLabelFactory(decision=decision, category=product.category, **changes)
    return product


def test_a_persons_answer_stands_against_the_models(model, now):
    product = labelled(now)

    classify(RequestFactory(product=product), model, now, code=10, confidence=0.99)
    classify(RequestFactory(product=product), model, now, code=10, confidence=0.1)

    product.refresh_from_db()
    assert (product.status, product.category.code) == (ProductStatus.LISTED, 20)
    assert product.routes.count() == 2
    assert product.routes.first().details["label"] == product.labels.get().pk
    assert not ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).exists()


@pytest.mark.parametrize("change", [{"input_digest": "c" * 64}, {"ended_at": True}])
def test_an_outdated_label_does_not_bind_the_models(model, now, change):
    product = labelled(now, **{k: now if v is True else v for k, v in change.items()})

    classify(RequestFactory(product=product), model, now, code=10, confidence=0.99)

    product.refresh_from_db()
    assert product.category.code == 10


def test_better_answers_withdraw_a_question_nobody_has_taken(model, now):
    item = ReviewItemFactory(reasons=[ReviewReason.FAILED, ReviewReason.LOW_CONFIDENCE])

    classify(RequestFactory(product=item.product), model, now, confidence=0.95)

    item.refresh_from_db()
    assert (item.status, item.resolved_at) == (ReviewStatus.RESOLVED, now)
    assert item.product.status == ProductStatus.LISTED


def test_better_answers_withdraw_a_question_whose_claim_has_run_out(model, now):
    item = ReviewItemFactory(
        status=ReviewStatus.CLAIMED,
        claimed_by=ModeratorFactory(),
        claim_expires_at=now,
        reasons=[ReviewReason.LOW_CONFIDENCE],
    )

    classify(RequestFactory(product=item.product), model, now, confidence=0.95)

    item.refresh_from_db()
    assert (item.status, item.claimed_by, item.claim_expires_at) == ("resolved", None, None)
    assert item.product.status == ProductStatus.LISTED


def test_a_question_a_moderator_has_in_hand_stays_open(model, now):
    item = ReviewItemFactory(
        status=ReviewStatus.CLAIMED,
        claimed_by=ModeratorFactory(),
        claim_expires_at=now + timedelta(minutes=1),
    )

    classify(RequestFactory(product=item.product), model, now, confidence=0.95)

    item.refresh_from_db()
    assert item.status == ReviewStatus.CLAIMED
    assert item.product.status == ProductStatus.IN_REVIEW
    assert item.route == item.product.routes.get()


def test_a_buyers_report_stays_open_whatever_the_models_say(model, now):
    product = ListedProductFactory(category=CategoryFactory(code=20))
    item = ReviewItemFactory(
        product=product, reasons=[ReviewReason.BUYER_REPORT], priority=REPORTED
    )

    classify(RequestFactory(product=product), model, now, code=10, confidence=0.95)

    item.refresh_from_db()
    product.refresh_from_db()
    assert item.status == ReviewStatus.PENDING
    assert (product.status, product.category.code) == (ProductStatus.LISTED, 10)


def test_a_category_the_catalogue_does_not_know_is_refused_by_code(model, now):
    request = RequestFactory()

    with pytest.raises(UnknownCategory, match="category 77"):
        classify(request, model, now, code=77)

    assert not Prediction.objects.exists()


def test_an_unreadable_picture_still_leaves_the_text(model, now):
    request = RequestFactory()

    classify(request, model, now, cnn=absent(Member.CNN, Absence.UNREADABLE_IMAGE))

    assert request.product.predictions.get(member="cnn").absence == "unreadable_image"
    assert request.product.routes.get().outcome == RouteOutcome.LISTED


def test_a_failed_try_is_repeated_after_a_pause_and_then_given_up(model, now, settings):
    settings.CLASSIFY_MAX_ATTEMPTS = 2
    request = RequestFactory()
    [claim] = predictions.claim_requests(limit=1, now=now)

    assert not predictions.record_failure(claim=claim, error="ValueError: no", now=now)
    assert predictions.end_dead_leases(now=now) == 0
    later = now + timedelta(seconds=6)
    assert predictions.end_dead_leases(now=later) == 1
    [again] = predictions.claim_retry(now=later)
    assert predictions.record_failure(claim=again, error="ValueError: no", now=later)

    request.refresh_from_db()
    item = ReviewItem.objects.get(product=request.product)
    assert (request.status, request.error) == (RequestStatus.FAILED, "ValueError: no")
    assert (item.reasons, item.priority) == (["failed"], 1.0)
    assert item.route.details == {"failure": "error", "failure_detail": "ValueError: no"}
    assert item.product.status == ProductStatus.IN_REVIEW


def test_the_failure_of_a_lost_claim_does_not_count(model, now):
    request = RequestFactory()
    [claim] = predictions.claim_requests(limit=1, now=now)
    record(claim, model, now)

    assert not predictions.record_failure(claim=claim, error="late", now=now)

    request.refresh_from_db()
    assert (request.status, request.error) == (RequestStatus.DONE, "")


def test_a_product_that_keeps_killing_workers_ends_in_review(model, now, settings):
    settings.CLASSIFY_MAX_ATTEMPTS = 2
    request = RequestFactory()

    predictions.claim_requests(limit=1, now=now)
    now += timedelta(hours=1)
    predictions.end_dead_leases(now=now)
    predictions.claim_retry(now=now)
    now += timedelta(hours=1)
    predictions.end_dead_leases(now=now)

    request.refresh_from_db()
    assert (request.status, request.attempts) == (RequestStatus.FAILED, 2)
    details = ReviewItem.objects.get(product=request.product).route.details
    assert details["failure"] == FailureCode.WORKER_DIED


def test_without_a_model_products_go_to_review_after_the_wait_and_only_then(now, settings):
    old = RequestFactory(requested_at=now - timedelta(seconds=settings.MODEL_WAIT_SECONDS))
    new = RequestFactory(requested_at=now)

    problem, since = "config.json was altered", now - timedelta(days=1)
    assert predictions.fail_waiting(problem=problem, since=since, now=now) == 1

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.status, new.status) == (RequestStatus.FAILED, RequestStatus.WAITING)
    details = ReviewItem.objects.get().route.details
    assert details == {"failure": "no_model", "failure_detail": "config.json was altered"}


def test_a_backlog_waits_from_when_the_model_became_unusable(now, settings):
    RequestFactory(requested_at=now - timedelta(days=1))
    wait = timedelta(seconds=settings.MODEL_WAIT_SECONDS)
    since = now - wait + timedelta(seconds=1)

    assert predictions.fail_waiting(problem="altered", since=since, now=now) == 0
    later = now + timedelta(seconds=1)
    assert predictions.fail_waiting(problem="altered", since=since, now=later) == 1


def test_a_failure_does_not_undo_a_persons_answer(now, settings):
    product = labelled(now)
    RequestFactory(product=product, requested_at=now - timedelta(days=1))

    predictions.fail_waiting(problem="none", since=now - timedelta(days=1), now=now)

    product.refresh_from_db()
    assert product.status == ProductStatus.LISTED
    assert not product.routes.exists()


def test_a_new_model_is_asked_about_the_products_that_failed(model, now):
    RequestFactory(requested_at=now - timedelta(days=1))
    predictions.fail_waiting(problem="none", since=now - timedelta(days=1), now=now)

    assert predictions.ask_again(version=model, now=now) == 1
    assert predictions.ask_again(version=model, now=now) == 0
    [claim] = predictions.claim_requests(limit=5, now=now)
    record(claim, model, now, confidence=0.3)

    item = ReviewItem.objects.get()
    assert item.reasons == ["failed", "low_confidence"]
    assert item.route.prediction is not None
