"""Migrations run while the programs of the release before still serve the shop."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex, CreateModel
from django.db.migrations.loader import MigrationLoader

# Those before it have been released.
FIRST_HELD_TO_THIS = "0056"


def locking_indexes(migration):
    created = {step.name.lower() for step in migration.operations if isinstance(step, CreateModel)}
    return [
        step.index.name
        for step in migration.operations
        if isinstance(step, AddIndex)
        and not isinstance(step, AddIndexConcurrently)
        and step.model_name.lower() not in created
    ]


def test_no_index_is_built_with_its_table_locked():
    ours = MigrationLoader(None, ignore_no_migrations=True).disk_migrations.items()

    locking = {
        name: locking_indexes(migration)
        for (app, name), migration in ours
        if app == "reviewapp" and name >= FIRST_HELD_TO_THIS
    }

    assert locking
    assert not any(locking.values()), locking
