"""From arrival to category with a real worker: single products, a backlog, and a naive loop.

    BONRAYON_VAR=var python scripts/bench_arrival.py --model demo-1

Works in a database of its own, made beside the one in DATABASE_URL and dropped at the end, with
invented products and their pictures; the worker, the broker and the models are the real ones.
The naive loop asks the same Predictor for one product at a time, in one process, and stores
nothing: what it is compared with stores and routes besides.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
FILES = tempfile.TemporaryDirectory(prefix="bonrayon-bench-")
os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.test"
os.environ["BONRAYON_TEST_VAR"] = FILES.name

import django

django.setup()

from bench_machine import cpu_seconds_of, machine
from django.conf import settings
from django.db import connection
from django.utils import timezone

from reviewapp.choices import Queue, RequestStatus
from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.models import ClassificationRequest, Product
from reviewapp.selectors.predictions import product_input
from reviewapp.selectors.workers import live_workers
from reviewapp.services import demo
from reviewapp.services.model_versions import register_model
from reviewapp.services.promotions import promote
from reviewapp.services.taxonomy import apply_taxonomy
from worker.app import SWEEP_SECONDS
from worker.tasks.classify import wake_now, wake_workers

_OPEN = [RequestStatus.WAITING, RequestStatus.CLAIMED]
_BETWEEN_SECONDS = 0.3
_PATIENCE_SECONDS = 1800.0


@dataclass(frozen=True)
class Rate:
    """Products per second on the clock, and per second of one processor."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="demo-1", help="its name below var/models")
    parser.add_argument("--singles", type=int, default=40)
    parser.add_argument("--backlog", type=int, default=2000)
    parser.add_argument("--naive", type=int, default=150, help="products of each naive loop")
    parser.add_argument("--processes", type=int, default=1, help="of the worker")
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        outcome = run(options)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
        FILES.cleanup()
    sys.stdout.write(f"{as_markdown(outcome)}\n{json.dumps(outcome)}\n")


def run(options: argparse.Namespace) -> dict[str, object]:
    prepare_model(options.model)
    with worker(options.processes):
        # Before anything is measured: the first batches grow the memory that later ones use.
        arrive(4, start=0)
        wait_until_done()
        singles = single_delays(options.singles, start=4)
    backlog_start = 4 + options.singles
    before = naive_rate(options.model, options.naive)
    with worker(options.processes) as pid:
        backlog = backlog_rate(options.backlog, backlog_start, pid)
    after = naive_rate(options.model, options.naive)
    naive = Rate(
        statistics.mean([before.wall, after.wall]), statistics.mean([before.cpu, after.cpu])
    )
    return {
        "singles": len(singles),
        "median_seconds": round(statistics.median(singles), 3),
        "p95_seconds": round(statistics.quantiles(singles, n=20)[-1], 3),
        "backlog": options.backlog,
        "processes": options.processes,
        "backlog_per_second": round(backlog.wall, 1),
        "naive_per_second": round(naive.wall, 1),
        "ratio": round(backlog.wall / naive.wall, 2),
        "backlog_per_cpu_second": round(backlog.cpu, 1),
        "naive_per_cpu_second": round(naive.cpu, 1),
        "cpu_ratio": round(backlog.cpu / naive.cpu, 2),
        "machine": machine(),
    }


def prepare_model(name: str) -> None:
    """Put the trained model where the bench's settings look for it, and promote it."""
    trained = Path(os.environ.get("BONRAYON_VAR") or ROOT / "var") / "models" / name
    settings.MODELS_ROOT.mkdir(parents=True)
    (settings.MODELS_ROOT / name).symlink_to(trained.resolve())
    # A link into MODELS_ROOT, so that the directory's own place does not matter.
    settings.MODELS_ROOT = trained.resolve().parent
    apply_taxonomy(taxonomy=load_taxonomy())
    demo.seed_accounts()
    version = register_model(directory=trained, now=timezone.now(), is_demo=True)
    promote(version=version, now=timezone.now())


