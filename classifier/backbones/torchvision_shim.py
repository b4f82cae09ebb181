"""Make torchvision importable beside a torch build without CUDA.

PyPI's torchvision wheel for Linux links its compiled operators to CUDA. Beside a CPU-only torch
they cannot load, and `import torchvision` then fails with "operator torchvision::nms does not
exist" - as do transformers' model imports, which look at torchvision on the way. Declaring the
operators' schemas first lets the Python parts (models, transforms) work. Box operators and
`torchvision.io` stay unavailable in that mode; nothing here needs them.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Literal

import torch

from classifier.errors import BackboneMissing

Mode = Literal["native", "python-only"]

# The registration ends when this object is collected.
_schemas: list[torch.library.Library] = []


@cache
def ensure_torchvision() -> Mode:
    """Prepare torchvision's import; call it before importing torchvision or transformers models.

    Returns "native" where the compiled operators load, else "python-only". Idempotent.
    Raises BackboneMissing when torchvision is not installed.
    """
    spec = importlib.util.find_spec("torchvision")  # finds, does not import
    if spec is None or spec.origin is None:
        raise BackboneMissing("torchvision is not installed; install this project's extra 'ml'.")
    folder = Path(spec.origin).parent
    for extension in sorted([*folder.glob("_C*.so"), *folder.glob("_C*.pyd")]):
        try:
            torch.ops.load_library(str(extension))  # type: ignore[no-untyped-call]
        except OSError:
            continue  # linked to CUDA libraries that this torch does not bring
        return "native"
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for operator in ("nms", "qnms"):
        schema = f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        library.define(schema)  # type: ignore[no-untyped-call]
    _schemas.append(library)
    return "python-only"
