"""A real Celery worker on the test's own database, with a Redis database of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection
from kombu import Connection

from reviewapp.models import WorkerHeartbeat
from reviewapp.settings import env
from tests.waiting import eventually
from worker.tasks import sweep

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


def own_redis_url():
    """The next eight of Redis's databases are for these tests: they stop in the midst of things."""
    number = int(
        redis.Redis.from_url(django_settings.REDIS_URL).connection_pool.connection_kwargs["db"]
    )
    return env.redis_database(django_settings.REDIS_URL, 8 + number)


class Broker:
    """The Redis of these tests, and a sweeper that ticks fast."""

    def __init__(self):
        self.url = own_redis_url()
        self.client = redis.Redis.from_url(self.url)
        self.connection = Connection(env.broker_url(self.url))
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def start(self):
        self.client.flushdb()
        self._ticker.start()

    def stop(self):
        self._ended.set()
        self._ticker.join()
        self.connection.release()
        self.client.flushdb()
        self.client.close()

    def send(self, task, *arguments):
        task.apply_async(arguments, connection=self.connection)

    def _tick(self):
        # One connection for good, as beat has.
        with Connection(env.broker_url(self.url)) as own:
            while not self._ended.wait(0.5):
                sweep.sweep_requests.apply_async(connection=own)


class Worker:
    """A worker process with its children; ends with the test, whatever happens."""

    def __init__(self, broker, folder, predictor, processes=1, queues="inference", **environment):
        self.queues = queues
        self.name = f"test-{uuid.uuid4().hex[:8]}@localhost"
        self.log = folder / f"{self.name}.log"
        self.begun = folder / f"{self.name}.begun"
        self.begun.touch()
        database = connection.settings_dict
        address = f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}"
        values = {
            "DJANGO_SETTINGS_MODULE": "reviewapp.settings.test",
            "DATABASE_URL": f"{address}?host={database['HOST']}&port={database['PORT'] or 5432}",
            "REDIS_URL": broker.url,
            "BONRAYON_PREDICTOR": f"tests.worker.predictors:{predictor}",
            "BONRAYON_TEST_VAR": str(folder),
            "PREDICTOR_LOG": str(self.begun),
            "CLASSIFY_LEASE_SECONDS": "2",
            "CLASSIFY_MAX_ATTEMPTS": "2",
        }
        with self.log.open("w") as output:
            self.process = self._start(processes, {**os.environ, **values, **environment}, output)

    def _start(self, processes, env, output):
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--quiet", "-A", "worker.app", "worker"),
                *("--queues", self.queues, "--hostname", self.name),
                *("--concurrency", str(processes), "--without-gossip", "--without-mingle"),
            ],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_until_ready(self):
        ready = self.heartbeats()
        if self.queues == "inference":
            ready = ready.exclude(model_version=None)
        is_ready = eventually(ready.exists, START_SECONDS)
        assert is_ready, self.log.read_text()[-3000:]
        return self

    def heartbeats(self):
        return WorkerHeartbeat.objects.filter(name__startswith=self.name)

    def begun_products(self):
        return [line for line in self.begun.read_text().splitlines() if line != "Roman policier"]

    def kill(self):
        """As a power cut does: parent and children at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture
def broker(transactional_db):
    broker = Broker()
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def start_worker(broker, tmp_path):
    started = []

    def start(predictor, **options):
        worker = Worker(broker, tmp_path, predictor, **options)
        started.append(worker)
        return worker.wait_until_ready()

    yield start
    for worker in started:
        worker.kill()
    # Backends of killed workers would keep the test database from being emptied.
    time.sleep(0.2)
