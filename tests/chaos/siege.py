"""Start a site, let moderators work while its processes are killed, and count the damage."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2

from reviewapp.supervisor.orphans import descendants
from reviewapp.supervisor.paths import PROJECT
from reviewapp.supervisor.state import running
from tests.chaos.moderator import Moderator
from tests.supervisor.support import Running, wait_for

LEASE_SECONDS = 4
_DEATHS = ("web", "web", "worker", "web", "database", "worker")
"""In turn; the database seldom, since it starts anew for a second or two."""


@dataclass(frozen=True)
class Siege:
    """How long and how hard."""

    folder: Path
    moderators: int = 50
    items: int = 3_000
    seconds: float = 18.0
    pause_seconds: float = 2.5  # between two kills
    seed: int = 1


@dataclass(frozen=True)
class Damage:
    """What the database says afterwards, against what the moderators were told."""

    acknowledged: int
    refused: int
    broken_calls: int
    kills: dict[str, int]
    handed_to_two: int
    missing: int
    answered_twice: int
    labels_astray: int
    unsettled: int

    @property
    def is_none(self) -> bool:
        """True when nothing was lost, doubled or left hanging."""
        return not (
            self.handed_to_two
            or self.missing
            or self.answered_twice
            or self.labels_astray
            or self.unsettled
        )


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
    return _count(siege, moderators, kills)


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
    """SIGKILL one process after another until the time is over; return how many of each."""
    kills = dict.fromkeys(_DEATHS, 0)
    began = time.monotonic()
    turn = 0
    while time.monotonic() - began < siege.seconds:
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


def _count(siege: Siege, moderators: list[Moderator], kills: dict[str, int]) -> Damage:
    acknowledged = {
        key: answer for moderator in moderators for key, answer in moderator.acknowledged.items()
    }
    state = running(siege.folder)
    assert state is not None
    connection = psycopg2.connect(state.database_url)
    with connection, connection.cursor() as cursor:
        stored = _stored(cursor)
        return Damage(
            acknowledged=len(acknowledged),
            refused=sum(moderator.refused for moderator in moderators),
            broken_calls=sum(moderator.errors for moderator in moderators),
            kills=kills,
            handed_to_two=_number(cursor, "SELECT count(*) FROM chaos_theft"),
            missing=sum(stored.get(key) != answer for key, answer in acknowledged.items()),
            answered_twice=_number(cursor, _ANSWERED_TWICE),
            labels_astray=_number(cursor, _LABELS_ASTRAY),
            unsettled=sum(len(moderator.unsettled) for moderator in moderators),
        )


_ANSWERED_TWICE = """
SELECT count(*) FROM (
    SELECT item_id FROM reviewapp_decision WHERE verdict IN ('confirmed', 'corrected')
    GROUP BY item_id HAVING count(*) > 1
) doubled
"""

# Each answered product is listed where its answer put it, with one live label that says so; with none
# while a disagreement about it is open. A check of an answer moves nothing.
_LABELS_ASTRAY = """
SELECT count(*) FROM reviewapp_decision decision
JOIN reviewapp_product product ON product.id = decision.product_id
WHERE decision.verdict IN ('confirmed', 'corrected')
  AND NOT decision.reasons && ARRAY['second_opinion', 'gold']::varchar[] AND (
    product.category_id IS DISTINCT FROM decision.category_id OR product.status <> 'listed'
    OR (SELECT array_agg(label.category_id) FROM reviewapp_feedbacklabel label
        WHERE label.product_id = product.id AND label.ended_at IS NULL)
       IS DISTINCT FROM (
           CASE WHEN EXISTS (SELECT FROM reviewapp_disagreement open
                             WHERE open.product_id = product.id AND open.closed_at IS NULL)
                THEN NULL ELSE ARRAY[decision.category_id] END)
)
"""


def _stored(cursor) -> dict[str, tuple[int, int]]:
    cursor.execute(
        "SELECT decision.client_key::text, decision.item_id, category.code"
        " FROM reviewapp_decision decision"
        " JOIN reviewapp_category category ON category.id = decision.category_id"
    )
    return {key: (item, code) for key, item, code in cursor.fetchall()}


def _number(cursor, query: str) -> int:
    cursor.execute(query)
    return int(cursor.fetchone()[0])


def as_json(damage: Damage) -> str:
    """Return the outcome for a log."""
    return json.dumps(asdict(damage))
