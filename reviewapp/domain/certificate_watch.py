"""A sequential test that voids a certificate when too many automatic listings are wrong. Pure.

Each answered audit is a bet against "at most `target` of the listings are wrong". An audit that
was drawn with a higher probability counts for less, so that the bets speak of all listings. While
the claim is true the capital cannot grow in expectation; by Ville's inequality it then ever
reaches 1 / ALPHA with probability ALPHA at most, however long and often one looks. Reaching it is
the same as the lower bound of a 95 % confidence sequence passing the target. Source: I.
Waudby-Smith, A. Ramdas, Estimating means of bounded random variables by betting, JRSS B 86, 2024.

Near duplicates are right or wrong together: once one is known to be wrong, a bet on the next is no longer
a fair one. So a group of them is a single bet, won and lost by the sum of its audits' gains, which
each further audit raises or lowers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

ALPHA: Final = 0.05
VOID_AT: Final = 1 / ALPHA
# Shares of the most that may be staked: for errors far above the target, and just above it.
_STAKES: Final = (0.01, 0.025, 0.06)
# After so many audits a new part of the capital is laid in, so that an error that begins late does
# not have to earn back what good times have lost.
_BLOCK: Final = 100
# More than this a group cannot lose: the largest stake would be gone and the bet below nothing.
_MOST_LOST: Final = -15.0


def gain(*, is_wrong: bool, weight: float, target: float) -> float:
    """Return what an audit wins for each unit staked; less than 0 where the listing was right.

    weight: smallest inclusion probability of the policy over this audit's, in (0, 1]
    target: share of listings that may be wrong, in (0, 1)
    """
    return weight * ((1.0 if is_wrong else 0.0) - target) / target


@dataclass(frozen=True, slots=True)
class CertificateBets:
    """The running test: capital at stake by size of stake, what is kept, and audits seen."""

    seen: int = 0
    wrong: int = 0
    kept: float = 1.0
    staked: tuple[float, ...] = field(default=(0.0,) * len(_STAKES))

    @property
    def evidence(self) -> float:
        """Capital per capital laid in; the certificate is void at VOID_AT."""
        return self.kept + sum(self.staked)

    @property
    def is_void(self) -> bool:
        return self.evidence >= VOID_AT

    def after(
        self, *, is_wrong: bool, weight: float, target: float, group_gain: float = 0.0
    ) -> Self:
        """Return the test after one more audit; weight and target as in `gain`.

        group_gain: the sum of the gains of earlier audits of its near duplicates
        """
        kept, staked = self.kept, self.staked
        if self.seen % _BLOCK == 0:
            # Block n stakes 1 / ((n + 1)(n + 2)) of the first capital; these shares sum to 1.
            laid = kept / (self.seen // _BLOCK + 2)
            kept -= laid
            staked = tuple(one + laid / len(_STAKES) for one in staked)
        together = group_gain + gain(is_wrong=is_wrong, weight=weight, target=target)
        before, now = max(group_gain, _MOST_LOST), max(together, _MOST_LOST)
        return type(self)(
            seen=self.seen + 1,
            wrong=self.wrong + is_wrong,
            kept=kept,
            staked=tuple(
                one * (1 + stake * now) / (1 + stake * before)
                for one, stake in zip(staked, _STAKES, strict=True)
            ),
        )

    def as_json(self) -> dict[str, Any]:
        return {"seen": self.seen, "wrong": self.wrong, "kept": self.kept, "staked": self.staked}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `as_json` wrote; empty stands for a test that has not begun."""
        return cls(**{**stored, "staked": tuple(stored["staked"])}) if stored else cls()
