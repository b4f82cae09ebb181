"""Recording a batch of answers: predictions, routes and listings in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from classifier.types import MemberAnswer, PredictionResult
from reviewapp.choices import LabelSource, RequestStatus
from reviewapp.models import (
    Category,
    ClassificationRequest,
    Disagreement,
    FeedbackLabel,
    ModelVersion,
    Prediction,
    Product,
    Route,
)
from reviewapp.selectors.training import learned_among
from reviewapp.services.embeddings import store_embeddings
from reviewapp.services.policies import current_policy
from reviewapp.services.predictions.claims import Claim
from reviewapp.services.routing import route_classified


class UnknownCategory(Exception):
    """The model names a category code that the catalogue does not have: load its taxonomy."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many answers were kept, and how many came too late (the claim or the input was gone)."""

    kept: int
    late: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What the models said of one product as it was under `input_digest`."""

    product_id: int
    input_digest: str
    result: PredictionResult


@transaction.atomic
def record_results(
    *,
    claims: Sequence[Claim],
    results: Mapping[str, PredictionResult],
    version: ModelVersion,
    now: datetime,
) -> Recorded:
    """Store the answers of a batch and route its products; all or nothing.

    results: by `Claim.key`
    An answer counts only while its claim holds and the product's input is still the claimed one;
    otherwise the request waits on for the new input. Repeating a finished claim changes nothing.
    Raises UnknownCategory.
    """
    requests = hold_requests(claims)
    products = lock_products(requests)
    current = [
        claim
        for claim in claims
        if claim.request_id in requests
        and products[claim.product_id].input_digest == claim.input_digest
    ]
    _let_wait([c for c in requests.values() if c not in current], products)
    answered = [Answered(c.product_id, c.input_digest, results[c.key]) for c in current]
    _store(answered, version, now)
    Product.objects.filter(pk__in=[one.product_id for one in answered]).update(predicted_at=now)
    _route(answered, products, version, now)
    ClassificationRequest.objects.filter(pk__in=[c.request_id for c in current]).update(
        status=RequestStatus.DONE,
        finished_at=now,
        lease_token=None,
        lease_expires_at=None,
        error="",
    )
    return Recorded(kept=len(current), late=len(claims) - len(current))


@transaction.atomic
def record_again(
    *, answered: Sequence[Answered], version: ModelVersion, is_routed: bool, now: datetime
) -> list[Route]:
    """Store answers of `version` that nobody has requested; return the Routes made from them.

    is_routed: whether the products are routed by these answers; else they keep their place
    Answers to an input that has changed since are dropped.
    """
    locked = Product.objects.select_for_update(no_key=True).filter(
        pk__in=[one.product_id for one in answered]
    )
    products = {product.pk: product for product in locked.order_by("pk")}
    current = [
        one
        for one in answered
        if one.product_id in products and products[one.product_id].input_digest == one.input_digest
    ]
    _store(current, version, now)
    return _route(current, products, version, now) if is_routed else []


def hold_requests(claims: Sequence[Claim]) -> dict[int, Claim]:
    """Lock the requests of those `claims` that still hold; return these by request."""
    tokens = dict(
        ClassificationRequest.objects.select_for_update()
        .filter(pk__in=[claim.request_id for claim in claims], status=RequestStatus.CLAIMED)
        .order_by("pk")
        .values_list("pk", "lease_token")
    )
    return {c.request_id: c for c in claims if tokens.get(c.request_id) == c.token}


def lock_products(requests: Mapping[int, Claim]) -> dict[int, Product]:
    """Lock the products of held requests; return them by id."""
    locked = Product.objects.select_for_update(no_key=True).filter(
        pk__in=[claim.product_id for claim in requests.values()]
    )
    return {product.pk: product for product in locked.order_by("pk")}


def live_labels(products: Mapping[int, Product]) -> dict[int, FeedbackLabel]:
    """Return our people's answers that hold for the products' present input, by product.

    An imported label lists nothing: nobody here has looked at the product. While a lead is to
    decide between two people's answers, the first one still says where the product stays.
    """
    undecided = Disagreement.objects.filter(first=OuterRef("decision"), closed_at=None)
    holds = Q(ended_at=None) | Q(Exists(undecided))
    labels = FeedbackLabel.objects.filter(holds, product__in=products)
    # Of two the live one, which comes last.
    labels = labels.exclude(source=LabelSource.IMPORTED).order_by(
        F("ended_at").asc(nulls_last=True)
    )
    return {
        label.product_id: label
        for label in labels.select_related("category")
        if label.input_digest == products[label.product_id].input_digest
    }


def _let_wait(outdated: Sequence[Claim], products: Mapping[int, Product]) -> None:
    for claim in outdated:
        ClassificationRequest.objects.filter(pk=claim.request_id).update(
            status=RequestStatus.WAITING,
            input_digest=products[claim.product_id].input_digest,
            attempts=0,
            lease_token=None,
            lease_expires_at=None,
        )


def _store(answered: Sequence[Answered], version: ModelVersion, now: datetime) -> None:
    categories = dict(Category.objects.values_list("code", "pk"))
    Prediction.objects.bulk_create(
        (
            _prediction(one, answer, categories, version, now)
            for one in answered
            for answer in one.result.answers.values()
        ),
        # The same model has seen the same input before: then it says the same, and says it now.
        update_conflicts=True,
        unique_fields=["product", "model_version", "member", "input_digest"],
        update_fields=["created_at"],
    )
    store_embeddings(
        inputs={one.product_id: one.input_digest for one in answered},
        vectors={one.product_id: one.result.embedding for one in answered},
        version=version,
    )


def _prediction(
    one: Answered,
    answer: MemberAnswer,
    categories: Mapping[int, int],
    version: ModelVersion,
    now: datetime,
) -> Prediction:
    code = answer.top[0].code if answer.top else None
    if code is not None and code not in categories:
        raise UnknownCategory(f"Model {version.name} names category {code}; load its taxonomy.")
    return Prediction(
        product_id=one.product_id,
        model_version=version,
        member=answer.member.value,
        input_digest=one.input_digest,
        top=[[score.code, score.probability] for score in answer.top],
        category_id=None if code is None else categories[code],
        confidence=answer.confidence,
        absence=answer.absence.value if answer.absence else "",
        latency_ms=answer.latency_ms,
        created_at=now,
    )


def _route(
    answered: Sequence[Answered],
    products: dict[int, Product],
    version: ModelVersion,
    now: datetime,
) -> list[Route]:
    policy = current_policy(now=now)
    labels = live_labels(products)
    answers = _stored_answers(answered, version)
    learned = learned_among(version, list(products))
    routes = []
    for one in answered:
        product = products[one.product_id]
        product.predicted_at = now
        route = route_classified(
            product=product,
            answers=answers[one.product_id],
            policy=policy,
            label=labels.get(one.product_id),
            now=now,
            is_learned=one.product_id in learned,
        )
        routes.append(route)
    return routes


def _stored_answers(
    answered: Sequence[Answered], version: ModelVersion
) -> dict[int, dict[str, Prediction]]:
    """Return the rows as stored, by product and member: a route must rest on what is on record."""
    digests = {one.product_id: one.input_digest for one in answered}
    answers: dict[int, dict[str, Prediction]] = {product_id: {} for product_id in digests}
    rows = Prediction.objects.filter(
        product__in=digests, model_version=version, input_digest__in=set(digests.values())
    ).select_related("category")
    for row in rows:
        if row.input_digest == digests[row.product_id]:
            answers[row.product_id][row.member] = row
    return answers
