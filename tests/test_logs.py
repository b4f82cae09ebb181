import json
import logging
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError

from reviewapp import correlation
from reviewapp.logs import JsonLineFormatter, LineFormatter
from reviewapp.models import CatalogueImport, ClassificationRequest
from reviewapp.services.catalog import ingest_product
from reviewapp.services.predictions import fail_waiting
from reviewapp.settings import env
from tests.factories import RoutingPolicyFactory, SellerFactory

OFFERED = "gateway-7f3a.01"


def record(message, *args, error=None, **fields):
    exc_info = (type(error), error, None) if error else None
    made = logging.LogRecord("shop", logging.INFO, __file__, 1, message, args, exc_info)
    made.__dict__.update(fields)
    return made


def test_a_json_line_carries_the_work_in_hand_and_nothing_that_is_not_allowed():
    with correlation.bound(correlation_id=OFFERED, task="drain"):
        line = JsonLineFormatter().format(
            record("Took %d", 3, product_id=7, request="<WSGIRequest: GET '/?q=secret'>")
        )

    said = json.loads(line)
    assert said.pop("time").startswith("20")
    assert said == {
        "level": "INFO",
        "logger": "shop",
        "message": "Took 3",
        "product_id": 7,
        "correlation_id": OFFERED,
        "task": "drain",
    }


@pytest.mark.parametrize("formatter", [JsonLineFormatter(), LineFormatter()])
def test_no_address_and_no_values_of_a_row_get_into_a_line(formatter):
    error = IntegrityError("duplicate key\nDETAIL:  Key (username)=(zoe) already exists.")

    line = formatter.format(record("Mail to %s bounced", "zoe@example.org", error=error))

    assert "zoe" not in line
    assert "IntegrityError" in line
    assert "duplicate key" in line


def test_a_text_line_ends_with_the_fields():
    formatter = LineFormatter("{levelname} {message}", style="{")

    with correlation.bound(correlation_id=OFFERED):
        line = formatter.format(record("Answered", view="shop:index", status_code=200))

    assert line == f"INFO Answered correlation_id={OFFERED} view=shop:index status_code=200"


def test_what_was_bound_before_comes_back():
    with correlation.bound(correlation_id="outer-outer"):
        with correlation.bound(correlation_id="inner-inner"):
            assert correlation.current() == "inner-inner"
        assert correlation.current() == "outer-outer"
    assert correlation.current() == ""


def test_a_valid_request_id_is_taken_over_and_echoed(client):
    assert client.get("/healthz", headers={"x-request-id": OFFERED})["X-Request-ID"] == OFFERED


@pytest.mark.parametrize("offered", ["", "short", "zoe@example.org", "a b c d e f", "x" * 65])
def test_anything_else_is_replaced_by_an_id_of_ours(client, offered):
    answered = client.get("/healthz", headers={"x-request-id": offered})["X-Request-ID"]

    assert answered != offered
    assert len(answered) == 32


@pytest.mark.django_db
def test_each_answer_is_logged_by_the_name_of_its_view(client, caplog):
    caplog.set_level(logging.INFO, "reviewapp.middleware")

    client.get("/?q=secret")
    client.get("/healthz")

    [line] = [one for one in caplog.records if one.name == "reviewapp.middleware"]
    assert (line.method, line.view, line.status_code) == ("GET", "home", 200)
    assert "secret" not in JsonLineFormatter().format(line)


@pytest.mark.django_db
def test_a_change_of_the_product_takes_over_the_id_of_its_own_request(now):
    fields = {"source": "feed", "external_id": "A-1", "now": now}

    with correlation.bound(correlation_id="first-request"):
        ingest_product(designation="Lampe", **fields)
    with correlation.bound(correlation_id="second-request"):
        ingest_product(designation="Lampe à poser", **fields)

    assert ClassificationRequest.objects.get().correlation_id == "second-request"


@pytest.mark.django_db
def test_an_import_keeps_the_id_of_its_upload(client):
    client.force_login(SellerFactory())
    table = b"external_id,designation\nA-1,Lampe\n"
    client.post(
        "/imports/",
        {"table": SimpleUploadedFile("a.csv", table)},
        headers={"x-request-id": OFFERED},
    )

    assert list(CatalogueImport.objects.values_list("correlation_id", flat=True)) == [OFFERED]


@pytest.mark.django_db
def test_a_product_that_is_given_up_is_named_with_its_id(now, caplog):
    RoutingPolicyFactory()
    with correlation.bound(correlation_id=OFFERED):
        product = ingest_product(
            source="feed", external_id="A-1", designation="Lampe", now=now
        ).product

    fail_waiting(problem="no model", since=now - timedelta(days=1), now=now + timedelta(days=1))

    [line] = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert (line.product_id, line.correlation_id) == (product.pk, OFFERED)


def test_a_wrong_format_of_the_log_is_named(monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", "xml")

    with pytest.raises(ImproperlyConfigured, match="text, json"):
        env.choice("LOG_FORMAT", ("text", "json"))
