"""A product's reports as one case: weighed, reopened above the bar, and answered in the end.

Each function but `end_due_cases` runs inside the caller's transaction, with the product locked.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from reviewapp.choices import (
    CaseStatus,
    LabelSource,
    ProductStatus,
    ReportStatus,
    ReviewReason,
    ReviewStatus,
)
from reviewapp.domain import weight
from reviewapp.domain.priority import BY_LOT, REPORTED, reported_priority
from reviewapp.models import (
    Decision,
    FeedbackLabel,
    MisclassificationReport,
    Product,
    ReportCase,
    ReportPolicy,
    ReviewItem,
)
from reviewapp.selectors import report_cases as selectors
from reviewapp.services import review, take_downs
from reviewapp.services.report_mail import announce
from reviewapp.services.report_policies import current_report_policy, weight_rules

# A case of a product that is out of the shop waits for whoever has it in hand.
_LATER = timedelta(days=1)
_BATCH = 100


class NotCollecting(Exception):
    """The case is in front of a moderator, or closed."""


class OutOfShop(Exception):
    """The case waits: its product is not listed at the moment."""


def case_of(*, product: Product, now: datetime) -> ReportCase:
    """Return the product's open case; open one when there is none."""
    policy = current_report_policy(now=now)
    case, _created = ReportCase.objects.exclude(status=CaseStatus.CLOSED).get_or_create(
        product=product,
        defaults={
            "policy": policy,
            "opened_at": now,
            "due_at": now + timedelta(days=policy.collect_days),
        },
    )
    return case


def weigh(*, case: ReportCase, product: Product, now: datetime) -> None:
    """Weigh the case anew and store the arithmetic; reopen the listing when it reaches the bar.

    A case in review only moves its item up: what was reopened stays so until it is decided.
    """
    case.policy = current_report_policy(now=now)
    case.arithmetic = _arithmetic(case.policy, product, now)
    case.score = case.arithmetic["score"]
    case.save(update_fields=["policy", "score", "arithmetic"])
    if case.status == CaseStatus.IN_REVIEW or (
        product.status == ProductStatus.LISTED and _is_enough(case)
    ):
        send_to_review(case=case, product=product, priority=reported_priority(case.score), now=now)


def _is_enough(case: ReportCase) -> bool:
    """Whether the case reached the bar when it was weighed last."""
    return bool(case.arithmetic) and bool(case.score >= case.arithmetic["bar"])


def reaches_bar(*, product: Product, now: datetime) -> bool:
    """Say whether the reports that count now reach the bar. Stores nothing."""
    weighed = _arithmetic(current_report_policy(now=now), product, now)
    return bool(weighed["score"] >= weighed["bar"])


def _arithmetic(policy: ReportPolicy, product: Product, now: datetime) -> dict[str, Any]:
    rules = weight_rules(policy)
    reports, unheard = selectors.heard_reports(product)
    voices = selectors.voices(
        reports=reports,
        seller=product.seller_id,
        half_life_days=policy.half_life_days,
        now=now,
    )
    model, listed = selectors.model_view(product), selectors.listed_category(product)
    live = FeedbackLabel.objects.filter(product=product, ended_at=None)
    own = live.exclude(source=LabelSource.IMPORTED)
    is_human = own.filter(category=listed).exists()
    score = weight.score_case(voices, model, rules, listed=listed.code if listed else None)
    return weight.arithmetic(score) | {
        "unheard": unheard,
        "bar": weight.bar(rules, is_human=is_human),
        "is_human": is_human,
        "model": {"code": model.code, "confidence": model.confidence} if model else None,
    }


def send_to_review(
    *, case: ReportCase, product: Product, priority: float, now: datetime, by_lot: bool = False
) -> None:
    """Open the product's review item for the case, or join the open one.

    The product stays listed meanwhile, unless the policy takes those out of the shop whose reports
    reach the bar: a lot, an admin's wish or an undo alone takes nothing out.
    """
    if case.status != CaseStatus.IN_REVIEW:
        case.before, case.is_by_lot = {}, by_lot
    case.item = review.open_item(
        product=product, reasons=[ReviewReason.BUYER_REPORT], priority=priority, now=now
    )
    case.status = CaseStatus.IN_REVIEW
    is_listed = product.status == ProductStatus.LISTED
    if case.policy.hold_reopened and is_listed and _is_enough(case):
        take_downs.take_down(case=case, product=product, now=now)
    case.save(update_fields=["before", "is_by_lot", "item", "status"])


def settle(*, case: ReportCase, now: datetime) -> None:
    """Close the case when none of its reports is open; held ones wait until an admin has looked."""
    if case.reports.filter(status=ReportStatus.OPEN).exists():
        case.status, case.item, case.before = CaseStatus.COLLECTING, None, {}
        case.due_at = max(case.due_at, now + _LATER)
    else:
        case.status, case.closed_at = CaseStatus.CLOSED, now
    case.save(update_fields=["status", "item", "before", "due_at", "closed_at"])


def collect_anew(*, case: ReportCase, now: datetime) -> None:
    """Give a case that collects a whole period from `now` on: its reports have just begun to count."""
    if case.status == CaseStatus.COLLECTING:
        case.due_at = now + timedelta(days=case.policy.collect_days)
        case.save(update_fields=["due_at"])


