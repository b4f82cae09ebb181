import inspect

import pytest

from tests import factories

FACTORIES = [
    factory
    for _name, factory in inspect.getmembers(factories, inspect.isclass)
    if factory.__module__ == "tests.factories"
]


@pytest.mark.django_db
@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: factory.__name__)
def test_every_factory_makes_a_valid_row(factory):
    row = factory()

    row.full_clean()
    assert str(row)
