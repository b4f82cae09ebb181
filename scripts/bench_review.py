"""Measure the review desk: claiming and deciding with many moderators at once.

Each moderator is a process that sends real requests through Django's whole stack (middleware,
session, CSRF-exempt test client, views, templates, services) to a real PostgreSQL; only the
socket between browser and web server is left out. With --services the services are called
directly instead.

    python scripts/bench_review.py --items 10000 --moderators 8 --each 100

Works on a database of its own, made empty at the start: the one DATABASE_URL names, with the
suffix _bench. Ends with status 1 when an item was handed to two people or a decision was lost.
"""

import argparse
import json
import multiprocessing
import os
import random
import statistics
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[1]
_CATEGORIES = 27
# In turn: everything, a rare reason, a family.
_QUEUES = [
    "",
    "audit",
    "family:family-2",
    "days:3",
    "high",
    "low_confidence,family:family-3,days:1",
]


def main() -> int:
    options = _options()
    _use_bench_database(options.items)
    _fill(options.items, options.moderators)
    started = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(options.moderators) as pool:
        jobs = [
            (number, options.each, options.think, options.services)
            for number in range(options.moderators)
        ]
        runs = pool.starmap(_moderate, jobs)
    report = _report(options, runs, time.perf_counter() - started)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0 if report["handed_out_twice"] == report["decisions_lost"] == 0 else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--items", type=int, default=10_000, help="open review items")
    parser.add_argument("--moderators", type=int, default=8, help="processes at once")
    parser.add_argument("--each", type=int, default=100, help="decisions of each moderator")
    parser.add_argument(
        "--think", type=float, default=0.0, help="mean seconds between two decisions of a person"
    )
    parser.add_argument("--services", action="store_true", help="call services, not views")
    return parser.parse_args()


def _use_bench_database(items: int) -> None:
    """Make the _bench database and its tables, once; point this process and its children at it."""
    import psycopg2

    parts = urlsplit(os.environ["DATABASE_URL"])
    name = f"{parts.path.lstrip('/')}_bench"
    maintenance = psycopg2.connect(urlunsplit(parts._replace(path="/postgres")))
    maintenance.autocommit = True
    with maintenance.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE DATABASE "{name}"')
    maintenance.close()
    os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{name}"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings.test")
    _django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _django() -> None:
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


def _fill(items: int, moderators: int) -> None:
    """Empty the tables, then add products in review with FUSION's answer, and the moderators."""
    from django.contrib.auth.models import Group
    from django.db import connection

    from reviewapp.choices import Role
    from reviewapp.models import User
    from reviewapp.services.accounts import ensure_roles

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE reviewapp_user, reviewapp_categoryfamily, reviewapp_modelversion,"
            " reviewapp_product, reviewapp_productimage, django_session CASCADE"
        )
        for statement in _FILL:
            cursor.execute(statement, {"items": items, "categories": _CATEGORIES})
        cursor.execute("VACUUM ANALYZE")
    ensure_roles()
    group = Group.objects.get(name=Role.MODERATOR.value)
    for number in range(moderators):
        User.objects.create(username=f"bench{number}").groups.add(group)


_FILL = [
    """
    INSERT INTO reviewapp_categoryfamily (id, slug, name_fr, name_en, position)
    SELECT n, 'family-' || n, 'Famille ' || n, 'Family ' || n, n FROM generate_series(1, 6) n
    """,
    """
    INSERT INTO reviewapp_category (id, code, family_id, name_fr, name_en, definition_fr,
        definition_en, includes, excludes, synonyms, is_active)
    SELECT n, 10 * n, 1 + n %% 6, 'Catégorie ' || n, 'Category ' || n, 'Définition', 'Definition',
        '{}', '{}', '{}', true
    FROM generate_series(1, %(categories)s) n
    """,
    """
    INSERT INTO reviewapp_modelversion (id, name, manifest_sha256, labels, metrics, stage,
        created_at, promoted_at, is_demo)
    VALUES (1, 'bench', repeat('0', 64), '[]', '{}', 'champion', now(), now(), false)
    """,
    """
    INSERT INTO reviewapp_product (id, source, external_id, designation, description,
        raw_designation, raw_description, language, input_digest, status, arrived_at, updated_at,
        is_demo)
    SELECT n, 'bench', 'p' || n, 'Roman policier ' || n, repeat('Un texte de produit. ', 12),
        'Roman policier ' || n, repeat('Un texte de produit. ', 12), 'fr', md5(n::text),
        'in_review', now(), now(), false
    FROM generate_series(1, %(items)s) n
    """,
    """
    INSERT INTO reviewapp_prediction (product_id, model_version_id, member, input_digest, top,
        category_id, confidence, absence, latency_ms, created_at)
    SELECT n, 1, member, md5(n::text), '[[10, 0.5], [20, 0.2], [30, 0.1], [40, 0.1], [50, 0.1]]',
        1, 0.5, '', 10, now()
    FROM generate_series(1, %(items)s) n, unnest(ARRAY['cnn', 'bert', 'fusion']) member
    """,
    """
    INSERT INTO reviewapp_reviewitem (product_id, reasons, status, is_blind, priority, opened_at,
        family_id, served_by)
    SELECT n, ARRAY[CASE WHEN n %% 100 = 0 THEN 'audit' ELSE 'low_confidence' END], 'pending',
        false, 1.2 * random(), now() - random() * interval '10 days', 1 + n %% 6, ''
    FROM generate_series(1, %(items)s) n
    """,
]


