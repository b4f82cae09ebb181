"""What reports weigh: small without a record, more with one, never beyond the ceilings."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reviewapp.domain.weight import (
    ModelView,
    Outcome,
    Record,
    Rules,
    Voice,
    every_answer,
    is_limited,
    record_of,
    score_case,
    weight_of,
)

RULES = Rules()
PROVEN = Record(upheld=5)
LISTED = 1280
MODEL = ModelView(code=LISTED, confidence=0.83, top={LISTED: 0.83, 1281: 0.1})


def test_a_new_account_weighs_little_and_a_proven_one_ten_times_as_much():
    fresh, proven = weight_of(Record(), RULES), weight_of(PROVEN, RULES)

    assert fresh < 0.06
    assert proven > 0.5


@given(st.floats(0, 200), st.floats(0, 200))
def test_an_upheld_report_never_lowers_and_a_dismissed_one_never_raises(upheld, dismissed):
    weight = weight_of(Record(upheld, dismissed), RULES)

    assert 0 <= weight < 1
    assert weight_of(Record(upheld + 1, dismissed), RULES) >= weight
    assert weight_of(Record(upheld, dismissed + 1), RULES) <= weight + 1e-9


def test_an_old_answer_counts_half_after_the_half_life():
    record = record_of([Outcome(True, 180), Outcome(True, 0), Outcome(False, 360)], 180)

    assert record == Record(upheld=1.5, dismissed=0.25)


def test_the_answers_about_one_seller_count_for_one_at_most_by_their_shares():
    farmed = [Outcome(True, age, seller=7) for age in (360, 0, 180)]
    mixed = [Outcome(number > 0, 0, seller=8) for number in range(4)]
    nobodys = [Outcome(True, 0), Outcome(False, 0), Outcome(False, 0)]

    assert record_of(farmed, 180) == Record(upheld=1)
    assert record_of(mixed, 180) == Record(upheld=0.75, dismissed=0.25)
    assert record_of([*farmed, *mixed, *nobodys], 180) == Record(upheld=2.75, dismissed=2.25)
    assert every_answer([*farmed, *mixed], 180) == Record(upheld=4.75, dismissed=1)


def test_the_answers_about_the_seller_in_question_count_each():
    about_it = [Outcome(number > 0, 0, seller=7) for number in range(5)]
    about_another = [Outcome(True, 0, seller=8) for _ in range(5)]

    assert record_of([*about_it, *about_another], 180, about=7) == Record(upheld=5, dismissed=1)
    assert record_of([*about_it, *about_another], 180, about=8) == Record(upheld=5.8, dismissed=0.2)


@pytest.mark.parametrize("sellers", [1, 2, 3])
def test_three_upheld_reports_about_a_seller_prove_somebody_however_small_the_market(sellers):
    answers = [Outcome(True, 0, seller=number % sellers) for number in range(3 * sellers)]

    weights = [weight_of(record_of(answers, 180, about=seller), RULES) for seller in range(sellers)]

    assert min(weights) >= RULES.proven_at


@given(st.integers(0, 50), st.integers(0, 3))
def test_what_one_seller_can_give_away_never_proves_anybody_about_another(given_away, honest):
    """Without two answers and more from elsewhere, whatever the first seller lists wrongly."""
    answers = [Outcome(True, 0, seller=7)] * given_away + [Outcome(False, 0, seller=9)] * honest

    record = record_of(answers, 180, about=9)

    assert weight_of(record, RULES) < RULES.proven_at


def test_who_is_proven_elsewhere_and_wrong_about_a_seller_does_not_stay_so_about_that_one():
    elsewhere = [Outcome(True, 0, seller) for seller in range(100, 106)]
    wrong = [Outcome(False, 0, seller=7) for _ in range(6)]

    about_it, about_others = (
        weight_of(record_of([*elsewhere, *wrong], 180, about=about), RULES) for about in (7, 8)
    )

    assert about_it < RULES.proven_at <= about_others


outcomes = st.builds(
    Outcome,
    is_upheld=st.booleans(),
    age_days=st.floats(0, 720),
    seller=st.sampled_from([None, 7, 8, 9]),
)


@given(st.lists(outcomes, max_size=30), st.sampled_from([None, 7]))
def test_upheld_and_dismissed_reports_count_in_the_same_unit(answers, about):
    turned = [replace(one, is_upheld=not one.is_upheld) for one in answers]

    record, mirrored = (record_of(some, 180, about=about) for some in (answers, turned))

    assert mirrored.upheld == pytest.approx(record.dismissed)
    assert mirrored.dismissed == pytest.approx(record.upheld)


@given(st.lists(outcomes, max_size=30), outcomes)
def test_one_more_answer_never_counts_against_its_own_side(answers, answer):
    before = record_of(answers, 180)

    after = record_of([*answers, answer], 180)

    own, other = ("upheld", "dismissed") if answer.is_upheld else ("dismissed", "upheld")
    assert getattr(after, own) >= getattr(before, own) - 1e-9
    assert getattr(after, other) <= getattr(before, other) + 1e-9


@given(st.integers(0, 20), st.integers(1, 20), st.integers(1, 8))
def test_many_reports_of_one_seller_press_an_honest_reporter_no_further_down(
    dismissed, upheld, times
):
    elsewhere = [Outcome(True, 0, seller) for seller in range(100, 104)]
    some = [Outcome(number < upheld, 0, seller=7) for number in range(upheld + dismissed)]

    once, often = (
        record_of([*elsewhere, *some * repeated], 180, about=8) for repeated in (1, times)
    )

    assert weight_of(often, RULES) == pytest.approx(weight_of(once, RULES))
    assert weight_of(often, RULES) >= weight_of(Record(upheld=4, dismissed=1), RULES)


voices = st.builds(
    Voice,
    record=st.builds(Record, upheld=st.floats(0, 1.5), dismissed=st.floats(0, 50)),
    category=st.sampled_from([None, 1281, 1300]),
    network=st.sampled_from(["", "a", "b", "c"]),
)
models = st.none() | st.builds(
    ModelView,
    code=st.just(1281),
    confidence=st.floats(0, 1),
    # Rounded probabilities may add up to a little more than one.
    top=st.dictionaries(st.sampled_from([LISTED, 1281, 1300]), st.floats(0, 1), min_size=1),
)


@given(st.lists(voices, max_size=100), models)
def test_people_without_a_record_never_reach_the_bar(crowd, model):
    score = score_case(crowd, model, RULES, listed=LISTED)

    assert not any(voice.is_proven for voice in score.voices)
    assert score.score < RULES.reopen_at


@given(
    st.lists(st.floats(2.4, 50), min_size=3, max_size=3),
    st.sampled_from([None, 1281]),
    models,
    st.lists(voices, max_size=20),
)
def test_three_proven_people_reopen_whatever_they_name_and_a_crowd_says(
    records, category, model, crowd
):
    honest = [Voice(Record(upheld), category, f"home-{n}") for n, upheld in enumerate(records)]

    score = score_case([*honest, *crowd], model, RULES, listed=LISTED)

    assert sum(voice.is_proven for voice in score.voices) == 3
    assert score.score >= RULES.reopen_at


@st.composite
def safe_rules(draw):
    """Mostly safe: near the edges on both sides."""
    bar = draw(st.floats(0.3, 2.5))
    return Rules(
        proven_at=draw(st.floats(bar / 3.05, 0.9)),
        unproven_cap=bar * draw(st.floats(0.05, 0.47)),
        network_cap=draw(st.floats(bar / 3.05, 2)),
        reopen_at=bar,
        overrule_at=bar * draw(st.floats(1, 3)),
    )


@given(safe_rules(), st.integers(1, 200), models)
def test_what_is_called_safe_holds_for_all_numbers(rules, crowd, model):
    assume(rules.is_safe)
    fresh = [Voice(Record(), 1300, f"hired-{number}") for number in range(crowd)]
    upheld = next(n for n in itertools.count() if weight_of(Record(n), rules) >= rules.proven_at)
    proven = [Voice(Record(upheld), None, f"home-{number}") for number in range(3)]

    assert score_case(fresh, model, rules, listed=LISTED).score < rules.reopen_at
    assert score_case(proven, model, rules, listed=LISTED).score >= rules.reopen_at


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param({"unproven_cap": 0.6}, id="a crowd reaches the bar"),
        pytest.param({"proven_at": 0.3}, id="three proven people do not reach it"),
        pytest.param({"network_cap": 0.3}, id="a network's ceiling keeps them below it"),
        pytest.param({"prior_upheld": 30}, id="everybody is proven at first"),
    ],
)
def test_rules_that_turn_the_bar_around_are_not_safe(numbers):
    assert RULES.is_safe
    assert not Rules(**numbers).is_safe


def test_two_hundred_new_accounts_move_nothing_past_five_proven_people():
    brigade = [Voice(Record(), 1300, f"hired-{number}") for number in range(200)]
    honest = [Voice(PROVEN, 1281, f"home-{number}") for number in range(5)]

    alone = score_case(brigade, MODEL, RULES, listed=LISTED)
    both = score_case([*brigade, *honest], MODEL, RULES, listed=LISTED)

    assert alone.score < RULES.reopen_at
    assert alone.weight == pytest.approx(RULES.unproven_cap)
    assert (both.lead, both.score > RULES.overrule_at) == (1281, True)


def test_two_proven_people_who_agree_reach_the_bar_and_one_does_not():
    one = score_case([Voice(PROVEN, 1281, "a")], MODEL, RULES, listed=LISTED)
    two = score_case(
        [Voice(PROVEN, 1281, "a"), Voice(PROVEN, 1281, "b")], MODEL, RULES, listed=LISTED
    )

    assert (one.agreement, one.score < RULES.reopen_at) == (0, True)
    assert (two.agreement, two.lead, two.score > RULES.reopen_at) == (1, 1281, True)


def test_one_network_is_no_crowd():
    same = score_case([Voice(PROVEN, 1281, "a")] * 5, MODEL, RULES, listed=LISTED)

    assert same.agreement == 0
    assert same.weight == pytest.approx(RULES.network_cap)


@pytest.mark.parametrize("crowd", [1, 20, 200])
def test_new_accounts_on_a_proven_persons_network_do_not_press_him_or_her_down(crowd):
    proven = Voice(PROVEN, 2220, "home")
    fresh = [Voice(Record(), 1281, "home")] * crowd

    alone, crowded = (
        score_case([proven], MODEL, RULES, listed=LISTED),
        score_case([proven, *fresh], MODEL, RULES, listed=LISTED),
    )

    assert crowded.lead == 2220
    assert crowded.score >= alone.score


def test_the_models_doubt_about_the_listing_raises_the_score():
    sure, torn, against = (
        score_case([Voice(PROVEN, 1300)], ModelView(code, p, top), RULES, listed=LISTED)
        for code, p, top in [
            (LISTED, 1.0, {LISTED: 1.0}),
            (LISTED, 0.5, {LISTED: 0.5, 1281: 0.4}),
            # As sure as the first, of another category.
            (1281, 0.98, {1281: 0.98, LISTED: 0.01}),
        ]
    )

    assert (sure.doubt, torn.doubt, against.doubt) == pytest.approx((0, 0.5, 0.99))
    assert torn.score == pytest.approx(sure.score * 1.25)
    assert against.score == pytest.approx(sure.score * 1.495)


@pytest.mark.parametrize(
    ("top", "doubt"),
    [
        pytest.param({1281: 0.6, 1282: 0.3}, 0.9, id="at most what the others leave"),
        pytest.param({1281: 0.6, 1282: 0.05}, 0.95, id="less than the last of them"),
        pytest.param({1281: 0.7, 1282: 0.3001}, 1.0, id="rounding leaves nothing"),
    ],
)
def test_a_listing_beyond_the_first_five_is_doubted_by_what_they_leave(top, doubt):
    assert ModelView(1281, 0.6, top).doubt_of(LISTED) == pytest.approx(doubt)


def test_without_an_answer_of_fusion_doubt_is_full():
    assert score_case([Voice(PROVEN)], None, RULES, listed=LISTED).doubt == 1


def test_only_a_long_bad_record_limits():
    assert is_limited(Record(upheld=1, dismissed=9), RULES)
    assert not is_limited(Record(upheld=0, dismissed=7), RULES)
    assert not is_limited(Record(upheld=4, dismissed=9), RULES)
