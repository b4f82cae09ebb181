"""Buyers' reports, as their reporter sees them."""

from reviewapp.choices import ReportStatus
from reviewapp.models import MisclassificationReport, Product, User
from reviewapp.selectors.pages import Page, page_by_time

PAGE_SIZE = 25


def reports_of(*, reporter: User, cursor: str = "") -> Page[MisclassificationReport]:
    """Return one page of a person's reports, newest first. Raises pages.CursorInvalid."""
    reports = MisclassificationReport.objects.filter(reporter=reporter).select_related(
        "product__image",
        "product__category",
        "reported_category",
        "suggested_category",
        "decision__category",
    )
    return page_by_time(reports, field="created_at", cursor=cursor, size=PAGE_SIZE)


def open_report(*, product: Product, reporter: User) -> MisclassificationReport | None:
    return MisclassificationReport.objects.filter(
        product=product, reporter=reporter, status=ReportStatus.OPEN
    ).first()
