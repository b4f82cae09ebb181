"""Two versions on the same products, and the gate's judgement of one against the other."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reviewapp.choices import GateVerdict, JobStatus, MemberChoice, Queue
from reviewapp.domain.gate_result import GateResult, GateRules
from reviewapp.domain.paired import NotPaired
from reviewapp.forms.promotions import PromotionForm
from reviewapp.models import Evaluation, GateReport
from reviewapp.selectors import evaluation_pages as pages
from reviewapp.selectors import evaluations as selectors
from reviewapp.selectors import model_versions
from reviewapp.selectors.promotions import earlier_refusals, newest_report
from reviewapp.selectors.version_pairs import VersionPair, flipped_products, version_pair
from reviewapp.selectors.workers import is_listening
from reviewapp.types import UserRequest
from reviewapp.views.evaluations import may_look

_SHOWN = 50


@login_required
@may_look
@require_GET
def comparison(request: UserRequest) -> HttpResponse:
    """Two evaluations of one snapshot (`?old=`, `?new=`, `?member=`)."""
    done = list(selectors.evaluations().filter(status=JobStatus.DONE)[:200])
    old, new = (_chosen(done, request.GET.get(side, "")) for side in ("old", "new"))
    wanted = request.GET.get("member", "")
    member = MemberChoice(wanted) if wanted in MemberChoice.values else MemberChoice.FUSION
    context: dict[str, Any] = {
        "evaluations": done,
        "old": old,
        "new": new,
        "sides": [("old", old, _("Before")), ("new", new, _("After"))],
        "member": member,
        "members": list(MemberChoice),
    }
    if old and new:
        context |= _compared(old, new, member)
    return render(request, "evaluations/compare.html", context)


@login_required
@may_look
@require_GET
def gate(request: UserRequest, report_id: int) -> HttpResponse:
    """The gate's judgement: each test with its number, threshold and verdict."""
    report = get_object_or_404(selectors.gate_reports(), pk=report_id)
    results = [GateResult.from_json(one) for one in report.results]
    names, families = pages.category_names(), pages.family_names()
    refusals = list(earlier_refusals(report))
    form = PromotionForm()
    # What was not judged takes a tick, or a reason.
    form.fields["reason"].required = report.verdict == GateVerdict.FAILED or bool(refusals)
    if report.verdict != GateVerdict.FAILED and refusals:
        form.fields["reason"].label = _("Why now, in spite of the earlier refusal")
    version, champion = report.candidate.model_version, model_versions.champion()
    newest = newest_report(version, champion) if champion else None
    context = {
        "report": report,
        "form": form,
        "refusals": [(one, _failed_tests(one)) for one in refusals],
        "is_worker_missing": not report.judged_at
        and not is_listening(queue=Queue.EVALUATION, now=timezone.now()),
        "is_champion": version == champion,
        "is_outdated": report != newest,
        "results": [_named(result, names, families) for result in results],
        "fewest": GateRules().fewest_per_group,
    }
    response = render(request, "evaluations/gate.html", context)
    if request.htmx and report.judged_at:
        # The badge in the heading and the way to the comparison are not among what is swapped.
        response["HX-Refresh"] = "true"
    return response


def _chosen(done: list[Evaluation], wanted: str) -> Evaluation | None:
    return next((row for row in done if str(row.pk) == wanted), None)


def _compared(old: Evaluation, new: Evaluation, member: MemberChoice) -> dict[str, Any]:
    if old.snapshot_id != new.snapshot_id:
        return {"problem": _("Choose two versions measured on the same snapshot.")}
    names = pages.category_names()
    try:
        found = version_pair(old, new, member, names)
    except NotPaired:
        return {"problem": _("The two versions were not measured on the same products.")}
    except selectors.AnswersGone:
        return {"problem": _("The stored answers are gone or have been altered.")}
    except KeyError:
        return {"problem": _("One of the two versions does not have this member.")}
    return {"found": found, "rates": _rates(found), "names": names, "flips": _flips(found)}


def _rates(found: VersionPair) -> list[tuple[str, Any]]:
    titles = {
        "accuracy": _("Accuracy"),
        "macro_f1": _("Macro F1"),
        "weighted_f1": _("Weighted F1"),
        "ece": _("Calibration error"),
    }
    return [(titles[rate], difference) for rate, difference in found.rates.items()]


def _flips(found: VersionPair) -> list[tuple[str, str, int, Any]]:
    """Title, id, number and first products of what was lost and what was won."""
    both = found.both
    kinds = (
        (_("Right before, wrong now"), "lost", both.negative_flips),
        (_("Wrong before, right now"), "won", both.positive_flips),
    )
    return [
        (title, key, int(mask.sum()), flipped_products(both, mask, start=0, limit=_SHOWN))
        for title, key, mask in kinds
    ]


def _failed_tests(report: GateReport) -> list[str]:
    results = [GateResult.from_json(one) for one in report.results]
    return [str(one.test.label) for one in results if one.verdict == GateVerdict.FAILED]


def _named(result: GateResult, names: dict[int, str], families: dict[str, str]) -> dict[str, Any]:
    """Return a result with what failed and what was not judged in words, and its groups' rows."""

    def words(stored: str) -> str:
        if ":" in stored:
            return pages.group_name(stored, families)
        return f"{stored} {names.get(int(stored), '')}"

    rows = pages.group_rows(result, GateRules().fewest_per_group)
    return {
        "result": result,
        "failed": [words(one) for one in result.failed],
        "unjudged": [words(one) for one in result.unjudged],
        "groups": [(words(one.name), one, *flags) for one, *flags in rows],
    }
