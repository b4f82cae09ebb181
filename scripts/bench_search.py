"""Browsing and searching a large catalogue, through Django's whole stack without a network.

    python -m reviewapp.supervisor exec --durable -- python scripts/bench_search.py [--rows N]

Fills a database of its own with the demo's invented texts, a number added to each; deletes it again.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings.test")

import django

django.setup()

from bench_machine import machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from reviewapp.demo.catalogue import generate
from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.models import Category
from reviewapp.services.catalogue_rollup import roll_up
from reviewapp.services.taxonomy import apply_taxonomy

_TEXTS = 2000
_FILL = """
INSERT INTO reviewapp_product (source, external_id, designation, description, raw_designation,
    raw_description, language, input_digest, status, category_id, arrived_at, updated_at, listed_at,
    is_demo)
SELECT 'bench', n::text, text.designation || ' ' || n, text.description, text.designation,
    text.description, text.language, md5(n::text) || md5(n::text), 'listed', text.category,
    now() - n * interval '2 seconds', now(), now() - n * interval '2 seconds', true
FROM generate_series(%(first)s, %(last)s) AS n
JOIN bench_text text ON text.place = n %% %(texts)s
"""
_CHUNK = 20_000


def fill(rows: int) -> None:
    """List `rows` products, made from the demo's texts."""
    apply_taxonomy(taxonomy=load_taxonomy())
    codes = dict(Category.objects.values_list("code", "pk"))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_text (place int PRIMARY KEY, designation text, description text,"
            " language text, category bigint)"
        )
        cursor.executemany(
            "INSERT INTO bench_text VALUES (%s, %s, %s, %s, %s)",
            [
                (place, one.designation[:900], one.description, one.language, codes[one.true_code])
                for place, one in enumerate(generate(_TEXTS, 3))
            ],
        )
        for first in range(1, rows + 1, _CHUNK):
            last = min(first + _CHUNK - 1, rows)
            cursor.execute(_FILL, {"first": first, "last": last, "texts": _TEXTS})
        cursor.execute("VACUUM ANALYZE")
        # Filling is over when it is on disk: else the first pages wait for what is left to write.
        cursor.execute("CHECKPOINT")


def addresses(rows: int) -> Iterator[tuple[str, str]]:
    """Yield what is measured: a name and an address."""
    deep = _next_page("/catalogue/1280/")
    found = _next_page("/catalogue/?q=jouet+en+bois")
    yield "catalogue, all families", "/catalogue/"
    yield "one category", "/catalogue/1280/"
    yield "one category, next page", deep
    yield "one category, facets", "/catalogue/1280/?language=fr&picture=&days=7"
    yield "search, a frequent word", "/catalogue/?q=jouet"
    yield "search, three words", "/catalogue/?q=jouet+en+bois"
    yield "search, next page", found
    yield "search, a rare word", f"/catalogue/?q={rows // 2}"
    yield "search, a typing error", "/catalogue/?q=tracteur+minature"
    yield "search, within a category", "/catalogue/1280/?q=bois"
    yield "search, words that rarely meet", "/catalogue/?q=lot+neuf"
    yield "search, the same within a category", "/catalogue/2583/?q=lot+neuf"
    yield "search, the same in a family", "/catalogue/?q=lot+neuf&family=toys"
    yield "search, nothing found", "/catalogue/?q=zzzzqqq+xxyyx"
    yield "product page", f"/product/{_any_product()}/"


def _next_page(address: str) -> str:
    page = Client().get(address).content.decode()
    link = re.search(r'href="([^"]+)"', page[page.index('rel="next"') :])
    if link is None:
        raise SystemExit(f"{address} has no next page")
    return html.unescape(link[1])


def _any_product() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) / 2 FROM reviewapp_product")
        return int(cursor.fetchone()[0])


def measure(address: str, times: int) -> dict[str, float]:
    """Return milliseconds of one page, templates and all, after two to warm up.

    python_ms: processor time of this process in the median, without PostgreSQL's; on a machine
    that others use, too, it says more than the clock.
    """
    client = Client()
    spent, worked = [], []
    for turn in range(times + 2):
        started, working = time.perf_counter(), time.process_time()
        answer = client.get(address)
        if turn >= 2:
            spent.append((time.perf_counter() - started) * 1000)
            worked.append((time.process_time() - working) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
    spent.sort()
    return {
        "python_ms": round(statistics.median(worked), 1),
        "p50_ms": round(statistics.median(spent), 1),
        "p95_ms": round(spent[min(int(len(spent) * 0.95), len(spent) - 1)], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40)
    options = parser.parse_args()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        call_command("migrate", verbosity=0)
        started = time.perf_counter()
        fill(options.rows)
        filled = time.perf_counter() - started
        started = time.perf_counter()
        roll_up(now=timezone.now())
        result = {
            "rows": options.rows,
            "filled_s": round(filled),
            "rolled_up_s": round(time.perf_counter() - started, 1),
            "pages": {
                what: measure(address, options.times) for what, address in addresses(options.rows)
            },
            "machine": machine(),
        }
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
