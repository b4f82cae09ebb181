"""A careless moderator is found soon; a careful one is left in peace."""

import random

import pytest

from reviewapp.choices import ComparisonKind, WatchStream
from reviewapp.domain.carelessness import (
    ALPHA,
    BLOCK,
    Capital,
    Tally,
    Watch,
    after_answer,
    payoff,
    tolerated,
    without_answer,
)
from tests.moderator_world import run


def test_one_who_answers_every_fifth_time_at_random_is_found_within_150_decisions():
    runs = [run(seed=seed) for seed in range(100, 110)]

    found = [after for one in runs for after in one.careless]
    accused = [after for one in runs for after in one.careful if after is not None]
    assert sum(after is not None for after in found) >= 9
    assert max(after for after in found if after is not None) <= 150
    assert accused == []


def test_one_who_is_off_as_often_as_tolerated_is_rarely_accused_however_long_one_looks():
    chance = random.Random(7)
    accused = sum(_is_ever_accused(chance, rate=0.1, bound=0.1, answers=600) for _ in range(300))

    # 5 % of 300, and three standard deviations.
    assert accused <= ALPHA * 300 + 11


def test_one_who_grows_careless_after_years_is_found_too():
    chance = random.Random(8)
    watch = _watched(Watch(), chance, rate=0.03, bound=0.06, answers=40 * BLOCK)
    assert not watch.is_alarm

    watch = _watched(watch, chance, rate=0.03 + 0.2 * 0.8, bound=0.06, answers=4 * BLOCK)

    assert watch.is_alarm


def test_the_stakes_never_exceed_what_was_laid_in():
    watch = Watch()
    for _ in range(20 * BLOCK):
        # Without a chance to win: at 90 % even random answers are hardly off more often.
        watch = after_answer(
            watch, kind=ComparisonKind.GOLD, is_off=False, bound=0.9, categories=10
        )

    capital = watch.streams[WatchStream.TRUTH]
    assert capital.total == pytest.approx(1)
    assert capital.kept == pytest.approx(1 / 21)
    assert watch.streams[WatchStream.FAR] == Capital()


def test_nobody_is_measured_before_peers_have_answered():
    assert tolerated(peers=Tally(49, 5), peers_here=Tally()) is None


def test_a_hard_category_is_forgiven_more_than_an_easy_one():
    everywhere = Tally(1000, 50)

    hard = tolerated(peers=everywhere, peers_here=Tally(100, 30))
    easy = tolerated(peers=everywhere, peers_here=Tally(100, 1))

    assert hard is not None
    assert easy is not None
    assert hard > 2 * easy > 0.05


def _watched(watch, chance, *, rate, bound, answers):
    for _ in range(answers):
        is_off = chance.random() < rate
        watch = after_answer(
            watch, kind=ComparisonKind.FAR, is_off=is_off, bound=bound, categories=27
        )
    return watch


def _is_ever_accused(chance, *, rate, bound, answers):
    """One stream alone: the whole watch would be three times as slow to accuse."""
    watch = Watch()
    for _ in range(answers):
        is_off = chance.random() < rate
        watch = after_answer(
            watch, kind=ComparisonKind.SHOWN, is_off=is_off, bound=bound, categories=27
        )
        if watch.streams[WatchStream.SUGGESTION].total >= 1 / ALPHA:
            return True
    return False


def test_a_withdrawn_answer_leaves_no_more_capital_than_if_it_had_paid_nothing():
    chance = random.Random(3)
    gold = {"kind": ComparisonKind.GOLD, "bound": 0.1, "categories": 27}
    off = payoff(is_off=True, **gold)
    asked = paid_nothing = Watch()
    for number in range(3 * BLOCK):
        is_off = number == 40 or chance.random() < 0.2
        asked = after_answer(asked, is_off=is_off, **gold)
        paid_nothing = after_answer(paid_nothing, is_off=is_off, **gold)
        if number == 40:
            paid_nothing = without_answer(paid_nothing, kind=ComparisonKind.GOLD, factor=off)

    withdrawn = without_answer(asked, kind=ComparisonKind.GOLD, factor=off)

    assert off > 1 > payoff(is_off=False, **gold)
    assert withdrawn.evidence <= paid_nothing.evidence < asked.evidence
    assert without_answer(asked, kind=ComparisonKind.GOLD, factor=0.9) == asked
