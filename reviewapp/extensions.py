"""What the database server must bring along."""

from typing import Any

from django.contrib.postgres.operations import (
    BtreeGinExtension,
    CreateExtension,
    TrigramExtension,
    UnaccentExtension,
)
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from pgvector.django import VectorExtension


class _Needs(CreateExtension):
    """CREATE EXTENSION, with words that help when the server has none.

    Raises ImproperlyConfigured.
    """

    words: str
    package: str

    def database_forwards(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().database_forwards(*args, **kwargs)
        except DatabaseError as error:
            raise ImproperlyConfigured(
                f"The PostgreSQL extension {self.words} could not be created: "
                f"{str(error).strip()}. Install the package {self.package} for this server, then "
                f"run CREATE EXTENSION {self.name} as an administrator in this database, and "
                "migrate again; docs/operations.md has the details."
            ) from error


class NeedsVector(_Needs, VectorExtension):
    words = "'vector' (pgvector 0.7 or newer)"
    package = "pgvector"


class NeedsTrigrams(_Needs, TrigramExtension):
    words = "'pg_trgm'"
    package = "postgresql-contrib"


class NeedsUnaccent(_Needs, UnaccentExtension):
    words = "'unaccent'"
    package = "postgresql-contrib"


class NeedsBtreeGin(_Needs, BtreeGinExtension):
    words = "'btree_gin'"
    package = "postgresql-contrib"
