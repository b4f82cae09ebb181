"""Watching over what is promised of automatic listings, and making the gate stricter when it fails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from reviewapp.choices import AuditStratum, ModelStage
from reviewapp.domain import policy_effect
from reviewapp.domain.certificate_watch import CertificateBets, gain
from reviewapp.domain.routing import Policy
from reviewapp.models import (
    CertificateAlarm,
    CertificateWatch,
    ModelVersion,
    RoutingPolicy,
    User,
)
from reviewapp.selectors.audits import AuditAnswer, newly_answered
from reviewapp.services.mail import tell
from reviewapp.services.policies import current_policy, rules, set_policy
from reviewapp.services.webhooks import post_webhook
from reviewapp.templatetags.measures import share


def watch_audits(*, answers: Sequence[AuditAnswer], after: int, now: datetime) -> None:
    """Take answered audits into the running tests; void the certificates that fail.

    after: decisions up to this id have been taken in before
    Call it in the transaction that moves the cursor: an answer must count once.
    """
    audits = _audits(answers)
    groups = sorted({one.group for one in audits if one.group is not None})
    earlier = _audits(newly_answered(after=0, last=after, groups=groups)) if groups else []
    for pair in sorted({(one.model_version, one.policy) for one in audits}):
        own, before = (
            [one for one in some if (one.model_version, one.policy) == pair]
            for some in (audits, earlier)
        )
        _watch(*pair, own, before, now)


@transaction.atomic
def close_alarm(*, alarm: CertificateAlarm, by: User, comment: str, now: datetime) -> bool:
    """Note that an admin has looked into it; False when it was closed already. No rule changes."""
    open_one = CertificateAlarm.objects.filter(pk=alarm.pk, closed_at=None)
    return bool(open_one.update(closed_at=now, closed_by=by, comment=comment))


def _audits(answers: Sequence[AuditAnswer]) -> list[AuditAnswer]:
    return [one for one in answers if one.is_listed and one.inclusion_probability > 0]


def _watch(
    version: int,
    policy_id: int,
    audits: Sequence[AuditAnswer],
    earlier: Sequence[AuditAnswer],
    now: datetime,
) -> None:
    """earlier: audits of their near duplicates that have been taken in before"""
    watch, _created = CertificateWatch.objects.get_or_create(
        model_version_id=version, policy_id=policy_id
    )
    watch = CertificateWatch.objects.select_for_update().get(pk=watch.pk)
    policy = RoutingPolicy.objects.get(pk=policy_id)
    bets = CertificateBets.from_json(watch.bets)
    least, target = _least_rate(rules(policy)), policy.target_error
    gains: dict[int | None, float] = defaultdict(float)
    for one in earlier:
        gains[one.group] += gain(is_wrong=one.is_wrong, weight=_weight(one, least), target=target)
    for one in audits:
        weight = _weight(one, least)
        before = 0.0 if one.group is None else gains[one.group]
        bets = bets.after(is_wrong=one.is_wrong, weight=weight, target=target, group_gain=before)
        gains[one.group] += gain(is_wrong=one.is_wrong, weight=weight, target=target)
        if bets.is_void:
            _void(version, policy, bets, now)
            break
    watch.bets = bets.as_json()
    watch.save(update_fields=["bets"])


def _weight(audit: AuditAnswer, least: float) -> float:
    # A product that came back with an older rate weighs no more than the rarest.
    return min(1.0, least / audit.inclusion_probability)


def _least_rate(policy: Policy) -> float:
    strata = (AuditStratum.NEAR, AuditStratum.MIDDLE, AuditStratum.FAR)
    rates = [policy.audit_rate_in(stratum) for stratum in strata]
    return min(rate for rate in rates if rate > 0)


def _void(version: int, policy: RoutingPolicy, bets: CertificateBets, now: datetime) -> None:
    """Record the alarm once, make the gate stricter, and tell the admins."""
    alarm, is_new = CertificateAlarm.objects.get_or_create(
        model_version_id=version,
        policy=policy,
        defaults={
            "target": policy.target_error,
            "evidence": bets.evidence,
            "audits": bets.seen,
            "wrong": bets.wrong,
            "raised_at": now,
        },
    )
    if not is_new:
        return
    champion = ModelVersion.objects.filter(pk=version, stage=ModelStage.CHAMPION)
    in_force = current_policy(now=now)
    if champion.exists() and not rules(in_force).is_stricter_than(rules(policy)):
        alarm.policy_after = _tighten(in_force, now)
        alarm.save(update_fields=["policy_after"])
    tell(key=f"certificate:{alarm.pk}", write=partial(_letter, alarm), now=now)
    post_webhook(key=f"certificate:{alarm.pk}", body=_message(alarm), now=now)


def _tighten(in_force: RoutingPolicy, now: datetime) -> RoutingPolicy:
    stricter = policy_effect.halve_doubt(rules(in_force))
    changes: dict[str, Any] = {
        "accept_at": stricter.accept_at,
        "thresholds": {str(code): at for code, at in stricter.thresholds.items()},
        "missing_thresholds": dict(stricter.missing_thresholds),
    }
    return set_policy(changes=changes, based_on=in_force.version, author=None, now=now)


def _letter(alarm: CertificateAlarm) -> tuple[str, str]:
    return _("Too many automatic listings are wrong"), _body(alarm)


def _body(alarm: CertificateAlarm) -> str:
    numbers = {
        "version": alarm.policy.version,
        "target": share(alarm.target),
        "wrong": alarm.wrong,
        "audits": alarm.audits,
    }
    told = (
        _(
            "Policy version %(version)s promised at most %(target)s wrong automatic listings."
            " Blind audits say that it is surely more: %(wrong)s of %(audits)s were wrong, most"
            " of them just above the threshold, where audits are densest."
        )
        % numbers
    )
    if alarm.policy_after is None:
        done = _(
            "A stricter policy or another model is in force already; no threshold was changed."
        )
    else:
        done = _("Stricter thresholds are in force as version %(version)s.") % {
            "version": alarm.policy_after.version
        }
    todo = _(
        "Look at the page “Quality” (%(page)s), find out what has changed, and acknowledge the alarm."
    ) % {"page": _page()}
    return f"{told}\n\n{done}\n\n{todo}\n"


def _page() -> str:
    return f"{settings.PUBLIC_URL}{reverse('quality:index')}"


def _message(alarm: CertificateAlarm) -> dict[str, Any]:
    """What another system is told: numbers and codes only, in no language."""
    return {
        "event": "certificate.void",
        "alarm": alarm.pk,
        "raised_at": alarm.raised_at.isoformat(),
        "model": alarm.model_version.name,
        "policy": alarm.policy.version,
        "policy_after": alarm.policy_after and alarm.policy_after.version,
        "target": alarm.target,
        "audits": alarm.audits,
        "wrong": alarm.wrong,
        "page": _page(),
        "actions": ["find_cause", "acknowledge"],
    }