@contextmanager
def worker(processes: int) -> Iterator[int]:
    """Run a real worker until the block ends; give its process id when the models are loaded."""
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}"
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    process = subprocess.Popen(  # noqa: S603
        [
            *(sys.executable, "-m", "celery", "--quiet", "-A", "worker.app", "worker"),
            *("--queues", "inference", "--concurrency", str(processes)),
            *("--without-gossip", "--without-mingle"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            **one_thread,
            "DATABASE_URL": f"{address}?host={database['HOST']}&port={database['PORT'] or 5432}",
            "LOG_LEVEL": "WARNING",
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        wait(lambda: live_workers(queue=Queue.INFERENCE, now=timezone.now()).count() >= processes)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def arrive(count: int, start: int) -> None:
    """Let products come in as they always do, without waking anybody."""
    demo.seed_products(
        count=count, start=start, clock=timezone.now, on_progress=lambda done, total: None
    )


def single_delays(count: int, start: int) -> list[float]:
    """Return seconds from the commit of each product to its stored category, one by one."""
    delays = []
    for number in range(start, start + count):
        arrive(1, start=number)
        request = ClassificationRequest.objects.latest("id")
        began = time.perf_counter()
        wake_workers()
        wait(partial(_is_done, request.pk), pause=0.002)
        delays.append(time.perf_counter() - began)
        time.sleep(_BETWEEN_SECONDS)
    return delays


def backlog_rate(count: int, start: int, pid: int) -> Rate:
    """Classify a backlog that is there before the worker `pid` is woken."""
    arrive(count, start)
    began, worked = time.perf_counter(), cpu_seconds_of(pid)
    wait_until_done()
    seconds = time.perf_counter() - began
    return Rate(count / seconds, count / (cpu_seconds_of(pid) - worked))


def wait_until_done() -> None:
    wake_workers()
    wait(lambda: not ClassificationRequest.objects.filter(status__in=_OPEN).exists(), pause=0.05)


def naive_rate(name: str, count: int) -> Rate:
    """Ask for each product by itself, in a process of its own."""
    products = Product.objects.select_related("image").order_by("-id")[:count]
    lines = [
        [one.key, one.designation, one.description, str(one.image or "")]
        for one in (product_input(str(product.pk), product) for product in products)
    ]
    program = (
        "import json, sys, time; from pathlib import Path\n"
        "from classifier.predictor import Predictor; from classifier.types import ProductInput\n"
        "given = json.load(sys.stdin)\n"
        "predictor = Predictor.load(Path(given['model']), Path(given['backbones']), 1)\n"
        "inputs = [ProductInput(k, d, t, Path(i) if i else None) for k, d, t, i in given['lines']]\n"
        "predictor.predict(inputs[:1])\n"
        "began, worked = time.perf_counter(), time.process_time()\n"
        "for product in inputs: predictor.predict([product])\n"
        "print(time.perf_counter() - began, time.process_time() - worked)\n"
    )
    given = {
        "model": str(settings.MODELS_ROOT / name),
        "backbones": str(settings.BACKBONES_ROOT),
        "lines": lines,
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        cwd=ROOT,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    seconds, cpu_seconds = (float(word) for word in done.stdout.split())
    return Rate(len(lines) / seconds, len(lines) / cpu_seconds)


def as_markdown(outcome: dict[str, object]) -> str:
    return (
        "| | products/s | products per CPU second |\n|---|---|---|\n"
        f"| backlog of {outcome['backlog']}, {outcome['processes']} process, stored and routed |"
        f" {outcome['backlog_per_second']} | {outcome['backlog_per_cpu_second']} |\n"
        f"| naive loop, one product at a time | {outcome['naive_per_second']} |"
        f" {outcome['naive_per_cpu_second']} |\n"
        f"| ratio | {outcome['ratio']} | {outcome['cpu_ratio']} |\n\n"
        f"Single arrivals, arrival to category: median {outcome['median_seconds']} s,"
        f" p95 {outcome['p95_seconds']} s ({outcome['singles']} products).\n"
    )


def _is_done(request_id: int) -> bool:
    return ClassificationRequest.objects.filter(pk=request_id, status=RequestStatus.DONE).exists()


def wait(is_so: Callable[[], bool], pause: float = 0.1) -> None:
    began = swept = time.monotonic()
    while not is_so():
        now = time.monotonic()
        if now - began > _PATIENCE_SECONDS:
            raise TimeoutError("The worker did not do its work in time.")
        if now - swept > SWEEP_SECONDS:
            swept = now
            wake_now()  # no beat runs here; on a site it would bring a lost message back
        time.sleep(pause)


if __name__ == "__main__":
    main()
