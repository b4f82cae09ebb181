"""A moderator's own work: confusions, and what leads have answered."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from reviewapp.choices import Verdict
from reviewapp.domain.intervals import Interval
from reviewapp.models import Category, CategoryConfusion, Decision, User
from reviewapp.selectors.comparisons import confusions

_ASKED_SHOWN = 10
_CONFUSIONS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a lead, and the standing answer to it, if there is one."""

    question: Decision
    answer: Decision | None


@dataclass(frozen=True, slots=True)
class Confused:
    """Two categories between which the moderator and colleagues differ, and how to tell them apart."""

    first: Category
    second: Category
    times: int
    rate: Interval
    question: str

    def other(self, category: Category) -> Category:
        """Return the one that `category`, one of the two, is mixed up with."""
        return self.second if category == self.first else self.first


def often_confused(*, moderator: User) -> list[Confused]:
    """Return the moderator's habitual confusions, most frequent first."""
    pairs = confusions(moderator=moderator.pk)[:_CONFUSIONS_SHOWN]
    ids = {pk for pair in pairs for pk in (pair.first, pair.second)}
    known = Category.objects.select_related("family").in_bulk(ids)
    questions = {
        frozenset((row.category_id, row.neighbour_id)): row.question
        for row in CategoryConfusion.objects.filter(category__in=ids, neighbour__in=ids)
    }
    return [
        Confused(
            known[pair.first],
            known[pair.second],
            pair.times,
            pair.rate,
            questions.get(frozenset((pair.first, pair.second)), ""),
        )
        for pair in pairs
    ]


def asked_leads(*, moderator: User) -> list[Asked]:
    """Return the moderator's last escalations, newest first, each with what became of it."""
    own = Decision.objects.filter(moderator=moderator, verdict=Verdict.ESCALATED)
    # As EXISTS: the other way PostgreSQL expects next to none, and reads the person's whole past.
    is_undone = Exists(Decision.objects.filter(undoes=OuterRef("pk")))
    questions = list(
        own.filter(~is_undone)
        .select_related("product")
        .order_by("-decided_at", "-pk")[:_ASKED_SHOWN]
    )
    answers = Decision.objects.filter(
        Q(verdict__in=[Verdict.CONFIRMED, Verdict.CORRECTED]),
        item__in=[question.item_id for question in questions],
        undone_by=None,
    ).select_related("moderator", "category__family")
    by_item = {answer.item_id: answer for answer in answers.order_by("pk")}
    return [
        Asked(question, answer if answer is not None and answer.pk > question.pk else None)
        for question in questions
        for answer in [by_item.get(question.item_id)]
    ]
