"""Two versions on the same products, and the gate's judgement of one against the other."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reviewapp.choices import GateVerdict, JobStatus, MemberChoice, Queue
from reviewapp.domain.data_card import selection
from reviewapp.domain.gate_result import GateResult, GateRules
from reviewapp.domain.paired import Pair
from reviewapp.domain.policy_effect import Bools
from reviewapp.domain.snapshots import Filters
from reviewapp.forms.promotions import PromotionForm
from reviewapp.models import Evaluation, GateReport
from reviewapp.selectors import evaluation_pages as pages
from reviewapp.selectors import evaluations as selectors
from reviewapp.selectors import model_versions
from reviewapp.selectors.pages import Part, newest_and_asked
from reviewapp.selectors.promotions import (
    earlier_refusals,
    newest_report,
    other_candidates,
    verdict_that_counts,
)
from reviewapp.selectors.training import labels_after
from reviewapp.selectors.version_pairs import (
    NotComparable,
    VersionPair,
    answer_pair,
    flipped_products,
    version_pair,
)
from reviewapp.selectors.workers import is_listening
from reviewapp.types import UserRequest
from reviewapp.views.evaluations import may_look
from reviewapp.views.parts import part_links, wanted_part, whole_number

_SHOWN = 50
_CHOICES = 200


@login_required
@may_look
@require_GET
def comparison(request: UserRequest) -> HttpResponse:
    """Two evaluations of one snapshot (`?old=`, `?new=`, `?member=`)."""
    asked = [request.GET.get(side, "") for side in ("old", "new")]
    finished = selectors.evaluations().filter(status=JobStatus.DONE).defer("metrics")
    done = newest_and_asked(finished, asked, _CHOICES)
    old, new = (_chosen(done, one) for one in asked)
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
        try:
            context |= _compared(old, new, member)
        except NotComparable as problem:
            context["problem"] = problem.words
    return render(request, "evaluations/compare.html", context)


@login_required
@may_look
@require_GET
def flips(request: UserRequest) -> HttpResponse:
    """All products that changed sides one way (`?kind=lost` or `won`) from one evaluation to another
    (`?old=`, `?new=`, `?member=`), in pages (`?start=`)."""
    done = selectors.evaluations().filter(status=JobStatus.DONE)
    old, new = (get_object_or_404(done, pk=whole_number(request, side)) for side in ("old", "new"))
    member, kind = request.GET.get("member", ""), request.GET.get("kind", "")
    if member not in MemberChoice.values or kind not in ("lost", "won"):
        raise Http404
    try:
        both = answer_pair(old, new, member)
    except NotComparable as problem:
        raise Http404(problem.words) from problem
    title, mask = _flips(both)[kind]
    part = wanted_part(request, total=int(mask.sum()), size=_SHOWN)
    context = {
        "old": old,
        "new": new,
        "member": MemberChoice(member),
        "title": title,
        "number": part.total,
        "products": flipped_products(both, mask, part),
        "names": pages.category_names(),
        **part_links(part, _flips_address(old, new, member, kind)),
    }
    return render(request, "evaluations/flips.html", context)


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
    snapshot = report.candidate.snapshot
    filters = Filters.from_json(snapshot.filters)
    newest = newest_report(version, champion) if champion else None
    context = {
        "report": report,
        "form": form,
        "refusals": [(one, _failed_tests(one)) for one in refusals],
        "is_worker_missing": not report.judged_at
        and not is_listening(queue=Queue.EVALUATION, now=timezone.now()),
        "is_champion": version == champion,
        "is_outdated": report != newest,
        "counts_as": verdict_that_counts(report),
        "results": [_named(result, names, families) for result in results],
        "fewest": GateRules().fewest_per_group,
        "strangers": model_versions.trained_elsewhere(version, report.champion.model_version),
        "selection": "" if filters == Filters() else selection(filters),
        "newer_labels": labels_after(snapshot) if report.verdict else 0,
        "other_candidates": other_candidates(report),
    }
    response = render(request, "evaluations/gate.html", context)
    if request.htmx and report.judged_at:
        # The badge in the heading and the way to the comparison are not among what is swapped.
        response["HX-Refresh"] = "true"
    return response


def _chosen(done: list[Evaluation], wanted: str) -> Evaluation | None:
    return next((row for row in done if str(row.pk) == wanted), None)


def _compared(old: Evaluation, new: Evaluation, member: str) -> dict[str, Any]:
    both, names = answer_pair(old, new, member), pages.category_names()
    found = version_pair(both, names)
    changed = [
        {
            "title": title,
            "key": key,
            "number": int(mask.sum()),
            "products": flipped_products(both, mask, Part(0, _SHOWN, int(mask.sum()))),
            "link": _flips_address(old, new, member, key),
        }
        for key, (title, mask) in _flips(both).items()
    ]
    return {
        "found": found,
        "rates": _rates(found),
        "names": names,
        "flips": changed,
        "strangers": model_versions.trained_elsewhere(old.model_version, new.model_version),
    }


def _flips(both: Pair) -> dict[str, tuple[str, Bools]]:
    """Title and mask (N,) of what was lost and what was won."""
    return {
        "lost": (_("Right before, wrong now"), both.negative_flips),
        "won": (_("Wrong before, right now"), both.positive_flips),
    }


def _flips_address(old: Evaluation, new: Evaluation, member: str, kind: str) -> str:
    query = [("old", str(old.pk)), ("new", str(new.pk)), ("member", member), ("kind", kind)]
    return f"{reverse('models:flips')}?{urlencode(query)}"


def _rates(found: VersionPair) -> list[tuple[str, Any]]:
    titles = {
        "accuracy": _("Accuracy"),
        "macro_f1": _("Macro F1"),
        "weighted_f1": _("Weighted F1"),
        "ece": _("Calibration error"),
    }
    return [(titles[rate], difference) for rate, difference in found.rates.items()]


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
