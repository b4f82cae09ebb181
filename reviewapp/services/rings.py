"""Bursts and rings of reports: held, then voided with their effects undone, or released.

Locks are taken in the order product (by id), review item, ring, reports.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from reviewapp.choices import CaseStatus, ReportStatus, RingStatus, Verdict
from reviewapp.domain.rings import Ring, find_rings
from reviewapp.models import (
    Decision,
    MisclassificationReport,
    Product,
    ReportCase,
    ReportRing,
    RingEvent,
    User,
)
from reviewapp.selectors import report_cases as cases
from reviewapp.selectors import rings as selectors
from reviewapp.selectors.interests import is_party
from reviewapp.services import report_cases, report_mail
from reviewapp.services.report_policies import current_report_policy, ring_rules, weight_rules
from reviewapp.services.reports import answer_reports

_HOLDABLE = [ReportStatus.OPEN, ReportStatus.UPHELD, ReportStatus.DISMISSED]


@dataclass(eq=False)
class RingSettled(Exception):
    """Somebody has voided or released the ring already."""

    status: RingStatus


@dataclass(eq=False)
class NotImpartial(Exception):
    """One of the reports, or a product that they are about, is this person's own."""


def hold_rings(*, now: datetime) -> int:
    """Find rings among the latest reports and hold them; return how many reports are held anew.

    Held reports do not count until an admin has looked, answered ones in no record. A ring that
    goes on grows. Safe to repeat.
    """
    policy = current_report_policy(now=now)
    # Twice the longest window: a sweep that comes late still sees whole crowds.
    since = now - 2 * timedelta(seconds=max(policy.network_seconds, policy.burst_seconds))
    filed = selectors.filed_since(
        since=since,
        rules=weight_rules(policy),
        half_life_days=policy.half_life_days,
        now=now,
    )
    usual = selectors.usual(before=since, filed=filed)
    found = find_rings(filed, usual, ring_rules(policy))
    return sum(_hold(ring, now) for ring in found)


@transaction.atomic
def void_ring(*, ring_id: int, admin: User, note: str, now: datetime) -> RingEvent:
    """Set all reports of a held ring aside and undo what they did; record it.

    They count in nobody's record, answered ones included. A review item that only they opened is
    closed unless a moderator has it (then once it is free), a listing that they took down comes
    back; what other reports carry by themselves stays. Raises RingSettled, NotImpartial.
    """
    ring, products = _lock(ring_id)
    _require_no_interest(admin, products)
    reports = list(MisclassificationReport.objects.filter(ring=ring).order_by("pk"))
    answered = [
        (report.pk, report.decision_id, report.status) for report in reports if report.decision_id
    ]
    count = MisclassificationReport.objects.filter(ring=ring).update(
        status=ReportStatus.VOIDED, decision=None, resolved_at=now
    )
    report_mail.announce(report_ids=[report.pk for report in reports], now=now)
    ring.status = RingStatus.VOIDED
    ring.save(update_fields=["status"])
    effects = {"items_closed": 0, "listings_restored": 0}
    for product in products:
        done = _undo_effects(product, now)
        effects["items_closed"] += done["item_closed"]
        effects["listings_restored"] += done["listing_restored"]
    return _record(
        ring,
        RingStatus.VOIDED,
        effects | {"reports": count, "answered": answered},
        now,
        admin,
        note,
    )


def finish_voids(*, now: datetime) -> int:
    """Withdraw what a moderator had in hand when its ring was voided; return how many items.

    For items that were given back, or whose claim has run out. Safe to repeat.
    """
    has_holder = Q(item__claim_expires_at__gt=now) | Q(item__escalated_at__isnull=False)
    left = ReportCase.objects.filter(status=CaseStatus.IN_REVIEW, before__withdraw=True)
    ids = list(left.exclude(has_holder).order_by("product").values_list("product", flat=True))
    return sum(_finish_void(product_id, now) for product_id in ids)


@transaction.atomic
def _finish_void(product_id: int, now: datetime) -> bool:
    [product] = _lock_products([product_id])
    case = cases.open_case(product)
    if case is None or not case.before.get("withdraw"):
        return False  # decided meanwhile
    return _undo_effects(product, now)["item_closed"]


@transaction.atomic
def release_ring(*, ring_id: int, admin: User, note: str, now: datetime) -> RingEvent:
    """Let the reports of a held ring count like any others; record it.

    Those whose product a moderator has decided meanwhile are answered by that decision.
    Raises RingSettled, NotImpartial.
    """
    ring, products = _lock(ring_id)
    _require_no_interest(admin, products)
    ring.status = RingStatus.RELEASED
    ring.save(update_fields=["status"])
    answered = 0
    for product in products:
        answered += _answer_late(ring, product, now)
        case = cases.open_case(product)
        if case is not None:
            report_cases.weigh(case=case, product=product, now=now)
            report_cases.collect_anew(case=case, now=now)
            _settle_if_done(case, now)
    count = MisclassificationReport.objects.filter(ring=ring).count()
    details = {"reports": count, "answered": answered}
    return _record(ring, RingStatus.RELEASED, details, now, admin, note)


