"""The gate's reports: asked for, judged by a worker once both versions are measured."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from reviewapp.choices import JobStatus, MemberChoice
from reviewapp.domain import gate, paired
from reviewapp.domain.gate_result import GateResult, GateRules, verdict_of
from reviewapp.models import DatasetSnapshot, GateReport, ModelVersion, RoutingPolicy, User
from reviewapp.selectors.evaluations import AnswersGone, answer_sheet, declared_groups
from reviewapp.selectors.policies import set_by_a_person
from reviewapp.services.evaluations.jobs import request_evaluation
from reviewapp.services.policies import costs, current_policy, recertified
from reviewapp.services.policies import rules as listed_by

# Stored in English and translated where they are shown.
NOT_MEASURED = gettext_noop("One of the two versions could not be measured.")
ANSWERS_GONE = gettext_noop(
    "The stored answers are gone or have been altered. Ask for the judgement again: both versions"
    " are then measured anew."
)
OTHER_PRODUCTS = gettext_noop("The two versions were not measured on the same products.")


@transaction.atomic
def request_gate(
    *,
    candidate: ModelVersion,
    champion: ModelVersion,
    snapshot: DatasetSnapshot,
    user: User | None,
    now: datetime,
) -> GateReport:
    """Ask for a judgement of `candidate` against `champion` on the snapshot's test split.

    Asks for the measurements that are not there yet. One report per pair is open at a time. Raises
    EvaluationRefused.
    """
    sides = [
        request_evaluation(version=version, snapshot=snapshot, user=user, now=now)
        # By id, so that two requests lock in one order.
        for version in sorted((candidate, champion), key=lambda one: one.pk)
    ]
    by_version = {side.model_version_id: side for side in sides}
    pair = {"candidate": by_version[candidate.pk], "champion": by_version[champion.pk]}
    GateReport.objects.bulk_create(
        [GateReport(**pair, requested_by=user, created_at=now)], ignore_conflicts=True
    )
    return GateReport.objects.get(**pair, judged_at=None)


def judge(*, report_id: int, now: datetime) -> GateReport | None:
    """Judge a report whose evaluations have ended; None when there is nothing (more) to judge.

    The judgement depends on the stored answers and the policy only, so that doing it twice gives
    the same; the first one to store it wins.
    """
    report = (
        GateReport.objects.filter(pk=report_id, judged_at=None)
        .select_related(
            "candidate__model_version", "candidate__snapshot", "champion__model_version"
        )
        .first()
    )
    if report is None:
        return None
    policy = current_policy(now=now)
    results, error = _judged(report, policy)
    numbers = (
        {"error": error}
        if error
        else {
            "results": [result.as_json() for result in results],
            "verdict": verdict_of(results),
            "policy": policy,
        }
    )
    waiting = GateReport.objects.filter(pk=report_id, judged_at=None)
    waiting.update(**numbers, judged_at=now)
    report.refresh_from_db()
    return report


def _judged(report: GateReport, policy: RoutingPolicy) -> tuple[list[GateResult], str]:
    if {report.candidate.status, report.champion.status} != {JobStatus.DONE}:
        return [], NOT_MEASURED
    try:
        champion, candidate = paired.unlearned(
            answer_sheet(report.champion), answer_sheet(report.candidate)
        )
        promise = recertified(
            sample=candidate.sample(MemberChoice.FUSION), policy=set_by_a_person(policy)
        )
        rules = GateRules(
            latency_ms=settings.LATENCY_BUDGET_MS, fairness_bound=policy.fairness_bound
        )
        policies = (listed_by(policy), promise.rules)
        groups = declared_groups(report.candidate.snapshot, candidate)
        return gate.judge(champion, candidate, policies, costs(policy), rules, groups), ""
    except AnswersGone:
        return [], ANSWERS_GONE
    except paired.NotPaired:
        return [], OTHER_PRODUCTS
