"""Promotions: which version classifies. One road for promoting and for rolling back.

Workers ask for the champion with each batch, so that a promotion counts from the next one on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from reviewapp.choices import GateVerdict, MemberChoice, ModelStage, ProductStatus, PromotionKind
from reviewapp.domain.policy_effect import Sample
from reviewapp.models import (
    Category,
    GateReport,
    ModelVersion,
    Product,
    Promotion,
    Rescoring,
    RoutingPolicy,
    User,
)
from reviewapp.selectors import calibration, evaluations, promotions
from reviewapp.selectors.policies import set_by_a_person
from reviewapp.services.model_versions import ModelRefused, locked_versions
from reviewapp.services.policies import recertified, set_policy
from reviewapp.services.predictions import ask_again
from reviewapp.services.shadow import stop_shadow
from reviewapp.services.versions import locked_in_force


@dataclass(eq=False)
class GateNotPassed(Exception):
    """The gate does not let the version through; `report` is its judgement, None without one.

    A report that leaves something not judged passes only for who accepts that; anything else takes
    a reason. was_refused: it passed, but an earlier judgement had refused it; is_in_doubt: it passed
    on test products that the version may have learned or that somebody has chosen
    """

    report: GateReport | None
    was_refused: bool = False
    is_in_doubt: bool = False

    def __str__(self) -> str:
        if self.was_refused:
            return "The gate has refused this version before. Give a reason to promote it now."
        if self.is_in_doubt:
            return (
                "The gate has passed this version on test products that it may have learned, or"
                " that somebody has chosen. Give a reason to promote it."
            )
        verdict = self.report.verdict if self.report else "no judgement"
        return f"The gate has not passed this version ({verdict}). Give a reason to promote it."

    @property
    def words(self) -> str:
        """What to tell the reader, in their language."""
        if self.was_refused:
            return _("The gate has refused this version before. Give a reason to promote it now.")
        if self.is_in_doubt:
            return _(
                "It passed, but on test products that it may have learned, or that somebody has"
                " chosen. Say that you have seen that, or give a reason."
            )
        return _("The gate has not passed this version. Give a reason to promote it all the same.")


class NothingBefore(Exception):
    """There is no earlier champion to roll back to."""


class OtherChampion(Exception):
    """The version that was to leave is not the champion (any more), or was judged again since."""


@transaction.atomic
def promote(
    *,
    version: ModelVersion,
    now: datetime,
    author: User | None = None,
    reason: str = "",
    accepts_unjudged: bool = False,
    seen: GateReport | None = None,
) -> Promotion | None:
    """Make `version` the champion; the one before retires. None when it is the champion already.

    The first champion needs no gate. Any other needs its newest judgement against the present
    champion to have passed, or a written `reason`; also where an earlier one had refused it, lest
    somebody asks until it passes. What was not judged takes `accepts_unjudged`, as does a pass of a
    version trained elsewhere or on a selection of the labels. Thresholds are certified anew with its answers,
    and products in review are asked about again. seen: the judgement that `reason` and
    `accepts_unjudged` are about; raises OtherChampion when it is not the newest against the present
    champion. Raises GateNotPassed, and ModelRefused when the
    catalogue lacks a category of the model.
    """
    version, champion = _locked(version)
    if champion == version:
        # Its files may have been repaired since it failed.
        ask_again(version=version, now=now)
        return None
    report = promotions.newest_report(version, champion) if champion else None
    if seen is not None and report != seen:
        raise OtherChampion
    kind = _road(champion, report, reason, accepts_unjudged=accepts_unjudged)
    grounds: dict[str, Any] = {
        "kind": kind,
        "gate": report,
        "reason": reason,
        "accepts_unjudged": kind == PromotionKind.GATE and accepts_unjudged,
    }
    return _put_into_service(version, champion, grounds, author, now)


@transaction.atomic
def roll_back(
    *, leaving: ModelVersion, author: User | None, now: datetime, reason: str = ""
) -> Promotion:
    """Give the place of `leaving`, the champion, back to the one before it.

    The same road as a promotion, without a gate: it has been the champion already. Whoever asks
    twice, by a double click say, goes back one champion: the second time raises OtherChampion.
    Raises NothingBefore for the first champion, ModelRefused as `promote` does.
    """
    before = promotions.champion_before()
    version, champion = _locked(before or leaving)
    # Asked under the lock: somebody else may have just done it.
    if champion != leaving or promotions.champion_before() != before:
        raise OtherChampion
    if before is None:
        raise NothingBefore
    grounds = {"kind": PromotionKind.ROLLBACK, "reason": reason}
    return _put_into_service(version, champion, grounds, author, now)


def _locked(version: ModelVersion) -> tuple[ModelVersion, ModelVersion | None]:
    """Lock all versions; return `version` and the champion as they are now."""
    locked = locked_versions()
    champions = [one for one in locked.values() if one.stage == ModelStage.CHAMPION]
    return locked[version.pk], champions[0] if champions else None


def _road(
    champion: ModelVersion | None,
    report: GateReport | None,
    reason: str,
    *,
    accepts_unjudged: bool,
) -> PromotionKind:
    if champion is None:
        return PromotionKind.FIRST
    verdict = promotions.verdict_that_counts(report) if report else ""
    passed = verdict == GateVerdict.PASSED or (
        verdict == GateVerdict.NOT_JUDGED and accepts_unjudged
    )
    was_refused = report is not None and promotions.earlier_refusals(report).exists()
    if passed and (reason.strip() or not was_refused):
        return PromotionKind.GATE
    if reason.strip():
        return PromotionKind.OVERRIDE
    is_in_doubt = report is not None and verdict != report.verdict
    raise GateNotPassed(report, was_refused=passed, is_in_doubt=is_in_doubt)


def _put_into_service(
    version: ModelVersion,
    champion: ModelVersion | None,
    grounds: dict[str, Any],
    author: User | None,
    now: datetime,
) -> Promotion:
    _check_categories(version)
    # What it answers beside is no longer the champion.
    stop_shadow(now=now)
    if champion is not None:
        champion.stage = ModelStage.RETIRED
        champion.save(update_fields=["stage"])
    version.stage, version.promoted_at = ModelStage.CHAMPION, now
    version.save(update_fields=["stage", "promoted_at"])
    promotion = Promotion(
        version=version, previous=champion, promoted_by=author, promoted_at=now, **grounds
    )
    if champion is not None:
        _certify(promotion, author, now)
    promotion.save()
    _begin_rescoring(promotion, now)
    ask_again(version=version, now=now)
    return promotion


def _check_categories(version: ModelVersion) -> None:
    known = set(Category.objects.values_list("code", flat=True))
    if missing := [str(code) for code in version.labels if code not in known]:
        raise ModelRefused(
            f"{version.name} names categories that the catalogue does not have:"
            f" {', '.join(missing)}. Load the taxonomy first."
        )


def _certify(promotion: Promotion, author: User | None, now: datetime) -> None:
    """Put a policy into force whose thresholds hold for the new model, as far as can be promised.

    Begins at the thresholds that a person set last: each promotion raises those, not what the one
    before has made of them.
    """
    # Certifying takes a while: whoever sets a policy meanwhile bases it on the promotion's, or is
    # told that it is outdated.
    current = locked_in_force(RoutingPolicy, now=now)
    base, sample = set_by_a_person(current), _sample(promotion)
    numbers: dict[str, Any] = _thresholds(base)
    if sample is not None:
        found = recertified(sample=sample, policy=base)
        numbers = {
            "accept_at": found.rules.accept_at,
            "thresholds": {str(code): at for code, at in found.rules.thresholds.items()},
            "missing_thresholds": dict(found.rules.missing_thresholds),
        }
        if found.promise.policy is not None:
            promotion.certificate = asdict(found.promise.certificate)
    promotion.policy_before = current
    promotion.policy = set_policy(
        changes=numbers,
        based_on=current.version,
        author=author,
        now=now,
    )


def _thresholds(policy: RoutingPolicy) -> dict[str, Any]:
    names = ("accept_at", "thresholds", "missing_thresholds")
    return {name: getattr(policy, name) for name in names}


def _sample(promotion: Promotion) -> Sample | None:
    """Return the version's answers to products it has not learned from, first of all those that the
    gate has judged; None without any."""
    version, gate = promotion.version, promotion.gate
    for evaluation in [gate.candidate] if gate else evaluations.finished(version)[:1]:
        try:
            sheet = evaluations.answer_sheet(evaluation).unlearned()
            return sheet.sample(MemberChoice.FUSION)
        except evaluations.AnswersGone:
            break
    return calibration.held_out(version)


def _begin_rescoring(promotion: Promotion, now: datetime) -> None:
    """Let the catalogue be asked anew; what an earlier promotion had begun ends here."""
    Rescoring.objects.filter(finished_at=None).update(
        finished_at=now, lease_token=None, lease_expires_at=None
    )
    Rescoring.objects.create(
        promotion=promotion,
        rows_total=Product.objects.exclude(status=ProductStatus.WAITING).count(),
        created_at=now,
    )
