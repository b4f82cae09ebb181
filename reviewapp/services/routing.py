"""Routing: turning what the models said into a listing or a review item, with a stored reason.

Each function runs inside the caller's transaction, with the product row locked.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from reviewapp.choices import MemberChoice, ProductStatus, ReviewReason, ReviewStatus, RouteOutcome
from reviewapp.domain import routing
from reviewapp.domain.priority import AUDIT
from reviewapp.domain.routing import Evidence, MemberOpinion, RouteDecision
from reviewapp.models import FeedbackLabel, Prediction, Product, ReviewItem, Route, RoutingPolicy
from reviewapp.services.listing import hold_product, list_product
from reviewapp.services.policies import rules
from reviewapp.services.review import cost_of_doubt, is_free, open_item

Answers = Mapping[str, Prediction]


def route_classified(
    *,
    product: Product,
    answers: Answers,
    policy: RoutingPolicy,
    label: FeedbackLabel | None,
    now: datetime,
    is_learned: bool = False,
) -> Route:
    """Route a product by its members' stored answers (by member) and return the new Route.

    is_learned: whether the version that answered has learned the product before it was edited

    `label` is the product's live FeedbackLabel for this very input, if there is one: then the
    person's category stands, whatever the models say.
    """
    if label is not None:
        return _keep_label(product, answers, policy, label, now)
    numbers = rules(policy)
    evidence = replace(_evidence(product, answers), is_learned=is_learned)
    decision = routing.route(evidence, routing.audit_draw(product.pk, policy.version), numbers)
    details = _details(answers, policy)
    if evidence.fusion is not None:
        details["accept_at"] = numbers.threshold(evidence.fusion.code, evidence.missing)
    route = _record(product, answers, policy, decision, details, now)
    fusion = answers[MemberChoice.FUSION]
    if decision.outcome == RouteOutcome.REVIEW:
        _to_review(product, route, now)
    else:
        _to_shop(product, fusion, route, now)
    return route


def route_failed(
    *,
    product: Product,
    failure: str,
    detail: str,
    policy: RoutingPolicy,
    label: FeedbackLabel | None,
    now: datetime,
) -> Route | None:
    """Send a product that could not be classified to review; return the Route.

    failure: a FailureCode; detail: what the program said, for the technically minded.
    A product with a person's answer for this input needs no model: it stays, and no Route is made.
    """
    if label is not None:
        return None
    decision = routing.route(Evidence(fusion=None, failure=failure), 0.0, rules(policy))
    details = {"failure": failure, "failure_detail": detail}
    route = _record(product, {}, policy, decision, details, now)
    _to_review(product, route, now)
    return route


def _evidence(product: Product, answers: Answers) -> Evidence:
    return Evidence(
        fusion=_opinion(answers.get(MemberChoice.FUSION)),
        cnn=_opinion(answers.get(MemberChoice.CNN)),
        bert=_opinion(answers.get(MemberChoice.BERT)),
        has_text=bool(product.designation.strip() or product.description.strip()),
        has_image=product.image_id is not None,
    )


def _opinion(answer: Prediction | None) -> MemberOpinion | None:
    if answer is None or answer.confidence is None:
        return None
    return MemberOpinion(code=answer.top[0][0], confidence=answer.confidence)


def _details(answers: Answers, policy: RoutingPolicy) -> dict[str, Any]:
    """The numbers behind the reasons.

    For each member its code and confidence, or why it is absent; and the policy's numbers.
    """
    members = {
        member: (
            {"absence": answer.absence}
            if answer.confidence is None
            else {"code": answer.top[0][0], "confidence": round(answer.confidence, 6)}
        )
        for member, answer in answers.items()
    }
    return {
        "members": members,
        "accept_at": policy.accept_at,
        "disagreement_at": policy.disagreement_at,
    }


def _record(
    product: Product,
    answers: Answers,
    policy: RoutingPolicy,
    decision: RouteDecision,
    details: dict[str, Any],
    now: datetime,
) -> Route:
    return Route.objects.create(
        product=product,
        prediction=answers.get(MemberChoice.FUSION),
        policy=policy,
        outcome=decision.outcome,
        reasons=list(decision.reasons),
        details=details,
        inclusion_probability=decision.inclusion_probability,
        stratum=decision.stratum,
        created_at=now,
    )


def _keep_label(
    product: Product, answers: Answers, policy: RoutingPolicy, label: FeedbackLabel, now: datetime
) -> Route:
    decision = RouteDecision(RouteOutcome.LISTED, (), label.inclusion_probability)
    details = _details(answers, policy) | {"label": label.pk}
    route = _record(product, answers, policy, decision, details, now)
    if product.status != ProductStatus.LISTED and _open_item_of(product) is None:
        list_product(product=product, category=label.category, now=now)
    return route


def _to_review(product: Product, route: Route, now: datetime) -> None:
    hold_product(product=product)
    reasons = [ReviewReason(reason) for reason in route.reasons]
    cost = cost_of_doubt(route)
    open_item(product=product, reasons=reasons, priority=cost, route=route, now=now)


def _to_shop(product: Product, fusion: Prediction, route: Route, now: datetime) -> None:
    item = _open_item_of(product)
    if item is not None and not _withdraw(item, now) and product.status != ProductStatus.LISTED:
        # A moderator has it in hand; the new answers are there for the decision.
        hold_product(product=product)
        route.details["held"] = True
        route.save(update_fields=["details"])
        item.route = route
        item.save(update_fields=["route"])
        return
    if fusion.category is None:
        raise ValueError(f"Product {product.pk} cannot be listed: FUSION has no answer.")
    list_product(product=product, category=fusion.category, now=now)
    if ReviewReason.AUDIT in route.reasons:
        open_item(
            product=product, reasons=[ReviewReason.AUDIT], priority=AUDIT, route=route, now=now
        )


def _open_item_of(product: Product) -> ReviewItem | None:
    return (
        ReviewItem.objects.select_for_update(no_key=True)
        .filter(product=product)
        .exclude(status=ReviewStatus.RESOLVED)
        .first()
    )


def _withdraw(item: ReviewItem, now: datetime) -> bool:
    """Close an item that only asked what the new answers have settled; say whether it was."""
    if not is_free(item, now) or not routing.are_models_doubts(item.reasons):
        return False
    item.status = ReviewStatus.RESOLVED
    item.resolved_at = now
    item.claimed_by = None
    item.claim_expires_at = None
    item.save(update_fields=["status", "resolved_at", "claimed_by", "claim_expires_at"])
    return True
