"""Answers that stand."""

from datetime import datetime

from django.db.models import QuerySet

from reviewapp.choices import Verdict
from reviewapp.models import Decision


def answers_since(moment: datetime) -> QuerySet[Decision]:
    """Return everybody's answers from `moment` on that nobody has taken back.

    What takes an answer back comes after it: the few such records from `moment` on are read once,
    instead of looking for one beside each answer.
    """
    later = Decision.objects.filter(decided_at__gte=moment)
    undone = later.filter(verdict=Verdict.UNDONE).values("undoes")
    return later.filter(verdict__in=(Verdict.CONFIRMED, Verdict.CORRECTED)).exclude(pk__in=undone)
