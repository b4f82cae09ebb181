import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.arrays import log_softmax, mean_nll
from classifier.calibration import (
    Calibrator,
    fit_calibrator,
    fit_temperature,
    fit_vector,
)


def _calibrated(rows=3000, categories=4, seed=0):
    """Log-probabilities that are right, and targets drawn from them."""
    draw = np.random.default_rng(seed)
    log_proba = log_softmax(2 * draw.normal(size=(rows, categories)))
    cumulated = np.exp(log_proba).cumsum(axis=1)
    targets = (draw.random(rows)[:, None] > cumulated).sum(axis=1).clip(max=categories - 1)
    return log_proba, targets.astype(np.int64)


@pytest.mark.parametrize("sharpened", [0.5, 1.0, 3.0])
def test_temperature_scaling_finds_how_much_a_model_was_sharpened(sharpened):
    log_proba, targets = _calibrated()

    calibrator = fit_temperature(log_softmax(log_proba * sharpened), targets)

    assert calibrator.temperature == pytest.approx(sharpened, rel=0.1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 5.0))
def test_temperature_scaling_never_changes_the_answer(seed, sharpened):
    log_proba, targets = _calibrated(rows=60, seed=seed)
    raw = log_softmax(log_proba * sharpened)

    scaled = fit_temperature(raw, targets).apply(raw)

    assert (scaled.argmax(axis=1) == raw.argmax(axis=1)).all()


def test_a_handful_of_right_answers_does_not_ask_for_certainty():
    log_proba = log_softmax(np.tile(np.eye(4) * 2, (5, 1)))

    calibrator = fit_temperature(log_proba, np.tile(np.arange(4), 5))

    confidence = np.exp(calibrator.apply(log_proba).max(axis=1))
    assert 0.7 < confidence.max() < 0.98


def test_vector_scaling_repairs_one_biased_category():
    log_proba, targets = _calibrated()
    biased = log_softmax(log_proba + np.array([0.0, 0.0, 0.0, 2.0]))

    by_temperature = fit_temperature(biased, targets).apply(biased)
    by_vector = fit_vector(biased, targets).apply(biased)

    assert mean_nll(by_vector, targets) < mean_nll(by_temperature, targets) - 0.1
    assert mean_nll(by_vector, targets) < mean_nll(log_proba, targets) + 0.01


def test_vector_scaling_is_taken_only_where_it_helps_and_there_is_enough_to_learn_from():
    log_proba, targets = _calibrated()
    biased = log_softmax(log_proba + np.array([0.0, 0.0, 0.0, 2.0]))
    folds = np.arange(3000) % 5

    assert not fit_calibrator(biased, targets, folds, 3000).is_temperature
    assert fit_calibrator(biased, targets, folds, 3 * 4).is_temperature


def test_weights_count_like_repeated_rows():
    log_proba, targets = _calibrated(rows=200)
    weights = np.ones(200)
    weights[:50] = 3.0
    again = np.concatenate([np.arange(200), np.arange(50), np.arange(50)])

    weighted = fit_temperature(log_proba, targets, weights)
    repeated = fit_temperature(log_proba[again], targets[again])

    assert weighted.temperature == pytest.approx(repeated.temperature, rel=0.01)


def test_sharpening_a_calibration_is_a_temperature_after_it():
    log_proba, targets = _calibrated(rows=50)
    calibrator = fit_vector(log_proba, targets)

    once = calibrator.sharpened(0.5).apply(log_proba)

    assert np.allclose(once, log_softmax(calibrator.apply(log_proba) * 0.5))


def test_identity_changes_nothing():
    log_proba, _ = _calibrated(rows=20)

    assert np.allclose(Calibrator.identity(4).apply(log_proba), log_proba)
