"""When a seller may appeal, and what an answer makes of it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.utils.translation import gettext as _

from reviewapp.choices import AppealStatus, ProductStatus

# Article 20 of the Digital Services Act gives at least six months.
WINDOW = timedelta(days=183)
COMMENT_CHARS = 2000


class AppealRefusal(Enum):
    """Why an appeal is not taken."""

    NOT_LISTED = "not_listed"
    ALREADY_OPEN = "already_open"
    ALREADY_APPEALED = "already_appealed"
    FINAL = "final"
    TOO_LATE = "too_late"
    NOTHING_DECIDED = "nothing_decided"
    SAME_CATEGORY = "same_category"

    @property
    def sentence(self) -> str:
        """What to tell the seller."""
        return _sentences()[self]


@dataclass(frozen=True, slots=True)
class AppealFacts:
    """How a product and what put it where it is stand to a new appeal.

    is_taken_down: reports have taken it out of the shop, and nobody has decided yet
    decided_at: of the decision, route or take-down in force, None without one
    is_appealed: that one has had its appeal; is_final: it answered one and let the category stand
    """

    status: ProductStatus
    has_open_appeal: bool
    decided_at: datetime | None
    is_taken_down: bool = False
    is_appealed: bool = False
    is_final: bool = False


def appeal_refusal(facts: AppealFacts, now: datetime) -> AppealRefusal | None:
    """Return the first reason against an appeal, or None when it may be made."""
    if facts.has_open_appeal:
        return AppealRefusal.ALREADY_OPEN
    if facts.status != ProductStatus.LISTED and not facts.is_taken_down:
        return AppealRefusal.NOT_LISTED
    if facts.decided_at is None:
        return AppealRefusal.NOTHING_DECIDED
    against = (
        (facts.is_final, AppealRefusal.FINAL),
        (facts.is_appealed, AppealRefusal.ALREADY_APPEALED),
        (now > facts.decided_at + WINDOW, AppealRefusal.TOO_LATE),
    )
    return next((refusal for applies, refusal in against if applies), None)


def outcome_of(contested_id: int, decided_id: int, *, is_take_down: bool = False) -> AppealStatus:
    """An answer that leaves the contested category upholds the appeal, whatever was wished for.

    Against a take-down it is the other way round: putting the product back upholds the appeal.
    """
    is_back = decided_id == contested_id
    return AppealStatus.UPHELD if is_back == is_take_down else AppealStatus.DISMISSED


def _sentences() -> dict[AppealRefusal, str]:
    return {
        AppealRefusal.NOT_LISTED: _(
            "A moderator has yet to decide about this product; you can appeal afterwards."
        ),
        AppealRefusal.ALREADY_OPEN: _("Your appeal is being looked at."),
        AppealRefusal.ALREADY_APPEALED: _("You have already appealed against this decision."),
        AppealRefusal.FINAL: _(
            "Two people have come to the same answer on your appeal; it is final. If you change"
            " the title, the description or the picture, the product is looked at anew."
        ),
        AppealRefusal.TOO_LATE: _("The six months for an appeal are over."),
        AppealRefusal.NOTHING_DECIDED: _("Nothing has been decided yet that you could contest."),
        AppealRefusal.SAME_CATEGORY: _(
            "The product is already in this category; choose another one."
        ),
    }
