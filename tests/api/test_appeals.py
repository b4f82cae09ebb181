import pytest
from rest_framework.test import APIClient

from reviewapp.models import Appeal
from reviewapp.services import review
from tests.factories import NOW, CategoryFactory, ModeratorFactory, SellerFactory
from tests.services.test_appeals import answer, decided, handed

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return SellerFactory()


@pytest.fixture
def client(seller):
    client = APIClient()
    client.force_authenticate(seller)
    return client


@pytest.fixture
def product(seller):
    product = decided(seller, ModeratorFactory())
    product.refresh_from_db()
    return product


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def url(product, what="appeals"):
    return f"/api/v1/products/{product.external_id}/{what}"


def test_an_appeal_is_made_and_its_outcome_read_back(client, product):
    wish, second = CategoryFactory(), ModeratorFactory()

    made = client.post(url(product), {"comment": "A game", "wished_category": wish.code})

    assert made.status_code == 201, made.json()
    assert (made.json()["status"], made.json()["answer"]) == ("open", None)
    answer(handed(second), second, wish)
    shown = client.get(url(product)).json()
    assert [(one["status"], one["answer"]["code"]) for one in shown] == [("upheld", wish.code)]
    assert shown[0]["contested_category"]["code"] == product.category.code


def test_a_second_appeal_is_a_conflict_that_says_why(client, product):
    client.post(url(product), {"comment": "A game"})

    again = client.post(url(product), {"comment": "A game!"}, headers={"Accept-Language": "en"})

    assert again.status_code == 409
    assert again["Content-Type"] == "application/problem+json"
    assert again.json()["detail"] == "Your appeal is being looked at."
    assert Appeal.objects.count() == 1


@pytest.mark.parametrize("body", [{}, {"comment": ""}, {"comment": "x", "wished_category": 999999}])
def test_a_faulty_appeal_is_refused_beside_its_field(client, product, body):
    refused = client.post(url(product), body, format="json")

    assert refused.status_code == 400
    assert {error["field"] for error in refused.json()["errors"]} <= {"comment", "wished_category"}


@pytest.mark.parametrize("what", ["appeals", "statements"])
def test_anothers_product_is_as_absent_as_none(client, product, what):
    stranger = APIClient()
    stranger.force_authenticate(SellerFactory())

    assert stranger.get(url(product, what)).status_code == 404
    if what == "appeals":
        assert stranger.post(url(product), {"comment": "mine"}).status_code == 404
    assert not Appeal.objects.exists()


def test_the_statement_of_reasons_tells_who_what_why_and_how_to_contest(client, product):
    english = {"Accept-Language": "en"}

    told = client.get(url(product, "statements"), headers=english).json()

    newest = told["statements"][0]
    assert (newest["kind"], newest["is_automatic"]) == ("confirmed", False)
    assert newest["category"]["code"] == product.category.code
    assert "The models were not sure enough by themselves." in newest["grounds"]
    assert told["appeal"]["is_possible"] is True
    assert told["appeal"]["until"] > newest["at"]
    moderator = product.decisions.get().moderator.username
    assert moderator not in str(told)


def test_a_product_in_review_cannot_be_contested_yet(client, product):
    client.post(url(product), {"comment": "A game"})

    told = client.get(url(product, "statements"), headers={"Accept-Language": "en"}).json()

    assert told["appeal"]["is_possible"] is False
    assert told["appeal"]["reason"] == "Your appeal is being looked at."
    assert told["statements"][0]["comment"] == "A game"
    assert review.claim_next(moderator=product.decisions.get().moderator, now=NOW) is None


@pytest.mark.parametrize("body", [{}, {"comment": "x", "wished_category": 999999}])
def test_what_is_refused_counts_as_well(client, product, settings, body):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"appeals": (2, 60)}

    first = client.post(url(product), body, format="json")
    absent = client.post(url(product).replace(product.external_id, "none"), body, format="json")
    third = client.post(url(product), {"comment": "A game"})

    assert [one.status_code for one in (first, absent, third)] == [400, 404, 429]
    assert 0 < int(third["Retry-After"]) <= 60
    assert not Appeal.objects.exists()
