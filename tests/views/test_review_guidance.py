"""Help beside the card."""

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import ReviewReason
from reviewapp.models import Category, ModelVersion
from reviewapp.services import review
from tests.factories import BuyerFactory, ModeratorFactory
from tests.guidance_world import confirmed, placed
from tests.review_world import doubtful_item, load_categories

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator():
    return ModeratorFactory(language="en")


@pytest.fixture
def signed_in(client, moderator):
    client.force_login(moderator)
    return client


@pytest.fixture
def held(moderator):
    """An item in the moderator's hands, its product placed by the model."""
    load_categories()
    item = doubtful_item()
    assert review.claim_next(moderator=moderator, now=timezone.now()) == item.pk
    placed(item.product, ModelVersion.objects.get())
    item.refresh_from_db()
    return item


def neighbours(client, item):
    return client.get(reverse("review:neighbours", args=[item.pk]))


def test_the_card_fetches_its_neighbours_after_it(signed_in, held):
    page = signed_in.get(reverse("review:desk")).content.decode()

    assert f'hx-get="{reverse("review:neighbours", args=[held.pk])}"' in page
    assert "Nearest confirmed products" in page


def test_neighbours_come_for_the_first_three_candidates_in_words(signed_in, held):
    category = Category.objects.get(code=1280)
    confirmed(category, ModelVersion.objects.get(), 10, designation="Petit train <b>en bois</b>")

    response = neighbours(signed_in, held)

    text = response.content.decode()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert "Petit train &lt;b&gt;en bois&lt;/b&gt;" in text
    assert "nearly the same" in text
    assert text.count('class="near"') == 3
    assert text.count("No confirmed product in this category yet.") == 2
    assert "style=" not in text


def test_a_product_that_no_model_has_placed_says_so(signed_in, held):
    held.product.embedding.delete()

    assert "No worker has compared this product" in neighbours(signed_in, held).content.decode()


def test_a_blind_item_gets_no_help_and_its_card_does_not_ask(signed_in, moderator, held):
    held.is_blind, held.reasons = True, [ReviewReason.AUDIT]
    held.save()

    response = neighbours(signed_in, held)

    assert response.status_code == 403
    assert "1280" not in response.content.decode()
    page = signed_in.get(reverse("review:desk")).content.decode()
    assert reverse("review:neighbours", args=[held.pk]) not in page


def test_only_the_holder_gets_help(client, held):
    client.force_login(ModeratorFactory())
    assert neighbours(client, held).status_code == 409

    client.force_login(BuyerFactory())
    assert neighbours(client, held).status_code == 403


def test_an_unknown_item_is_not_found(signed_in, held):
    assert signed_in.get(reverse("review:neighbours", args=[held.pk + 1])).status_code == 404
