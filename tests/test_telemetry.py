import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from reviewapp import correlation, telemetry


def test_nothing_is_started_unless_the_environment_asks(settings):
    settings.SENTRY_DSN = settings.OTEL_EXPORTER_OTLP_ENDPOINT = ""
    before = set(sys.modules)

    telemetry.start("web")

    loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
    assert loaded.isdisjoint({"sentry_sdk", "opentelemetry"})


@pytest.mark.parametrize(
    ("setting", "package", "extra"),
    [
        ("SENTRY_DSN", "sentry_sdk", "sentry"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry", "otel"),
    ],
)
def test_a_package_that_is_missing_is_named(settings, monkeypatch, setting, package, extra):
    settings.SENTRY_DSN = settings.OTEL_EXPORTER_OTLP_ENDPOINT = ""
    setattr(settings, setting, "http://127.0.0.1:9/1")
    # As if it were not installed, whether it is or not.
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ImproperlyConfigured, match=rf"{setting}.*bonrayon\[{extra}\]"):
        telemetry.start("web")


def test_an_error_report_says_nothing_of_people():
    event = {
        "user": {"username": "zoe", "ip_address": "198.51.100.7"},
        "request": {"method": "POST", "url": "https://shop/?q=zoe", "query_string": "q=zoe"},
        "breadcrumbs": {"values": [{"message": "zoe signed in"}]},
        "extra": {"sys.argv": ["zoe"]},
        "logentry": {"message": "Mail to %s bounced", "params": ["zoe@example.org"]},
        "exception": {"values": [{"value": "duplicate\nDETAIL:  Key (username)=(zoe) exists."}]},
    }

    with correlation.bound(correlation_id="order-4711-abcdef", product_id=7):
        sent = telemetry.cleaned(event, {})

    assert "zoe" not in str(sent)
    assert sent["tags"] == {"correlation_id": "order-4711-abcdef", "product_id": "7"}
    assert sent["request"] == {"method": "POST"}
    assert sent["logentry"] == {"message": "Mail to %s bounced"}


def test_a_span_keeps_its_view_and_loses_its_caller():
    attributes = {
        "http.route": "search",
        "http.target": "/?q=zoe",
        "http.url": "https://shop/?q=zoe",
        "http.client_ip": "198.51.100.7",
        "http.user_agent": "zoe's browser",
        "http.status_code": 200,
    }

    assert telemetry.impersonal(attributes) == {
        "http.route": "search",
        "http.target": "/",
        "http.status_code": 200,
    }
