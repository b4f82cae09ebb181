import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _english():
    """Reasons are looked at by their words; those of a run are in its seller's language."""
    with translation.override("en"):
        yield
