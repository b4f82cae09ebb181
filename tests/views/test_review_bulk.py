"""The pages of grids: what they show, send and take back."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import ReviewReason, ReviewStatus
from reviewapp.models import Decision, ReviewItem
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    ModeratorFactory,
    PredictionFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(client):
    person = ModeratorFactory(language="en")
    client.force_login(person)
    return person


@pytest.fixture
def world(moderator):
    category = CategoryFactory(name_en="Toys")
    items = [
        ReviewItemFactory(group_key=-7, suggested=category, opened_at=timezone.now())
        for _ in range(3)
    ]
    for item in items:
        PredictionFactory(product=item.product, category=category)
    return category, items


def address(name, category):
    return reverse(f"review:{name}", args=["-7", category.code])


def fields_of(page, left_out=()):
    tiles = page.context["tiles"]
    data = {"items": page.context["items"], "seconds": "6.5"}
    for item, key in tiles:
        data |= {f"key_{item.pk}": str(key), f"seen_{item.pk}": item.product.input_digest}
    data["take"] = [item.pk for item, _key in tiles if item not in left_out]
    return data


def test_a_grid_is_taken_confirmed_and_undone(client, world):
    category, items = world
    listed = client.get(reverse("review:bulk")).content.decode()
    page = client.post(address("grid", category), follow=True)

    done = client.post(address("grid-decide", category), fields_of(page, left_out=[items[0]]))

    assert "Look at 3 products" in listed
    assert "2 products decided" in done.content.decode()
    assert "1 product goes back to the desk" in done.content.decode()
    assert ReviewItem.objects.get(pk=items[0].pk).status == ReviewStatus.PENDING
    keys = [decision.client_key for decision in Decision.objects.all()]
    undone = client.post(reverse("review:grid-undo"), {"of": keys}, follow=True)
    assert "2 decisions undone." in undone.content.decode()


def test_reading_takes_nothing(client, world):
    category, _items = world

    page = client.get(address("grid", category))

    assert "You hold nothing of this grid" in page.content.decode()
    assert not ReviewItem.objects.filter(status=ReviewStatus.CLAIMED).exists()


def test_a_conflict_is_shown_with_its_product_and_overwrites_nothing(client, world):
    category, items = world
    data = fields_of(client.post(address("grid", category), follow=True))
    ReviewItem.objects.filter(pk=items[1].pk).update(
        claimed_by=ModeratorFactory(), reasons=[ReviewReason.LOW_CONFIDENCE]
    )

    page = client.post(address("grid-decide", category), data)

    assert page.status_code == 409
    assert "a colleague has it now; nothing was changed" in page.content.decode()
    assert not Decision.objects.filter(item=items[1]).exists()
    assert Decision.objects.count() == 2


def test_the_same_form_twice_decides_once(client, world):
    category, _items = world
    data = fields_of(client.post(address("grid", category), follow=True))

    for _ in range(2):
        page = client.post(address("grid-decide", category), data)

    assert "3 products decided" in page.content.decode()
    assert Decision.objects.count() == 3


@pytest.mark.parametrize("broken", ["key", "seen", "items"])
def test_a_form_that_is_not_ours_is_refused(client, world, broken):
    category, items = world
    data = fields_of(client.post(address("grid", category), follow=True))
    name = "items" if broken == "items" else f"{broken}_{items[0].pk}"
    data[name] = "nonsense" if broken != "seen" else "x" * 65

    page = client.post(address("grid-decide", category), data)

    assert page.status_code == 400
    assert not Decision.objects.exists()


@pytest.mark.parametrize("group", ["seven", "9" * 30, "--1"])
def test_a_group_that_is_no_number_is_not_there(client, world, group):
    category, _items = world

    assert client.get(reverse("review:grid", args=[group, category.code])).status_code == 404


def test_a_grid_that_one_holds_is_listed_for_its_holder_alone(client, world):
    category, _items = world
    ReviewItemFactory.create_batch(2, group_key=3, suggested=category, priority=0.9)
    client.post(address("grid", category))

    mine = client.get(reverse("review:bulk")).context["groups"]
    client.force_login(ModeratorFactory())
    theirs = client.get(reverse("review:bulk")).context["groups"]

    assert [(group.group_key, group.count) for group in mine] == [(-7, 3), (3, 2)]
    assert [group.group_key for group in theirs] == [3]


def test_undoing_needs_the_keys_of_own_decisions(client, world):
    other = client.post(reverse("review:grid-undo"), {"of": [str(uuid.uuid4())]}, follow=True)
    broken = client.post(reverse("review:grid-undo"), {"of": ["nonsense"]})

    assert "0 decisions undone." in other.content.decode()
    assert broken.status_code == 404


def test_more_groups_cost_no_more_queries(client, world, django_assert_max_num_queries):
    category, _items = world
    for group in range(5):
        ReviewItemFactory.create_batch(2, group_key=group, suggested=category)

    with django_assert_max_num_queries(10):
        client.get(reverse("review:bulk"))


@pytest.mark.parametrize(
    ("name", "place", "page"),
    [("grid-decide", ["-7", 1280], "grid"), ("grid", ["-7", 1280], "grid"), ("undo", [], "desk")],
)
def test_a_form_after_an_ended_login_leads_to_a_page_that_can_be_shown(client, name, place, page):
    answer = client.post(reverse(f"review:{name}", args=place))

    shown = reverse(f"review:{page}", args=place if page == "grid" else [])
    assert answer["Location"] == f"{reverse('login')}?next={shown}"


def test_a_buyer_sees_no_grid(client):
    client.force_login(BuyerFactory())

    assert client.get(reverse("review:bulk")).status_code == 403
