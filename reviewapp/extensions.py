"""What the database server must bring along."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from pgvector.django import VectorExtension


class NeedsVector(VectorExtension):
    """CREATE EXTENSION vector, with words that help when the server has none.

    Raises ImproperlyConfigured.
    """

    def database_forwards(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().database_forwards(*args, **kwargs)
        except DatabaseError as error:
            raise ImproperlyConfigured(
                "The PostgreSQL extension 'vector' (pgvector 0.7 or newer) could not be created: "
                f"{str(error).strip()}. Install the package pgvector for this server, then run "
                "CREATE EXTENSION vector as an administrator in this database, and migrate again; "
                "docs/operations.md has the details."
            ) from error
