import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from reviewapp.models import ClassificationRequest, Product
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    SellerFactory,
)
from tests.pictures import huge_png, jpeg

pytestmark = pytest.mark.django_db
URL = "/api/v1/products"
LAMP = {"external_id": "A-1", "designation": "Lampe 💡", "description": "<b>LED</b>"}


@pytest.fixture
def seller():
    return SellerFactory()


@pytest.fixture
def client(seller):
    client = APIClient()
    client.force_authenticate(seller)
    return client


def post(client, body):
    return client.post(URL, body, format="json")


def test_a_product_is_taken_in_and_shown(client, seller):
    CategoryFactory(code=10)

    answer = post(client, LAMP | {"given_code": 10, "language": "fr"})

    product = Product.objects.get()
    assert answer.status_code == 201
    assert (product.seller, product.source) == (seller, f"seller-{seller.pk}")
    assert answer.json()["outcome"] == "created"
    assert answer.json()["description"] == "LED"
    assert answer.json()["status"] == "waiting"
    assert answer.json()["is_being_classified"] is True
    assert ClassificationRequest.objects.count() == 1


def test_sending_it_again_changes_nothing(client):
    post(client, LAMP)

    answer = post(client, LAMP)

    assert (answer.status_code, answer.json()["outcome"]) == (200, "unchanged")
    assert Product.objects.count() == ClassificationRequest.objects.count() == 1


def test_a_change_is_an_update(client):
    post(client, LAMP)

    answer = post(client, LAMP | {"designation": "Lampadaire"})

    assert (answer.status_code, answer.json()["outcome"]) == (200, "updated")
    assert answer.json()["designation"] == "Lampadaire"


def test_a_worker_is_woken_only_for_something_new(
    client, monkeypatch, django_capture_on_commit_callbacks
):
    woken = []
    monkeypatch.setattr("reviewapp.api.catalog.wake_workers", lambda: woken.append(1))

    post(client, LAMP)
    post(client, LAMP)

    assert woken == [1]


@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,"])
def test_a_picture_comes_as_base64_is_kept_and_removed(client, prefix):
    picture = prefix + base64.b64encode(jpeg()).decode()

    with_picture = post(client, LAMP | {"image": picture}).json()
    kept = post(client, LAMP).json()
    removed = post(client, LAMP | {"image": None}).json()

    assert with_picture["thumbnail_url"].startswith("/media/thumbs/")
    assert (kept["outcome"], kept["image_url"]) == ("unchanged", with_picture["image_url"])
    assert (removed["outcome"], removed["image_url"]) == ("updated", None)


def test_a_picture_comes_as_a_file_of_a_form(client):
    file = SimpleUploadedFile("anything.exe", jpeg(), "text/html")

    answer = client.post(URL, LAMP | {"image": file}, format="multipart")

    assert answer.status_code == 201
    assert answer.json()["image_url"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 121}, "external_id"),
        ({"external_id": "a\nb"}, "external_id"),
        ({"external_id": None}, "external_id"),
        ({"external_id": {"a": 1}}, "external_id"),
        ({"designation": None}, "designation"),
        ({"designation": ["a"]}, "designation"),
        ({"designation": "a\x00b"}, "designation"),
        ({"designation": "\ud800"}, "designation"),
        ({"description": "x" * 200_001}, "description"),
        ({"language": "klingon"}, "language"),
        ({"given_code": 99999}, "given_code"),
        ({"given_code": -1}, "given_code"),
        ({"given_code": 10**30}, "given_code"),
        ({"given_code": "livres"}, "given_code"),
        ({"image": "not base64!"}, "image"),
        ({"image": 5}, "image"),
        ({"image": "javascript:alert(1)"}, "image"),
        ({"image": ""}, "image"),
        ({"image": base64.b64encode(b"<svg/>").decode()}, "image"),
        ({"image": base64.b64encode(huge_png()).decode()}, "image"),
    ],
)
def test_what_is_wrong_is_named_by_field(client, change, field):
    body = json.dumps(LAMP | change)  # surrogates travel as escapes
    answer = client.post(URL, body, content_type="application/json")

    problem = answer.json()
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert (problem["status"], problem["title"]) == (400, "Bad Request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(error["detail"] and error["code"] for error in problem["errors"])
    assert not Product.objects.exists()


def test_a_text_of_100_kb_is_taken(client):
    assert post(client, LAMP | {"description": "chaise " * 14_000}).status_code == 201


def test_a_script_is_stored_raw_and_shown_clean(client):
    answer = post(client, LAMP | {"description": "<script>alert(1)</script>Belle lampe"})

    assert answer.json()["description"] == "Belle lampe"
    assert Product.objects.get().raw_description.startswith("<script>")


def test_each_item_of_a_list_has_its_own_fate(client):
    post(client, LAMP)
    items = [
        LAMP,
        LAMP | {"external_id": "B", "designation": "\ud800"},
        LAMP | {"external_id": "C", "image": base64.b64encode(jpeg()).decode()},
        LAMP | {"external_id": "D", "image": base64.b64encode(b"<html>").decode()},
        "not an object",
        LAMP | {"external_id": "\udc00"},
        LAMP | {"designation": "Lampadaire"},
        None,
        LAMP | {"external_id": "C"},
    ]

    answer = client.post(URL, json.dumps(items), content_type="application/json")

    body = answer.json()
    assert answer.status_code == 207
    assert [(r["status"], r["outcome"]) for r in body["results"]] == [
        (200, "unchanged"),
        (400, "refused"),
        (201, "created"),
        (400, "refused"),
        (400, "refused"),
        (400, "refused"),
        (200, "updated"),
        (400, "refused"),
        (200, "unchanged"),
    ]
    assert [r["index"] for r in body["results"]] == list(range(9))
    assert body["results"][3]["errors"][0]["field"] == "image"
    assert body["results"][5]["external_id"] is None
    assert (body["created"], body["updated"], body["unchanged"], body["refused"]) == (1, 1, 2, 5)
    assert set(Product.objects.values_list("external_id", flat=True)) == {"A-1", "C"}


@pytest.mark.parametrize("count", [0, 501])
def test_a_list_has_bounds(client, count):
    assert post(client, [LAMP] * count).status_code == 400


def test_a_list_costs_a_bounded_number_of_queries(client, django_assert_max_num_queries):
    items = [LAMP | {"external_id": f"p{n}"} for n in range(100)]

    with django_assert_max_num_queries(14):
        assert post(client, items).json()["created"] == 100


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_sellers_may(method):
    client = APIClient()
    assert getattr(client, method)(URL).status_code == 401
    client.force_authenticate(BuyerFactory())

    answer = getattr(client, method)(URL)

    assert answer.status_code == 403
    assert answer.json()["title"] == "Forbidden"


@pytest.mark.parametrize("as_list", [False, True])
def test_a_description_stays_unless_one_is_sent(client, as_list):
    post(client, LAMP)
    bare = {key: LAMP[key] for key in ("external_id", "designation")}

    post(client, [bare] if as_list else bare)
    assert Product.objects.get().description == "LED"

    empty = bare | {"description": ""}
    post(client, [empty] if as_list else empty)
    assert Product.objects.get().description == ""
