from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from reviewapp.choices import ReportStatus
from reviewapp.models.reports import MisclassificationReport


class Mail(models.Model):
    """A message to somebody who asked for it. The row is the truth: sent when `sent_at` says so."""

    MOST_ATTEMPTS: Final = 6

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # What it is about, so that the same news is never told twice.
    key = models.CharField(max_length=80, unique=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    # The address that this message asks to confirm; every other goes to confirmed ones only.
    confirms = models.EmailField(blank=True)
    # The report whose answer it tells, and which: who told what last is remembered without the words.
    report = models.ForeignKey(
        MisclassificationReport, models.CASCADE, null=True, blank=True, related_name="mail"
    )
    answer = models.CharField(max_length=10, choices=ReportStatus, blank=True, db_default="")
    created_at = models.DateTimeField()
    # A decision may be undone shortly after; until then its news waits.
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "mail"
        constraints = [
            models.CheckConstraint(
                condition=Q(report=None, answer="") | (Q(report__isnull=False) & ~Q(answer="")),
                name="mail_of_report_has_answer",
            )
        ]
        indexes = [
            models.Index("not_before", condition=Q(sent_at=None), name="mail_waiting"),
            models.Index("created_at", condition=~Q(body=""), name="mail_with_words"),
        ]

    def __str__(self) -> str:
        return self.key
