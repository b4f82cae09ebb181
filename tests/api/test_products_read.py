import pytest
from rest_framework.test import APIClient

from reviewapp.choices import MemberChoice, ProductStatus, ReviewReason, RouteOutcome
from reviewapp.models import Product, Route
from tests.factories import (
    NOW,
    ListedProductFactory,
    ModelVersionFactory,
    PredictionFactory,
    ProductFactory,
    RoutingPolicyFactory,
    SellerFactory,
)

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


def classified(seller):
    product = ListedProductFactory(seller=seller, source=f"seller-{seller.pk}", external_id="L/1")
    version = ModelVersionFactory()
    for member, confidence in ((MemberChoice.CNN, 0.7), (MemberChoice.FUSION, 0.91)):
        PredictionFactory(
            product=product,
            model_version=version,
            member=member,
            category=product.category,
            confidence=confidence,
            top=[[product.category.code, confidence], [99999, 0.05]],
        )
    PredictionFactory(
        product=product,
        model_version=version,
        member=MemberChoice.BERT,
        category=None,
        confidence=None,
        absence="no_text",
        top=[],
    )
    Route.objects.create(
        product=product,
        policy=RoutingPolicyFactory(),
        outcome=RouteOutcome.LISTED,
        reasons=[ReviewReason.AUDIT],
        inclusion_probability=0.05,
        created_at=NOW,
    )
    return product


def test_one_product_tells_what_the_models_said_and_why_it_is_where_it_is(client, seller):
    product = classified(seller)
    PredictionFactory(product=product, input_digest="0" * 64)  # of an earlier text

    body = client.get(f"{URL}/L/1").json()

    assert body["status"] == ProductStatus.LISTED
    assert body["category"]["code"] == product.category.code
    assert [p["member"] for p in body["predictions"]] == ["cnn", "bert", "fusion"]
    cnn, bert, fusion = body["predictions"]
    assert cnn["confidence"] == 0.7
    assert (bert["confidence"], bert["absence"], bert["top"]) == (None, "no_text", [])
    assert fusion["top"][0] == {
        "code": product.category.code,
        "name": product.category.name,
        "probability": 0.91,
    }
    assert fusion["top"][1]["name"] is None
    assert body["route"]["outcome"] == "listed"
    assert body["route"]["reasons"][0]["code"] == "audit"
    assert body["route"]["threshold"] == 0.8


def test_another_sellers_product_is_not_found(client):
    other = ProductFactory(seller=SellerFactory(), external_id="X")

    assert client.get(f"{URL}/X").status_code == 404
    answer = post(client, LAMP | {"external_id": "X"})
    assert answer.status_code == 201
    other.refresh_from_db()
    assert other.designation != LAMP["designation"]


@pytest.mark.parametrize("path", ["none", "a%00b", "%ff%fe", "..%2f..%2fetc"])
def test_an_unknown_id_is_not_found(client, path):
    answer = client.get(f"{URL}/{path}")

    assert answer.status_code == 404
    assert answer.json()["status"] == 404


def test_of_two_with_the_same_id_the_one_sent_in_by_the_api_is_shown(client, seller):
    ProductFactory(seller=seller, source="feed", external_id="S", designation="aus dem Feed")
    ProductFactory(
        seller=seller, source=f"seller-{seller.pk}", external_id="S", designation="eigenes"
    )
    ProductFactory(seller=seller, source="zfeed", external_id="S", designation="noch eines")

    assert client.get(f"{URL}/S").json()["designation"] == "eigenes"


def test_the_list_is_paged_without_gaps_or_repeats(client, seller):
    for _ in range(7):
        ProductFactory(seller=seller)
    ProductFactory(seller=SellerFactory())

    seen, url = [], f"{URL}?page_size=3"
    while url:
        page = client.get(url).json()
        seen += [product["external_id"] for product in page["results"]]
        url = page["next"]

    newest_first = Product.objects.filter(seller=seller).order_by("-id")
    assert seen == list(newest_first.values_list("external_id", flat=True))


def test_the_list_can_be_limited_to_a_status(client, seller):
    ProductFactory(seller=seller)
    listed = ListedProductFactory(seller=seller)

    body = client.get(f"{URL}?status=listed").json()

    assert [product["external_id"] for product in body["results"]] == [listed.external_id]
    assert client.get(f"{URL}?status=nonsense").status_code == 400


@pytest.mark.parametrize(
    "cursor",
    ["x", "cD1hYmM=", "cD0lMDA=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "cD0tMQ=="],
)
def test_a_cursor_of_somebody_elses_making_is_refused(client, cursor):
    ProductFactory()

    answer = client.get(f"{URL}?cursor={cursor}")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_list_and_detail_cost_a_fixed_number_of_queries(
    client, seller, django_assert_max_num_queries
):
    classified(seller)
    with django_assert_max_num_queries(6):
        client.get(URL)
    for _ in range(20):
        ListedProductFactory(seller=seller)
    with django_assert_max_num_queries(6):
        assert len(client.get(URL).json()["results"]) == 21
    with django_assert_max_num_queries(8):
        client.get(f"{URL}/L/1")
