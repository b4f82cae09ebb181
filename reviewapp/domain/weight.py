"""What buyers' reports of one product weigh together. Pure.

A report weighs what its reporter's record supports: the mean of a Beta posterior over the share of
his or her reports that moderators upheld, less one standard deviation. Few answers mean a wide
posterior, so a new account weighs little, and ten dismissed reports make it weigh next to nothing
without a word. Reports from one network, and all reports by people without a record, have a common
ceiling; `Rules.is_safe` keeps the second below the bar whatever the models say, and three proven
people of different networks above it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

_Key = TypeVar("_Key")

# A share of more answers about one seller changes little, and what people did long ago less.
ANSWERS_COUNTED = 100
# So many proven people are enough to have an automatic listing looked at again.
ENOUGH_PROVEN = 3


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of a ReportPolicy row; the bars and ceilings are in units of weight.

    half_life_days: after it an answer counts half
    prior_upheld, prior_dismissed: the imagined answers that everybody starts with
    proven_at: a reporter of this weight is proven; three of them reopen an automatic listing
    unproven_cap: all reporters of a case who are not proven weigh at most this together
    network_cap: all reporters of one network weigh at most this together
    agreement_bonus, doubt_bonus, alternative_bonus: by how much full agreement, full doubt of the
        models about the listing, and a named category among the models' first five raise the score
    reopen_at, overrule_at: scores from which an automatic listing, and a moderator's answer, are
        looked at again
    limit_dismissed: from this many dismissed reports on (aged), with fewer than one in five
        upheld, a reporter may have only `limit_open` open at a time
    """

    half_life_days: float = 180.0
    prior_upheld: float = 1.0
    prior_dismissed: float = 3.0
    proven_at: float = 0.34
    unproven_cap: float = 0.4
    network_cap: float = 0.8
    agreement_bonus: float = 0.25
    doubt_bonus: float = 0.5
    alternative_bonus: float = 0.25
    reopen_at: float = 1.0
    overrule_at: float = 2.5
    limit_dismissed: float = 8.0
    limit_open: int = 2

    @property
    def is_safe(self) -> bool:
        """Whether people without a record never reach a bar, however many, and three proven ones do.

        Three from networks of their own, that is, about an automatic listing: whatever the models
        say, and whether they name a category or not.
        """
        highest = (1 + self.agreement_bonus) * (1 + self.doubt_bonus + self.alternative_bonus)
        bars = min(self.reopen_at, self.overrule_at)
        return (
            weight_of(Record(), self) < self.proven_at
            and self.unproven_cap * highest < bars
            and ENOUGH_PROVEN * min(self.proven_at, self.network_cap) >= self.reopen_at
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answered report of a reporter. seller: whose product it was, None when nobody's"""

    is_upheld: bool
    age_days: float
    seller: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A reporter's answered reports, each counted by its age."""

    upheld: float = 0.0
    dismissed: float = 0.0


@dataclass(frozen=True, slots=True)
class Voice:
    """One report: what its reporter's record is, which category it names, from which network.

    network: anything that is equal for equal networks; empty when it is not known
    """

    record: Record
    category: int | None = None
    network: str = ""


@dataclass(frozen=True, slots=True)
class ModelView:
    """What FUSION says of the product. top: its calibrated probabilities of its first five codes"""

    code: int
    confidence: float
    top: Mapping[int, float]

    def doubt_of(self, listed: int | None) -> float:
        """Return 1 - P(listed), 0..1; beyond the first five P is at most what these leave."""
        rest = min([1.0 - math.fsum(self.top.values()), *self.top.values()])
        return min(max(1.0 - (self.top.get(listed, rest) if listed else 0.0), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Counted:
    """A voice with its weight, and what is left of that below the ceilings."""

    upheld: float
    dismissed: float
    category: int | None
    is_proven: bool
    weight: float
    counted: float


@dataclass(frozen=True, slots=True)
class CaseScore:
    """The arithmetic of a case, as it is stored and as a moderator reads it.

    lead: the category with the most weight behind it; None when nobody names one
    agreement: its share of the weight that names any category, 0..1; 0 for a single reporter
    doubt: that of FUSION about the category the product stands in, 0..1; 1 without an answer
    is_alternative: the lead is among FUSION's first five
    """

    voices: tuple[Counted, ...]
    weight: float
    lead: int | None
    agreement: float
    doubt: float
    is_alternative: bool
    score: float


def record_of(
    outcomes: Iterable[Outcome], half_life_days: float, *, about: int | None = None
) -> Record:
    """Add up a reporter's outcomes, each halved in weight by `half_life_days`.

    about: the reported product's seller. Answers about that one count each, those about any other
    together for one at most: who lists wrongly could else make a record to be used against others.
    """
    by_seller: dict[int | None, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_seller[outcome.seller].append(outcome)
    # Nobody's products have no owner in common.
    in_full = [*by_seller.pop(None, []), *by_seller.pop(about, [])]
    others = [every_answer(answers, half_life_days) for answers in by_seller.values()]
    records = [every_answer(in_full, half_life_days), *map(_at_most_one, others)]
    return Record(
        upheld=math.fsum(one.upheld for one in records),
        dismissed=math.fsum(one.dismissed for one in records),
    )


def every_answer(outcomes: Iterable[Outcome], half_life_days: float) -> Record:
    """Add up a reporter's outcomes whoever the sellers are, each halved by `half_life_days`."""
    sums = {True: 0.0, False: 0.0}
    for outcome in outcomes:
        sums[outcome.is_upheld] += 0.5 ** (max(outcome.age_days, 0.0) / half_life_days)
    return Record(upheld=sums[True], dismissed=sums[False])


def _at_most_one(record: Record) -> Record:
    answers = max(record.upheld + record.dismissed, 1.0)
    return Record(record.upheld / answers, record.dismissed / answers)


def weight_of(record: Record, rules: Rules) -> float:
    """Return what a reporter with `record` weighs, in [0, 1): posterior mean less one deviation.

    For Beta(a, b) the mean is a / (a + b), the variance ab / ((a + b)^2 (a + b + 1)).
    """
    a = rules.prior_upheld + record.upheld
    b = rules.prior_dismissed + record.dismissed
    deviation = math.sqrt(a * b / (a + b + 1)) / (a + b)
    return max(a / (a + b) - deviation, 0.0)


def is_limited(record: Record, rules: Rules) -> bool:
    """Say whether bad faith, or bad luck without end, limits what the reporter may have open.

    record: of `every_answer`: a flood against one seller is a flood
    """
    answers = record.upheld + record.dismissed
    return record.dismissed >= rules.limit_dismissed and record.upheld < answers / 5


def score_case(
    voices: Sequence[Voice], model: ModelView | None, rules: Rules, *, listed: int | None
) -> CaseScore:
    """Weigh the open reports about `listed`, a code. `model`: None when FUSION has no answer."""
    counted = _count(voices, rules)
    total = math.fsum(voice.counted for voice in counted)
    lead, agreement = _agreement(voices, counted)
    doubt = model.doubt_of(listed) if model else 1.0
    is_alternative = model is not None and lead is not None and lead in model.top
    raised = rules.doubt_bonus * doubt + rules.alternative_bonus * is_alternative
    return CaseScore(
        voices=counted,
        weight=total,
        lead=lead,
        agreement=agreement,
        doubt=doubt,
        is_alternative=is_alternative,
        score=total * (1 + rules.agreement_bonus * agreement) * (1 + raised),
    )


def bar(rules: Rules, *, is_human: bool) -> float:
    """Return the score from which the listing is looked at again. is_human: a person set it."""
    return rules.overrule_at if is_human else rules.reopen_at


def arithmetic(score: CaseScore) -> dict[str, Any]:
    """Return `score` as it is stored: rounded numbers, and nothing of who or where."""
    stored = asdict(score)
    stored["voices"] = [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in one.items()}
        for one in stored["voices"]
    ]
    return {
        key: round(value, 4) if isinstance(value, float) else value for key, value in stored.items()
    }


def _count(voices: Sequence[Voice], rules: Rules) -> tuple[Counted, ...]:
    weights = [weight_of(voice.record, rules) for voice in voices]
    proven = [weight >= rules.proven_at for weight in weights]
    # "" marks the proven: like an unknown network they have no ceiling in common. This ceiling comes
    # first: a crowd of new accounts on a proven reporter's network must not press him or her down.
    left = _capped(
        weights, ["" if is_proven else "unproven" for is_proven in proven], rules.unproven_cap
    )
    left = _capped(left, [voice.network for voice in voices], rules.network_cap)
    return tuple(
        Counted(
            upheld=voice.record.upheld,
            dismissed=voice.record.dismissed,
            category=voice.category,
            is_proven=is_proven,
            weight=weight,
            counted=remaining,
        )
        for voice, is_proven, weight, remaining in zip(voices, proven, weights, left, strict=True)
    )


def _capped(weights: Sequence[float], groups: Sequence[str], cap: float) -> list[float]:
    """Scale the weights of each named group down so that together they reach `cap` at most."""
    sums = _sums(weights, groups, lambda group: group != "")
    return [
        weight * min(1.0, cap / sums[group]) if sums.get(group) else weight
        for weight, group in zip(weights, groups, strict=True)
    ]


def _agreement(voices: Sequence[Voice], counted: Sequence[Counted]) -> tuple[int | None, float]:
    named = _sums(
        [voice.counted for voice in counted],
        [voice.category for voice in voices],
        lambda category: category is not None,
    )
    if not named:
        return None, 0.0
    # Of equal weights the lower code: the same reports always give the same lead.
    lead = min(named, key=lambda category: (-named[category], category or 0))
    together = math.fsum(named.values())
    if not together or _independent(voices, lead) < 2:
        return lead, 0.0
    return lead, named[lead] / together


def _independent(voices: Sequence[Voice], category: int | None) -> int:
    """How many networks name `category`; reports from unknown ones count each for itself."""
    networks = [voice.network for voice in voices if voice.category == category]
    return len({network for network in networks if network}) + networks.count("")


def _sums(
    weights: Sequence[float], keys: Sequence[_Key], wanted: Callable[[_Key], bool]
) -> dict[_Key, float]:
    sums: dict[_Key, float] = defaultdict(float)
    for weight, key in zip(weights, keys, strict=True):
        if wanted(key):
            sums[key] += weight
    return dict(sums)
