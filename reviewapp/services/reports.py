"""Buyers' reports of a wrong category: filed, answered, and reopened by an undo."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from reviewapp.choices import ProductStatus, ReportStatus, ReviewReason
from reviewapp.domain.priority import REPORTED
from reviewapp.models import Category, Decision, MisclassificationReport, Product, User
from reviewapp.services import review


@dataclass(eq=False)
class ReportRefused(Exception):
    """The report makes no sense; `message` says why, to the buyer."""

    message: str


@transaction.atomic
def submit_report(
    *,
    product: Product,
    reporter: User,
    suggested_category: Category | None,
    comment: str,
    now: datetime,
) -> MisclassificationReport:
    """File a report, or bring the buyer's open one up to date, and open the product's review item.

    Locks the product. Raises ReportRefused for a product that is not listed, or a suggestion
    that names the category the product already has.
    """
    product = Product.objects.select_for_update().get(pk=product.pk)
    if product.status != ProductStatus.LISTED or product.category_id is None:
        raise ReportRefused(_("This product is not in the catalogue at the moment."))
    if suggested_category is not None and suggested_category.pk == product.category_id:
        raise ReportRefused(_("The product is already in this category; choose another one."))
    report, _created = MisclassificationReport.objects.update_or_create(
        product=product,
        reporter=reporter,
        status=ReportStatus.OPEN,
        defaults={"suggested_category": suggested_category, "comment": comment},
        create_defaults={
            "suggested_category": suggested_category,
            "comment": comment,
            "reported_category_id": product.category_id,
            "created_at": now,
            "is_demo": product.is_demo,
        },
    )
    review.open_item(
        product=product, reasons=[ReviewReason.BUYER_REPORT], priority=REPORTED, now=now
    )
    return report


def close_reports(*, product: Product, decision: Decision, now: datetime) -> int:
    """Answer the product's open reports by `decision`; return how many.

    Upheld when the decision moved the product out of the category the buyer saw.
    """
    open_reports = MisclassificationReport.objects.filter(product=product, status=ReportStatus.OPEN)
    answered = {"decision": decision, "resolved_at": now}
    dismissed = open_reports.filter(reported_category=decision.category_id).update(
        status=ReportStatus.DISMISSED, **answered
    )
    return dismissed + open_reports.update(status=ReportStatus.UPHELD, **answered)


def reopen_reports(*, decision: Decision) -> int:
    """Open again what `decision` answered, after its undo; return how many.

    A buyer who has filed a newer report on the product meanwhile keeps only that one open.
    """
    newer = MisclassificationReport.objects.filter(
        product=decision.product_id, status=ReportStatus.OPEN
    ).values("reporter")
    return (
        MisclassificationReport.objects.filter(decision=decision)
        .exclude(reporter__in=newer)
        .update(status=ReportStatus.OPEN, decision=None, resolved_at=None)
    )
