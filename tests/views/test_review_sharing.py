"""Filters of the desk, and the page that says who gets what."""

import pytest
from django.urls import reverse

from reviewapp.models import ModeratorSkill, ReviewItem, SavedFilter
from tests.factories import (
    AdminFactory,
    CategoryFamilyFactory,
    ModeratorFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db
DESK = "/review/"


@pytest.fixture
def moderator(client):
    person = ModeratorFactory(language="en")
    client.force_login(person)
    return person


@pytest.fixture
def lead(client):
    person = AdminFactory(language="en")
    client.force_login(person)
    return person


def test_filters_together_make_one_address(client, moderator):
    CategoryFamilyFactory(slug="games", name_en="Games")
    asked = {"filter": 1, "reason": "audit", "family": "games", "days": 1, "is_high": "on"}

    page = client.get(DESK, asked, follow=True)

    assert page.redirect_chain[-1][0] == DESK + "?queue=audit%2Cfamily%3Agames%2Cdays%3A1%2Chigh"
    assert "Blind checks · Games · for over 1 day · high value" in page.content.decode()


def test_nonsense_in_a_filter_limits_nothing(client, moderator):
    page = client.get(DESK, {"filter": 1, "reason": "x", "family": "y", "days": "z"})

    assert page.url == DESK + "?queue="


def test_the_default_filter_opens_the_desk_and_all_products_stay_in_reach(client, moderator):
    for name, queue in (("First", "audit"), ("Second", "high")):
        data = {"name": name, "queue": queue, "is_default": "on"}
        client.post(reverse("review:filter-save"), data)

    opened = client.get(DESK)

    assert opened.url == DESK + "?queue=high"
    assert client.get(DESK + "?queue=").status_code == 200
    assert list(SavedFilter.objects.values_list("name", "is_default")) == [
        ("First", False),
        ("Second", True),
    ]


def test_a_filter_is_its_owners_alone(client, moderator):
    other = SavedFilter.objects.create(owner=ModeratorFactory(), name="Theirs", queue="audit")
    own = SavedFilter.objects.create(owner=moderator, name="Mine", queue="audit")

    for row in (other, own):
        client.post(reverse("review:filter-delete", args=[row.pk]))

    assert list(SavedFilter.objects.all()) == [other]
    assert "Theirs" not in client.get(DESK).content.decode()


def test_there_are_not_too_many_filters(client, moderator):
    for number in range(21):
        page = client.post(reverse("review:filter-save"), {"name": f"F{number}"}, follow=True)

    assert SavedFilter.objects.count() == 20
    assert "You have 20 filters already" in page.content.decode()


def test_a_lead_keeps_a_part_of_the_queue_for_somebody(client, lead):
    ann = ModeratorFactory(username="ann")
    ReviewItemFactory.create_batch(3)
    data = {"moderator": "ann", "most": 2, "hours": 8}

    page = client.post(reverse("review:assign"), data, follow=True)

    assert "2 products are kept for ann." in page.content.decode()
    assert ReviewItem.objects.filter(assigned_to=ann).count() == 2
    client.post(reverse("review:end-assignments", args=[ann.pk]))
    assert not ReviewItem.objects.filter(assigned_to=ann).exists()


def test_a_lead_keeps_one_product_for_somebody(client, lead):
    ann, item = ModeratorFactory(username="ann"), ReviewItemFactory()
    link = reverse("review:sharing") + f"?product={item.product_id}"
    data = {"moderator": "ann", "most": 1, "hours": 8, "product": item.product_id}

    provenance = client.get(reverse("review:provenance", args=[item.product_id]))
    client.post(reverse("review:assign"), data)

    assert link in provenance.content.decode()
    assert client.get(link).status_code == 200
    assert ReviewItem.objects.get().assigned_to == ann


def test_a_form_with_mistakes_says_so_and_assigns_nothing(client, lead):
    ReviewItemFactory()

    page = client.post(reverse("review:assign"), {"moderator": "nobody", "most": 0, "hours": 1})

    assert page.status_code == 422
    assert not ReviewItem.objects.exclude(assigned_to=None).exists()


def test_a_lead_sets_skills(client, lead):
    ann, games = ModeratorFactory(), CategoryFamilyFactory(slug="games")
    address = reverse("review:skills", args=[ann.pk])

    client.post(address, {f"family_{games.pk}": "only"})
    refused = client.post(address, {f"family_{games.pk}": "nonsense"}, follow=True)

    assert ModeratorSkill.objects.get().kind == "only"
    assert "nothing was changed" in refused.content.decode()


def test_a_moderator_is_no_lead(client, moderator):
    for address in (reverse("review:sharing"), reverse("review:skills", args=[moderator.pk])):
        assert client.get(address).status_code in (403, 405)
    assert client.post(reverse("review:assign"), {}).status_code == 403


def test_more_people_cost_no_more_queries(client, lead, django_assert_max_num_queries):
    counts = []
    for _ in range(2):
        ModeratorFactory.create_batch(4)
        with django_assert_max_num_queries(40) as captured:
            client.get(reverse("review:sharing"))
        counts.append(len(captured))

    assert counts[0] == counts[1]
