"""Measure the review desk: claiming and deciding with many moderators and up to a million items.

Each moderator is a process that keeps a connection open to the web server that `make run` starts,
with its settings, and sends what the desk in a browser sends; the time runs until the answer is
read. With --services it calls the services itself instead. Moderators pause as people do
(--think); without a pause more than a few keep both processors busy, and what is measured is the
wait for those. Each size is also measured with one moderator who never pauses.

    python scripts/bench_review.py --items 10000,100000,1000000 --moderators 8,32 --services

Works on a database of its own, made empty at the start: the one DATABASE_URL names, with the
suffix _bench. Ends with status 1 when an item was handed to two people or a decision was lost.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import urlencode

from bench_database import ROOT, use_kept_database

_QUEUES = [
    "",
    "audit",
    "family:family-2",
    "days:3",
    "high",
    "low_confidence,family:family-3,days:1",
]
_ALONE = 50  # decisions of the moderator who never pauses
_TOKEN = "c" * 32  # of our own making: the check compares cookie and header


def main() -> int:
    options = _options()
    # Tests serve nobody by lot and check nobody; the site does both.
    os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.dev"
    use_kept_database("_bench")
    from tests.many_items import fill

    is_whole = True
    for items in options.items:
        fill(items, max(options.moderators))
        shifts = [(1, _ALONE, 0.0)]
        shifts += [(moderators, options.each, options.think) for moderators in options.moderators]
        with nullcontext() if options.services else _web_server() as port:
            for moderators, each, think in shifts:
                report = {"open_items": items} | _shift(moderators, each, think, port)
                sys.stdout.write(json.dumps(report) + "\n")
                sys.stdout.flush()
                is_whole &= report["handed_out_twice"] == report["decisions_lost"] == 0
    return 0 if is_whole else 1


@contextmanager
def _web_server() -> Iterator[int]:
    """Run the site's web server and yield its port once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "reviewapp.supervisor", "process", "web"]
    environment = os.environ | {"PORT": str(port), "LOG_LEVEL": "WARNING"}
    server = subprocess.Popen(command, env=environment, cwd=ROOT)  # noqa: S603 - our own command
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The web server did not start; what it said stands above.")
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--items", type=_numbers, default=[10_000], help="open items, by comma")
    parser.add_argument("--moderators", type=_numbers, default=[8], help="at once, by comma")
    parser.add_argument("--each", type=int, default=20, help="decisions of each moderator")
    parser.add_argument(
        "--think", type=float, default=3.0, help="mean seconds between two decisions of a person"
    )
    parser.add_argument("--services", action="store_true", help="call services, not pages")
    return parser.parse_args()


def _shift(moderators: int, each: int, think: float, port: int | None) -> dict[str, Any]:
    """Let `moderators` work at once, each in a process of its own; return what was measured."""
    from django.db import connections

    # A forked process must not share its parent's connection.
    connections.close_all()
    context = multiprocessing.get_context("fork")
    # Nobody starts before everybody is ready: starting costs more than working.
    ready, queue = context.Barrier(moderators), context.Queue()
    people = [
        context.Process(target=_work, args=(number, each, think, port, ready, queue))
        for number in range(moderators)
    ]
    for person in people:
        person.start()
    runs = [queue.get(timeout=3600) for _ in people]
    for person in people:
        person.join()
    if errors := [run for run in runs if isinstance(run, Exception)]:
        raise errors[0]
    through = "pages" if port else "services"
    return {"through": through, "think_seconds": think} | _report(runs)


def _work(number: int, each: int, think: float, port: int | None, ready: Any, queue: Any) -> None:
    try:
        queue.put(_moderate(number, each, think, port, ready))
    except Exception as error:
        ready.abort()
        queue.put(error)


def _moderate(number: int, each: int, think: float, port: int | None, ready: Any) -> dict[str, Any]:
    """One moderator's shift; seconds of each claim and decide, items seen, keys acknowledged."""
    from reviewapp.models import User

    moderator = User.objects.get(username=f"bench{number}")
    queue = _QUEUES[number % len(_QUEUES)]
    desk = _Pages(moderator, queue, port) if port else _Services(moderator, queue)
    desk.claim_and_decide(number)  # warm: connections, templates, plans
    shift: dict[str, Any] = {"claim": [], "decide": [], "items": [desk.last], "keys": [desk.key]}
    pauses = random.Random(number)  # noqa: S311 - spreads pauses, protects nothing
    ready.wait()
    shift["began"] = time.perf_counter()
    for turn in range(each):
        time.sleep(pauses.uniform(0.5, 1.5) * think)
        started = time.perf_counter()
        item = desk.claim()
        claimed = time.perf_counter()
        desk.decide(item, 10 * (1 + (turn + number) % 27))
        shift["decide"].append(time.perf_counter() - claimed)
        shift["claim"].append(claimed - started)
        shift["items"].append(item)
        shift["keys"].append(desk.key)
    shift["ended"] = time.perf_counter()
    return shift


class _Desk:
    last = 0
    key = ""

    def claim_and_decide(self, number: int) -> None:
        self.last = self.claim()
        self.decide(self.last, 10 * (1 + number % 27))

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


class _Pages(_Desk):
    def __init__(self, moderator: Any, queue: str, port: int) -> None:
        from django.test import Client

        client = Client()
        client.force_login(moderator)
        self.queue = queue
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"sessionid={client.cookies['sessionid'].value}; csrftoken={_TOKEN}",
            "X-CSRFToken": _TOKEN,
            "X-Requested-With": "desk",
        }

    def claim(self) -> int:
        response, page = self._post("/review/claim/", {"queue": self.queue})
        if response.headers.get("Desk-State") != "card":
            raise RuntimeError(f"No card: {response.status} {page[:200]!r}")
        return int(page.split('data-item="')[1].split('"')[0])

    def decide(self, item: int, code: int) -> None:
        key = str(uuid.uuid4())
        data = {"category": str(code), "client_key": key, "seconds": "1"}
        response, page = self._post(f"/review/items/{item}/decide/", data)
        if response.status != 200:
            raise RuntimeError(f"Not saved: {response.status} {page[:200]!r}")
        self.key = key

    def _post(self, path: str, data: dict[str, str]) -> tuple[http.client.HTTPResponse, str]:
        self.line.request("POST", path, urlencode(data), self.headers)
        response = self.line.getresponse()
        return response, response.read().decode()


def _report(runs: list[dict[str, Any]]) -> dict[str, Any]:
    from reviewapp.models import Decision

    items = [item for run in runs for item in run["items"]]
    keys = [key for run in runs for key in run["keys"]]
    stored = {
        str(key)
        for key in Decision.objects.filter(client_key__in=keys).values_list("client_key", flat=True)
    }
    seconds = max(run["ended"] for run in runs) - min(run["began"] for run in runs)
    turns = sum(len(run["claim"]) for run in runs)
    return {
        "moderators": len(runs),
        "claim_ms": _quantiles([value for run in runs for value in run["claim"]]),
        "decide_ms": _quantiles([value for run in runs for value in run["decide"]]),
        "decisions": turns,
        "decisions_per_second": round(turns / seconds, 1),
        "handed_out_twice": len(items) - len(set(items)),
        "decisions_lost": len(set(keys) - stored),
        "load_average": round(os.getloadavg()[0], 1),
    }


def _quantiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    milliseconds = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(seconds)}
    return {name: round(value * 1000, 1) for name, value in milliseconds.items()}


if __name__ == "__main__":
    raise SystemExit(main())
