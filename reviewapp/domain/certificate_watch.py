"""A sequential test that voids a certificate when too many automatic listings are wrong. Pure.

Each answered audit is a bet against "at most `target` of the listings are wrong". An audit that
was drawn with a higher probability counts for less, so that the bets speak of all listings. While
the claim is true the capital cannot grow in expectation; by Ville's inequality it then ever
reaches 1 / ALPHA with probability ALPHA at most, however long and often one looks. Reaching it is
the same as the lower bound of a 95 % confidence sequence passing the target. Source: I.
Waudby-Smith, A. Ramdas, Estimating means of bounded random variables by betting, JRSS B 86, 2024.
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

    def after(self, *, is_wrong: bool, weight: float, target: float) -> Self:
        """Return the test after one more audit.

        weight: smallest inclusion probability of the policy over this audit's, in (0, 1]
        target: share of listings that may be wrong, in (0, 1)
        """
        kept, staked = self.kept, self.staked
        if self.seen % _BLOCK == 0:
            # Block n stakes 1 / ((n + 1)(n + 2)) of the first capital; these shares sum to 1.
            laid = kept / (self.seen // _BLOCK + 2)
            kept -= laid
            staked = tuple(one + laid / len(_STAKES) for one in staked)
        gain = weight * ((1.0 if is_wrong else 0.0) - target) / target
        return type(self)(
            seen=self.seen + 1,
            wrong=self.wrong + is_wrong,
            kept=kept,
            staked=tuple(
                one * (1 + stake * gain) for one, stake in zip(staked, _STAKES, strict=True)
            ),
        )

    def as_json(self) -> dict[str, Any]:
        return {"seen": self.seen, "wrong": self.wrong, "kept": self.kept, "staked": self.staked}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `as_json` wrote; empty stands for a test that has not begun."""
        return cls(**{**stored, "staked": tuple(stored["staked"])}) if stored else cls()
