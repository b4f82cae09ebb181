"""The tests' databases: migrated once for all processes that test side by side, and emptied fast."""

import fcntl
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction

# What migrating has put there, and no test takes away.
_KEPT = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
}


@contextmanager
def copied_from(template, lock):
    """Have this process's database made as a copy of `template`, which the first process migrates.

    lock: a file that all of them know
    """
    own = connection.settings_dict
    with _alone(lock):
        if not _exists(template):
            name, test_name = own["NAME"], own["TEST"]["NAME"]
            own["TEST"]["NAME"] = template
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()  # nobody may be connected to what is copied
            own["NAME"] = settings.DATABASES["default"]["NAME"] = name
            own["TEST"]["NAME"] = test_name
    own["TEST"]["TEMPLATE"] = template
    yield
    with _alone(lock):
        _run(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(template)}")


def empty():
    """Delete every row that a test has left. False where the database's user may not do it so.

    Truncating a hundred tables, as Django does, costs half a second; most of them have no row.
    """
    if not _is_superuser():
        return False
    tables = set(connection.introspection.django_table_names(only_existing=True)) - _KEPT
    with transaction.atomic(), connection.cursor() as cursor:
        # Neither keys nor triggers look at what goes as a whole.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in sorted(tables):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 (own)
    return True


@contextmanager
def _alone(lock):
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _exists(database):
    return bool(_run("SELECT 1 FROM pg_database WHERE datname = %s", [database]))


def _is_superuser():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return cursor.fetchone()[0]


def _run(sql, parameters=None):
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
