import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from pgvector.django import VectorExtension

from reviewapp.extensions import NeedsVector


def test_a_server_without_pgvector_is_told_what_to_install(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise DatabaseError('extension "vector" is not available\n')

    monkeypatch.setattr(VectorExtension, "database_forwards", refuse)

    with pytest.raises(ImproperlyConfigured) as caught:
        NeedsVector().database_forwards("reviewapp", None, None, None)

    words = str(caught.value)
    assert 'extension "vector" is not available.' in words
    assert "CREATE EXTENSION vector" in words
    assert "docs/operations.md" in words
