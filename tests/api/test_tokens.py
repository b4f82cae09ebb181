from datetime import timedelta

import pytest
from django.core.cache import cache
from knox.models import AuthToken
from rest_framework.test import APIClient

from reviewapp.choices import Role
from reviewapp.services.accounts import ensure_roles
from reviewapp.services.tokens import issue_token, revoke_token
from tests.factories import SellerFactory

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


def log_in(seller, password=PASSWORD):
    return APIClient().post(
        "/api/v1/auth/login", {"username": seller.username, "password": password}, format="json"
    )


def with_token(secret):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


def test_a_token_opens_the_api_until_it_is_ended():
    seller = SellerFactory()
    body = log_in(seller).json()
    client = with_token(body["token"])

    assert client.get("/api/v1/products").status_code == 200
    assert client.post("/api/v1/auth/logout").status_code == 204
    assert client.get("/api/v1/products").status_code == 401


def test_only_a_hash_is_kept():
    secret = log_in(SellerFactory()).json()["token"]

    assert secret not in str(list(AuthToken.objects.values()))


def test_a_wrong_password_is_refused_without_saying_what_is_wrong():
    seller = SellerFactory()

    wrong = log_in(seller, "guess")
    seller.username = "nobody"
    missing = log_in(seller)

    assert wrong.status_code == missing.status_code == 401
    assert wrong.json() == missing.json()


def test_guessing_wears_out(settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"login_account": (2, 60)}
    seller = SellerFactory()

    answers = [log_in(seller, "guess") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert log_in(seller).status_code == 429


def test_an_expired_token_and_a_closed_account_are_refused():
    seller = SellerFactory()
    old = issue_token(user=seller, lifetime=timedelta(seconds=-1))
    fresh = issue_token(user=seller, lifetime=timedelta(days=1))
    assert with_token(old.secret).get("/api/v1/products").status_code == 401
    assert with_token(fresh.secret).get("/api/v1/products").status_code == 200

    seller.is_active = False
    seller.save()

    assert with_token(fresh.secret).get("/api/v1/products").status_code == 401


def test_a_token_is_worth_what_its_owner_may_now():
    seller = SellerFactory()
    token = issue_token(user=seller, lifetime=timedelta(days=1))

    seller.groups.remove(ensure_roles()[Role.SELLER])

    assert with_token(token.secret).get("/api/v1/products").status_code == 403


def test_nobody_ends_anothers_token():
    token = issue_token(user=SellerFactory(), lifetime=timedelta(days=1))

    assert revoke_token(user=SellerFactory(), digest=token.row.digest) is False
    assert revoke_token(user=token.row.user, digest=token.row.digest) is True


def test_without_a_token_there_is_nothing_to_end():
    client = APIClient()
    client.force_authenticate(SellerFactory())

    assert client.post("/api/v1/auth/logout").status_code == 400
