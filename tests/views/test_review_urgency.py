from datetime import timedelta

import pytest

from reviewapp.domain.priority import expected_cost
from reviewapp.models import ReviewItem
from reviewapp.services import review
from tests.factories import NOW, ModeratorFactory, ProductFactory, ReviewItemFactory

pytestmark = pytest.mark.django_db


def card_of(client, **fields):
    moderator = ModeratorFactory()
    cost = expected_cost(0.4, 2.0, None, None)
    given = {"priority": cost.priority, "expected_cost": cost.as_json(), **fields}
    item = ReviewItemFactory(opened_at=NOW - timedelta(days=2), **given)
    review.claim_next(moderator=moderator, now=NOW)
    ReviewItem.objects.update(claim_expires_at=NOW + timedelta(days=9000))
    client.force_login(moderator)
    return client.get("/review/", headers={"accept-language": "en"}).content.decode(), item


def test_the_card_shows_what_its_place_is_made_of(client):
    page, _item = card_of(client)

    # 40 % x cost 2 x 10 views / (1/6 minute); then 2 x 0.8 / 1.8, and two days at 0.1.
    for part in ("Why first?", "40.0%", "48", "0.89", "0.20", "1.09"):
        assert part in page


def test_a_blind_card_tells_nothing_of_how_sure_fusion_was(client):
    page, _item = card_of(client, is_blind=True)

    assert "Why first?" not in page


def test_a_priority_that_was_raised_since_shows_only_its_number(client):
    page, _item = card_of(client, priority=1.5)

    assert "Its priority is 1.50, waiting adds 0.20: 1.70 in all." in page
    assert "cost of one wrong view" not in page


def test_an_item_keeps_the_ingredients_of_its_highest_priority():
    low, high = (expected_cost(p, None, None, None) for p in (0.2, 0.8))
    product = ProductFactory()

    for cost in (high, low):
        review.open_item(product=product, reasons=["low_confidence"], priority=cost, now=NOW)

    item = ReviewItem.objects.get()
    assert item.expected_cost == high.as_json()
    assert item.priority == pytest.approx(high.priority)