def _moderate(number: int, each: int, think: float, services: bool) -> dict[str, Any]:
    """One moderator's shift; seconds of each claim and decide, items seen, keys acknowledged."""
    _django()
    from reviewapp.models import User

    moderator = User.objects.get(username=f"bench{number}")
    desk = (_Services if services else _Views)(moderator, _QUEUES[number % len(_QUEUES)])
    desk.claim_and_decide(number)  # warm: connections, templates, plans
    shift: dict[str, Any] = {"claim": [], "decide": [], "items": [desk.last], "keys": [desk.key]}
    pauses = random.Random(number)  # noqa: S311 - spreads pauses, protects nothing
    shift["cpu"] = -time.process_time()
    for turn in range(each):
        time.sleep(pauses.uniform(0.5, 1.5) * think)
        started = time.perf_counter()
        item = desk.claim()
        claimed = time.perf_counter()
        desk.decide(item, 10 * (1 + (turn + number) % _CATEGORIES))
        shift["decide"].append(time.perf_counter() - claimed)
        shift["claim"].append(claimed - started)
        shift["items"].append(item)
        shift["keys"].append(desk.key)
    shift["cpu"] += time.process_time()
    return shift


class _Desk:
    last = 0
    key = ""

    def claim_and_decide(self, number: int) -> None:
        self.last = self.claim()
        self.decide(self.last, 10 * (1 + number % _CATEGORIES))

    def claim(self) -> int:
        raise NotImplementedError

    def decide(self, item: int, code: int) -> None:
        raise NotImplementedError


class _Services(_Desk):
    def __init__(self, moderator: Any, queue: str) -> None:
        from reviewapp.domain.queues import parse
        from reviewapp.models import Category

        self.moderator, self.queue = moderator, parse(queue)
        self.categories = {category.code: category for category in Category.objects.all()}

    def claim(self) -> int:
        from django.utils import timezone

        from reviewapp.services import review

        item = review.claim_next(moderator=self.moderator, queue=self.queue, now=timezone.now())
        if item is None:
            raise RuntimeError("The queue ran dry: use more --items.")
        return item

    def decide(self, item: int, code: int) -> None:
        from django.utils import timezone

        from reviewapp.services import decisions

        key = uuid.uuid4()
        decisions.decide(
            item_id=item,
            moderator=self.moderator,
            category=self.categories[code],
            client_key=key,
            now=timezone.now(),
        )
        self.key = str(key)


class _Views(_Desk):
    def __init__(self, moderator: Any, queue: str) -> None:
        from django.test import Client

        self.queue = queue
        self.client = Client(headers={"X-Requested-With": "desk"})
        self.client.force_login(moderator)

    def claim(self) -> int:
        response = self.client.post("/review/claim/", {"queue": self.queue})
        if response.headers.get("Desk-State") != "card":
            raise RuntimeError(f"No card: {response.status_code} {response.content[:200]!r}")
        return int(response.content.decode().split('data-item="')[1].split('"')[0])

    def decide(self, item: int, code: int) -> None:
        key = str(uuid.uuid4())
        data = {"category": code, "client_key": key, "seconds": 1}
        response = self.client.post(f"/review/items/{item}/decide/", data)
        if response.status_code != 200:
            raise RuntimeError(f"Not saved: {response.status_code} {response.content[:200]!r}")
        self.key = key


def _report(
    options: argparse.Namespace, runs: list[dict[str, Any]], seconds: float
) -> dict[str, Any]:
    from reviewapp.models import Decision, FeedbackLabel, ReviewItem

    items = [item for run in runs for item in run["items"]]
    keys = [key for run in runs for key in run["keys"]]
    stored = {str(key) for key in Decision.objects.values_list("client_key", flat=True)}
    return {
        "through": "services" if options.services else "views",
        "open_items": options.items,
        "moderators": options.moderators,
        "think_seconds": options.think,
        "python_cpu_ms_per_turn": round(
            sum(run["cpu"] for run in runs) / options.moderators / options.each * 1000, 1
        ),
        "load_average": [round(value, 1) for value in os.getloadavg()],
        "claim_ms": _quantiles([value for run in runs for value in run["claim"]]),
        "decide_ms": _quantiles([value for run in runs for value in run["decide"]]),
        "decisions": len(keys),
        "decisions_per_second": round(len(keys) / seconds, 1),
        "handed_out_twice": len(items) - len(set(items)),
        "decisions_lost": len(set(keys) - stored),
        "live_labels": FeedbackLabel.objects.filter(ended_at=None).count(),
        "resolved": ReviewItem.objects.filter(status="resolved").count(),
    }


def _quantiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    milliseconds = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(seconds)}
    return {name: round(value * 1000, 1) for name, value in milliseconds.items()}


if __name__ == "__main__":
    raise SystemExit(main())
