"""A moderator's own work: today, what can be undone, agreement, and what leads have answered."""

from uuid import uuid4

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from reviewapp.selectors import rechecks, team
from reviewapp.selectors import review as selectors
from reviewapp.types import UserRequest
from reviewapp.views.review.access import may_review
from reviewapp.views.review.sections import sections


@require_GET
@may_review
def work(request: UserRequest) -> HttpResponse:
    """What the moderator has done today, and what is known about it."""
    moderator, now = request.user, timezone.now()
    latest = selectors.decisions_of(moderator=moderator, cursor="").rows
    undoable = selectors.undoable_ids(moderator=moderator)
    context = {
        "tabs": sections(request, "review:work"),
        "demotion": rechecks.demotion_of(moderator_id=moderator.pk),
        "today": team.today(people=[moderator], now=now).get(moderator.pk, team.Today()),
        "rows": [
            (row, uuid4() if row.pk in undoable else None)
            for row in latest[: settings.REVIEW_UNDO_LIMIT]
        ],
        "limit": settings.REVIEW_UNDO_LIMIT,
        "measures": team.overall(moderator=moderator, kinds=team.OF_A_PERSON),
        "categories": team.by_category(moderator=moderator, kinds=team.OF_A_PERSON),
        "confused": selectors.often_confused(moderator=moderator),
        "asked": selectors.asked_leads(moderator=moderator),
    }
    return render(request, "review/work.html", context)
