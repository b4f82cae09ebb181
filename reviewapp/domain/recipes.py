"""Ready configurations of a training run, as people choose them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# Text without label smoothing: it damages selective classification (G. Xia et al., "Towards
# Understanding Why Label Smoothing Degrades Selective Classification", ICLR 2025).
_TEXT: Final = {"epochs": 6, "batch_size": 64, "amp": "bf16", "label_smoothing": 0.0}
_IMAGE: Final = {"epochs": 10, "batch_size": 64, "learning_rate": 1e-4, "amp": "bf16"}


class Recipe(TextChoices):
    HEADS = "heads", _("Quick: heads on cached features")
    LEXICAL = "lexical", _("Words only, the baseline")
    TEXT = "text", _("Fine-tune texts first")
    IMAGE = "image", _("Fine-tune pictures first")
    BOTH = "both", _("Fine-tune both first")


RECIPES: Final[Mapping[Recipe, Mapping[str, Any]]] = {
    Recipe.HEADS: {},
    Recipe.LEXICAL: {"training": {"members": ["lexical"]}},
    Recipe.TEXT: {"finetune": {"text": _TEXT}},
    Recipe.IMAGE: {"finetune": {"image": _IMAGE}},
    Recipe.BOTH: {"finetune": {"text": _TEXT, "image": _IMAGE}},
}
"""As `classifier.run_config.RunConfig.from_json` reads them."""
