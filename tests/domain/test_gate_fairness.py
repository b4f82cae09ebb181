import numpy as np

from reviewapp.choices import GateTest, GateVerdict
from reviewapp.domain import gate_fairness as fairness
from reviewapp.domain.gate_result import GateResult
from tests.answer_sheets import own_noise, sheet, world
from tests.domain.test_gate import judged

N = 6000


def blurred(signal, own, factor):
    """Evidence that is weaker for the products of a group."""
    weak = signal.copy()
    weak[own] *= factor
    return weak


def languages(own):
    return {"language": np.where(own, "en", "fr")}


def test_groups_are_declared_of_every_kind_that_has_more_than_one():
    true, signal = world(products=6)
    missing = np.array(["", "image", "text", "image,text", "", ""])
    answers = sheet(true, signal, missing=missing)
    families = {code: "toys" if code < 50 else "books" for code in answers.labels.tolist()}

    found = fairness.declared_groups(answers, families, np.arange(6) < 2)

    assert found["picture:missing"].tolist() == [False, True, False, True, False, False]
    assert found["text:missing"].tolist() == [False, False, True, True, False, False]
    assert found["description:missing"].sum() == 2
    assert (found["family:toys"] | found["family:books"]).all()
    # All are French and of large sellers: nobody to be compared with.
    assert not [name for name in found if name.startswith(("language", "seller"))]


def test_a_gap_that_grows_is_refused_though_the_bound_is_kept():
    true, signal = world(products=N)
    own = np.arange(N) % 2 == 0
    old = sheet(true, signal, sharpness=3.4, **languages(own))
    new = sheet(true, blurred(signal, own, 1.3), sharpness=3.4, **languages(own))

    found = judged(old, new, fairness_bound=50.0)

    assert found[GateTest.FAIRNESS].verdict == GateVerdict.PASSED
    assert found[GateTest.GAPS].verdict == GateVerdict.FAILED
    assert "error:language:en" in found[GateTest.GAPS].failed
    assert found[GateTest.GAPS].low > 0


def test_a_gap_that_was_there_before_or_closes_is_no_reason_to_refuse():
    true, signal = world(products=N)
    own = np.arange(N) % 2 == 0
    wide, narrow = (
        sheet(true, blurred(signal, own, factor), sharpness=3.4, **languages(own))
        for factor in (1.3, 1.1)
    )

    assert judged(wide, wide)[GateTest.GAPS].verdict == GateVerdict.PASSED
    assert judged(wide, narrow)[GateTest.GAPS].verdict == GateVerdict.PASSED


def test_a_group_that_loses_its_lead_is_no_wider_gap():
    true, signal = world(products=N)
    others = np.arange(N) % 2 == 1
    old = sheet(true, blurred(signal, others, 1.3), sharpness=3.4, **languages(~others))
    new = sheet(true, signal, sharpness=3.4, **languages(~others))

    assert judged(old, new)[GateTest.GAPS].failed == []


def test_what_the_champion_treats_as_badly_does_not_refuse_a_candidate():
    # The policy reviews every product without text, whatever the models say.
    true, signal = world(products=N)
    missing = np.where(np.arange(N) % 10 == 0, "text", "")
    old, new = (sheet(true, signal, sharpness=one, missing=missing) for one in (3.4, 3.8))

    found = judged(old, new)[GateTest.FAIRNESS]

    [without] = [one for one in found.groups if one.name == "waiting:text:missing"]
    assert (without.rate.value, without.old, without.is_beyond) == (1.0, 1.0, True)
    assert found.failed == []
    assert found.number < 2


def test_equal_versions_seldom_seem_to_widen_a_gap():
    refused = 0
    for seed in range(60):
        true, signal = world(products=1500, seed=seed)
        own = np.random.default_rng(seed).random(1500) < 0.5
        weak = blurred(signal, own, 1.3)
        old, new = (
            sheet(true, weak, sharpness=3.0, noise=own_noise(weak, 99 * seed + side))
            for side in (1, 2)
        )
        harms = [
            fairness.harms(one.confidence > 0.8, one.predicted == old.true)
            for one in (side.members["fusion"] for side in (old, new))
        ]
        found = fairness.gaps({"language:en": own}, *harms, old.group, 200)
        refused += min(one.p_value for one in found) <= 0.05 / len(found)

    # 5 % of 60 are 3; 8 or more would come by chance once in a hundred times.
    assert refused < 8


def test_small_groups_are_not_told():
    true, signal = world(products=500)
    own = np.arange(500) < 150

    found = judged(*(sheet(true, signal, **languages(own)) for _ in range(2)))

    assert found[GateTest.GAPS].verdict == GateVerdict.NOT_JUDGED
    assert "error:language:en" in found[GateTest.FAIRNESS].unjudged


def test_every_groups_numbers_survive_storage():
    true, signal = world(products=N)
    own = np.arange(N) % 2 == 0

    found = judged(*(sheet(true, signal, **languages(own)) for _ in range(2)))[GateTest.FAIRNESS]

    again = GateResult.from_json(found.as_json())
    assert again == found
    shares = {one.name: one for one in again.groups}
    assert shares["waiting:language:en"].rate.sample == N / 2
    assert shares["waiting:language:en"].old == shares["waiting:language:en"].rate.value
