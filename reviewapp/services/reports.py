"""Buyers' reports of a wrong category: filed, answered, and reopened by an undo.

What they weigh together is in `reviewapp.services.report_cases`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from reviewapp.choices import ProductStatus, ReportStatus
from reviewapp.domain.weight import is_limited
from reviewapp.models import (
    Category,
    Decision,
    MisclassificationReport,
    Product,
    User,
)
from reviewapp.selectors import report_cases as selectors
from reviewapp.services import report_cases, report_mail, review
from reviewapp.services.networks import hash_for_report
from reviewapp.services.report_policies import current_report_policy, weight_rules

_BY_DECISION = [ReportStatus.UPHELD, ReportStatus.DISMISSED]
_ANSWER = ["status", "decision", "resolved_at", "earlier"]


@dataclass(eq=False)
class ReportRefused(Exception):
    """The report makes no sense, or the reporter has too many open; `message` says so."""

    message: str


class AnonymousRefused(ReportRefused):
    """This report needs a person who has signed in."""


@transaction.atomic
def submit_report(
    *,
    product: Product,
    reporter: User | None,
    suggested_category: Category | None,
    comment: str,
    now: datetime,
    address: str = "",
) -> MisclassificationReport:
    """File a report, or bring the open one up to date, and weigh the product's case anew.

    reporter: None for an anonymous report; then a network has one open report of the product
    address: the reporter's network address; only a hash of its network is kept
    Locks the product. Raises ReportRefused for a product that is not listed, a suggestion of the
    category it has, people limited by their record, and refused anonymous reports.
    """
    product = Product.objects.select_for_update().get(pk=product.pk)
    if product.status != ProductStatus.LISTED or product.category_id is None:
        raise ReportRefused(_("This product is not in the catalogue at the moment."))
    if suggested_category is not None and suggested_category.pk == product.category_id:
        raise ReportRefused(_("The product is already in this category; choose another one."))
    network = hash_for_report(product=product, address=address, now=now)
    if reporter is None:
        _refuse_anonymous(network, now)
        whose: dict[str, Any] = {"reporter": None, "network": network}
    else:
        _refuse_limited(reporter, product, now)
        whose = {"reporter": reporter}
    said = {"suggested_category": suggested_category, "comment": comment}
    seen = {
        "reported_category_id": product.category_id,
        "reported_title": product.designation,
        "reported_digest": product.input_digest,
    }
    case = report_cases.case_of(product=product, now=now)
    mine = MisclassificationReport.objects.filter(**whose, product=product)
    report = mine.filter(status=ReportStatus.OPEN).first()
    if report is None:
        filed = {"case": case, "network": network, "created_at": now, "is_demo": product.is_demo}
        report = mine.create(**whose | said | seen | filed, product=product)
    else:
        _say_anew(report, said, seen)
    if reporter is not None:
        review.give_up(product=product, party=reporter)
    report_cases.weigh(case=case, product=product, now=now)
    return report


def _say_anew(
    report: MisclassificationReport, said: Mapping[str, Any], seen: Mapping[str, Any]
) -> None:
    """Bring an open report up to date with what is filed again: a bare click changes nothing.

    From one network come several people: nobody takes back what others have said, the first word
    counts. Where the product has moved since, the report is about its new place, and all is new.
    """
    has_moved = report.reported_category_id != seen["reported_category_id"]
    if not has_moved and not any(said.values()):
        return
    changes = {**said, **seen}
    if report.reporter_id is None and not has_moved:
        changes = {name: value for name, value in said.items() if not getattr(report, name)}
    for name, value in changes.items():
        setattr(report, name, value)
    report.save(update_fields=list(changes))


def close_reports(*, product: Product, decision: Decision, now: datetime) -> int:
    """Answer the product's open reports by `decision`, and close their case; return how many.

    Upheld when the decision moved the product out of the category the buyer saw. Held reports
    stay unanswered until an admin has looked at them. Reports about the same input that another
    category has answered, or that were closed without a look, get their answer anew.
    """
    open_reports = MisclassificationReport.objects.filter(
        ~selectors.HELD, product=product, status=ReportStatus.OPEN
    )
    ids = list(open_reports.values_list("pk", flat=True))
    count = answer_reports(report_ids=ids, decision=decision, now=now) if ids else 0
    _answer_anew(product, decision, now)
    case = selectors.open_case(product)
    if case is not None:
        report_cases.settle(case=case, now=now)
    return count


def answer_reports(*, report_ids: list[int], decision: Decision, now: datetime) -> int:
    """Uphold or dismiss the open reports among `report_ids` by `decision`; return how many."""
    reports = MisclassificationReport.objects.filter(pk__in=report_ids, status=ReportStatus.OPEN)
    answered = {"decision": decision, "resolved_at": now}
    dismissed = reports.filter(reported_category=decision.category_id).update(
        status=ReportStatus.DISMISSED, **answered
    )
    upheld = reports.update(status=ReportStatus.UPHELD, **answered)
    report_mail.announce(report_ids=report_ids, now=now)
    return dismissed + upheld


def _answer_anew(product: Product, decision: Decision, now: datetime) -> None:
    """Let `decision` answer what decisions that it overturns have answered, and what nobody looked at.

    What was decided or reported about an earlier input of the product was about something else, and
    stays.
    """
    reports = list(_overturned(product, decision))
    reports += _expired(product, decision, besides=reports)
    if not reports:
        return
    for report in reports:
        is_dismissed = report.reported_category_id == decision.category_id
        report.earlier.append(_answer_of(report))
        report.status = ReportStatus.DISMISSED if is_dismissed else ReportStatus.UPHELD
        report.decision, report.resolved_at = decision, now
    MisclassificationReport.objects.bulk_update(reports, _ANSWER)
    report_mail.announce(report_ids=[report.pk for report in reports], now=now)


def _overturned(product: Product, decision: Decision) -> QuerySet[MisclassificationReport]:
    return MisclassificationReport.objects.filter(
        product=product,
        status__in=_BY_DECISION,
        decision__label__input_digest=product.input_digest,
    ).exclude(decision__category=decision.category_id)


def _expired(
    product: Product, decision: Decision, *, besides: Iterable[MisclassificationReport]
) -> list[MisclassificationReport]:
    """Return the reports that were closed without a look, each reporter's newest.

    Not of those whom `decision` answers anyway: everybody is told once, and it counts once in the
    record.
    """
    expired = MisclassificationReport.objects.filter(
        product=product, status=ReportStatus.EXPIRED, reported_digest=product.input_digest
    ).order_by("created_at", "pk")
    # Anonymous reports have nobody in common.
    newest = {report.reporter_id or -report.pk: report for report in expired}
    if not newest:
        return []
    answered = MisclassificationReport.objects.filter(decision=decision).exclude(reporter=None)
    told = {*answered.values_list("reporter", flat=True), *(one.reporter_id for one in besides)}
    return [report for person, report in newest.items() if person not in told]


def _answer_of(report: MisclassificationReport) -> dict[str, Any]:
    resolved_at = report.resolved_at.isoformat() if report.resolved_at else None
    return {"decision": report.decision_id, "status": report.status, "resolved_at": resolved_at}


def _restore_answers(decision: Decision, now: datetime) -> None:
    """Give the reports that `decision` has answered anew the answers they had before."""
    overturning = MisclassificationReport.objects.filter(
        decision=decision, status__in=_BY_DECISION
    ).exclude(earlier=[])
    reports = list(overturning)
    for report in reports:
        before = report.earlier.pop()
        report.decision_id, report.status = before["decision"], before["status"]
        report.resolved_at = datetime.fromisoformat(before["resolved_at"])
    MisclassificationReport.objects.bulk_update(reports, _ANSWER)
    report_mail.announce(report_ids=[report.pk for report in reports], now=now)


def reopen_reports(*, decision: Decision, now: datetime) -> int:
    """Open again what `decision` answered, after its undo; return how many.

    What it answered anew has its answer from before again.
    A buyer who has filed a newer report on the product meanwhile keeps only that one open, and so
    does a network that reports anonymously.
    """
    _restore_answers(decision, now)
    newer = MisclassificationReport.objects.filter(
        product=decision.product_id, status=ReportStatus.OPEN
    )
    of_buyers, of_networks = newer.exclude(reporter=None), newer.filter(reporter=None)
    reports = MisclassificationReport.objects.filter(
        decision=decision, status__in=_BY_DECISION
    ).exclude(
        Q(reporter__in=of_buyers.values("reporter"))
        | Q(reporter=None, network__in=of_networks.exclude(network="").values("network"))
    )
    first = reports.select_related("case").first()
    if first is None:
        return 0
    report_mail.take_back(report_ids=list(reports.values_list("pk", flat=True)))
    case = report_cases.reopen_case(decision=decision, case=first.case, now=now)
    return reports.update(case=case, status=ReportStatus.OPEN, decision=None, resolved_at=None)


def _refuse_anonymous(network: str, now: datetime) -> None:
    if not current_report_policy(now=now).allow_anonymous:
        raise AnonymousRefused(_("Sign in at the marketplace to report this product."))
    if not network:
        raise AnonymousRefused(_("Your network could not be told; sign in to report."))


def _refuse_limited(reporter: User, product: Product, now: datetime) -> None:
    """Limit people of whose many reports next to none was right; a change of one is no new one."""
    policy = current_report_policy(now=now)
    known = selectors.answers_of(
        reporter=reporter.pk, half_life_days=policy.half_life_days, now=now
    )
    if not is_limited(known, weight_rules(policy)):
        return
    others = MisclassificationReport.objects.filter(reporter=reporter, status=ReportStatus.OPEN)
    if others.exclude(product=product).count() >= policy.limit_open:
        raise ReportRefused(
            _("You can report more once we have answered the reports you have open.")
        )
