"""Settings from the environment: NAME, or the file that NAME_FILE points at."""

import os
from pathlib import Path

from reviewapp.supervisor.errors import SupervisorError


def is_set(name: str) -> bool:
    """Say whether a setting comes from outside."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def setting(name: str) -> str:
    """Return a setting. Raises SupervisorError when its file cannot be read."""
    if not (path := os.environ.get(f"{name}_FILE")):
        return os.environ.get(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SupervisorError(f"{name}_FILE: cannot read {path} ({error.strerror}).") from error
