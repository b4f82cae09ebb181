import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck, settings

from reviewapp.settings import env
from tests import databases

# Playwright's event loop runs in the test's thread, which Django takes for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# How fast examples come says something about the machine, nothing about what is tested.
settings.register_profile("any machine", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

_TESTS = Path(__file__).parent
_LONG_FOLDERS = ("chaos", "worker", "e2e", "supervisor", "classifier")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def pytest_configure():
    """Give each process a Redis database of its own: tests that run side by side empty them."""
    process = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % 8
    django_settings.REDIS_URL = env.redis_database(django_settings.REDIS_URL, process)
    django_settings.CACHES["default"]["LOCATION"] = django_settings.REDIS_URL


def pytest_collection_modifyitems(items):
    """Put the long files first: at the end no process is left alone with one of them."""
    order = {folder: place for place, folder in enumerate(_LONG_FOLDERS)}
    items.sort(key=lambda item: order.get(item.path.relative_to(_TESTS).parts[0], len(order)))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, django_db_blocker, tmp_path_factory):
    """Migrating costs half a minute: processes that test side by side share one migrated database."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        yield
        return
    lock = tmp_path_factory.getbasetemp().parent / "databases.lock"
    with django_db_blocker.unblock(), databases.copied_from(f"test_template_{run[:8]}", lock):
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_flush():
    """Empty the database after a test with transactions of its own without truncating every table."""
    flush = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda case: databases.empty() or flush(case)
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """End what killed workers and stopped threads left connected; it would keep the database.

    The siege may have ended our own connection too, and a thread may come back: so we connect
    to the server's own database, and let nobody in again before we end the others.
    """
    yield
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        connection.close()
        with connection._nodb_cursor() as cursor:
            quoted = connection.ops.quote_name(name)
            cursor.execute(f"ALTER DATABASE {quoted} WITH ALLOW_CONNECTIONS false")
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )


@pytest.fixture
def now():
    return NOW


@pytest.fixture(autouse=True)
def _language_of_nobody():
    """A request leaves its language to the thread; each test begins with that of the settings."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _files_below_tmp(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.MODELS_ROOT = tmp_path / "models"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    executable = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if executable is None:
        pytest.skip("No Chromium: `apt-get install chromium`, or set CHROMIUM to its path.")
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    return {
        **browser_type_launch_args,
        "executable_path": executable,
        "args": [
            "--no-sandbox",
            "--disable-background-networking",
            "--disable-component-update",
            *quiet,
        ],
    }
