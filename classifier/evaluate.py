"""Measuring and re-calibrating a trained model on labelled products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from classifier.arrays import Ints, targets_of
from classifier.artifact import Model, load_artifact, save_artifact
from classifier.cache import FeatureCache
from classifier.data import Dataset, LabelledProduct
from classifier.encoding import Encoders, Stages, encode_products
from classifier.ensemble import Ensemble
from classifier.errors import DataInvalid
from classifier.learn import recalibrated
from classifier.loading import encoders_of
from classifier.members.base import Features
from classifier.report import category_metrics, dropout_metrics, ensemble_metrics
from classifier.types import Member

_LEAST_ROWS = 30


def evaluate(
    model: Model,
    encoders: Encoders,
    products: Sequence[LabelledProduct],
    on_progress: Stages | None = None,
    *,
    feature_cache: Path | None = None,
    threshold: float | None = None,
) -> dict[str, Any]:
    """Return the metrics of `model` on labelled products that it was not trained on.

    Raises DataInvalid when a product has a category that the model does not know.
    """
    features, targets = _prepare(model, encoders, products, on_progress, feature_cache)
    ensemble = model.ensemble
    outcomes = ensemble.predict(features)
    groups = [product.group for product in products]
    return {
        "data": {"products": len(products), "groups": len(set(groups))},
        "members": ensemble_metrics(
            outcomes,
            targets,
            groups,
            threshold=model.config.threshold if threshold is None else threshold,
            samples=model.config.bootstrap_samples,
            seed=model.config.seed,
        ),
        "categories": category_metrics(outcomes[Member.FUSION], targets, ensemble.labels),
        "missing_inputs": dropout_metrics(ensemble, features, targets),
    }


def held_out(model: Model, dataset: Dataset) -> list[LabelledProduct]:
    """Return the products that training on this data set keeps for testing.

    The split depends on groups and seed alone, so it is the same as it was in training.
    """
    from classifier.train import TEST, divide

    return [dataset[row] for row in divide(dataset, model.config)[TEST]]


def recalibrate(
    artifact: Path,
    out: Path,
    products: Sequence[LabelledProduct],
    on_progress: Stages | None = None,
    *,
    backbone_cache: Path,
    feature_cache: Path | None = None,
    encoders: Encoders | None = None,
) -> str:
    """Write a copy of `artifact` to `out` with temperatures fitted on `products`.

    Heads and fusion weights stay, so a member's answers stay and only its confidences move;
    FUSION, which weighs members by their confidence, may change a doubtful answer. For a model
    whose stream of products changed. The products must not have been trained on. The copy's
    metrics say how log-loss and calibration error changed on these products.

    Returns the new manifest's sha256. Raises DataInvalid for fewer than 30 products.
    """
    if len(products) < _LEAST_ROWS:
        raise DataInvalid(
            f"{len(products)} products are too few to calibrate on; give at least {_LEAST_ROWS}."
        )
    model = load_artifact(artifact)
    used = encoders or encoders_of(model, backbone_cache)
    features, targets = _prepare(model, used, products, on_progress, feature_cache)
    ensemble = recalibrated(model.ensemble, features, targets)
    before, after = (
        _confidence_metrics(one, features, targets, products, model)
        for one in (model.ensemble, ensemble)
    )
    history = {"products": len(products), "before": before, "after": after}
    metrics = model.metrics | {"recalibration": history}
    return save_artifact(replace(model, ensemble=ensemble, metrics=metrics), out)


def _confidence_metrics(
    ensemble: Ensemble,
    features: Features,
    targets: Ints,
    products: Sequence[LabelledProduct],
    model: Model,
) -> dict[str, Any]:
    outcomes = ensemble.predict(features)
    groups = [product.group for product in products]
    full = ensemble_metrics(
        outcomes,
        targets,
        groups,
        threshold=model.config.threshold,
        samples=model.config.bootstrap_samples,
        seed=model.config.seed,
    )
    return {
        name: {"nll": one["nll"]["after"], "ece": one["ece"]["after"]}
        for name, one in full.items()
        if one["rows"]
    }


def _prepare(
    model: Model,
    encoders: Encoders,
    products: Sequence[LabelledProduct],
    on_progress: Stages | None,
    feature_cache: Path | None,
) -> tuple[Features, Ints]:
    if not products:
        raise DataInvalid("There are no products to measure on.")
    labels = model.ensemble.labels
    if unknown := sorted({product.code for product in products} - set(labels)):
        raise DataInvalid(
            f"The model does not know the categories {', '.join(map(str, unknown[:10]))};"
            " leave their products out or train it again."
        )
    cache = None if feature_cache is None else FeatureCache(feature_cache)
    inputs = [product.input for product in products]
    encoded = encode_products(inputs, encoders, cache, on_progress)
    return encoded.features, targets_of([product.code for product in products], labels)
