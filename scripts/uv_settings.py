"""Print pip's configuration as shell settings for uv, which does not read it.

Only what is not set for uv already: an index, more indexes, folders with files, constraints.
"""

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

# pip's option -> uv's variable and what stands between several values in it
_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "constraint": ("UV_CONSTRAINT", " "),
    "cert": ("SSL_CERT_FILE", " "),
}


def pip_options() -> dict[str, str]:
    """Return pip's options for all commands; the environment wins over the files."""
    # Our environments have no pip; the interpreter that they were made with has.
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    listed = subprocess.run(  # noqa: S603
        [python if python.exists() else sys.executable, "-m", "pip", "config", "list"],
        check=False,
        capture_output=True,
        text=True,
    )
    options: dict[str, str] = {}
    from_environment: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        target = from_environment if section == ":env:" else options
        if section in {":env:", "global", "install"}:
            target[option] = ast.literal_eval(value)
    return {**options, **from_environment}


def main() -> None:
    settings = {}
    for option, value in pip_options().items():
        name, separator = _NAMES.get(option, ("", ""))
        if name and name not in os.environ:
            settings[name] = separator.join(value.split())
    if "UV_INDEX" in settings:
        # pip takes the best version of all indexes; uv by default the first index that has any.
        settings.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    for name, value in settings.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


if __name__ == "__main__":
    main()
