"""Our figures beside those of libraries that others keep."""

import warnings

import numpy as np
import pytest
import torch
from mapie.risk_control import BinaryClassificationController

from classifier.backbones.torchvision_shim import ensure_torchvision
from reviewapp.domain import policy_effect
from reviewapp.domain.evaluation import evaluation_metrics
from reviewapp.domain.listed_errors import DELTA
from reviewapp.domain.policy_effect import Sample
from reviewapp.domain.routing import Policy
from tests.answer_sheets import sheet, world

ensure_torchvision()  # torchmetrics imports it
from torchmetrics.functional.classification import (  # noqa: E402
    binary_calibration_error,
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_f1_score,
)

_TARGET = 0.02


def test_torchmetrics_measures_the_same_of_an_evaluation():
    answers = sheet(*world(), sharpness=1.6)
    fusion = answers.members["fusion"]
    is_right = torch.from_numpy(fusion.predicted == answers.true)
    said, true = (
        torch.from_numpy(np.searchsorted(answers.labels, one))
        for one in (fusion.predicted, answers.true)
    )
    kinds = len(answers.labels)

    found = evaluation_metrics(answers, _TARGET)["members"]["fusion"]

    for average in ("macro", "weighted"):
        theirs = float(multiclass_f1_score(said, true, num_classes=kinds, average=average))
        assert found[f"{average}_f1"]["value"] == pytest.approx(theirs, abs=1e-4)
    micro = float(multiclass_accuracy(said, true, num_classes=kinds, average="micro"))
    assert found["accuracy"]["value"] == pytest.approx(micro, abs=1e-4)
    # Whether the first category is right, as a question of its own.
    confidence = torch.from_numpy(fusion.confidence.astype(np.float64))
    error = float(binary_calibration_error(confidence, is_right.int(), n_bins=15, norm="l1"))
    assert found["ece"]["value"] == pytest.approx(error, abs=1e-4)
    table = multiclass_confusion_matrix(said, true, num_classes=kinds).numpy()
    place = {code: at for at, code in enumerate(answers.labels.tolist())}
    assert all(table[place[a], place[b]] == number for a, b, number in found["confusion"])


def mapie_lets_pass(sample, threshold):
    """Whether MAPIE promises as much of one threshold, asked about nothing else."""
    controller = BinaryClassificationController(
        predict_function=lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]),
        risk="precision",
        target_level=1 - _TARGET,
        confidence_level=1 - DELTA,
        best_predict_param_choice="recall",
        list_predict_params=np.array([threshold]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that all pass, or none
        controller.calibrate(sample.confidence[:, None], sample.is_right.astype(int))
    return len(controller.valid_predict_params) == 1


def test_mapies_controller_lets_the_certified_policy_pass():
    generator = np.random.default_rng(5)
    confidence = np.clip(generator.beta(6, 0.6, 4000), 0.04, 1.0)
    is_right = generator.random(4000) < confidence
    predicted = np.full(4000, 10)
    sample = Sample(confidence, predicted, np.where(is_right, 10, 20), ("",) * 4000)

    promise = policy_effect.certified(sample, Policy(version=1, accept_at=0.5), _TARGET)

    assert mapie_lets_pass(sample, promise.policy.accept_at)
    assert not mapie_lets_pass(sample, promise.policy.accept_at - 0.02)
