"""A look ahead as a seller sees it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reviewapp.choices import Certainty, JobStatus, Queue, ReviewReason
from reviewapp.domain.previews import certainty
from reviewapp.models import Category, CategoryConfusion, CategoryPreview, User
from reviewapp.selectors.workers import is_listening

SHOWN = 3


@dataclass(frozen=True, slots=True)
class PreviewGuess:
    """One of FUSION's first categories. probability: calibrated, 0..1"""

    category: Category
    probability: float
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class LookAhead:
    """A draft's answer, or how its question stands.

    questions: what tells the shown categories apart, where people mix them up
    is_answerable: False while no worker listens that could answer
    """

    preview: CategoryPreview
    is_answerable: bool = True
    guesses: list[PreviewGuess] = field(default_factory=list)
    questions: list[CategoryConfusion] = field(default_factory=list)
    reasons: list[ReviewReason] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.preview.finished_at is None


def preview_of(*, seller: User, preview_id: uuid.UUID) -> CategoryPreview | None:
    """The seller's own draft; another's is as absent as one that is gone."""
    found = CategoryPreview.objects.filter(pk=preview_id, seller=seller)
    return found.select_related("model_version").defer("picture").first()


def look_ahead(preview: CategoryPreview, *, now: datetime) -> LookAhead:
    """Put a draft's row into what is shown of it."""
    if preview.finished_at is None:
        return LookAhead(preview, is_answerable=is_listening(queue=Queue.INFERENCE, now=now))
    guesses = _guesses(preview.top)
    return LookAhead(
        preview,
        guesses=guesses,
        questions=_questions([guess.category for guess in guesses]),
        reasons=[ReviewReason(reason) for reason in preview.reasons],
    )


def are_previews_waiting() -> bool:
    return CategoryPreview.objects.filter(status=JobStatus.WAITING).exists()


def _guesses(top: Sequence[tuple[int, float]]) -> list[PreviewGuess]:
    codes = [code for code, _probability in top]
    known = {one.code: one for one in Category.objects.filter(code__in=codes, is_active=True)}
    offered = [(known[code], probability) for code, probability in top if code in known]
    return [
        PreviewGuess(category, probability, certainty(probability))
        for category, probability in offered[:SHOWN]
    ]


def _questions(categories: Sequence[Category]) -> list[CategoryConfusion]:
    """What tells them apart; each pair once, seen from the more probable one where it can be."""
    place = {category.pk: number for number, category in enumerate(categories)}
    rows = CategoryConfusion.objects.filter(category__in=place, neighbour__in=place)
    found: dict[frozenset[int], CategoryConfusion] = {}
    for row in sorted(
        rows.select_related("category", "neighbour"), key=lambda row: place[row.category_id]
    ):
        found.setdefault(frozenset((row.category_id, row.neighbour_id)), row)
    return list(found.values())
