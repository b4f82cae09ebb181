"""Loading text models and tokenizers from a local directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import nn

from classifier.backbones.torchvision_shim import ensure_torchvision
from classifier.errors import ArtifactInvalid

# Models whose pooler is an extra: unused here, and random where the weights do not bring one.
_WITH_POOLER: Final = frozenset({"bert", "camembert", "roberta", "xlm-roberta", "xlm-roberta-xl"})
# These count positions from the padding index upwards.
_OFFSET_POSITIONS: Final = _WITH_POOLER - {"bert"}


def load_text_model(directory: Path) -> nn.Module:
    """Return the model in float32 and evaluation mode.

    Raises ArtifactInvalid when configuration and weights do not fit: a layer left at its random
    start would answer nonsense with confidence.
    """
    ensure_torchvision()
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(directory, local_files_only=True)
        options = {"add_pooling_layer": False} if config.model_type in _WITH_POOLER else {}
        model, loading = AutoModel.from_pretrained(
            directory,
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
            **options,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ArtifactInvalid(f"{directory}: not a loadable text model ({error}).") from error
    if missing := sorted(loading["missing_keys"]):
        raise ArtifactInvalid(f"{directory}: the weights lack {', '.join(missing[:5])}.")
    network: nn.Module = model
    return network.eval()


def load_tokenizer(directory: Path) -> Tokenizer:
    """Return the tokenizer of a model directory, without padding and truncation."""
    path = directory / "tokenizer.json"
    if path.is_file():
        tokenizer = Tokenizer.from_file(str(path))
    else:
        ensure_torchvision()
        from transformers import AutoTokenizer

        try:
            wrapped = AutoTokenizer.from_pretrained(directory, local_files_only=True)
        except (OSError, ValueError, ImportError) as error:
            raise ArtifactInvalid(f"{directory}: no usable tokenizer ({error}).") from error
        tokenizer = wrapped.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def longest_input(config: Any) -> int:
    """Return how many tokens a model of this configuration reads at most."""
    positions = int(getattr(config, "max_position_embeddings", 512))
    return positions - 2 if config.model_type in _OFFSET_POSITIONS else positions
