import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from classifier.arrays import log_prior, log_softmax
from classifier.logistic import PathFitter, Problem, standardise

NO_OFFSET = np.zeros(3)


def _data(rows, columns):
    draw = np.random.default_rng((rows, columns))
    x = draw.normal(size=(rows, columns))
    targets = (x[:, 0] + 0.5 * draw.normal(size=rows) > 0).astype(int) + (x[:, 1] > 0.5)
    return x, targets.astype(np.int64)


@pytest.mark.parametrize("shape", [(120, 10), (40, 90)], ids=["tall", "wide"])
def test_agrees_with_scikit_learn(shape):
    x, targets = _data(*shape)
    strength = 0.02
    # As a column of ones the intercept is penalised on both sides.
    ones = np.hstack([x, np.ones((len(x), 1))])
    other = LogisticRegression(
        C=1 / (strength * len(x)), fit_intercept=False, tol=1e-8, max_iter=5000
    ).fit(ones, targets)

    fitted = PathFitter(Problem(x, targets, NO_OFFSET)).fit(strength)

    ours = np.exp(log_softmax(fitted.logits(x)))
    assert np.abs(ours - other.predict_proba(ones)).max() < 2e-3


def test_the_gradient_at_the_solution_is_zero():
    x, targets = _data(60, 8)
    offset = log_prior(targets, 3)
    fitted = PathFitter(Problem(x, targets, offset)).fit(0.01)

    proba = np.exp(log_softmax(fitted.logits(x) + offset))
    residual = (proba - np.eye(3)[targets]) / len(x)

    assert np.abs(x.T @ residual + 0.01 * fitted.coef).max() < 2e-4
    assert np.abs(residual.sum(axis=0) + 0.01 * fitted.intercept).max() < 2e-4


def test_fewer_rows_than_features_gives_the_same_model_as_the_long_way(monkeypatch):
    x, targets = _data(30, 80)
    short = PathFitter(Problem(x, targets, NO_OFFSET)).fit(0.01)
    monkeypatch.setattr("classifier.logistic._LARGEST_EIGEN", 0)

    long = PathFitter(Problem(x, targets, NO_OFFSET)).fit(0.01)

    assert np.abs(short.coef - long.coef).max() < 5e-3


def test_sparse_features_give_the_same_model_as_dense_ones():
    x, targets = _data(50, 70)
    x[x < 0.8] = 0.0

    dense = PathFitter(Problem(x, targets, NO_OFFSET)).fit(0.01)
    thin = PathFitter(Problem(sparse.csr_array(x), targets, NO_OFFSET)).fit(0.01)

    assert np.abs(dense.coef - thin.coef).max() < 1e-3


@pytest.mark.parametrize("shape", [(60, 8), (30, 80)])
def test_projected_logits_are_those_of_the_fitted_model(shape):
    x, targets = _data(*shape)
    other = np.random.default_rng(7).normal(size=(7, shape[1]))
    fitter = PathFitter(Problem(x, targets, NO_OFFSET))

    quick = fitter.logits_at(0.01, fitter.project(other))
    slow = fitter.fit(0.01).logits(other)

    assert np.abs(quick - slow).max() < 1e-2


def test_a_weight_of_two_counts_like_the_row_twice():
    x, targets = _data(40, 5)
    weights = np.ones(40)
    weights[:10] = 2.0

    weighted = PathFitter(Problem(x, targets, NO_OFFSET, weights)).fit(0.01)
    again = np.concatenate([np.arange(40), np.arange(10)])
    repeated = PathFitter(Problem(x[again], targets[again], NO_OFFSET)).fit(0.01)

    assert np.abs(weighted.coef - repeated.coef).max() < 2e-3


def test_a_category_without_rows_keeps_its_small_prior():
    x, targets = _data(60, 5)
    offset = log_prior(targets, 5)

    fitted = PathFitter(Problem(x, targets, offset)).fit(0.01)

    proba = np.exp(log_softmax(fitted.logits(x) + offset))
    assert 0.0 < proba[:, 4].mean() < 0.05


def test_features_that_are_not_finite_are_refused():
    x, targets = _data(20, 3)
    x[3, 1] = np.inf

    with pytest.raises((ArithmeticError, ValueError, np.linalg.LinAlgError)):
        PathFitter(Problem(x, targets, NO_OFFSET)).fit(0.01)


def test_standardised_rows_have_unit_length_on_average_and_dead_features_are_off():
    x = np.random.default_rng(3).normal(3.0, 7.0, size=(500, 20))
    x[:, 4] = 1.25

    shift, scale = standardise(x)

    rows = (x - shift) * scale
    assert abs((rows**2).sum(axis=1).mean() - 19 / 20) < 1e-9
    assert scale[4] == 0
