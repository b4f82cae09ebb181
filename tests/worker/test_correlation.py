"""The id of the request that brought a product stands in the worker's lines about it."""

import json

import pytest
from rest_framework.test import APIClient

from reviewapp.choices import RequestStatus
from reviewapp.models import ClassificationRequest
from tests.factories import CategoryFactory, ChampionFactory, RoutingPolicyFactory, SellerFactory
from tests.waiting import eventually

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]
OFFERED = "order-4711-abcdef"


def send_in(designation):
    client = APIClient()
    client.force_authenticate(SellerFactory())
    answer = client.post(
        "/api/v1/products",
        {"external_id": designation, "designation": designation},
        format="json",
        headers={"x-request-id": OFFERED},
    )
    assert answer["X-Request-ID"] == OFFERED
    return ClassificationRequest.objects.get(product__external_id=designation)


def lines_about(worker, request):
    said = [json.loads(line) for line in worker.log.read_text().splitlines() if line[:1] == "{"]
    return [one for one in said if one.get("product_id") == request.product_id]


def test_a_product_is_followed_into_the_worker_though_its_message_was_lost(start_worker):
    for code in (10, 20):
        CategoryFactory(code=code)
    RoutingPolicyFactory(audit_rate=0.0)
    ChampionFactory(labels=[10, 20], manifest_sha256="")
    # The message goes to the tests' own Redis, where no worker listens.
    request = send_in("lampe")

    worker = start_worker("FixedPredictor", LOG_FORMAT="json")

    ended = ClassificationRequest.objects.filter(status=RequestStatus.DONE)
    assert eventually(ended.exists, 20)
    assert eventually(lambda: lines_about(worker, request), 5), worker.log.read_text()[-2000:]
    lines = lines_about(worker, request)
    assert any(one["message"].startswith("The models have answered") for one in lines)
    assert {one["correlation_id"] for one in lines} == {OFFERED}
    assert all(one["task"].startswith("worker.tasks.") for one in lines)
    assert "lampe" not in "".join(one["message"] for one in lines)
