"""Why an answer was not taken. Nothing has been written when one of these is raised.

Not frozen and compared by identity: Python itself writes tracebacks into exceptions.
"""

from dataclasses import dataclass

from reviewapp.domain.review import Hold, UndoRefusal
from reviewapp.models import Decision, ReviewItem


@dataclass(eq=False)
class ClaimLost(Exception):
    """The item is not the moderator's any more.

    decision: what was decided meanwhile, by whomever; None while it is open
    """

    item: ReviewItem
    state: Hold
    decision: Decision | None


@dataclass(eq=False)
class KeyReused(Exception):
    """The client key belongs to another answer: another item, person or kind of answer."""

    client_key: str


@dataclass(eq=False)
class ProductChanged(Exception):
    """The product's text or picture is not the one the moderator has seen."""

    item: ReviewItem


@dataclass(eq=False)
class NotInBulk(Exception):
    """The item must be looked at by itself: something has been asked about it since."""

    item: ReviewItem


@dataclass(eq=False)
class ConflictOfInterest(Exception):
    """The moderator sells the product, has reported it or has appealed: somebody else answers."""

    item: ReviewItem


@dataclass(eq=False)
class CategoryRetired(Exception):
    """The category is no longer in use."""

    code: int


@dataclass(eq=False)
class UndoRefused(Exception):
    """The decision stands; `refusal` says why."""

    refusal: UndoRefusal