@transaction.atomic
def _hold(found: Ring, now: datetime) -> int:
    members = MisclassificationReport.objects.filter(pk__in=found.reports)
    _lock_products(members.values_list("product", flat=True))
    # Answered ones, too: what a crowd was quick to get upheld must not make its record.
    free = members.filter(ring=None, status__in=_HOLDABLE)
    ids = list(free.values_list("pk", flat=True))
    if not ids:
        return 0
    ring = ReportRing.objects.filter(reports__in=found.reports, status=RingStatus.HELD).first()
    newest = max(members.values_list("created_at", flat=True))
    if ring is None:
        ring = ReportRing.objects.create(
            signs=[sign.value for sign in found.signs], found_at=now, last_report_at=newest
        )
    else:
        ring.signs = sorted({*ring.signs, *(sign.value for sign in found.signs)})
        ring.last_report_at = max(ring.last_report_at, newest)
        ring.save(update_fields=["signs", "last_report_at"])
    MisclassificationReport.objects.filter(pk__in=ids).update(ring=ring)
    for product in Product.objects.filter(reports__in=ids).distinct().order_by("pk"):
        case = cases.open_case(product)
        if case is not None:
            report_cases.weigh(case=case, product=product, now=now)
    _record(ring, RingStatus.HELD, selectors.numbers_of(ring, now=now) | {"new": len(ids)}, now)
    return len(ids)


def _lock(ring_id: int) -> tuple[ReportRing, list[Product]]:
    """Lock the ring's products, then the ring. Raises RingSettled, ReportRing.DoesNotExist."""
    of_ring = MisclassificationReport.objects.filter(ring=ring_id)
    products = _lock_products(of_ring.values_list("product", flat=True))
    ring = ReportRing.objects.select_for_update(no_key=True).get(pk=ring_id)
    if ring.status != RingStatus.HELD:
        raise RingSettled(RingStatus(ring.status))
    return ring, products


def _require_no_interest(admin: User, products: Collection[Product]) -> None:
    if any(is_party(person=admin, product=product) for product in products):
        raise NotImpartial


def _lock_products(ids: Collection[int]) -> list[Product]:
    locked = Product.objects.select_for_update(no_key=True).filter(pk__in=set(ids))
    return list(locked.order_by("pk"))


def _undo_effects(product: Product, now: datetime) -> dict[str, bool]:
    done = {"item_closed": False, "listing_restored": False}
    case = cases.open_case(product)
    if case is None:
        return done
    if case.status == CaseStatus.IN_REVIEW and not _stands_alone(case, product, now):
        done = report_cases.withdraw(case=case, product=product, now=now)
    report_cases.weigh(case=case, product=product, now=now)
    _settle_if_done(case, now)
    return done


def _stands_alone(case: ReportCase, product: Product, now: datetime) -> bool:
    """Say whether what is left of the case would have opened the item too."""
    if case.is_by_lot:
        return cases.counting_reports(product).exists()
    return report_cases.reaches_bar(product=product, now=now)


def _settle_if_done(case: ReportCase, now: datetime) -> None:
    if case.status == CaseStatus.COLLECTING and not _open_reports(case):
        report_cases.settle(case=case, now=now)


def _open_reports(case: ReportCase) -> bool:
    return case.reports.filter(status=ReportStatus.OPEN).exists()


def _answer_late(ring: ReportRing, product: Product, now: datetime) -> int:
    # An answer to a check leaves no label: it has moved nothing, and answers nobody.
    decision = (
        Decision.objects.filter(
            product=product,
            verdict__in=[Verdict.CONFIRMED, Verdict.CORRECTED],
            undone_by=None,
            label__isnull=False,
        )
        .order_by("-id")
        .first()
    )
    if decision is None:
        return 0
    late = MisclassificationReport.objects.filter(
        ring=ring,
        product=product,
        status=ReportStatus.OPEN,
        created_at__lte=decision.decided_at,
    )
    ids = list(late.values_list("pk", flat=True))
    return answer_reports(report_ids=ids, decision=decision, now=now)


def _record(
    ring: ReportRing,
    kind: RingStatus,
    details: dict[str, Any],
    now: datetime,
    actor: User | None = None,
    note: str = "",
) -> RingEvent:
    return RingEvent.objects.create(
        ring=ring, kind=kind, details=details, actor=actor, note=note, at=now
    )
