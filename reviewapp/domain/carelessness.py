"""A sequential test that finds a moderator who answers at random, and rarely accuses another.

Each answer is a bet against "this person is off no more often than tolerated": capital grows when
the answer is off, shrinks when it is not, and cannot grow in expectation while the claim is true.
By Ville's inequality the capital of a careful person then ever reaches 1 / ALPHA with probability
ALPHA at most, however often one looks. Sources: J. Ville, 1939; A. Ramdas, P. Grünwald, V. Vovk,
G. Shafer, Game-Theoretic Statistics and Safe Anytime-Valid Inference, Statistical Science 38, 2023.
The guarantee is as good as the bound: what is tolerated comes from the peers (`tolerated`).
"""

from dataclasses import dataclass, field, replace
from typing import Final

from reviewapp.choices import ComparisonKind, WatchStream
from reviewapp.domain.intervals import Z_95_ONE_SIDED, share

ALPHA = 0.05
ALARM_AT = 1 / ALPHA
# The carelessness the bets are sized for: every fifth answer at random. Others are found too.
_RANDOM_SHARE = 0.2
# A careful person may be off a quarter more often than the peers.
_TOLERANCE = 1.25
# Peers' answers before there is anything to compare with, and how many answers in a category the
# rate of all categories together weighs.
PEERS_NEEDED = 50
_PRIOR_WEIGHT = 100
_HIGHEST_TOLERATED = 0.9
# So many answers after which a new part of the capital is staked, so that carelessness which
# begins late does not have to earn back what years of care have lost.
BLOCK = 50

# A grid is one look at many products: its answers are no independent bets, and not watched.
STREAM_OF: Final = {
    ComparisonKind.GOLD: WatchStream.TRUTH,
    ComparisonKind.SECOND_OPINION: WatchStream.TRUTH,
    ComparisonKind.IN_SIGHT: WatchStream.TRUTH,
    ComparisonKind.SHOWN: WatchStream.SUGGESTION,
    ComparisonKind.BLIND: WatchStream.SUGGESTION,
    ComparisonKind.FAR: WatchStream.FAR,
}


@dataclass(frozen=True, slots=True)
class Tally:
    """How often answers were off, of how many seen."""

    seen: int = 0
    off: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.seen + other.seen, self.off + other.off)

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(self.seen - other.seen, self.off - other.off)


@dataclass(frozen=True, slots=True)
class Capital:
    """The capital of one stream of bets: what is staked, what is kept, and answers seen.

    Before answer number n x BLOCK, 1 / ((n + 1)(n + 2)) of the first capital is staked; these
    shares sum to 1, so the whole stays a bet that cannot grow while the person is careful.
    """

    seen: int = 0
    staked: float = 0.0
    kept: float = 1.0

    @property
    def total(self) -> float:
        return self.staked + self.kept


@dataclass(frozen=True, slots=True)
class Watch:
    """All bets on one person. Their mean is a fair bet again, so it alone has to be looked at."""

    streams: dict[WatchStream, Capital] = field(
        default_factory=lambda: dict.fromkeys(WatchStream, Capital())
    )

    @property
    def evidence(self) -> float:
        """Capital per capital laid in; an alarm at ALARM_AT."""
        return sum(capital.total for capital in self.streams.values()) / len(self.streams)

    @property
    def is_alarm(self) -> bool:
        return self.evidence >= ALARM_AT


def tolerated(*, peers: Tally, peers_here: Tally) -> float | None:
    """Return how often a careful person may be off, in (0, 1); None while peers have too few answers.

    peers: of everybody else, held against the same; peers_here: of those in this category. A
    category with few answers leans on the common rate.
    """
    if peers.seen < PEERS_NEEDED:
        return None
    common = share(peers.off, peers.seen, Z_95_ONE_SIDED).high
    here = (peers_here.off + _PRIOR_WEIGHT * common) / (peers_here.seen + _PRIOR_WEIGHT)
    return min(_HIGHEST_TOLERATED, _TOLERANCE * here)


def after_answer(
    watch: Watch, *, kind: ComparisonKind, is_off: bool, bound: float, categories: int
) -> Watch:
    """Return the watch after one more answer. `bound`: see `tolerated`; `categories` in use."""
    stream = STREAM_OF[kind]
    capital = _stake(watch.streams[stream])
    factor = payoff(kind=kind, is_off=is_off, bound=bound, categories=categories)
    capital = replace(capital, seen=capital.seen + 1, staked=capital.staked * factor)
    return Watch({**watch.streams, stream: capital})


def without_answer(watch: Watch, *, kind: ComparisonKind, factor: float) -> Watch:
    """Return the watch after an answer that paid `factor` has turned out to be no fair question.

    What was staked since is divided, too: the capital left is at most what it would have been, so
    that a careful person stays as safe as before. One that has lost capital is left where it is.
    """
    stream = STREAM_OF[kind]
    capital = watch.streams[stream]
    capital = replace(capital, staked=capital.staked / max(factor, 1.0))
    return Watch({**watch.streams, stream: capital})


def _stake(capital: Capital) -> Capital:
    block, within = divmod(capital.seen, BLOCK)
    if within:
        return capital
    stake = capital.kept / (block + 2)
    return replace(capital, staked=capital.staked + stake, kept=capital.kept - stake)


def payoff(*, kind: ComparisonKind, is_off: bool, bound: float, categories: int) -> float:
    """Return what the staked capital is multiplied by: the likelihood ratio of the carelessness
    looked for. Its mean is at most 1 while a person is off no more often than `bound`."""
    shown = 5 if STREAM_OF[kind] == WatchStream.FAR else 1
    at_random = max(0.0, 1 - shown / categories)
    careless = (1 - _RANDOM_SHARE) * bound + _RANDOM_SHARE * at_random
    if careless <= bound:
        return 1.0
    return careless / bound if is_off else (1 - careless) / (1 - bound)
