"""Decisions as facts for statistics: what each answer can be held against."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from reviewapp.choices import KnownAnswerEnd, MemberChoice, ReviewReason, Verdict
from reviewapp.domain.comparisons import AnswerFacts, Given
from reviewapp.domain.intervals import Interval, share
from reviewapp.models import Category, Decision, Prediction
from reviewapp.selectors.checks.known_answers import (
    is_right_answer,
    is_second_look,
    known_answers_of_all,
)

# Two people differ once on anything; three times on the same pair is a habit.
LEAST_CONFUSIONS = 3
ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)


@dataclass(frozen=True, slots=True)
class Pair:
    """A double-labelled product: the blind answer and the blind second opinion to it.

    beliefs: FUSION's first categories (ids) with their probabilities
    """

    product: int
    first: Given
    second: Given
    beliefs: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody's answer to a product whose category is settled, and that category (`truth`)."""

    given: Given
    truth: int


def settled_after(*, last: int, until: datetime, most: int) -> tuple[list[AnswerFacts], int | None]:
    """Return up to `most` decisions with ids above `last`, as facts, oldest first, and the last id.

    Stops at the first made after `until`: it may still be undone, and one with a lower id may
    still be on its way. Skips and undone answers give no facts, and bulk answers none: many of them are one look. The
    id is None when none is left.
    """
    rows = (
        Decision.objects.filter(pk__gt=last)
        .annotate(is_second_look=is_second_look())
        .order_by("pk")
        .select_related("item__known_answer", "undone_by", "adjudication")
    )
    batch: list[Decision] = []
    for decision in rows[:most]:
        if decision.decided_at > until:
            break
        batch.append(decision)
    if not batch:
        return [], None
    answers = [d for d in batch if _is_own_look(d)]
    beliefs = _beliefs(answers)
    firsts = _first_answers([d for d in answers if ReviewReason.SECOND_OPINION in d.reasons])
    facts = [_facts(d, beliefs.get(d.pk, ()), firsts.get(d.pk)) for d in answers]
    return facts, batch[-1].pk


def double_labelled(*, most: int) -> list[Pair]:
    """Return the newest double-labelled products, at most `most`; both answers blind and standing."""
    seconds = list(
        _standing()
        .filter(reasons__contains=[ReviewReason.SECOND_OPINION], is_blind=True)
        .filter(item__recheck=None)
        .select_related("item")
        .order_by("-decided_at", "-pk")[:most]
    )
    firsts = _first_answers(seconds)
    beliefs = _beliefs(seconds)
    return [
        Pair(d.product_id, _given(first), _given(d), beliefs.get(d.pk, ()))
        for d in seconds
        if (first := firsts.get(d.pk)) is not None and first.is_blind
    ]


def known_answered(*, most: int) -> list[Known]:
    """Return the newest answers to known answers, at most `most`, as leads have ruled on disputes.

    Left out while a dispute is open, and where there was no fair question.
    """
    found = []
    for decision in known_answers_of_all()[:most]:
        is_right, known = is_right_answer(decision), decision.item.known_answer
        if is_right is not None and known is not None:
            given = _given(decision)
            found.append(Known(given, given.category if is_right else known.category_id))
    return found


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two categories (ids, the smaller first) that a moderator and colleagues gave one product.

    times: how often; rate: among the double-labelled products that either of them put into one of
    the two
    """

    first: int
    second: int
    times: int
    rate: Interval


def confusions(*, moderator: int, most: int = 500) -> list[Confusion]:
    """Return the moderator's habitual confusions, most frequent first.

    From the newest `most` double-labelled products; which of the two was right is not told. Below
    LEAST_CONFUSIONS a pair is chance.
    """
    seconds = list(
        _standing()
        .filter(
            Q(moderator=moderator) | Q(item__not_for=moderator),
            reasons__contains=[ReviewReason.SECOND_OPINION],
            item__recheck=None,
        )
        .select_related("item")
        .order_by("-decided_at", "-pk")[:most]
    )
    firsts = _first_answers(seconds)
    answers = [
        (_given(d).category, _given(firsts[d.pk]).category) for d in seconds if d.pk in firsts
    ]
    pairs = Counter((min(pair), max(pair)) for pair in answers if pair[0] != pair[1])
    return [
        Confusion(a, b, times, share(times, sum(a in pair or b in pair for pair in answers)))
        for (a, b), times in pairs.most_common()
        if times >= LEAST_CONFUSIONS
    ]


def _is_own_look(decision: Decision) -> bool:
    # A blind answer counts although it was taken back after the models' were shown: leaving it
    # out would leave out the cases in which they moved somebody. The answer given then does not.
    is_undone = hasattr(decision, "undone_by") and not decision.is_blind
    is_first = not getattr(decision, "is_second_look", False)
    # A lead who decides between two answers has seen both.
    is_alone = not decision.is_bulk and not hasattr(decision, "adjudication")
    return decision.verdict in ANSWERS and is_first and not is_undone and is_alone


def _standing() -> QuerySet[Decision]:
    return Decision.objects.filter(verdict__in=ANSWERS, undone_by=None)


def _facts(
    decision: Decision, beliefs: Iterable[tuple[int, float]], first: Decision | None
) -> AnswerFacts:
    return AnswerFacts(
        _given(decision),
        suggested=decision.suggested_category_id,
        five=frozenset(category for category, _probability in beliefs),
        reasons=frozenset(ReviewReason(reason) for reason in decision.reasons),
        is_blind=decision.is_blind,
        known=_known(decision),
        first=None if first is None else _given(first),
        decision=decision.pk,
    )


def _known(decision: Decision) -> int | None:
    known = decision.item.known_answer
    # A lead has upheld a dispute of it: it was no fair question to anybody.
    has_fallen = known is not None and known.retired_because == KnownAnswerEnd.DISPUTE_UPHELD
    return None if known is None or has_fallen else known.category_id


def _given(decision: Decision) -> Given:
    if decision.category_id is None:
        raise ValueError(f"Decision {decision.pk} is no answer.")
    return Given(decision.moderator_id, decision.category_id, decision.is_bulk)


def _first_answers(seconds: Collection[Decision]) -> dict[int, Decision]:
    """Return, by id of a second opinion, the answer it checks, unless that was taken back.

    Not those that a lead asked for because of who had answered: they say nothing about how people
    agree, and would accuse whoever gives them. A recheck tells its own outcome.
    """
    drawn = {d.pk: d.item.checks_id for d in seconds if d.item.recheck_id is None}
    firsts = _standing().in_bulk({pk for pk in drawn.values() if pk is not None})
    return {pk: firsts[first] for pk, first in drawn.items() if first in firsts}


def _beliefs(decisions: Collection[Decision]) -> dict[int, tuple[tuple[int, float], ...]]:
    """Return, by decision id, FUSION's first categories at the time, as (id, probability)."""
    ids = dict(Category.objects.values_list("code", "pk"))
    rows = Prediction.objects.filter(
        product__in={d.product_id for d in decisions}, member=MemberChoice.FUSION
    ).order_by("pk")
    # A later answer of the same version, to a changed input, comes last and is not the one seen
    # unless it names the category that was suggested.
    tops: dict[tuple[int, int | None, int | None], list[tuple[int, float]]] = {
        (product, version, category): top
        for product, version, category, top in rows.values_list(
            "product_id", "model_version_id", "category_id", "top"
        )
    }
    found = {}
    for d in decisions:
        top = tops.get((d.product_id, d.model_version_id, d.suggested_category_id))
        if top is not None:
            found[d.pk] = tuple((ids[code], p) for code, p in top if code in ids)
    return found
