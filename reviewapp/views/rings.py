"""What admins see of reports: rings to judge, cases that collect, the policy."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.choices import RingStatus
from reviewapp.forms.rings import ReportPolicyForm, RingForm
from reviewapp.models import ReportCase, ReportRing
from reviewapp.selectors import report_cases as case_selectors
from reviewapp.selectors import rings as selectors
from reviewapp.selectors.interests import is_party
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.services import report_cases, rings
from reviewapp.services.report_policies import (
    ReportPolicyUnsafe,
    current_report_policy,
    set_report_policy,
)
from reviewapp.services.versions import VersionOutdated
from reviewapp.types import UserRequest

_MAY_JUDGE = "reviewapp.change_reportring"


@login_required
@permission_required(_MAY_JUDGE, raise_exception=True)
@require_GET
def index(request: UserRequest) -> HttpResponse:
    """Rings, newest first."""
    after = request.GET.get("after", "")
    try:
        rows, older = selectors.rings(cursor=after)
    except CursorInvalid as error:
        raise Http404 from error
    context = {"rows": rows, "older": older, "after": after, "tab": "rings"}
    return render(request, "rings/index.html", context)


@login_required
@permission_required(_MAY_JUDGE, raise_exception=True)
@require_GET
def cases(request: UserRequest) -> HttpResponse:
    """Cases that collect, the heaviest first."""
    context = {"cases": case_selectors.collecting(), "tab": "cases"}
    return render(request, "rings/cases.html", context)


@login_required
@permission_required(_MAY_JUDGE, raise_exception=True)
@require_POST
def look(request: UserRequest, case_id: int) -> HttpResponse:
    """Send a case to review although it has not reached the bar."""
    case = get_object_or_404(ReportCase, pk=case_id)
    if is_party(person=request.user, product=case.product):
        messages.warning(request, _("The report or the product is yours: another admin must ask."))
        return redirect("rings:cases")
    try:
        report_cases.look_now(case_id=case.pk, now=timezone.now())
    except report_cases.NotCollecting:
        messages.warning(request, _("This case does not collect any more."))
    except report_cases.OutOfShop:
        words = _("The product is not in the shop at the moment. The case waits until it is back.")
        messages.warning(request, words)
    else:
        messages.success(request, _("The product is in front of the moderators."))
    return redirect("rings:cases")


@login_required
@permission_required(_MAY_JUDGE, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: UserRequest, ring_id: int) -> HttpResponse:
    """One ring with its evidence; void or release it."""
    ring = get_object_or_404(ReportRing, pk=ring_id)
    if request.method != "POST":
        return _ring_page(request, ring, RingForm())
    form = RingForm(request.POST)
    if not form.is_valid():
        return _ring_page(request, ring, form, status=422)
    is_void = form.cleaned_data["verdict"] == RingStatus.VOIDED
    judge = rings.void_ring if is_void else rings.release_ring
    try:
        judge(
            ring_id=ring.pk,
            admin=request.user,
            note=form.cleaned_data["note"],
            now=timezone.now(),
        )
    except rings.NotImpartial:
        form.add_error(
            None, _("A report or a product of these is yours: another admin must judge.")
        )
        return _ring_page(request, ring, form, status=403)
    except rings.RingSettled:
        messages.warning(request, _("A colleague was faster."))
        ring.refresh_from_db()
        return _ring_page(request, ring, RingForm(), status=409)
    done = _("The reports are set aside.") if is_void else _("The reports count again.")
    messages.success(request, done)
    return redirect("rings:detail", ring_id=ring.pk)


def _ring_page(
    request: UserRequest, ring: ReportRing, form: RingForm, status: int = 200
) -> HttpResponse:
    context = {
        "row": selectors.ring_row(ring_id=ring.pk),
        "members": selectors.members(ring=ring),
        "shown": selectors.REPORTS_SHOWN,
        "form": form,
    }
    return render(request, "rings/detail.html", context, status=status)


@login_required
@permission_required("reviewapp.add_reportpolicy", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: UserRequest) -> HttpResponse:
    """The rules of weighing in force, and new numbers for them."""
    in_force = current_report_policy(now=timezone.now())
    if request.method != "POST":
        return _policy_page(request, ReportPolicyForm.of(in_force))
    form = ReportPolicyForm(request.POST)
    if not form.is_valid():
        return _policy_page(request, form, status=422)
    try:
        newer = set_report_policy(
            numbers=form.numbers(),
            based_on=form.cleaned_data["based_on"],
            note=form.cleaned_data["note"],
            author=request.user,
            now=timezone.now(),
        )
    except ReportPolicyUnsafe:
        words = _(
            "Three proven reporters must reach this bar, and people without a record must not, however"
            " many they are: change the bar, the ceilings or the weight of the proven."
        )
        form.add_error("reopen_at", words)
        return _policy_page(request, form, status=422)
    except VersionOutdated:
        words = _("Somebody has changed the policy meanwhile. These are the numbers in force now.")
        messages.warning(request, words)
        fresh = ReportPolicyForm.of(current_report_policy(now=timezone.now()))
        return _policy_page(request, fresh, status=409)
    messages.success(request, _("Policy %(version)s is in force.") % {"version": newer.version})
    return redirect("rings:policy")


def _policy_page(request: UserRequest, form: ReportPolicyForm, status: int = 200) -> HttpResponse:
    in_force = current_report_policy(now=timezone.now())
    context = {"form": form, "policy": in_force, "tab": "policy"}
    return render(request, "rings/policy.html", context, status=status)
