"""What a training ran on: versions of the code and of what decides its numbers."""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import classifier
import reviewapp

_PACKAGES: Final = (
    "torch",
    "torchvision",
    "transformers",
    "tokenizers",
    "numpy",
    "scipy",
    "scikit-learn",
    "safetensors",
    "pillow",
)


@cache
def code_version() -> str:
    """Return the release, and a digest over the classifier's source: equal ones train alike."""
    digest = hashlib.sha256()
    root = Path(classifier.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return f"{reviewapp.__version__}+{digest.hexdigest()[:12]}"


@cache
def environment() -> dict[str, str]:
    """Return versions by name; nothing is imported for it, and nothing names the machine."""
    found = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count() or 1),
    }
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "-"
    return found
