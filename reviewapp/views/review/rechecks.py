"""Rechecks and demotions, for leads: looked at first, then ordered, and taken back."""

import math
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from reviewapp.domain.rechecks import LONGEST_DAYS, MOST_RECHECKED
from reviewapp.forms.rechecks import Reach, ScopeForm, WhyForm
from reviewapp.models import ModeratorAlarm, Recheck, User
from reviewapp.selectors import rechecks as selectors
from reviewapp.selectors.team import moderators
from reviewapp.services import rechecks
from reviewapp.types import UserRequest
from reviewapp.views.review.sections import LEAD, sections

_USUAL_DAYS = 7


@require_http_methods(["GET", "POST"])
@login_required
@permission_required(LEAD, raise_exception=True)
def recheck(request: UserRequest, user_id: int) -> HttpResponse:
    """GET tells what a recheck would cost; POST opens it."""
    person = _somebody_else(request, user_id)
    if request.method == "POST":
        return _open(request, person)
    asked = ScopeForm(request.GET) if "number" in request.GET else _usual(person)
    return _page(request, person, asked, WhyForm())


def _open(request: UserRequest, person: User) -> HttpResponse:
    asked, why = ScopeForm(request.POST), WhyForm(request.POST)
    if not (asked.is_valid() and why.is_valid()):
        return _page(request, person, asked, why, status=422)
    try:
        opened = rechecks.open_recheck(
            moderator=person,
            lead=request.user,
            scope=asked.scope(),
            comment=why.cleaned_data["comment"],
            now=timezone.now(),
        )
    except rechecks.NothingToCheck:
        messages.warning(request, _("There is nothing left to check: colleagues have all of it."))
    except rechecks.NobodyToCheck:
        messages.warning(request, _("Nobody else may review, so nobody could check anything."))
    else:
        count = opened.items.count()
        text = ngettext(
            "%(count)d answer is in front of colleagues now.",
            "%(count)d answers are in front of colleagues now.",
            count,
        )
        messages.success(request, text % {"count": count})
    return redirect("review:member", person.pk)


@require_POST
@login_required
@permission_required(LEAD, raise_exception=True)
def demote(request: UserRequest, user_id: int) -> HttpResponse:
    """Have every answer of a moderator checked from now on."""
    person, why = _somebody_else(request, user_id), WhyForm(request.POST)
    if not why.is_valid():
        messages.error(request, _("Write why, for whoever looks next."))
        return redirect("review:member", person.pk)
    try:
        rechecks.demote(
            moderator=person,
            lead=request.user,
            comment=why.cleaned_data["comment"],
            now=timezone.now(),
        )
    except rechecks.AlreadyDemoted as known:
        text = _("%(name)s has done so already.") % {"name": known.demotion.lead}
        messages.warning(request, text)
    except rechecks.NobodyToCheck:
        messages.warning(request, _("Nobody else may review, so nobody could check anything."))
    else:
        text = _("From now on a colleague checks every answer of %(name)s.") % {"name": person}
        messages.success(request, text)
    return redirect("review:member", person.pk)


@require_POST
@login_required
@permission_required(LEAD, raise_exception=True)
def undo(request: UserRequest, recheck_id: int) -> HttpResponse:
    """Take a recheck back, or end a demotion."""
    row = get_object_or_404(Recheck, pk=recheck_id)
    _somebody_else(request, row.moderator_id)
    why = WhyForm(request.POST)
    if not why.is_valid():
        messages.error(request, _("Write why, for whoever looks next."))
        return redirect("review:member", row.moderator_id)
    try:
        count = rechecks.undo_recheck(
            recheck_id=row.pk,
            by=request.user,
            comment=why.cleaned_data["comment"],
            now=timezone.now(),
        )
    except rechecks.AlreadyUndone as known:
        text = _("%(name)s has done so already.") % {"name": known.recheck.undone_by}
        messages.warning(request, text)
    else:
        text = ngettext(
            "%(count)d check that nobody had answered is withdrawn.",
            "%(count)d checks that nobody had answered are withdrawn.",
            count,
        )
        messages.success(request, text % {"count": count})
    return redirect("review:member", row.moderator_id)


def _somebody_else(request: UserRequest, user_id: int) -> User:
    """The moderator, for whom somebody else must decide: 404 for oneself."""
    return get_object_or_404(User.objects.exclude(pk=request.user.pk), pk=user_id)


def _usual(person: User) -> ScopeForm:
    """A form filled in from the alarm that is open, or with the usual days."""
    alarm = ModeratorAlarm.objects.filter(moderator=person, closed_at=None).first()
    days = _days_since(alarm.watched_since, timezone.now()) if alarm else _USUAL_DAYS
    return ScopeForm({"number": days, "reach": Reach.DAYS})


def _days_since(moment: datetime, now: datetime) -> int:
    days = math.ceil((now - moment).total_seconds() / 86_400)
    return min(max(days, 1), LONGEST_DAYS)


def _page(
    request: UserRequest, person: User, asked: ScopeForm, why: WhyForm, status: int = 200
) -> HttpResponse:
    found = None
    if asked.is_valid():
        found = selectors.preview(moderator=person, scope=asked.scope(), now=timezone.now())
    context = {
        "tabs": sections(request, "review:team"),
        "person": person,
        "asked": asked,
        "why": why,
        "found": found,
        "most": MOST_RECHECKED,
        "colleagues": moderators().exclude(pk=person.pk).count(),
    }
    return render(request, "review/recheck.html", context, status=status)
