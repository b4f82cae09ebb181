"""What a reporter who wants mail is told when a report is answered."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from reviewapp.choices import ReportStatus
from reviewapp.models import Mail, MisclassificationReport
from reviewapp.services.mail import post_mail, wants_mail


def announce(*, report_ids: Collection[int], now: datetime) -> None:
    """Put the answers to these reports into the outbox, for those who want mail.

    What waits there about them is taken back. Nobody is told the same twice running, however long
    ago the first time was. Call it with the products locked.
    """
    take_back(report_ids=report_ids)
    told = _told(report_ids)
    answered = MisclassificationReport.objects.filter(
        pk__in=report_ids, reporter__wants_mail=True
    ).select_related("reporter", "product", "reported_category", "decision__category")
    for report in answered:
        before = told.get(report.pk, [])
        is_news = before[-1:] != [report.status]
        if is_news and report.reporter is not None and wants_mail(report.reporter):
            with translation.override(report.reporter.language or settings.LANGUAGE_CODE):
                post_mail(
                    recipient=report.reporter,
                    key=f"report:{report.pk}:{len(before)}",
                    subject=_("Your report has an answer"),
                    body=_body(report, is_another=bool(before)),
                    now=now,
                    report=report,
                )


def take_back(*, report_ids: Collection[int]) -> None:
    """Take back unsent news of answers that do not stand any more."""
    waiting = Mail.objects.filter(report__in=report_ids, sent_at=None)
    waiting.filter(attempts=0).delete()
    # A worker may be sending it at this moment: it counts as told, and is not tried again.
    waiting.update(attempts=Mail.MOST_ATTEMPTS)


def _told(report_ids: Collection[int]) -> dict[int, list[str]]:
    """Return which answers each reporter has been told, in order; what merely waits is none."""
    told: dict[int, list[str]] = defaultdict(list)
    rows = Mail.objects.filter(report__in=report_ids).exclude(attempts=0, sent_at=None)
    for report, answer in rows.order_by("pk").values_list("report_id", "answer"):
        told[report].append(answer)
    return told


def _body(report: MisclassificationReport, *, is_another: bool) -> str:
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
    if is_another:
        answer += "\n" + _("This takes the place of the answer that we sent you before.")
    end = _("You get this because you asked for it on the page “My reports”, where you can end it.")
    return f"{told}\n\n{answer}\n\n{end}\n"
