"""Where things lie below var/, and the short folder for sockets.

var/postgres  the database      var/redis  the broker's snapshot
var/log       bounded logs      var/run    lock, state file and sockets of the running instance
"""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reviewapp.supervisor.errors import SupervisorError

PROJECT = Path(__file__).resolve().parents[2]
# sun_path is 104 bytes on macOS and 108 on Linux; PostgreSQL adds "/.s.PGSQL.5432.lock".
_LONGEST_SOCKET_FOLDER = 80


@dataclass(frozen=True)
class Layout:
    """The folders of one instance."""

    var: Path

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def redis(self) -> Path:
        return self.var / "redis"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def lock(self) -> Path:
        return self.run / "supervisor.lock"

    @property
    def state(self) -> Path:
        return self.run / "supervisor.json"

    def create(self) -> None:
        """Make the folders. Raises SupervisorError when the place cannot be written."""
        try:
            # static: the web server warns of a folder that does not exist.
            for folder in (self.var, self.log, self.run, self.var / "static"):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SupervisorError(
                f"Cannot write to {self.var} ({error.strerror}). "
                "Set BONRAYON_VAR to a folder you may write to."
            ) from error


def default_var() -> Path:
    """Return BONRAYON_VAR, or var/ in the project."""
    return Path(os.environ.get("BONRAYON_VAR") or PROJECT / "var").absolute()


def socket_folder(layout: Layout, name: str) -> Path:
    """Return a folder for Unix sockets that is ours alone and short enough.

    The address of a socket is limited to about 100 bytes, so a project deep in the file system
    gets a folder in the system's run-time directory, always the same one for the same project.
    """
    inside = layout.run / name
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
        folder = inside
    else:
        digest = hashlib.sha256(os.fsencode(layout.var)).hexdigest()[:12]
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        folder = base / f"bonrayon-{os.getuid()}-{digest}" / name
        _make_private(folder.parent)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _make_private(folder: Path) -> None:
    """Make a folder in a place others can write to; refuse one that somebody else put there."""
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise SupervisorError(
            f"{folder} belongs to somebody else. Remove it, or set BONRAYON_VAR to a shorter path."
        )
    folder.chmod(0o711)
