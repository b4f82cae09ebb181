"""Decisions as facts for statistics: what each answer can be held against."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from reviewapp.choices import KnownAnswerEnd, MemberChoice, ReviewReason, Verdict
from reviewapp.domain.comparisons import AnswerFacts, Given
from reviewapp.domain.intervals import Interval, share
from reviewapp.models import Category, Decision, Prediction
from reviewapp.selectors.checks.known_answers import (
    is_right_answer,
    is_second_look,
    known_answers_of_all,
)

# Two people differ once on anything; three times on the same pair is a habit, if they had both in
# hand often enough for its share to mean something.
LEAST_CONFUSIONS = 3
LEAST_IN_HAND = 20
ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)


@dataclass(frozen=True, slots=True)
class Pair:
    """A double-labelled product: two people's first answers to it, both blind.

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

    Stops at the first made after `until`: it may still be undone, and one with a lower id may still
    be on its way. Skips and undone answers give no facts, and bulk answers none: many of them are
    one look. The id is None when none is left.
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


def first_looks() -> QuerySet[Decision]:
    """Blind answers that were their author's first to the product, taken back or not.

    Nothing a model had said of it was shown to the author before, nor could anybody else's answer
    be seen; what is answered later, when that has been told, is no witness of its own.
    """
    seen = Decision.objects.filter(
        Q(verdict__in=ANSWERS) | Q(is_blind=False),
        product=OuterRef("product"),
        moderator=OuterRef("moderator"),
        pk__lt=OuterRef("pk"),
    )
    # Who answers what was passed on has read what a colleague asked.
    is_unasked = Q(before__item__escalated_at=None) | Q(before__item__escalated_at__isnull=True)
    return Decision.objects.filter(
        ~Exists(seen), is_unasked, verdict__in=ANSWERS, is_blind=True, adjudication=None
    )


def double_labelled(*, most: int) -> list[Pair]:
    """Return the newest double-labelled products, at most `most`: first looks of both."""
    return _pairs(_second_opinions()[:most])


def _second_opinions() -> QuerySet[Decision]:
    """First looks that are second opinions drawn by lot, newest first; a recheck's are not."""
    return (
        first_looks()
        .filter(reasons__contains=[ReviewReason.SECOND_OPINION], item__recheck=None)
        .filter(item__checks__isnull=False)
        .select_related("item__checks")
        .order_by("-decided_at", "-pk")
    )


def _pairs(found: Iterable[Decision]) -> list[Pair]:
    seconds = list(found)
    beliefs = _beliefs(seconds)
    # Of the same item: an earlier one may have been answered before the product was changed.
    looks = first_looks().filter(item__in={d.item.checks.item_id for d in seconds if d.item.checks})
    firsts = {(d.item_id, d.moderator_id): d for d in looks}
    return [
        Pair(d.product_id, _given(first), _given(d), beliefs.get(d.pk, ()))
        for d in seconds
        if d.item.checks is not None
        and (first := firsts.get((d.item.checks.item_id, d.item.checks.moderator_id))) is not None
    ]


def known_answered(*, most: int) -> list[Known]:
    """Return the newest answers to known answers, at most `most`, as leads have ruled on disputes.

    Left out while a dispute is open, and where there was no fair question.
    """
    return _known_answered(known_answers_of_all()[:most])


def _known_answered(decisions: Iterable[Decision]) -> list[Known]:
    found = []
    for decision in decisions:
        is_right, known = is_right_answer(decision), decision.item.known_answer
        if is_right is not None and known is not None:
            given = _given(decision)
            found.append(Known(given, given.category if is_right else known.category_id))
    return found


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two categories (ids, the smaller first) one of which a moderator gave a product, and a
    colleague or what is known the other.

    times: how often; rate: among the products that either side put into one of the two
    """

    first: int
    second: int
    times: int
    rate: Interval


def confusions(*, moderator: int, most: int = 500) -> list[Confusion]:
    """Return the moderator's habitual confusions, most frequent first.

    From first looks alone: at the newest `most` double-labelled products and as many known
    answers; which of the two was right is not told. Below LEAST_CONFUSIONS a pair is chance, and
    below LEAST_IN_HAND products its share says nothing.
    """
    of_both = Q(moderator=moderator) | Q(item__not_for=moderator)
    pairs = _pairs(_second_opinions().filter(of_both)[:most])
    known = _known_answered(known_answers_of_all().filter(moderator=moderator)[:most])
    answers = [(pair.first.category, pair.second.category) for pair in pairs]
    answers += [(one.given.category, one.truth) for one in known]
    apart = Counter((min(pair), max(pair)) for pair in answers if pair[0] != pair[1])
    in_hand = {(a, b): sum(a in pair or b in pair for pair in answers) for a, b in apart}
    return [
        Confusion(*pair, times, share(times, in_hand[pair]))
        for pair, times in apart.most_common()
        if times >= LEAST_CONFUSIONS and in_hand[pair] >= LEAST_IN_HAND
    ]


def _is_own_look(decision: Decision) -> bool:
    # A blind answer counts although it was taken back after the models' were shown: leaving it
    # out would leave out the cases in which they moved somebody. The answer given then does not.
    is_undone = hasattr(decision, "undone_by") and not decision.is_blind
    is_first = not getattr(decision, "is_second_look", False)
    # A lead who decides between two answers has seen both.
    is_alone = not decision.is_bulk and not hasattr(decision, "adjudication")
    return decision.verdict in ANSWERS and is_first and not is_undone and is_alone


def _facts(
    decision: Decision, beliefs: Sequence[tuple[int, float]], first: Given | None
) -> AnswerFacts:
    return AnswerFacts(
        _given(decision),
        suggested=decision.suggested_category_id,
        five=frozenset(category for category, _probability in beliefs),
        reasons=frozenset(ReviewReason(reason) for reason in decision.reasons),
        is_blind=decision.is_blind,
        known=_known(decision),
        first=first,
        decision=decision.pk,
        confidence=beliefs[0][1] if beliefs else None,
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


def _first_answers(seconds: Collection[Decision]) -> dict[int, Given]:
    """Return, by id of a second opinion, the answer it checks: its author's first look, if there
    was one, or else the answer itself if the models' were in sight, unless it was taken back.

    Not where the second opinion is no first look of its author's, and not those that a lead asked for because of who had answered: they say nothing about how people
    agree, and would accuse whoever gives them. A recheck tells its own outcome.
    """
    own = set(first_looks().filter(pk__in=[d.pk for d in seconds]).values_list("pk", flat=True))
    drawn = {d.pk: d.item.checks_id for d in seconds if d.item.recheck_id is None and d.pk in own}
    checked = Decision.objects.filter(verdict__in=ANSWERS).select_related("undone_by")
    firsts = checked.in_bulk({pk for pk in drawn.values() if pk is not None})
    looks = first_looks().filter(item__in={first.item_id for first in firsts.values()})
    blind = {(d.item_id, d.moderator_id): d for d in looks}
    found = {}
    for pk, checked_pk in drawn.items():
        first = firsts.get(checked_pk or 0)
        if first is None:
            continue
        look = blind.get((first.item_id, first.moderator_id))
        if look is not None:
            found[pk] = _given(look)
        elif not first.is_blind and not hasattr(first, "undone_by"):
            found[pk] = replace(_given(first), is_in_sight=True)
    return found


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
