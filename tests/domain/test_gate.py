import numpy as np
import pytest

from reviewapp.choices import GateTest, GateVerdict
from reviewapp.domain import gate, paired
from reviewapp.domain.answers import AnswerSheet, joined, member_answers
from reviewapp.domain.costs import Costs
from reviewapp.domain.gate import judge
from reviewapp.domain.gate_result import GateResult, GateRules, verdict_of
from reviewapp.domain.routing import Policy
from tests.answer_sheets import own_noise, sheet, softmax, world

POLICY, COSTS = Policy(version=1, accept_at=0.8), Costs()
RULES = GateRules(samples=300)


def judged(old, new, **changed):
    rules = GateRules(**{"samples": 300, **changed})
    return {result.test: result for result in judge(old, new, (POLICY, POLICY), COSTS, rules)}


def verdicts(results):
    return {test: result.verdict for test, result in results.items()}


def test_a_champion_against_itself_seldom_looks_better():
    # Equal models with noise of their own: any difference is chance.
    passed = 0
    for seed in range(200):
        true, signal = world(products=300, seed=seed)
        old, new = (
            sheet(true, signal, sharpness=3.0, noise=own_noise(signal, 1000 * seed + side))
            for side in (1, 2)
        )
        both = paired.pair(old, new, "fusion")
        gain = gate.cost_gain(both, old, new, POLICY, COSTS)
        passed += (
            paired.better_by_chance(gain, both.group, samples=200, seed=seed) <= RULES.better_level
        )

    assert passed <= 0.05 * 200
    assert passed > 0  # chance differences there were


def test_a_truly_better_candidate_passes_every_test():
    true, signal = world(products=6000)
    old, new = sheet(true, signal, sharpness=3.0), sheet(true, signal, sharpness=3.4)

    found = judged(old, new)

    assert set(verdicts(found).values()) == {GateVerdict.PASSED}
    assert verdict_of(found.values()) == GateVerdict.PASSED
    assert len(found) == len(GateTest)


def test_the_same_model_again_is_no_reason_for_a_change():
    true, signal = world()
    old = sheet(true, signal)

    found = judged(old, old)

    assert found[GateTest.COST].verdict == GateVerdict.FAILED
    assert found[GateTest.MACRO_F1].verdict == GateVerdict.PASSED


def test_a_candidate_that_learned_flipped_labels_of_one_category_is_refused():
    true, signal = world(products=6000)
    old = sheet(true, signal, sharpness=3.4)
    proba = old.members["fusion"].proba.astype(float)
    # Where it would say the first category it now says the second for a fifth of the products.
    flipped = (proba.argmax(axis=1) == 0) & (np.random.default_rng(3).random(len(true)) < 0.2)
    proba[np.ix_(flipped, [0, 1])] = proba[np.ix_(flipped, [1, 0])]
    answers = member_answers(proba, np.ones(len(true), bool), old.labels)
    new = sheet(true, signal, sharpness=3.4, members={"fusion": answers})

    found = judged(old, new)

    assert found[GateTest.CATEGORIES].verdict == GateVerdict.FAILED
    assert "10" in found[GateTest.CATEGORIES].failed
    assert found[GateTest.NEGATIVE_FLIPS].verdict == GateVerdict.FAILED
    assert verdict_of(found.values()) == GateVerdict.FAILED


def test_one_small_category_that_falls_is_seen_among_many_that_gain():
    true, signal = world(products=6000)
    old, new = sheet(true, signal, sharpness=3.0), sheet(true, signal, sharpness=3.6)
    proba = new.members["fusion"].proba.astype(float)
    lost = (true == 4) & (np.random.default_rng(1).random(len(true)) < 0.25)
    proba[lost] = softmax(np.eye(9)[np.full(lost.sum(), 5)] * 4)
    answers = member_answers(proba, np.ones(len(true), bool), new.labels)

    found = judged(old, sheet(true, signal, members={"fusion": answers}))

    assert found[GateTest.CATEGORIES].failed == ["50"]


