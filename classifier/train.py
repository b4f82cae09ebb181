"""Training: a labelled data set in, an artifact and its honest metrics out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier.arrays import Floats, Ints, targets_of
from classifier.artifact import EncoderRecord, Model, save_artifact
from classifier.cache import FeatureCache
from classifier.config import EncoderConfig, TrainConfig
from classifier.data import Dataset, split
from classifier.elder import Before
from classifier.embedding import seed_of
from classifier.encoding import Encoded, Encoders, Stages, encode_products
from classifier.ensemble import Ensemble
from classifier.errors import ArtifactInvalid, DataInvalid
from classifier.inputs import training_inputs
from classifier.learn import LearnReport, OnMember, Part, learn
from classifier.members.base import FitReport, Modality, Source
from classifier.members.registry import MEMBERS
from classifier.report import (
    answer_columns,
    category_metrics,
    dropout_metrics,
    ensemble_metrics,
    fusion_metrics,
)
from classifier.types import Absence, Member

Points = Callable[[str, float, float], None]  # hears (curve, x, y)
HEAD_LOSS = "log_loss_by_strength"
TRAIN, CALIBRATION, TEST = "train", "calibration", "test"


@dataclass(frozen=True)
class Trained:
    """manifest_sha256: identifies the artifact; metrics: what its metrics.json holds."""

    manifest_sha256: str
    metrics: dict[str, Any]


@dataclass(frozen=True)
class LoadedEncoders:
    """Encoders with what the artifact must remember of them."""

    encoders: Encoders
    records: Mapping[Modality, EncoderRecord]
    bundled: Mapping[Modality, Path]


def train(
    dataset: Dataset,
    out: Path,
    config: TrainConfig,
    on_progress: Stages | None = None,
    *,
    backbone_cache: Path,
    feature_cache: Path | None = None,
    encoders: Encoders | None = None,
    weights: Sequence[float] | None = None,
    on_point: Points | None = None,
    before: Before | None = None,
) -> Trained:
    """Train on `dataset` and write the artifact to the new directory `out`.

    Splits by product group (or takes the table's own split), encodes each input once, learns, and
    measures CNN, BERT, the lexical baseline and FUSION on the test part, which nothing was fitted on.

    on_progress: hears (stage, done, total)
    on_point: hears (curve, x, y): the cross-validated log-loss by strength of each member
    feature_cache: where encoded inputs are kept; a killed run resumes there
    encoders: used instead of loading those that `config` names
    before: the version that keeps a share of the vote, if it reads vectors of the same encoders
    weights: (N,) one positive weight per product in training; those of `dataset` by default

    The same data, configuration, machine and features give the same artifact, byte by byte. Raises
    ArtifactInvalid when `out` exists, DataInvalid when there is too little data, BackboneMissing.
    """
    if out.exists():
        raise ArtifactInvalid(f"{out}: exists already; choose another directory.")
    report = on_progress or (lambda stage, done, total: None)
    parts = divide(dataset, config)
    loaded = open_encoders(dataset, config, backbone_cache, encoders)
    encoded = _encoded(dataset, loaded, feature_cache, report)
    rows = as_part(dataset, encoded, dataset.weights if weights is None else weights)
    index = {name: np.array(part, dtype=np.int64) for name, part in parts.items()}
    tell = _Teller(report, on_point, len(config.members))
    ensemble, learned = _learn(rows, index, config, tell, before and before.among(loaded.records))
    report("metrics", 0, 1)
    metrics = {
        **_data_metrics(dataset, encoded, index),
        **(before.told(ensemble) if before else {}),
        **measure(ensemble, learned, rows.select(index[TEST]), config),
    }
    inputs = _inputs(dataset, encoded, index[TRAIN], loaded, config)
    # With the lexical baseline even where FUSION does without: what every other member must beat.
    model = Model(ensemble, dataset.names, config, loaded.records, metrics, loaded.bundled, inputs)
    manifest_sha256 = save_artifact(model, out)
    report("metrics", 1, 1)
    return Trained(manifest_sha256, metrics)


def _encoded(
    dataset: Dataset, loaded: LoadedEncoders, feature_cache: Path | None, report: Stages
) -> Encoded:
    cache = FeatureCache(feature_cache) if feature_cache else None
    return encode_products([one.input for one in dataset], loaded.encoders, cache, report)


def _learn(
    rows: Part,
    index: Mapping[str, Ints],
    config: TrainConfig,
    tell: OnMember,
    elder: Before | None,
) -> tuple[Ensemble, LearnReport]:
    own, fresh = rows.select(index[TRAIN]), rows.select(index[CALIBRATION])
    return learn(own, fresh, sorted(set(rows.codes)), config, tell, elder)


class _Teller:
    """Tells of the members as they are fitted."""

    def __init__(self, report: Stages, on_point: Points | None, members: int) -> None:
        self._report, self._on_point = report, on_point
        self._done, self._members = 0, members
        report("models", 0, members)

    def __call__(self, member: Member, fit: FitReport) -> None:
        self._done += 1
        self._report("models", self._done, self._members)
        if self._on_point is not None:
            for strength, loss in sorted(fit.nll_by_strength.items()):
                self._on_point(f"{member}/{HEAD_LOSS}", strength, loss)


def divide(dataset: Dataset, config: TrainConfig) -> dict[str, list[int]]:
    """Return the rows of train, calibration and test.

    The table's own split is kept where it has a train and a test part: its `val` rows calibrate,
    or a share of train when there are none. Raises DataInvalid when a part stays empty.
    """
    groups = [product.group for product in dataset]
    codes = [product.code for product in dataset]
    official = dataset.official
    if {TRAIN, TEST} <= set(official):
        held = official.get("val") or official.get("validation")
        parts = {TRAIN: official[TRAIN], TEST: official[TEST], CALIBRATION: held or []}
        if not held:
            share = config.calibration_share
            own = [groups[row] for row in official[TRAIN]]
            inner = split(own, {TRAIN: 1 - share, CALIBRATION: share}, config.seed)
            for name, chosen in inner.items():
                parts[name] = [official[TRAIN][row] for row in chosen]
    else:
        shares = {
            TRAIN: 1 - config.calibration_share - config.test_share,
            CALIBRATION: config.calibration_share,
            TEST: config.test_share,
        }
        parts = split(groups, shares, config.seed, codes)
    if empty := [name for name, rows in parts.items() if not rows]:
        raise DataInvalid(
            f"{len(set(groups))} groups of products are too few: nothing is left for"
            f" {', '.join(empty)}. Give more products."
        )
    return parts


def open_encoders(
    dataset: Dataset, config: TrainConfig, backbone_cache: Path, given: Encoders | None = None
) -> LoadedEncoders:
    """Load the encoders that the configured members and the data set's inputs call for."""
    sources = {MEMBERS[member].source for member in config.members}
    has_text = any(p.input.designation or p.input.description for p in dataset)
    has_image = any(p.input.image is not None for p in dataset)
    wanted: dict[Modality, EncoderConfig] = {}
    if has_text and Source.TEXT_VECTORS in sources:
        wanted[Modality.TEXT] = config.text
    if has_image and Source.IMAGE_VECTORS in sources:
        wanted[Modality.IMAGE] = config.image
    # torch takes seconds to import, and the lexical member does without.
    if not wanted:
        return LoadedEncoders(Encoders(), {}, {})
    from classifier.loading import load_encoders, records_of, resolve

    if given is not None:
        resolved = {kind: resolve(one, kind) for kind, one in wanted.items()}
        used = Encoders(
            given.text if Modality.TEXT in wanted else None,
            given.image if Modality.IMAGE in wanted else None,
        )
        return LoadedEncoders(used, records_of(used, resolved), {})
    return LoadedEncoders(*load_encoders(wanted, backbone_cache))


def as_part(dataset: Dataset, encoded: Encoded, weights: Sequence[float] | None = None) -> Part:
    """Return the whole data set as labelled rows. Raises DataInvalid for impossible weights."""
    values: Floats | None = None
    if weights is not None:
        values = np.asarray(weights, dtype=np.float64)
        if len(values) != len(dataset) or not (np.isfinite(values) & (values > 0)).all():
            raise DataInvalid("weights: give one positive number for each product.")
    return Part(
        encoded.features,
        tuple(product.code for product in dataset),
        tuple(product.group for product in dataset),
        values,
        np.array([product.was_in_training for product in dataset], dtype=np.bool_),
    )


def measure(
    ensemble: Ensemble, learned: LearnReport, test: Part, config: TrainConfig
) -> dict[str, Any]:
    """Return the metrics of `ensemble` on `test`."""
    targets = targets_of(test.codes, ensemble.labels)
    outcomes = ensemble.predict(test.features)
    members = ensemble_metrics(
        outcomes,
        targets,
        test.groups,
        threshold=config.threshold,
        samples=config.bootstrap_samples,
        seed=config.seed,
    )
    return {
        "members": members,
        "categories": category_metrics(outcomes[Member.FUSION], targets, ensemble.labels),
        "missing_inputs": dropout_metrics(ensemble, test.features, targets),
        "answers": answer_columns(
            outcomes[Member.FUSION], test.features, targets, ensemble.labels, test.groups
        ),
        "fusion": fusion_metrics(ensemble, learned.fusion),
        "strength": {str(member): value for member, value in learned.strength.items()},
    }


def _inputs(
    dataset: Dataset, encoded: Encoded, learned: Ints, loaded: LoadedEncoders, config: TrainConfig
) -> dict[str, Any]:
    is_fresh = np.ones(len(dataset), dtype=np.bool_)
    if loaded.bundled:  # a network fine-tuned on these rows sees them as no others
        is_fresh[learned] = False
    digests = [record.digest for record in loaded.records.values()]
    return training_inputs(
        dataset, encoded, is_fresh, embedder_seed=seed_of(digests), seed=config.seed
    )


def _data_metrics(dataset: Dataset, encoded: Encoded, index: Mapping[str, Any]) -> dict[str, Any]:
    groups = [product.group for product in dataset]
    unreadable = Counter(encoded.absence[Modality.IMAGE])[Absence.UNREADABLE_IMAGE]
    return {
        "data": {
            "products": len(dataset),
            "categories": len({product.code for product in dataset}),
            "split": "official" if {TRAIN, TEST} <= set(dataset.official) else "grouped",
            "parts": {
                name: {"products": len(rows), "groups": len({groups[row] for row in rows})}
                for name, rows in index.items()
            },
            "without_text": int((~encoded.features.available[Modality.TEXT]).sum()),
            "without_image": int((~encoded.features.available[Modality.IMAGE]).sum()),
            "unreadable_images": unreadable,
            "missing_image_files": dataset.missing_images,
        }
    }
