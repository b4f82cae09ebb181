"""What a reporter who wants mail is told when a report is answered."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from reviewapp.choices import ReportStatus
from reviewapp.models import MisclassificationReport
from reviewapp.services.mail import post_mail, wants_mail, withdraw_mail


def announce(*, report_ids: Collection[int], now: datetime) -> None:
    """Put the answers to these reports into the outbox, for those who want mail."""
    answered = MisclassificationReport.objects.filter(
        pk__in=report_ids, reporter__wants_mail=True
    ).select_related("reporter", "product", "reported_category", "decision__category")
    for report in answered:
        if report.reporter is not None and wants_mail(report.reporter):
            with translation.override(report.reporter.language or settings.LANGUAGE_CODE):
                post_mail(
                    recipient=report.reporter,
                    key=_key(report.pk, report.decision_id, report.status),
                    subject=_("Your report has an answer"),
                    body=_body(report),
                    now=now,
                )


def take_back(*, answers: Collection[tuple[int, int | None]]) -> None:
    """Take back unsent news of answers, (report, decision) each, that do not stand any more."""
    statuses = (ReportStatus.UPHELD, ReportStatus.DISMISSED, ReportStatus.EXPIRED)
    withdraw_mail(
        keys=[_key(report, decision, status) for report, decision in answers for status in statuses]
    )


def _key(report_id: int, decision_id: int | None, status: str) -> str:
    return f"report:{report_id}:{decision_id or 0}:{status}"


def _body(report: MisclassificationReport) -> str:
    words = {
        "product": report.title or _("A product that is not in the shop at the moment"),
        "category": report.reported_category.name,
        "right": report.decision.category.name
        if report.decision and report.decision.category
        else "",
    }
    told = _("You reported that “%(product)s” does not belong in “%(category)s”.") % words
    if report.status == ReportStatus.UPHELD:
        answer = _("You were right. Thank you: it was moved to “%(right)s”.") % words
    elif report.status == ReportStatus.DISMISSED:
        answer = _("A moderator looked and found “%(right)s” right.") % words
    elif report.status == ReportStatus.VOIDED:
        answer = _(
            "An administrator has set it aside together with others that looked agreed upon. If you"
            " reported by yourself and the category is still wrong, you can report it again."
        )
    else:
        answer = _(
            "Nobody looked: too little spoke against the category. Should others report it too,"
            " we look again."
        )
    end = _("You get this because you asked for it on the page “My reports”, where you can end it.")
    return f"{told}\n\n{answer}\n\n{end}\n"
