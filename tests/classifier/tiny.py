"""Backbones of a few kilobytes with random weights, in the real file formats."""

import json

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from classifier.backbones.directory import write_directory
from classifier.backbones.networks import (
    ImageConfig,
    build_network,
    save_features_network,
    without_head,
)
from classifier.backbones.torchvision_shim import ensure_torchvision

WORDS = ["piscine", "ronde", "livre", "ancien", "lampe", "rouge", "bleu", "table", "query", ":"]


def write_text_backbone(directory, *, seed=0, hidden=32, prefix="", dropout=0.1):
    """A two-layer BERT with a word tokenizer; letters of unknown words are tokens of their own."""
    ensure_torchvision()
    from transformers import BertConfig, BertModel

    tokenizer = _tokenizer()

    def fill(part):
        torch.manual_seed(seed)
        config = BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=hidden,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=2 * hidden,
            max_position_embeddings=128,
            pad_token_id=0,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
        )
        model = BertModel(config, add_pooling_layer=False)
        for parameter in model.parameters():
            if parameter.ndim == 2:  # larger than the default, so that texts differ
                torch.nn.init.normal_(parameter, std=0.3)
        model.save_pretrained(part)
        tokenizer.save(str(part / "tokenizer.json"))
        settings = {"kind": "text", "name": "tiny", "prefix": prefix, "pooling": "mean"}
        (part / "backbone.json").write_text(json.dumps(settings), encoding="utf-8")

    write_directory(directory, fill)
    return directory


def write_image_backbone(directory, *, seed=0, architecture="shufflenet_v2_x0_5", size=64):
    torch.manual_seed(seed)
    network = without_head(architecture, build_network(architecture))
    config = ImageConfig(architecture, size=size)
    write_directory(directory, lambda part: save_features_network(part, config, network))
    return directory


def _tokenizer():
    letters = [chr(code) for code in range(97, 123)]
    vocabulary = [
        "[PAD]",
        "[CLS]",
        "[SEP]",
        "[UNK]",
        *WORDS,
        *letters,
        *(f"##{c}" for c in letters),
    ]
    tokenizer = Tokenizer(
        models.WordPiece(
            {piece: index for index, piece in enumerate(vocabulary)},
            unk_token="[UNK]",
            max_input_chars_per_word=10_000,
        )
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return tokenizer
