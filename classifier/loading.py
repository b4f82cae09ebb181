"""Loading of the encoders that a configuration or an artifact names. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from classifier.artifact import EncoderRecord, Model
from classifier.backbones.image import image_backbone
from classifier.backbones.text import text_backbone
from classifier.config import ConfigInvalid, EncoderConfig
from classifier.encoders import ImageEncoder, Precision, TextEncoder, default_precision
from classifier.encoding import Encoders
from classifier.errors import ArtifactInvalid
from classifier.members.base import Modality

_DEFAULT_TOKENS = 96
_PRECISIONS = ("fp32", "bf16", "int8", "auto")


def resolve(config: EncoderConfig, modality: Modality) -> EncoderConfig:
    """Return the configuration with "auto" and defaults replaced by what they mean here.

    Raises ConfigInvalid for a precision that does not exist.
    """
    if config.precision not in _PRECISIONS:
        raise ConfigInvalid(
            f"Precision {config.precision!r} is unknown; use one of {', '.join(_PRECISIONS)}."
        )
    is_text = modality is Modality.TEXT
    precision = config.precision
    if precision == "auto":
        precision = default_precision("text" if is_text else "image")
    tokens = (config.max_tokens or _DEFAULT_TOKENS) if is_text else None
    return EncoderConfig(config.backbone, precision, tokens, config.is_bundled)


def backbone_directory(config: EncoderConfig, modality: Modality, backbone_cache: Path) -> Path:
    """Return the backbone's directory, built on first use. Raises BackboneMissing."""
    if modality is Modality.TEXT:
        return text_backbone(config.backbone, backbone_cache)
    return image_backbone(config.backbone, backbone_cache)


def load_encoders(
    configs: Mapping[Modality, EncoderConfig], backbone_cache: Path
) -> tuple[Encoders, dict[Modality, EncoderRecord], dict[Modality, Path]]:
    """Load an encoder for each modality asked for.

    Returns the encoders, their records for the artifact, and the directories to bundle into it.
    Raises BackboneMissing or ArtifactInvalid, naming what is missing or damaged.
    """
    directories = {
        kind: backbone_directory(config, kind, backbone_cache) for kind, config in configs.items()
    }
    resolved = {kind: resolve(config, kind) for kind, config in configs.items()}
    encoders = _open({kind: (directories[kind], resolved[kind]) for kind in configs})
    bundled = {kind: directories[kind] for kind, one in configs.items() if one.is_bundled}
    return encoders, records_of(encoders, resolved), bundled


def records_of(
    encoders: Encoders, configs: Mapping[Modality, EncoderConfig]
) -> dict[Modality, EncoderRecord]:
    """Return what an artifact must remember of the encoders."""
    loaded = {Modality.TEXT: encoders.text, Modality.IMAGE: encoders.image}
    return {
        kind: EncoderRecord(
            backbone=None if configs[kind].is_bundled else configs[kind].backbone,
            precision=configs[kind].precision,
            max_tokens=configs[kind].max_tokens,
            digest=encoder.digest,
            dim=encoder.dim,
        )
        for kind, encoder in loaded.items()
        if encoder is not None
    }


def encoders_of(model: Model, backbone_cache: Path) -> Encoders:
    """Load the encoders that the model's heads were trained on.

    Raises ArtifactInvalid when a backbone differs from the one recorded: the heads would give
    confident nonsense on other features. Raises BackboneMissing when it is not installed.
    """
    found = {}
    for kind, record in model.encoders.items():
        config = EncoderConfig(record.backbone or "", record.precision, record.max_tokens)
        if kind in model.bundled:
            found[kind] = (model.bundled[kind], config)
        else:
            found[kind] = (backbone_directory(config, kind, backbone_cache), config)
    encoders = _open(found)
    check_digests(model, encoders)
    return encoders


def check_digests(model: Model, encoders: Encoders) -> None:
    """Raise ArtifactInvalid unless the encoders are those that the model was trained with."""
    loaded = {Modality.TEXT: encoders.text, Modality.IMAGE: encoders.image}
    for kind, record in model.encoders.items():
        encoder = loaded[kind]
        if encoder is None or encoder.digest != record.digest:
            raise ArtifactInvalid(
                f"preprocessing.json: the {kind} encoder {record.backbone or 'in backbones/'} is"
                " not the one the model was trained with; install that version of its weights"
                " or train the model again."
            )


def _open(found: Mapping[Modality, tuple[Path, EncoderConfig]]) -> Encoders:
    text = image = None
    if Modality.TEXT in found:
        directory, config = found[Modality.TEXT]
        tokens = config.max_tokens or _DEFAULT_TOKENS
        text = TextEncoder.load(directory, cast("Precision", config.precision), tokens)
    if Modality.IMAGE in found:
        directory, config = found[Modality.IMAGE]
        image = ImageEncoder.load(directory, cast("Precision", config.precision))
    return Encoders(text, image)
