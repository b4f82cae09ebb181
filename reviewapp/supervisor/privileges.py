"""PostgreSQL refuses to run as root. As root, find a way to run it as somebody else.

1. Not root: nothing to do.
2. Root, and `nobody` can reach both the programs and the data: run as `nobody`.
3. Root, and the project lies below a closed folder (a 0700 home, say): run in a user namespace,
   where the kernel tells PostgreSQL that it is user 1000. No permission is changed anywhere.
"""

import ctypes
import os
import pwd
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_INSIDE_ID = 1000


@dataclass(frozen=True)
class Identity:
    """Who a child process runs as. `uid` None means: as we do."""

    uid: int | None = None
    gid: int | None = None
    own_namespace: bool = False


def identity_for(*paths: Path) -> Identity:
    """Choose who PostgreSQL runs as, given the programs and folders that it must reach."""
    if os.getuid() != 0:
        return Identity()
    nobody = pwd.getpwnam("nobody")
    if all(can_reach(path, nobody.pw_uid, nobody.pw_gid) for path in paths):
        return Identity(uid=nobody.pw_uid, gid=nobody.pw_gid)
    return Identity(own_namespace=True)


def can_reach(path: Path, uid: int, gid: int) -> bool:
    """Say whether a user may walk through every existing parent folder of `path`."""
    return all(
        _may_enter(parent.stat(), uid, gid) for parent in path.resolve().parents if parent.exists()
    )


def _may_enter(found: os.stat_result, uid: int, gid: int) -> bool:
    if found.st_uid == uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def give(folder: Path, identity: Identity) -> None:
    """Make `folder` (private) and hand it, with all it holds, to the chosen user."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.getuid() != 0:
        return
    # In the namespace only files of our own id belong to the user that PostgreSQL sees.
    uid = os.getuid() if identity.uid is None else identity.uid
    gid = os.getgid() if identity.gid is None else identity.gid
    if folder.stat().st_uid == uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(Path(parent, name), uid, gid, follow_symlinks=False)
    # Last, so that an interrupted change is finished at the next start.
    os.chown(folder, uid, gid)


def enter_namespace() -> None:
    """Move this process (a child before exec) into a namespace where it is not root.

    Raises OSError where the system forbids user namespaces.
    """
    if not sys.platform.startswith("linux"):
        raise OSError("user namespaces exist on Linux only")
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny", encoding="ascii")
    (own / "uid_map").write_text(f"{_INSIDE_ID} {uid} 1", encoding="ascii")
    (own / "gid_map").write_text(f"{_INSIDE_ID} {gid} 1", encoding="ascii")
