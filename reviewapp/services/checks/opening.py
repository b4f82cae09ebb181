"""Second opinions: who answers is drawn beside the decision, and answers without knowing of it."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from reviewapp.choices import ReviewReason
from reviewapp.domain.checks import (
    RECHECK_PRIORITY,
    SECOND_OPINION_PRIORITY,
    Draw,
    Rates,
    draw,
    is_blind_lot,
)
from reviewapp.models import Decision, Product, ReviewItem, User
from reviewapp.selectors.rechecks import demotion_of


def rates() -> Rates:
    """Return how often answers are asked for blindly and checked, as configured."""
    return Rates(
        blind=settings.REVIEW_BLIND_SHARE,
        second_opinions=settings.REVIEW_SECOND_OPINION_SHARE,
        in_sight=settings.REVIEW_IN_SIGHT_CHECK_SHARE,
        known_answers=settings.REVIEW_KNOWN_ANSWER_RATE,
        known_answers_floor=settings.REVIEW_KNOWN_ANSWER_FLOOR,
    )


def drawn(what: Draw, number: int) -> float:
    """Return the draw of `what` for an item or decision, uniform in [0, 1)."""
    return draw(what, number, settings.SECRET_KEY)


def is_drawn_blind(*, item_id: int, has_answer: bool) -> bool:
    """Say whether this item is one of those that are answered before any suggestion.

    has_answer: FUSION has one to it
    """
    return is_blind_lot(drawn(Draw.BLIND, item_id), rates(), has_answer=has_answer)


def open_second_opinion(
    *, decision: Decision, product: Product, now: datetime
) -> ReviewItem | None:
    """Have a colleague answer the same product blindly, if the decision is drawn for that, or if
    its author is demoted.

    What is drawn to be double-labelled was drawn with the item, and answered blind; of what was
    answered with the models' answers in sight another lot has a share looked at. Undo and a new
    answer to the same item draw the same. The label of `decision` stays live until the second
    answer differs. None, too, when nobody else is there to give it.
    """
    is_drawn = _is_drawn(decision)
    # What the lot has chosen is no part of the demotion: it counts in the statistics.
    demotion = None if is_drawn else demotion_of(moderator_id=decision.moderator_id)
    if not is_drawn and demotion is None:
        return None
    if not has_colleague(decision.moderator_id):
        return None
    return ReviewItem.objects.create(
        product=product,
        reasons=[ReviewReason.SECOND_OPINION],
        checks=decision,
        recheck=demotion,
        not_for_id=decision.moderator_id,
        # Whoever is limited to families is asked for second opinions there.
        family_id=decision.item.family_id,
        is_blind=True,
        priority=SECOND_OPINION_PRIORITY if is_drawn else RECHECK_PRIORITY,
        opened_at=now,
    )


def _is_drawn(decision: Decision) -> bool:
    shares = rates()
    if drawn(Draw.BLIND, decision.item_id) < shares.second_opinions:
        return True
    return not decision.is_blind and drawn(Draw.IN_SIGHT, decision.item_id) < shares.in_sight


def has_colleague(moderator_id: int) -> bool:
    """Say whether anybody else is there who may decide."""
    may_decide = Q(groups__permissions__codename="add_decision") | Q(is_superuser=True)
    return User.objects.filter(may_decide, is_active=True).exclude(pk=moderator_id).exists()
