import base64

import pytest
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from reviewapp.models import CategoryPreview, Product, SellerSuggestion
from reviewapp.services.previews import claim_preview, finish_preview
from tests.factories import BuyerFactory, CategoryFactory, ChampionFactory, SellerFactory
from tests.pictures import jpeg
from tests.worker.predictors import result

pytestmark = pytest.mark.django_db
URL = "/api/v1/previews"


@pytest.fixture(autouse=True)
def _no_limits_of_other_tests():
    cache.clear()


@pytest.fixture
def client():
    client = APIClient()
    client.force_authenticate(SellerFactory())
    return client


def answer():
    now = timezone.now()
    finish_preview(
        preview=claim_preview(now=now), result=result("x"), version=ChampionFactory(), now=now
    )


def test_a_draft_is_accepted_and_answered_at_its_address(client):
    CategoryFactory(code=10, name_fr="Thé")
    picture = base64.b64encode(jpeg()).decode()

    asked = client.post(URL, {"designation": "Théière", "image": picture}, format="json")
    answer()
    found = client.get(asked["Location"])

    assert (asked.status_code, asked.data["status"], asked.data["top"]) == (202, "waiting", [])
    assert asked.data["is_answerable"] is False
    assert (found.data["status"], found.data["outcome"]) == ("done", "listed")
    first = found.data["top"][0]
    assert (first["code"], first["probability"], first["certainty"]) == (10, 0.9, "almost_certain")
    assert not Product.objects.exists()


def test_the_same_draft_again_is_answered_at_once(client):
    client.post(URL, {"designation": "Théière"}, format="json")
    answer()

    again = client.post(URL, {"designation": "Théière"}, format="json")

    assert (again.status_code, again.data["status"]) == (200, "done")


@pytest.mark.parametrize(
    "body", [{}, {"designation": " "}, {"image": "bm90IGEgcGljdHVyZQ=="}, {"designation": [1]}]
)
def test_a_faulty_draft_is_refused(client, body):
    refused = client.post(URL, body, format="json")

    assert refused.status_code == 400
    assert refused.data["errors"]
    assert not CategoryPreview.objects.exists()


def test_too_many_are_refused_with_the_time_to_wait(client, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"previews": (1, 300)}
    client.post(URL, {"designation": "Théière"}, format="json")

    refused = client.post(URL, {"designation": "Lampe"}, format="json")

    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300


def test_many_accounts_of_one_network_are_stopped_together(client, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"previews_network": (1, 300)}
    client.post(URL, {"designation": "Théière"}, format="json")
    client.force_authenticate(SellerFactory())

    refused = client.post(URL, {"designation": "Lampe"}, format="json")

    assert refused.status_code == 429


def test_another_sellers_is_absent_and_a_buyer_may_not_ask(client):
    asked = client.post(URL, {"designation": "Théière"}, format="json")
    client.force_authenticate(SellerFactory())
    anothers = client.get(asked["Location"])
    client.force_authenticate(BuyerFactory())

    assert anothers.status_code == 404
    assert client.post(URL, {"designation": "Théière"}, format="json").status_code == 403


@pytest.mark.parametrize("as_list", [False, True])
def test_a_code_sent_with_a_product_is_the_sellers_word(client, as_list):
    CategoryFactory(code=10)
    body = {"external_id": "A-1", "designation": "Théière", "given_code": 10}

    for _ in range(2):
        client.post("/api/v1/products", [body] if as_list else body, format="json")

    word = SellerSuggestion.objects.get()
    assert (word.product.external_id, word.category.code) == ("A-1", 10)
