"""Requests that break other systems: each gets a 4xx with a problem, never a 500."""

import json

import pytest
from django.test import override_settings
from django.urls import reverse
from rest_framework.test import APIClient

from reviewapp.api import parsers
from reviewapp.models import Product
from tests.factories import SellerFactory
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db
URL = "/api/v1/products"


@pytest.fixture
def client():
    # raise_request_exception: an error of ours fails the test instead of becoming a 500.
    client = APIClient()
    client.force_authenticate(SellerFactory())
    return client


def send(client, body, content_type="application/json", url=URL):
    return client.post(url, body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"\x00",
        b"null",
        b"5",
        b'"text"',
        b"true",
        b"{}",
        b'{"external_id": "1", "designation": "x", "given_code": 1e400}',
        b'{"external_id": "1", "designation": "x", "given_code": NaN}',
        b'{"external_id": "1", "designation": "x", "given_code": -Infinity}',
        b'{"external_id": "1", "designation": "x", "given_code": ' + b"9" * 5000 + b"}",
        b"[" * 50_000,
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'[{"external_id": "1", "designation": "x", "given_code": 1e400}]',
        b'{"external_id": "\\ud800", "designation": "x"}',
        b'{"external_id": "a\\u0000", "designation": "x"}',
        b'{"\\ud800": 1}',
        b"[[[]]]" * 3,
    ],
)
def test_a_hostile_body_is_a_problem_of_the_sender(client, body):
    answer = send(client, body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert not Product.objects.exists()


def test_a_list_of_nothing_useful_is_answered_item_by_item(client):
    body = b'[null, 1, "x", [], {}, [[[]]], {"external_id": {"a": "\\ud800"}}, true]'

    answer = send(client, body)

    assert answer.status_code == 207
    assert answer.json()["refused"] == 8


def test_a_body_above_the_limit_is_refused_unparsed(client, monkeypatch):
    monkeypatch.setattr(parsers, "JSON_MAX_BYTES", 1000)
    body = json.dumps({"external_id": "1", "designation": "x" * 2000})

    answer = send(client, body)

    assert answer.status_code == 413
    assert answer.json()["title"] == "Request Entity Too Large"


@override_settings(IMAGE_MAX_BYTES=1000)
def test_a_form_above_the_limit_is_refused_unread(client, monkeypatch):
    monkeypatch.setattr(parsers, "_FORM_ROOM", 0)
    form = {"external_id": "1", "designation": "x", "image": jpeg(size=(900, 900), quality=100)}

    assert client.post(URL, form, format="multipart").status_code == 413


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_texts_of_a_form_above_the_limit_are_refused(client):
    form = {"external_id": "1", "designation": "x" * 2000}

    assert client.post(URL, form, format="multipart").status_code == 413


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary="),
        (b"--b\r\n\r\n", "multipart/form-data; boundary=b"),
        (b"a=1", "application/x-www-form-urlencoded"),
        (b"<xml/>", "application/xml"),
        (b"{}", "text/plain"),
        (b"{}", "\x00"),
        (b"{}", "application/json; charset=utf-99"),
    ],
)
def test_an_odd_content_type_is_a_problem_of_the_sender(client, body, content_type):
    answer = send(client, body, content_type)

    assert answer.status_code in (400, 415)
    assert answer["Content-Type"] == "application/problem+json"


def test_nul_in_a_form_is_refused(client):
    form = {"external_id": "a\x00b", "designation": "x"}

    assert client.post(URL, form, format="multipart").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"username": "a\x00b", "password": "x"},
        {"username": "\ud800", "password": "x"},
        {"username": "a", "password": "\ud800\x00"},
        {"username": ["a"], "password": {}},
        {},
        [],
    ],
)
def test_odd_credentials_are_refused(client, body):
    answer = send(APIClient(), json.dumps(body), url=reverse("api:login"))

    assert answer.status_code in (400, 401)
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "header", ["Token", "Token x", "Token x y", "Token \xff", "Bearer x", "Token " + "a" * 9999]
)
def test_an_odd_token_is_unauthorised(header):
    answer = APIClient().get(URL, HTTP_AUTHORIZATION=header)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_named_wrong(client, method):
    answer = getattr(client, method)(URL, {}, format="json")

    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/products%00", "/api/v1/x/y/z"])
def test_an_address_that_leads_nowhere_is_a_problem_too(client, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["status=%00", "page_size=x", "page_size=-5", "page_size=1e9"])
def test_odd_queries_never_break(client, query):
    assert client.get(f"{URL}?{query}").status_code in (200, 400)


def test_a_message_that_quotes_half_a_character_can_be_sent(client):
    body = '{"product": "\\ud800", "comment": "x", "suggested_category": "\\ud800"}'
    client.handler._force_user.groups.clear()

    assert send(client, body, url=reverse("api:report-list")).status_code in (400, 403)
