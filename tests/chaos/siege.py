"""Start a site, let moderators work while its processes are killed, and count the damage."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from reviewapp.supervisor.orphans import descendants
from reviewapp.supervisor.paths import PROJECT
from reviewapp.supervisor.state import running
from tests.chaos.damage import Damage, count_damage
from tests.chaos.moderator import Moderator
from tests.supervisor.support import Running, wait_for

LEASE_SECONDS = 4
_DEATHS = ("web", "worker", "database", "web", "web", "worker")
"""In turn; the database seldom, since it starts anew for a second or two."""


@dataclass(frozen=True)
class Siege:
    """How long and how hard."""

    folder: Path
    moderators: int = 50
    items: int = 1_200
    seconds: float = 9.0
    pause_seconds: float = 2.0  # between two kills
    seed: int = 1


def besiege(siege: Siege) -> Damage:
    """Run the real site in `siege.folder` through the siege; raises AssertionError if it ends."""
    siege.folder.mkdir(parents=True, exist_ok=True)
    site = Running(
        PROJECT,
        *("run", "--no-demo"),
        output_folder=siege.folder,
        BONRAYON_VAR=str(siege.folder),
        REVIEW_LEASE_SECONDS=str(LEASE_SECONDS),
        WEB_THREADS="8",
        INFERENCE_PROCESSES="1",
        DEFAULT_PROCESSES="1",
    )
    try:
        site.until_it_says("Times:")
        return _fight(site, siege)
    finally:
        site.end()


def _fight(site: Running, siege: Siege) -> Damage:
    world = _world(siege)
    stop = threading.Event()
    moderators = [
        Moderator(site.port, session, world["codes"], LEASE_SECONDS, siege.seed + number, stop)
        for number, session in enumerate(world["sessions"])
    ]
    for moderator in moderators:
        moderator.start()
    kills = _kill(site, siege)
    stop.set()
    for moderator in moderators:
        moderator.join(120)
    assert site.process.poll() is None, site.said[-3000:]
    state = running(siege.folder)
    assert state is not None
    return count_damage(state.database_url, moderators, kills)


def _world(siege: Siege) -> dict[str, list]:
    words = ["attach", "--", sys.executable, "-m", "tests.chaos.world"]
    said = subprocess.run(
        [
            sys.executable,
            "-m",
            "reviewapp.supervisor",
            *words,
            str(siege.moderators),
            str(siege.items),
        ],
        cwd=PROJECT,
        env={**_clean_environment(), "BONRAYON_VAR": str(siege.folder)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    return json.loads(said.stdout.splitlines()[-1])


def _clean_environment() -> dict[str, str]:
    ours = {"DATABASE_URL", "REDIS_URL", "BONRAYON_VAR"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return {**environment, "DJANGO_SETTINGS_MODULE": "reviewapp.settings.dev"}


def _kill(site: Running, siege: Siege) -> dict[str, int]:
    """SIGKILL one process after another until the time is over and each kind has had its turn;
    return how many of each.

    The next one once the site answers again: on a busy machine nobody would get to work between.
    """
    kills = dict.fromkeys(_DEATHS, 0)
    began = time.monotonic()
    turn = 0
    while time.monotonic() - began < siege.seconds or not all(kills.values()):
        time.sleep(siege.pause_seconds)
        victim = _DEATHS[turn % len(_DEATHS)]
        turn += 1
        if (pid := _pid_of(site, victim)) is not None:
            os.kill(pid, signal.SIGKILL)
            kills[victim] += 1
        wait_for(lambda: _answers(site), 60)
    return kills


def _pid_of(site: Running, victim: str) -> int | None:
    if victim == "database":
        return site.child("postgres", "-D")
    if victim == "worker":
        return site.child("celery", "worker", "default@")
    parent = site.child("granian", "reviewapp.wsgi")
    served = descendants(parent) if parent else []
    return max(served, default=None)


def _answers(site: Running) -> bool:
    try:
        site.get()
    except OSError:
        return False
    return True
