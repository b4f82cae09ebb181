from datetime import timedelta

import pytest

from reviewapp.models import Product
from reviewapp.selectors.pages import CursorInvalid, page_by_time
from tests.conftest import NOW
from tests.factories import ListedProductFactory

pytestmark = pytest.mark.django_db


def walk(size):
    seen, cursor = [], ""
    while True:
        page = page_by_time(Product.objects.all(), field="listed_at", cursor=cursor, size=size)
        seen += [product.pk for product in page.rows]
        if not page.older:
            return seen
        cursor = page.older


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_every_row_comes_once_newest_first_even_at_equal_times(size):
    products = [ListedProductFactory(listed_at=NOW - timedelta(days=n // 3)) for n in range(7)]

    expected = [p.pk for p in sorted(products, key=lambda p: (p.listed_at, p.pk), reverse=True)]
    assert walk(size) == expected


@pytest.mark.parametrize(
    "cursor",
    ["x", "2026-01-01", "2026-01-01T00:00:00,1", "2026-01-01T00:00:00+00:00,-1", ",", "1e400,1"],
)
def test_a_made_up_cursor_is_refused(cursor):
    with pytest.raises(CursorInvalid):
        page_by_time(Product.objects.all(), field="listed_at", cursor=cursor, size=5)
