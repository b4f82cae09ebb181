"""The catalogue asked anew after a promotion: how fast, and what new arrivals have to wait for it.

    BONRAYON_VAR=var python scripts/bench_rescoring.py --model demo-1

As `bench_arrival.py`: a database of its own, a real worker and broker, the real models. The products
count as answered by an earlier version, which is what a promotion leaves; beat's message comes as
often as on a site. Single products arrive without a rescoring, and again while one is at work.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import bench_arrival as arrival
from bench_machine import cpu_seconds_of, machine
from django.db import connection
from django.utils import timezone

from reviewapp.models import ModelVersion, Prediction, Product, Rescoring
from worker.app import SWEEP_SECONDS
from worker.tasks.rescore import rescore


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="demo-1", help="its name below var/models")
    parser.add_argument("--products", type=int, default=1500, help="of the catalogue")
    parser.add_argument("--singles", type=int, default=40)
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        outcome = run(options)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
        arrival.FILES.cleanup()
    sys.stdout.write(json.dumps(outcome, indent=1) + "\n")


def run(options: argparse.Namespace) -> dict[str, object]:
    arrival.prepare_model(options.model)
    with arrival.worker(processes=1) as pid:
        arrival.arrive(options.products, start=0)
        arrival.wait_until_done()
        quiet = arrival.single_delays(options.singles, start=options.products)
        as_after_a_promotion()
        with beat():
            began, worked = time.perf_counter(), cpu_seconds_of(pid)
            arrival.wait(lambda: rows_done() > options.products // 2, pause=0.2)
            done, seconds = rows_done(), time.perf_counter() - began
            cpu = cpu_seconds_of(pid) - worked
            busy = arrival.single_delays(options.singles, start=options.products + options.singles)
            left = Rescoring.objects.latest("id")
    return {
        "rescored_per_second": round(done / seconds, 1),
        "rescored_per_cpu_second": round(done / cpu, 1),
        "singles": options.singles,
        "quiet_median_seconds": round(statistics.median(quiet), 3),
        "quiet_p95_seconds": round(statistics.quantiles(quiet, n=20)[-1], 3),
        "beside_median_seconds": round(statistics.median(busy), 3),
        "beside_p95_seconds": round(statistics.quantiles(busy, n=20)[-1], 3),
        "beside_longest_seconds": round(max(busy), 3),
        "still_rescoring_at_the_end": left.finished_at is None,
        "machine": machine(),
    }


def as_after_a_promotion() -> None:
    """Let what the model has answered be an earlier version's, so that all is asked anew."""
    before = ModelVersion.objects.create(
        name="before",
        manifest_sha256="0" * 64,
        labels=[],
        stage="retired",
        created_at=timezone.now(),
    )
    Prediction.objects.update(model_version=before)
    Rescoring.objects.update(rows_total=Product.objects.count(), rows_done=0)


def rows_done() -> int:
    return Rescoring.objects.latest("id").rows_done


@contextmanager
def beat() -> Iterator[None]:
    """Send the worker the message that beat sends on a site, as often, until the block ends."""
    is_over = threading.Event()

    def send() -> None:
        while not is_over.is_set():
            rescore.apply_async(expires=SWEEP_SECONDS)
            is_over.wait(SWEEP_SECONDS)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        yield
    finally:
        is_over.set()
        sender.join()


if __name__ == "__main__":
    main()