def test_categories_with_few_products_are_said_to_be_not_judged():
    true, signal = world(products=120)

    found = judged(sheet(true, signal), sheet(true, signal))

    assert found[GateTest.CATEGORIES].verdict == GateVerdict.NOT_JUDGED
    assert len(found[GateTest.CATEGORIES].unjudged) == 9


def test_a_candidate_that_is_too_sure_of_itself_is_refused():
    true, signal = world(products=6000)
    old = sheet(true, signal, sharpness=2.0)
    proba = old.members["fusion"].proba.astype(float) ** 3
    proba /= proba.sum(axis=1, keepdims=True)
    answers = member_answers(proba, np.ones(len(true), bool), old.labels)

    found = judged(old, sheet(true, signal, members={"fusion": answers}))

    assert found[GateTest.CALIBRATION].verdict == GateVerdict.FAILED
    assert found[GateTest.NEGATIVE_FLIPS].verdict == GateVerdict.PASSED


def test_a_slow_candidate_is_refused():
    true, signal = world()

    found = judged(sheet(true, signal), sheet(true, signal, latency=900.0))

    assert found[GateTest.LATENCY].verdict == GateVerdict.FAILED
    assert (found[GateTest.LATENCY].number, found[GateTest.LATENCY].old) == (900.0, 20.0)


def test_a_group_that_is_wronged_more_than_the_bound_allows_is_named():
    true, signal = world(products=6000)
    own = np.arange(6000) % 3 == 0
    weak = signal.copy()
    weak[own] *= 2.2  # the evidence is as good as elsewhere, but blurred
    columns = {"language": np.where(own, "en", "fr")}

    found = judged(
        sheet(true, weak, **columns),
        sheet(true, weak, sharpness=3.6, **columns),
        fairness_bound=1.5,
    )

    assert found[GateTest.FAIRNESS].verdict == GateVerdict.FAILED
    assert "error:language:en" in found[GateTest.FAIRNESS].failed


def test_a_group_with_few_products_is_neither_passed_nor_failed():
    true, signal = world(products=3000)
    missing = np.where(np.arange(3000) < 20, "image", "")

    found = judged(sheet(true, signal), sheet(true, signal, missing=missing))

    assert found[GateTest.FAIRNESS].verdict == GateVerdict.NOT_JUDGED
    assert set(found[GateTest.FAIRNESS].unjudged) == {
        "error:picture:missing",
        "waiting:picture:missing",
    }


def test_only_answers_to_the_same_products_are_compared():
    true, signal = world(products=60)
    old = sheet(true, signal)

    with pytest.raises(paired.NotPaired):
        judged(old, sheet(true, signal, product=np.arange(60) + 1))


def test_holm_rejects_step_by_step():
    assert paired.holm([0.001, 0.04, 0.02], 0.05) == [True, True, True]
    assert paired.holm([0.001, 0.04, 0.03], 0.05) == [True, False, False]
    assert paired.holm([], 0.05) == []


def test_groups_of_near_duplicates_count_as_one():
    gain = np.ones(40)
    alone = paired.better_by_chance(gain, np.arange(40).astype(str), samples=400, seed=0)
    together = paired.better_by_chance(gain, np.array(["a", "b"] * 20), samples=400, seed=0)

    assert alone < 0.01
    assert together > 0.15


def test_a_result_survives_storage():
    result = GateResult(
        GateTest.FAIRNESS, 1.5, 2.0, GateVerdict.NOT_JUDGED, unjudged=["error:language:fr"]
    )

    assert GateResult.from_json(result.as_json()) == result


def test_answers_survive_storage_in_pieces():
    true, signal = world(products=10)
    whole = sheet(true, signal)
    rows = [slice(0, 4), slice(4, 10)]
    parts = [
        AnswerSheet.from_arrays(
            {name: one if name == "labels" else one[row] for name, one in whole.arrays().items()}
        )
        for row in rows
    ]

    again = joined(parts).arrays()

    for name, values in whole.arrays().items():
        assert np.array_equal(again[name], values), name
