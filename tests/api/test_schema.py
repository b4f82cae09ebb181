from pathlib import Path

import pytest
import yaml
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

FILE = Path(__file__).parents[2] / "docs" / "openapi.yaml"


def test_the_committed_schema_is_that_of_the_code():
    """If this fails, run: manage.py spectacular --lang en --file docs/openapi.yaml"""
    with translation.override("en"):
        schema = SchemaGenerator().get_schema(public=True)

    assert yaml.safe_load(FILE.read_text(encoding="utf-8")) == schema


@pytest.mark.django_db
def test_anyone_may_read_the_schema():
    answer = APIClient().get("/api/v1/schema")

    assert answer.status_code == 200
    assert b"openapi: 3.1.0" in answer.content