def reopen_case(*, decision: Decision, case: ReportCase | None, now: datetime) -> ReportCase:
    """Return the open case that the reports of an undone decision belong to from now on.

    A case that was opened since takes them in; otherwise theirs, `case`, opens again.
    """
    current = selectors.open_case(decision.product) or case
    if current is None:
        current = case_of(product=decision.product, now=now)
    current.status, current.item, current.closed_at = CaseStatus.IN_REVIEW, decision.item, None
    current.save(update_fields=["status", "item", "closed_at"])
    return current


@transaction.atomic
def look_now(*, case_id: int, now: datetime) -> None:
    """Send a case to review below the bar, as an admin wishes. Raises NotCollecting, OutOfShop."""
    case = ReportCase.objects.get(pk=case_id)
    product = Product.objects.select_for_update(no_key=True).get(pk=case.product_id)
    case = ReportCase.objects.select_related("policy").get(pk=case_id)
    if case.status != CaseStatus.COLLECTING:
        raise NotCollecting
    if product.status != ProductStatus.LISTED:
        raise OutOfShop
    send_to_review(case=case, product=product, priority=REPORTED, now=now)


def end_due_cases(*, now: datetime) -> int:
    """End cases that have collected long enough without reaching the bar; return how many.

    A share, drawn by lot, goes in front of a moderator after all: it shows what the bar keeps
    out, and is how a reporter without a record gets one. The others are closed, and say why.
    """
    due = ReportCase.objects.filter(status=CaseStatus.COLLECTING, due_at__lte=now)
    ids = list(due.order_by("due_at").values_list("pk", "product")[:_BATCH])
    return sum(_end_due(case_id, product_id, now) for case_id, product_id in ids)


@transaction.atomic
def _end_due(case_id: int, product_id: int, now: datetime) -> bool:
    product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
    case = ReportCase.objects.select_related("policy").get(pk=case_id)
    if case.status != CaseStatus.COLLECTING or case.due_at > now:
        return False  # another sweep, a report or a decision came first
    if product.status != ProductStatus.LISTED:
        case.due_at = now + _LATER
        case.save(update_fields=["due_at"])
        return False
    # What reporters have earned since they filed counts, too.
    weigh(case=case, product=product, now=now)
    if case.status == CaseStatus.IN_REVIEW:
        return False
    has_voices = selectors.counting_reports(product).exists()
    if has_voices and lot(case.pk) < case.policy.lot_share:
        send_to_review(case=case, product=product, priority=BY_LOT, now=now, by_lot=True)
        return True
    _expire(case, now)
    return case.status == CaseStatus.CLOSED


def _expire(case: ReportCase, now: datetime) -> None:
    reports = case.reports.filter(~selectors.HELD, status=ReportStatus.OPEN)
    ids = list(reports.values_list("pk", flat=True))
    # By id: the condition reads the ring, and an UPDATE knows no joins.
    MisclassificationReport.objects.filter(pk__in=ids).update(
        status=ReportStatus.EXPIRED, resolved_at=now
    )
    announce(report_ids=ids, now=now)
    settle(case=case, now=now)


def lot(case_id: int) -> float:
    """Return a number in [0, 1), uniform over cases, always the same for the same case."""
    digest = hashlib.sha256(f"report-case:{case_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def withdraw(*, case: ReportCase, product: Product, now: datetime) -> dict[str, bool]:
    """Take back what the case did to item and listing; say what that was.

    An item that nobody else asked for is closed, another loses the reason and its urgency; one that
    a moderator has in hand stays, and the case remembers to withdraw it later. A listing comes back
    when this case took it down and nothing has changed since; where the product has changed,
    somebody still has to look at it.
    """
    nothing = {"item_closed": False, "listing_restored": False}
    item = (
        ReviewItem.objects.select_for_update(no_key=True, of=("self",)).get(pk=case.item_id)
        if case.item_id is not None and case.status == CaseStatus.IN_REVIEW
        else None
    )
    if item is None or item.status == ReviewStatus.RESOLVED:
        return nothing
    if not review.is_free(item, now):
        case.before |= {"withdraw": True}
        case.save(update_fields=["before"])
        return nothing
    others = [reason for reason in item.reasons if reason != ReviewReason.BUYER_REPORT]
    # An appeal against the take-down is no reason to keep it up.
    is_reports = not set(others) - {ReviewReason.SELLER_APPEAL}
    restored = is_reports and take_downs.restore(product=product, now=now)
    if others:
        review.set_priority(item=item, reasons=others)
        item.save(update_fields=["reasons", "priority", "expected_cost"])
    elif product.status == ProductStatus.IN_REVIEW:
        return nothing  # without its item the product would be nowhere
    else:
        item.status, item.resolved_at = ReviewStatus.RESOLVED, now
        item.claimed_by = item.claim_expires_at = None
        item.save(update_fields=["status", "resolved_at", "claimed_by", "claim_expires_at"])
    case.status, case.item, case.before = CaseStatus.COLLECTING, None, {}
    case.save(update_fields=["status", "item", "before"])
    return {"item_closed": not others, "listing_restored": restored}
