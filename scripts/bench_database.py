"""A database of a measurement's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
