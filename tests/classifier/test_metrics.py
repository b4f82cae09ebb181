import numpy as np
import pytest
from sklearn.metrics import f1_score

from classifier import metrics
from classifier.backbones.torchvision_shim import ensure_torchvision
from classifier.metrics import bootstrap

DRAW = np.random.default_rng(7)
TRUE = DRAW.integers(0, 5, 200)
SAID = np.where(DRAW.random(200) < 0.6, TRUE, DRAW.integers(0, 5, 200))
ONES = np.ones((1, 200))


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_f1_agrees_with_scikit_learn(average):
    # Seven columns: the two that never occur must not count.
    ours = metrics.f1(SAID, TRUE, 7, average, ONES)[0]

    assert ours == pytest.approx(f1_score(TRUE, SAID, average=average))


def test_weights_count_like_repeated_rows():
    counts = DRAW.integers(0, 4, 200)
    again = np.repeat(np.arange(200), counts)

    weighted = metrics.f1(SAID, TRUE, 5, "macro", counts[None, :].astype(float))[0]

    assert weighted == pytest.approx(f1_score(TRUE[again], SAID[again], average="macro"))


def test_calibration_error_of_a_case_counted_by_hand():
    # Bin (0.6, 0.667]: 0.65 twice, one right: gap 0.15. Bin (0.933, 1]: 1.0 twice, right: gap 0.
    confidence = np.array([0.65, 0.65, 1.0, 1.0])
    is_right = np.array([True, False, True, True])

    assert metrics.expected_calibration_error(confidence, is_right)[0] == pytest.approx(0.075)


def test_equal_mass_bins_hold_equally_many_rows():
    confidence = np.linspace(0.90, 0.99, 30)
    is_right = np.arange(30) >= 15

    wide = metrics.expected_calibration_error(confidence, is_right, bins=2)[0]
    even = metrics.expected_calibration_error(confidence, is_right, bins=2, equal_mass=True)[0]

    assert wide == pytest.approx(abs(confidence.mean() - 0.5))  # all in one bin
    halves = abs(confidence[:15].mean() - 0.0), abs(confidence[15:].mean() - 1.0)
    assert even == pytest.approx(sum(halves) / 2)


def test_brier_score_is_zero_when_certain_and_right_and_two_when_certain_and_wrong():
    sure = np.log(np.array([[1.0, 1e-13], [1.0, 1e-13]]))

    assert metrics.brier(sure, np.array([0, 0])) == pytest.approx(0.0, abs=1e-9)
    assert metrics.brier(sure, np.array([1, 1])) == pytest.approx(2.0)


def test_the_interval_covers_the_true_accuracy_about_as_often_as_it_says():
    covered = 0
    for trial in range(120):
        draw = np.random.default_rng(trial)
        is_right = draw.random(150) < 0.8
        interval = bootstrap(
            lambda w, r=is_right: metrics.accuracy(r, w),
            [str(i) for i in range(150)],
            samples=200,
            seed=trial,
        )
        covered += interval.low <= 0.8 <= interval.high

    assert 0.88 <= covered / 120 <= 0.99


def test_rows_of_one_group_widen_the_interval():
    is_right = np.repeat(DRAW.random(40) < 0.7, 5)

    def width(groups):
        found = bootstrap(lambda w: metrics.accuracy(is_right, w), groups, samples=300, seed=0)
        return found.high - found.low

    alone = width([str(i) for i in range(200)])
    together = width([str(i // 5) for i in range(200)])

    assert together > 1.6 * alone


def test_the_same_seed_gives_the_same_interval():
    def measure(weights):
        return metrics.accuracy(SAID == TRUE, weights)

    groups = [str(i) for i in range(200)]
    first = bootstrap(measure, groups, samples=60, seed=3)

    assert first == bootstrap(measure, groups, samples=60, seed=3)
    assert first != bootstrap(measure, groups, samples=60, seed=4)


def test_torchmetrics_finds_the_same_calibration_error():
    import torch

    ensure_torchvision()  # torchmetrics imports it
    from torchmetrics.functional.classification import multiclass_calibration_error

    generator = np.random.default_rng(6)
    proba = generator.dirichlet(np.full(5, 0.4), 3000)
    targets = np.array([generator.choice(5, p=row**2 / (row**2).sum()) for row in proba])

    ours = metrics.expected_calibration_error(proba.max(axis=1), proba.argmax(axis=1) == targets)[0]

    theirs = multiclass_calibration_error(
        torch.from_numpy(proba), torch.from_numpy(targets), num_classes=5, n_bins=15, norm="l1"
    )
    assert ours == pytest.approx(float(theirs), abs=1e-6)
