"""Would a policy be fair to the declared groups? Judged on products whose category is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewapp.choices import GroupKind
from reviewapp.domain.fairness import ERROR, WAITING, GroupJudgement, judge
from reviewapp.domain.policy_effect import Bools, Sample, listed_by
from reviewapp.domain.routing import Policy
from reviewapp.models import Category
from reviewapp.selectors.fairness import DECLARED

Words = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class PolicyFairness:
    """Groups that a policy would surely treat worse than `bound`, and those too small to judge.

    judged: kinds of which a group was judged; unknown: kinds that the sample does not know;
    alike: kinds of which all products of the sample are in one group
    """

    bound: float
    broken: Sequence[GroupJudgement]
    unjudged: Sequence[GroupJudgement]
    judged: Sequence[str]
    unknown: Sequence[str]
    alike: Sequence[str]


def policy_fairness(
    *, sample: Sample, current: Policy, proposed: Policy, bound: float
) -> PolicyFairness:
    """Judge `proposed` on all declared groups that the sample knows; families are FUSION's.

    A group that `current` treats as badly does not count as broken: what is unfair already must not
    keep a policy from becoming fairer.
    """
    columns = _columns(sample)
    values = {kind: _values(column) for kind, column in columns.items()}
    masks = {
        f"{kind}:{value}": columns[kind] == value
        for kind, named in values.items()
        if len(named) > 1
        for value in named
    }
    before = {(one.harm, one.name): one for one in _of_policy(sample, masks, current, bound)}
    found = _of_policy(sample, masks, proposed, bound)
    return PolicyFairness(
        bound=bound,
        broken=[one for one in found if one.breaks and _is_worse(one, before)],
        unjudged=[one for one in found if not one.is_judged],
        judged=[
            kind for kind in columns if any(one.kind == kind and one.is_judged for one in found)
        ],
        unknown=[kind for kind in DECLARED if kind not in columns],
        alike=[kind for kind, named in values.items() if len(named) <= 1],
    )


def _is_worse(one: GroupJudgement, before: Mapping[tuple[str, str], GroupJudgement]) -> bool:
    was = before.get((one.harm, one.name))
    return was is None or not was.breaks or (one.ratio or 0) > (was.ratio or 0)


def _columns(sample: Sample) -> dict[str, Words]:
    """Return what is known of the products by kind, (N,) each."""
    families = dict(Category.objects.values_list("code", "family__slug"))
    columns: dict[str, Words] = {
        GroupKind.PICTURE: _presence(sample, "image"),
        "text": _presence(sample, "text"),
        GroupKind.FAMILY: sample.of_kind(lambda code, _missing: families.get(code, ""), np.str_),
    }
    return columns | dict(sample.groups)


def _presence(sample: Sample, kind: str) -> Words:
    def word(_code: int, missing: str) -> str:
        return "missing" if kind in missing.split(",") else "present"

    return sample.of_kind(word, np.str_)


def _values(column: Words) -> list[str]:
    return [value for value in np.unique(column).tolist() if value]


def _of_policy(
    sample: Sample, masks: Mapping[str, Bools], policy: Policy, bound: float
) -> list[GroupJudgement]:
    listed = listed_by(sample, policy)
    tests = 2 * len(masks)
    wrong = listed & ~sample.is_right
    errors = {n: (int((m & wrong).sum()), int((m & listed).sum())) for n, m in masks.items()}
    waits = {n: (int((m & ~listed).sum()), int(m.sum())) for n, m in masks.items()}
    error = float(wrong.sum() / listed.sum()) if listed.any() else 0.0
    waiting = float((~listed).mean()) if len(sample) else 0.0
    return judge(ERROR, errors, error, bound, tests) + judge(WAITING, waits, waiting, bound, tests)
