"""From a seller's draft to the models' answer with a real worker, idle and beside a backlog.

    BONRAYON_VAR=var python scripts/bench_previews.py --model demo-1

Works in a database of its own, as `bench_arrival.py` does. Each draft is an invented product's
text with a picture; the clock runs from the view's service call, picture sanitised, to the row
being answered.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from functools import partial

from bench_arrival import _FILES, _OPEN, _wait, arrive, prepare_model, wait_until_done, worker
from bench_machine import machine
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from reviewapp.demo.catalogue import product_at
from reviewapp.models import CategoryPreview, ClassificationRequest
from reviewapp.services.previews import request_preview
from worker.tasks.classify import wake_workers
from worker.tasks.previews import expect_previews, wake_previews


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="demo-1", help="its name below var/models")
    parser.add_argument("--drafts", type=int, default=60, help="of each measurement")
    parser.add_argument("--backlog", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=1, help="of the worker")
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        outcome = run(options)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
        _FILES.cleanup()
    sys.stdout.write(f"{json.dumps(outcome)}\n")


def run(options: argparse.Namespace) -> dict[str, object]:
    prepare_model(options.model)
    with worker(options.processes):
        arrive(4, start=0)
        wait_until_done()
        idle = delays(options.drafts, start=0)
        arrive(options.backlog, start=4)
        cache.clear()  # nobody has told the worker that a seller writes
        wake_workers()
        time.sleep(10.0)  # long enough for the batches to have grown
        first = delays(1, start=5000)
        beside = delays(options.drafts, start=6000)
        left = ClassificationRequest.objects.filter(status__in=_OPEN).count()
    return {
        "idle": spread(idle),
        "first_unexpected": round(first[0], 3),
        "beside_backlog": spread(beside),
        "backlog_left": left,
        "machine": machine(),
    }


def delays(count: int, start: int) -> list[float]:
    """Return seconds from each draft to its answer; a seller pauses a little between two."""
    seller = get_user_model().objects.order_by("pk")[0]
    pauses = random.Random(1)  # noqa: S311
    seconds = []
    for number in range(start, start + count):
        product = product_at(number, seed=1)
        began = time.perf_counter()
        expect_previews()
        row, _is_new = request_preview(
            seller=seller,
            designation=product.designation,
            description=product.description,
            image=product.image(),
            now=timezone.now(),
        )
        wake_previews()
        _wait(partial(_is_answered, row.pk), pause=0.005)
        seconds.append(time.perf_counter() - began)
        time.sleep(pauses.uniform(0.1, 0.6))
    return seconds


def spread(seconds: list[float]) -> dict[str, float]:
    return {
        "drafts": len(seconds),
        "median_seconds": round(statistics.median(seconds), 3),
        "p95_seconds": round(statistics.quantiles(seconds, n=20)[-1], 3),
        "max_seconds": round(max(seconds), 3),
    }


def _is_answered(preview_id: object) -> bool:
    return CategoryPreview.objects.filter(pk=preview_id, finished_at__isnull=False).exists()


if __name__ == "__main__":
    main()
