"""Competence against the consensus of the others."""

import random

from worker.competence import BlindAnswer, KnownAnswered, competence

CODES = [10, 40, 50, 60, 1140]
GOOD, ALSO_GOOD, POOR = 1, 2, 3


def team(seed, items=300):
    """Three people answer blind; two are right in 95 % of cases, one in 60 %."""
    chance = random.Random(seed)
    answers, beliefs = [], {}
    for item in range(items):
        truth = chance.choice(CODES)
        for person, skill in ((GOOD, 0.95), (ALSO_GOOD, 0.95), (POOR, 0.6)):
            code = truth if chance.random() < skill else chance.choice(CODES)
            answers.append(BlindAnswer(item, person, code))
        guess = truth if chance.random() < 0.85 else chance.choice(CODES)
        beliefs[item] = [(guess, 0.7), (chance.choice([c for c in CODES if c != guess]), 0.2)]
    return answers, beliefs


def test_the_poor_one_stands_out_with_an_interval():
    found = competence(*team(1), CODES)

    good, poor = found[GOOD, None], found[POOR, None]
    assert good.sample == poor.sample == 300
    assert poor.high < good.low
    assert poor.low < 0.6 + 0.4 / 5 < poor.high


def test_each_category_has_its_own():
    found = competence(*team(2), CODES)

    of_poor = {code: found[POOR, code] for code in CODES}
    assert sum(one.sample for one in of_poor.values()) == 300
    assert all(one.low < one.value < one.high for one in of_poor.values())


def test_the_own_answer_does_not_count_as_consensus():
    answers, beliefs = team(3)
    # Nobody else has answered these.
    alone = [BlindAnswer(1000 + n, POOR, 10) for n in range(50)]

    found = competence([*answers, *alone], beliefs, CODES)

    assert found[POOR, None].sample == 300


def test_without_double_answers_nobody_is_measured():
    answers = [BlindAnswer(item, item % 2, 10) for item in range(20)]

    assert competence(answers, {}, CODES) == {}


def test_a_category_that_nobody_chose_or_that_is_gone_does_no_harm():
    answers, beliefs = team(4, items=40)
    gone = BlindAnswer(0, 4, 9999)

    found = competence([*answers, gone], beliefs, [*CODES, 2000])

    assert found[GOOD, None].sample == 40
    assert (4, None) not in found


def test_what_is_known_counts_as_it_is_known_without_a_colleague():
    known = [KnownAnswered(POOR, 10, 10)] * 3 + [KnownAnswered(POOR, 40, 10)]
    answers, beliefs = team(5, items=40)

    alone = competence([], {}, CODES, known)
    together = competence(answers, beliefs, CODES, known)

    assert (alone[POOR, None].value, alone[POOR, None].sample) == (0.75, 4)
    assert alone[POOR, 10].sample == 4
    assert together[POOR, None].sample == 44
