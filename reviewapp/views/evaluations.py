"""Evaluations: what is measured of each version, and two versions side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from reviewapp.choices import JobStatus, MemberChoice, Queue
from reviewapp.forms.evaluations import EvaluationForm
from reviewapp.models import Evaluation, LiveMeasure
from reviewapp.selectors import evaluation_charts as charts
from reviewapp.selectors import evaluation_pages as pages
from reviewapp.selectors import evaluations as selectors
from reviewapp.selectors import model_versions
from reviewapp.selectors.audited import decided_products, live_measure
from reviewapp.selectors.quality import PERIODS
from reviewapp.selectors.workers import is_listening
from reviewapp.services import live_measures
from reviewapp.services.evaluations import EvaluationRefused, request_evaluation, request_gate
from reviewapp.types import UserRequest
from reviewapp.views.parts import page_by_id, part_links, wanted_part, whole_number
from worker.tasks.evaluate import wake_evaluation, wake_gate

_SHOWN = 50
_MOST_CONFUSED = 30
_USUAL_DAYS = 90

may_look = permission_required("reviewapp.view_modelversion", raise_exception=True)


@login_required
@may_look
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """All evaluations and judgements, and the form for the next one."""
    # The models page names the version in the address.
    initial = {"version": request.GET.get("version", "")}
    form = EvaluationForm(request.POST or None, initial=initial)
    if request.method == "POST":
        if not request.user.has_perm("reviewapp.add_evaluation"):
            raise PermissionDenied
        if form.is_valid():
            return _request(request, form)
    rows, links = page_by_id(request, selectors.listed_evaluations(), size=_SHOWN)
    reports, older_reports = page_by_id(
        request, selectors.gate_reports(), size=_SHOWN, name="judged_before"
    )
    context = {
        "form": form,
        "evaluations": rows,
        **links,
        "reports": reports,
        "older_reports": older_reports["next_url"],
        "is_worker_missing": not is_listening(queue=Queue.EVALUATION, now=timezone.now()),
    }
    return render(request, "evaluations/index.html", context, status=422 if form.errors else 200)


def _request(request: UserRequest, form: EvaluationForm) -> HttpResponse:
    version, snapshot = form.cleaned_data["version"], form.cleaned_data["snapshot"]
    champion = model_versions.champion()
    asked: dict[str, Any] = {
        "snapshot": snapshot,
        "user": request.user,
        "now": timezone.now(),
    }
    try:
        if form.cleaned_data["is_judged"] and champion and champion != version:
            report = request_gate(candidate=version, champion=champion, **asked)
            wake_gate(report)
            return redirect("models:gate", report.pk)
        row = request_evaluation(version=version, **asked)
    except EvaluationRefused:
        messages.error(request, _("This snapshot has no test products to measure on."))
        return redirect("models:evaluations")
    wake_evaluation(row.pk)
    return redirect("models:evaluation", row.pk)


@login_required
@may_look
@require_GET
def detail(request: UserRequest, evaluation_id: int) -> HttpResponse:
    """One evaluation: all members, and one of them in detail (`?member=`)."""
    row = get_object_or_404(selectors.evaluations(), pk=evaluation_id)
    context: dict[str, Any] = {"evaluation": row}
    if row.status == JobStatus.DONE:
        context |= _numbers(row, _member(request, row.metrics))
    else:
        context["is_worker_missing"] = not is_listening(queue=Queue.EVALUATION, now=timezone.now())
    return render(request, "evaluations/detail.html", context)


@login_required
@may_look
@require_GET
def state(request: UserRequest, evaluation_id: int) -> HttpResponse:
    """The progress of an evaluation, as a fragment; the whole page once it has ended."""
    row = get_object_or_404(selectors.evaluations(), pk=evaluation_id)
    response = render(request, "evaluations/_state.html", {"evaluation": row})
    if row.status == JobStatus.DONE:
        response["HX-Refresh"] = "true"
    return response


@login_required
@may_look
@require_GET
def products(request: UserRequest, evaluation_id: int) -> HttpResponse:
    """The products of one cell of the confusion matrix (`?true=` and `?predicted=`), in pages
    (`?start=`)."""
    row = get_object_or_404(selectors.evaluations(), pk=evaluation_id, status=JobStatus.DONE)
    member = _member(request, row.metrics)
    true, predicted = whole_number(request, "true"), whole_number(request, "predicted")
    try:
        sheet = selectors.answer_sheet(row).unlearned()
    except selectors.AnswersGone as error:
        raise Http404(_("The stored answers are gone or have been altered.")) from error
    wanted = (sheet.true == true) & (sheet.members[member].predicted == predicted)
    part = wanted_part(request, total=int(wanted.sum()), size=_SHOWN)
    address = reverse("models:answers", args=[row.pk])
    address = f"{address}?member={member}&true={true}&predicted={predicted}"
    context = {
        "evaluation": row,
        "member": member,
        "names": pages.category_names(),
        "true": true,
        "predicted": predicted,
        "number": part.total,
        "answered": pages.answered_products(sheet, member, wanted, part),
        **part_links(part, address),
    }
    return render(request, "evaluations/products.html", context)


@login_required
@may_look
@require_GET
def live(request: UserRequest) -> HttpResponse:
    """All members of the champion on blind audits and reviews of live products of the last `?days=`,
    once there are enough; one of them in detail (`?member=`). A worker has measured them."""
    champion, days = model_versions.champion(), _days(request)
    measure = live_measure(champion, days=days) if champion else None
    context: dict[str, Any] = {
        "champion": champion,
        "measure": measure,
        "fewest": live_measures.FEWEST,
        "days": days,
        "periods": _period_tabs(days),
    }
    if measure and measure.metrics:
        metrics = measure.metrics
        member = _member(request, metrics)
        members = pages.member_rows(metrics)
        address = f"{reverse('models:live')}?days={days}"
        link = f"{reverse('models:live-products', args=[measure.pk])}?member={member}"
        context |= {
            **_of_member(metrics, member, link),
            "members": members,
            "lacks_baseline": not any(one.is_baseline for one in members),
            "tabs": _member_tabs(members, member, f"{address}&member="),
        }
    return render(request, "evaluations/live.html", context)


@login_required
@may_look
@require_GET
def live_products(request: UserRequest, measure_id: int) -> HttpResponse:
    """The products of one cell of a live confusion matrix (`?true=` and `?predicted=`), in pages
    (`?before=`). Of the days and the version of its measure."""
    rows = LiveMeasure.objects.exclude(metrics={}).select_related("model_version")
    measure = get_object_or_404(rows, pk=measure_id)
    member = _member(request, measure.metrics)
    true, predicted = whole_number(request, "true"), whole_number(request, "predicted")
    cells = measure.metrics["members"][member]["confusion"]
    before = whole_number(request, "before") if "before" in request.GET else None
    found = decided_products(
        measure, member=member, true=true, predicted=predicted, before=before, limit=_SHOWN + 1
    )
    older = (
        f"?member={member}&true={true}&predicted={predicted}&before={found[_SHOWN - 1].label}"
        if len(found) > _SHOWN
        else ""
    )
    context = {
        "measure": measure,
        "member": member,
        "names": pages.category_names(),
        "true": true,
        "predicted": predicted,
        "number": next((n for was, said, n in cells if (was, said) == (true, predicted)), 0),
        "answered": found[:_SHOWN],
        "next_url": older,
    }
    return render(request, "evaluations/products.html", context)


def _days(request: UserRequest) -> int:
    wanted = request.GET.get("days", "")
    return int(wanted) if wanted in map(str, PERIODS) else _USUAL_DAYS


def _period_tabs(days: int) -> list[dict[str, Any]]:
    return [
        {
            "url": f"{reverse('models:live')}?days={period}",
            "label": ngettext("%(n)s day", "%(n)s days", period) % {"n": period},
            "active": period == days,
        }
        for period in PERIODS
    ]


def _member_tabs(
    members: list[pages.MemberRow], shown: MemberChoice, address: str
) -> list[dict[str, Any]]:
    return [
        {
            "url": f"{address}{one.member}",
            "label": one.member.label,
            "active": one.member == shown,
        }
        for one in members
    ]


def _numbers(row: Evaluation, member: MemberChoice) -> dict[str, Any]:
    link = f"{reverse('models:answers', args=[row.pk])}?member={member}"
    members = pages.member_rows(row.metrics)
    address = reverse("models:evaluation", args=[row.pk])
    return {
        **_of_member(row.metrics, member, link),
        "members": members,
        "strangers": model_versions.trained_elsewhere(row.model_version),
        "latency": row.metrics["latency_ms"],
        "tabs": _member_tabs(members, member, f"{address}?member="),
    }


def _of_member(metrics: dict[str, Any], member: MemberChoice, link: str) -> dict[str, Any]:
    """One member in detail. link: address of the products behind a cell."""
    numbers, target = metrics["members"][member], metrics["target"]
    names = pages.category_names()
    return {
        "member": member,
        "target": target,
        "certified": numbers["certified"],
        "categories": pages.category_rows(numbers, names),
        "confused": pages.confusion_rows(numbers, names)[:_MOST_CONFUSED],
        "slices": pages.slice_tables(numbers),
        "link": link,
        "reliability": charts.reliability_chart(numbers),
        "curve": charts.risk_coverage_chart(numbers, target),
        "confusion": charts.confusion_chart(numbers, link),
    }


def _member(request: UserRequest, metrics: dict[str, Any]) -> MemberChoice:
    wanted = request.GET.get("member", "")
    known = metrics["members"]
    if wanted in MemberChoice.values and known.get(wanted, {}).get("rows"):
        return MemberChoice(wanted)
    return MemberChoice.FUSION
