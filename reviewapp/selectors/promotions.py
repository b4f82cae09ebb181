"""Promotions: their history, what the gate says of a version, and the work that follows."""

from __future__ import annotations

from django.db.models import QuerySet

from reviewapp.choices import GateVerdict, PromotionKind
from reviewapp.domain.snapshots import Filters
from reviewapp.models import GateReport, ModelVersion, Promotion, Rescoring
from reviewapp.selectors.evaluations import gate_reports
from reviewapp.selectors.model_versions import champion, trained_elsewhere


def history() -> QuerySet[Promotion]:
    """All promotions, newest first, with their versions, authors and policies."""
    return Promotion.objects.select_related(
        "version", "previous", "promoted_by", "policy", "policy_before", "gate", "rescoring"
    ).order_by("-id")


def newest_report(version: ModelVersion, against: ModelVersion) -> GateReport | None:
    """Return the newest judgement of `version` against `against`, or None."""
    reports = gate_reports().filter(
        candidate__model_version=version, champion__model_version=against
    )
    return reports.exclude(verdict="").order_by("-judged_at", "-id").first()


def is_in_doubt(report: GateReport) -> bool:
    """Whether passing proves little: nobody here knows which products the candidate has learned, or
    somebody has chosen those of the test."""
    is_chosen = Filters.from_json(report.candidate.snapshot.filters) != Filters()
    return is_chosen or bool(trained_elsewhere(report.candidate.model_version))


def verdict_that_counts(report: GateReport) -> str:
    """Return the verdict as a promotion takes it: a pass in doubt has judged nothing."""
    if report.verdict == GateVerdict.PASSED and is_in_doubt(report):
        return GateVerdict.NOT_JUDGED
    return report.verdict


def earlier_refusals(report: GateReport) -> QuerySet[GateReport]:
    """Return the other judgements that refused the same candidate against the same champion, newest
    first: on another snapshot, or before it was judged again."""
    same = gate_reports().filter(
        candidate__model_version=report.candidate.model_version,
        champion__model_version=report.champion.model_version,
    )
    refused = same.filter(verdict=GateVerdict.FAILED).exclude(pk=report.pk)
    return refused.order_by("-judged_at", "-id")


def other_candidates(report: GateReport) -> int:
    """Count the other versions that have been judged against the same champion so far: chance lets
    one of many through sooner than one of one."""
    judged = GateReport.objects.exclude(verdict="").filter(
        champion__model_version=report.champion.model_version
    )
    others = judged.exclude(candidate__model_version=report.candidate.model_version)
    return others.values("candidate__model_version").distinct().count()


def champion_before() -> ModelVersion | None:
    """Return whom the present champion has taken the place from; None for the first one."""
    present = champion()
    taken = Promotion.objects.filter(version=present).exclude(kind=PromotionKind.ROLLBACK)
    last = taken.select_related("previous").order_by("-promoted_at", "-id").first()
    return last.previous if present and last else None


def roll_back_from(version: ModelVersion) -> Promotion | None:
    """Return the newest promotion if it is the one that took `version` out of service again."""
    newest = history().first()
    is_that = newest and newest.kind == PromotionKind.ROLLBACK and newest.previous == version
    return newest if is_that else None


def current_rescoring() -> Rescoring | None:
    """Return the newest rescoring, finished or not."""
    rows = Rescoring.objects.select_related("promotion__version")
    return rows.order_by("-id").first()
