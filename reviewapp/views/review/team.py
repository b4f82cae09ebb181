"""The team, for leads: load, pace, who is on what, how people agree, and alarms."""

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from reviewapp.choices import ComparisonKind, MeasureKind
from reviewapp.forms.team import CloseAlarmForm
from reviewapp.models import ModeratorAlarm, User
from reviewapp.selectors import rechecks, workload
from reviewapp.selectors import team as selectors
from reviewapp.services.comparisons import close_alarm
from reviewapp.types import UserRequest
from reviewapp.views.review.sections import LEAD, sections

_OF_THE_TEAM = (
    MeasureKind.ALPHA,
    MeasureKind.AGREEMENT,
    MeasureKind.ANCHORING,
    MeasureKind.BULK,
)


@require_GET
@login_required
@permission_required(LEAD, raise_exception=True)
def team(request: UserRequest) -> HttpResponse:
    """Everything a lead wants to see in the morning."""
    now = timezone.now()
    held = list(workload.held_now(now=now))
    hours = workload.per_hour(now=now)
    context = {
        "tabs": sections(request, "review:team"),
        "load": workload.load(now=now, decided=sum(hour.decided for hour in hours)),
        "hours": hours,
        "busiest": max(hour.decided for hour in hours),
        "held": held,
        "members": selectors.members(now=now, held=held),
        "kinds": selectors.IN_TABLES,
        "measures": selectors.overall(moderator=None, kinds=_OF_THE_TEAM),
        "category_kinds": _OF_THE_TEAM,
        "categories": selectors.by_category(moderator=None, kinds=_OF_THE_TEAM),
        "rechecks": rechecks.rechecks_under_way(),
    }
    return render(request, "review/team.html", context)


@require_GET
@login_required
@permission_required(LEAD, raise_exception=True)
def member(request: UserRequest, user_id: int) -> HttpResponse:
    """One moderator: measures by category, and alarms with what they rest on."""
    return _member_page(request, get_object_or_404(User, pk=user_id), CloseAlarmForm())


@require_POST
@login_required
@permission_required(LEAD, raise_exception=True)
def close(request: UserRequest, alarm_id: int) -> HttpResponse:
    """Close an alarm with what the lead has found."""
    alarm = get_object_or_404(ModeratorAlarm.objects.select_related("moderator"), pk=alarm_id)
    form = CloseAlarmForm(request.POST)
    if not form.is_valid():
        return _member_page(request, alarm.moderator, form, status=422)
    close_alarm(
        alarm=alarm, by=request.user, comment=form.cleaned_data["comment"], now=timezone.now()
    )
    return redirect("review:member", alarm.moderator_id)


def _member_page(
    request: UserRequest, person: User, form: CloseAlarmForm, status: int = 200
) -> HttpResponse:
    alarms = [
        (alarm, [(ComparisonKind(kind), line) for kind, line in sorted(alarm.record.items())])
        for alarm in selectors.alarms_of(moderator=person)
    ]
    done = selectors.today(people=[person], now=timezone.now())
    context = {
        "tabs": sections(request, "review:team"),
        "person": person,
        "today": done.get(person.pk, selectors.Today()),
        "measures": selectors.overall(moderator=person, kinds=selectors.OF_A_PERSON),
        "kinds": selectors.IN_TABLES,
        "categories": selectors.by_category(moderator=person, kinds=selectors.IN_TABLES),
        "alarms": alarms,
        "rechecks": rechecks.rechecks_of(moderator=person),
        "demotion": rechecks.demotion_of(moderator_id=person.pk),
        "is_oneself": person.pk == request.user.pk,
        "form": form,
    }
    return render(request, "review/member.html", context, status=status)
