"""Backbone directories: written whole or not at all, checked by sha256 on each load."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from classifier.errors import ArtifactInvalid

MANIFEST: Final = "MANIFEST.json"


def sha256_file(path: Path) -> str:
    """Return the file's sha256 as 64 hexadecimal digits."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_directory(target: Path, fill: Callable[[Path], None]) -> None:
    """Create `target` with what `fill` writes into a folder, plus a manifest.

    The folder gets its name only when complete, so a kill leaves no half-written backbone. When
    another process was faster, its directory stays and ours is dropped.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        part = Path(scratch) / "part"
        part.mkdir()
        fill(part)
        files = {path.name: sha256_file(path) for path in sorted(part.iterdir())}
        for name in files:
            (part / name).chmod(0o644)  # safetensors writes for the owner only
        write_json(part / MANIFEST, {"sha256": files})
        try:
            part.rename(target)
        except OSError:
            if not (target / MANIFEST).is_file():
                raise


def verify_directory(directory: Path) -> str:
    """Check every file against the manifest and return the manifest's own sha256.

    Raises ArtifactInvalid, naming the file, when one is missing, altered or not listed.
    """
    remedy = f"delete {directory} to have it built again"
    manifest = read_json(directory / MANIFEST)
    expected = manifest.get("sha256")
    if not isinstance(expected, dict) or not expected:
        raise ArtifactInvalid(f"{directory / MANIFEST}: lists no files; {remedy}.")
    present = {path.name for path in directory.iterdir()} - {MANIFEST}
    if unlisted := sorted(present - set(expected)):
        raise ArtifactInvalid(f"{directory / unlisted[0]}: not in the manifest; {remedy}.")
    for name, digest in expected.items():
        path = directory / name
        if not path.is_file():
            raise ArtifactInvalid(f"{path}: missing; {remedy}.")
        if sha256_file(path) != digest:
            raise ArtifactInvalid(f"{path}: differs from its recorded sha256; {remedy}.")
    return sha256_file(directory / MANIFEST)


def digest_directory(directory: Path) -> str:
    """Return one sha256 for the whole content: verified where a manifest is there."""
    if (directory / MANIFEST).is_file():
        return verify_directory(directory)
    listing = {
        path.name: sha256_file(path) for path in sorted(directory.iterdir()) if path.is_file()
    }
    return hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; raises ArtifactInvalid when it is missing or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactInvalid(f"{path}: missing or not JSON ({error}).") from error
    if not isinstance(value, dict):
        raise ArtifactInvalid(f"{path}: expected a JSON object.")
    return value


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON object the same way for the same content."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
