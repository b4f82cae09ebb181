"""The gate's tests of fairness: no group beyond the policy's bound, no gap surely wider. Pure.

Two harms, as in `domain.fairness`: wrong among what is listed, and held back for a person.
Shapes: N = products, G = groups, B = resamplings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri

from reviewapp.choices import GateTest, GateVerdict, MemberChoice
from reviewapp.domain import paired, policy_effect
from reviewapp.domain.answers import AnswerSheet, Words
from reviewapp.domain.fairness import ERROR, WAITING
from reviewapp.domain.gate_result import GateResult, GateRules, GroupShare, verdict
from reviewapp.domain.intervals import Z_95, share
from reviewapp.domain.policy_effect import Bools, Floats
from reviewapp.domain.routing import Policy

# The spread of a gap needs fewer resamplings than a quantile does.
_SAMPLES: Final = 500
_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Harm:
    """Whom a harm may hit and whom it has hit, both (N,), under one version and its policy."""

    among: Bools
    is_hit: Bools


Harms = Mapping[str, Harm]


@dataclass(frozen=True, slots=True)
class Gap:
    """How much farther from all other products a group is with the candidate, in shares.

    value: the candidate's gap - the champion's; low, high: its 95 % interval
    p_value: how likely so much is if the gap has not grown, or there is none
    """

    name: str
    value: float
    low: float
    high: float
    p_value: float


def judge(
    sheets: tuple[AnswerSheet, AnswerSheet],
    policies: tuple[Policy, Policy],
    groups: Mapping[str, Bools],
    rules: GateRules,
) -> list[GateResult]:
    """Hold every group's error among listed products and its share of reviews against the bound,
    and its distance to all others against the champion's. Champion first, candidate second."""
    samples = [sheet.sample(MemberChoice.FUSION) for sheet in sheets]
    old, new = (
        harms(policy_effect.listed_by(sample, policy), sample.is_right)
        for sample, policy in zip(samples, policies, strict=True)
    )
    return [
        _bound(groups, old, new, rules),
        _grown(groups, gaps(groups, old, new, sheets[1].group, rules.fewest_per_group), rules),
    ]


def harms(listed: Bools, is_right: Bools) -> dict[str, Harm]:
    """Return both harms of a version that lists `listed` (N,)."""
    return {
        ERROR: Harm(listed, listed & ~is_right),
        WAITING: Harm(np.ones(len(listed), dtype=bool), ~listed),
    }


def declared_groups(
    sheet: AnswerSheet, families: Mapping[int, str], undescribed: Bools | None
) -> dict[str, Bools]:
    """Return the groups of each kind that has more than one, as masks (N,) by "kind:value".

    families: by code, of the true category, so that both versions are judged on the same products
    undescribed: (N,) products without a description; None where that is not known
    """
    columns: dict[str, Words] = {
        "picture": _presence(_lacks(sheet.missing, "image")),
        "text": _presence(_lacks(sheet.missing, "text")),
        "language": np.where(sheet.language == "", "unknown", sheet.language),
        "seller": sheet.seller,
        "family": np.array([families.get(code, "") for code in sheet.true.tolist()], dtype=str),
    }
    if undescribed is not None:
        columns["description"] = _presence(undescribed)
    groups: dict[str, Bools] = {}
    for kind, column in columns.items():
        values = [value for value in np.unique(column).tolist() if value]
        if len(values) > 1:
            groups |= {f"{kind}:{value}": column == value for value in values}
    return groups


def shares(groups: Mapping[str, Bools], old: Harms, new: Harms, z: float) -> list[GroupShare]:
    """Return every group's share of every harm that can hit it, with Wilson's interval of `z`."""
    found = []
    for harm, one in new.items():
        overall = float(one.is_hit[one.among].mean()) if one.among.any() else 0.0
        for name, own in groups.items():
            number, before = int((own & one.among).sum()), own & old[harm].among
            rate = share(int((own & one.is_hit).sum()), number, z) if number else None
            champion = float(old[harm].is_hit[before].mean()) if before.any() else None
            if rate is not None:
                found.append(GroupShare(f"{harm}:{name}", rate, overall, champion))
    return found


def gaps(
    groups: Mapping[str, Bools],
    old: Harms,
    new: Harms,
    duplicates: Words,
    fewest: int,
) -> list[Gap]:
    """Return how each group's gap to all other products changes, of groups with `fewest` in both.

    Whole groups of near duplicates are resampled, both versions together. duplicates: (N,)
    """
    keys = [
        (harm, name)
        for harm in new
        for name, own in groups.items()
        if all(_is_told(own, side[harm], fewest) for side in (old, new))
    ]
    if not keys:
        return []
    plain = _gaps(np.ones((1, len(duplicates))), keys, groups, (old, new))[0]
    drawn = np.concatenate(
        [
            _gaps(weights, keys, groups, (old, new))
            for weights in paired.weights(duplicates, _SAMPLES, _SEED)
        ]
    )
    grown, there = _p_values(_change(plain), _change(drawn)), _p_values(plain[:, 1], drawn[..., 1])
    half = -float(ndtri(0.025)) * _change(drawn).std(axis=0)
    # A group that was better off than others and is less so now is no wider gap: both must hold.
    numbers = zip(keys, _change(plain), half, np.maximum(grown, there), strict=True)
    return [
        Gap(f"{harm}:{name}", float(value), float(value - one), float(value + one), float(p_value))
        for (harm, name), value, one, p_value in numbers
    ]


