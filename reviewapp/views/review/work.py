"""A moderator's own work: today, what can be undone, agreement, and what leads have answered."""

from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviewapp.selectors import rechecks, team
from reviewapp.selectors import review as selectors
from reviewapp.selectors.checks import misses
from reviewapp.services import checks
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
        "kinds": team.IN_TABLES,
        "categories": team.by_category(moderator=moderator, kinds=team.IN_TABLES),
        "confused": selectors.often_confused(moderator=moderator),
        "misses": misses(moderator=moderator, now=now),
        "asked": selectors.asked_leads(moderator=moderator),
    }
    return render(request, "review/work.html", context)


@require_POST
@may_review
def dispute(request: UserRequest, decision_id: int) -> HttpResponse:
    """One tap: a lead is to look whether the known answer is right."""
    try:
        checks.dispute(decision_id=decision_id, moderator=request.user, now=timezone.now())
    except checks.DisputeRefused:
        messages.warning(request, _("A lead is looking at this product already."))
    else:
        messages.success(request, _("A lead will look at it. Until then it does not count."))
    return redirect("review:work")
