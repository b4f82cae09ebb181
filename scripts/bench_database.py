"""A database of a measurement's own: dropped at its end, or kept for the next run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def own_database() -> Iterator[None]:
    """Set Django up on the migrated test database of DATABASE_URL, and drop that at the end.

    The project can be imported within only.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.test"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.conf import settings
    from django.test.utils import get_runner, setup_test_environment

    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(databases)


def use_kept_database(suffix: str) -> None:
    """Set Django up on the migrated database that DATABASE_URL names, with `suffix`.

    Made when it is not there; what is in it stays, and child processes find it by DATABASE_URL.
    """
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = f"{parts.path.lstrip('/')}{suffix}"
    _create(name, urlunsplit(parts._replace(path="/postgres")))
    os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{name}"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings.test")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _create(name: str, maintenance_url: str) -> None:
    import psycopg2

    maintenance = psycopg2.connect(maintenance_url)
    maintenance.autocommit = True
    with maintenance.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE DATABASE "{name}"')
    maintenance.close()