def _change(gaps_of_both: Floats) -> Floats:
    change: Floats = gaps_of_both[..., 1] - gaps_of_both[..., 0]
    return change


def _p_values(plain: Floats, drawn: Floats) -> Floats:
    """Return the normal probability of so much by chance if there is nothing (G,)."""
    spread = drawn.std(axis=0)
    found: Floats = np.where(
        spread > 0, ndtr(-plain / np.where(spread > 0, spread, 1.0)), plain <= 0
    )
    return found


def _is_told(own: Bools, harm: Harm, fewest: int) -> bool:
    """Say whether the group and all others have enough products that the harm may hit."""
    return min(int((own & harm.among).sum()), int((~own & harm.among).sum())) >= fewest


def _gaps(
    weights: Floats,
    keys: Sequence[tuple[str, str]],
    groups: Mapping[str, Bools],
    sides: Sequence[Harms],
) -> Floats:
    """Return each group's share - the share of all others, of each version (B, G, 2)."""
    found = []
    for harm, name in keys:
        own = groups[name]
        # (N, 8): hits and products, of the group and of all others, of both versions.
        columns = [
            member & mask
            for side in sides
            for member in (own, ~own)
            for mask in (side[harm].is_hit, side[harm].among)
        ]
        sums = (weights @ np.stack(columns, axis=1).astype(np.float64)).reshape(-1, 2, 2, 2)
        rates = sums[..., 0] / np.maximum(sums[..., 1], 1)
        found.append(rates[..., 0] - rates[..., 1])
    return np.stack(found, axis=1)


def _lacks(missing: Words, kind: str) -> Bools:
    return np.array([kind in one.split(",") for one in missing.tolist()], dtype=bool)


def _presence(is_missing: Bools) -> Words:
    return np.where(is_missing, "missing", "present")


def _bound(groups: Mapping[str, Bools], old: Harms, new: Harms, rules: GateRules) -> GateResult:
    beyond, before = (_surely_beyond(groups, old, one, rules) for one in (new, old))
    found = [replace(one, is_beyond=one.name in beyond) for one in shares(groups, old, new, Z_95)]
    enough = [one for one in found if one.rate.sample >= rules.fewest_per_group]
    names = {f"{harm}:{name}" for harm in new for name in groups}
    unjudged = sorted(names - {one.name for one in enough})
    # What is unfair already, such as reviewing all products without text, must not keep a version
    # out that serves the group no worse.
    judged = [
        one for one in enough if one.overall > 0 and not (one.name in before and _is_no_worse(one))
    ]
    failed = [one.name for one in judged if one.is_beyond]
    worst = max(judged, key=lambda one: one.ratio, default=None)
    passed = verdict(is_met=not failed)
    return GateResult(
        GateTest.FAIRNESS,
        number=worst.ratio if worst else None,
        threshold=rules.fairness_bound,
        verdict=GateVerdict.NOT_JUDGED if unjudged and not failed else passed,
        low=worst.rate.low / worst.overall if worst else None,
        high=worst.rate.high / worst.overall if worst else None,
        failed=failed,
        unjudged=unjudged,
        groups=found,
    )


def _surely_beyond(
    groups: Mapping[str, Bools], old: Harms, new: Harms, rules: GateRules
) -> set[str]:
    """Return the groups whose share under `new` is surely larger than the bound allows."""
    # Bonferroni: Wilson's bounds have no p-values to sort.
    z = -float(ndtri(rules.level / max(len(groups) * len(new), 1)))
    return {
        one.name
        for one in shares(groups, old, new, z)
        if one.rate.sample >= rules.fewest_per_group
        and one.rate.low > rules.fairness_bound * one.overall > 0
    }


def _is_no_worse(one: GroupShare) -> bool:
    return one.old is not None and one.rate.value <= one.old


def _grown(groups: Mapping[str, Bools], found: Sequence[Gap], rules: GateRules) -> GateResult:
    grown = paired.holm([one.p_value for one in found], rules.level)
    worst = max(found, key=lambda one: one.value, default=None)
    passed = verdict(is_met=not any(grown))
    return GateResult(
        GateTest.GAPS,
        number=worst.value if worst else None,
        threshold=0.0,
        verdict=GateVerdict.NOT_JUDGED if groups and not found else passed,
        low=worst.low if worst else None,
        high=worst.high if worst else None,
        failed=[one.name for one, has_grown in zip(found, grown, strict=True) if has_grown],
    )
