"""Drift from rows: reference, windows, alarms, and whom they are told."""

import hmac
import json
import re
import threading
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reviewapp.choices import DriftTest
from reviewapp.domain.products import DESIGNATION_CHARS
from reviewapp.models import (
    DriftAlarm,
    DriftReference,
    DriftWindow,
    Mail,
    Product,
    WebhookMessage,
)
from reviewapp.selectors.drift import newest_arrivals
from reviewapp.services import webhooks
from reviewapp.services.drift import close_alarm, measure_drift
from tests.drift_rows import arrive, champion_of_two, drifted, remember_training, shrink
from tests.factories import NOW, AdminFactory
from worker.tasks.drift import send_alarms

pytestmark = pytest.mark.django_db


@pytest.fixture
def champion():
    return champion_of_two()


@pytest.fixture
def small(monkeypatch):
    shrink(monkeypatch)


def test_the_first_arrivals_become_the_reference_once(champion, small):
    arrive(champion, 299)
    measure_drift(now=NOW)
    assert not DriftReference.objects.exists()
    last = arrive(champion, 1)[-1]

    measure_drift(now=NOW)
    measure_drift(now=NOW)

    reference = DriftReference.objects.get()
    assert (reference.last_product, reference.accuracy) == (last.pk, 0.75)
    assert not DriftWindow.objects.exists()


def test_a_stable_window_raises_no_alarm(champion, small):
    arrive(champion, 300)
    measure_drift(now=NOW)
    arrive(champion, 200, seed=1)

    window = measure_drift(now=NOW)

    assert window.drifted == []
    assert len(window.findings) == len(DriftTest)
    assert sum(window.priors.values()) == pytest.approx(1)
    assert 0 < window.expected_right < 1
    assert not DriftAlarm.objects.exists()


def test_a_model_that_brings_its_training_along_is_watched_from_the_first_arrival(champion, small):
    remember_training(champion)
    before = arrive(champion, 5)[-1]
    measure_drift(now=NOW)
    arrive(champion, 200, described=0.2, seed=1)

    window = measure_drift(now=NOW)

    reference = DriftReference.objects.get()
    assert (reference.last_product, reference.is_of_training) == (before.pk, True)
    assert DriftTest.DESCRIPTION in window.drifted
    assert not {DriftTest.TITLE_LENGTH, DriftTest.LANGUAGE, DriftTest.EMBEDDING} & {*window.drifted}
    untested = {one["test"] for one in window.findings if one["p_value"] is None}
    assert untested == {"brightness", "description_length"}  # too few of the window have one


def test_what_a_model_does_not_bring_along_is_held_against_the_first_arrivals(champion, small):
    remember_training(champion, languages=False)
    arrive(champion, 299, described=0.2)
    measure_drift(now=NOW)
    assert not DriftReference.objects.exists()
    arrive(champion, 1)
    measure_drift(now=NOW)
    arrive(champion, 200, described=0.2, seed=1)

    window = measure_drift(now=NOW)

    reference = DriftReference.objects.get()
    assert reference.arrivals["counts"]["language"] == {"fr": 300}
    assert "language" not in reference.trained
    assert {"description", "title_length", "embedding", "confidence"} <= {*reference.trained}
    # It was so from the first arrival on: only the training knows better.
    assert DriftTest.DESCRIPTION in window.drifted


def test_texts_of_the_training_are_as_long_as_a_catalogue_keeps_them(champion, small, settings):
    remember_training(champion)
    inputs = champion.inputs
    inputs.inputs["numbers"]["title_length"] = [5000.0] * 400
    inputs.save()

    measure_drift(now=NOW)

    kept = DriftReference.objects.get().arrivals["numbers"]["title_length"]
    assert set(kept) == {DESIGNATION_CHARS}


def test_a_window_is_tested_again_after_a_step(champion, small):
    arrive(champion, 300)
    measure_drift(now=NOW)
    arrive(champion, 200, seed=1)

    assert measure_drift(now=NOW) is not None
    assert measure_drift(now=NOW) is None
    arrive(champion, 49, seed=2)
    assert measure_drift(now=NOW) is None
    arrive(champion, 1, seed=3)

    assert measure_drift(now=NOW) is not None


def test_answers_to_what_a_product_was_before_are_left_out(champion):
    *kept, changed = arrive(champion, 5)
    Product.objects.filter(pk=changed.pk).update(input_digest="f" * 64)

    seen = newest_arrivals(champion, most=3)

    assert seen.arrivals.products == [one.pk for one in kept[:0:-1]]


def test_lost_descriptions_are_told_once(champion, small, settings):
    settings.ALARM_WEBHOOK_URL = "http://127.0.0.1:9/"
    admin = AdminFactory(
        wants_mail=True,
        email="chief@example.org",
        confirmed_email="chief@example.org",
        language="en",
    )

    window = drifted(champion)
    arrive(champion, 50, described=0.2, seed=4)
    again = measure_drift(now=NOW)

    assert DriftTest.DESCRIPTION in window.drifted
    assert DriftTest.DESCRIPTION in again.drifted
    alarm = DriftAlarm.objects.get()
    letter = Mail.objects.get()
    message = WebhookMessage.objects.get()
    assert (letter.recipient, letter.subject) == (admin, "Arriving products have changed")
    assert letter.not_before == NOW
    line = next(one for one in letter.body.splitlines() if one.startswith("- Descriptions missing"))
    assert re.fullmatch(r"- .*: (?:missing|there) \d+\.\d% → \d+\.\d%, .*", line)
    assert "(/drift/)" in letter.body
    assert message.body["alarm"] == alarm.pk
    assert message.body["tests"][0]["test"] == "description"


def test_an_admin_reads_in_french_what_has_changed_and_where(champion, small, settings):
    settings.PUBLIC_URL = "https://shop.example"
    settings.ALARM_WEBHOOK_URL = "http://127.0.0.1:9/"
    AdminFactory(
        wants_mail=True, email="c@example.org", confirmed_email="c@example.org", language="fr"
    )

    drifted(champion)

    body = Mail.objects.get().body
    assert re.search(
        r"- Descriptions manquantes\u00a0: .*absent.* \d+,\d\u00a0% → \d+,\d\u00a0%", body
    )
    assert "1. Regardez la page «\u00a0Dérive\u00a0» (https://shop.example/drift/)" in body
    assert "4. Prenez acte de l’alarme" in body
    assert WebhookMessage.objects.get().body["page"] == "https://shop.example/drift/"


def test_what_was_acknowledged_is_no_news_while_it_lasts(champion, small):
    drifted(champion)
    admin = AdminFactory()
    close_alarm(alarm=DriftAlarm.objects.get(), by=admin, comment="A new feed", now=NOW)
    arrive(champion, 50, described=0.2, seed=4)

    measure_drift(now=NOW)

    assert DriftAlarm.objects.count() == 1


def test_without_an_address_no_message_waits(champion, small):
    drifted(champion)

    assert DriftAlarm.objects.exists()
    assert not WebhookMessage.objects.exists()


@pytest.fixture
def receiver():
    """Another system on this machine: what it was sent, and the codes it answers with."""

    class Handler(BaseHTTPRequestHandler):
        seen, codes = [], []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.seen.append((dict(self.headers), body))
            self.send_response(self.codes.pop(0) if self.codes else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Handler, f"http://127.0.0.1:{server.server_port}/alarms"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_alarm_is_sent_once_and_signed(receiver, settings):
    handler, settings.ALARM_WEBHOOK_URL = receiver
    settings.ALARM_WEBHOOK_SECRET = "of two"
    webhooks.post_webhook(key="drift:1", body={"event": "drift.alarm"}, now=NOW)
    webhooks.post_webhook(key="drift:1", body={"event": "drift.alarm"}, now=NOW)

    send_alarms()
    send_alarms()

    ((headers, body),) = handler.seen
    signed = headers["X-Bonrayon-Timestamp"].encode() + b"." + body
    expected = hmac.new(b"of two", signed, sha256).hexdigest()
    assert headers["X-Bonrayon-Signature"] == f"sha256={expected}"
    assert headers["X-Bonrayon-Key"] == "drift:1"
    assert json.loads(body) == {"event": "drift.alarm"}


@pytest.mark.parametrize("code", [500, 302])
def test_an_alarm_that_was_refused_is_tried_again_later(code, receiver, settings):
    handler, settings.ALARM_WEBHOOK_URL = receiver
    handler.codes = [code]
    webhooks.post_webhook(key="drift:1", body={}, now=NOW)

    send_alarms()

    message = WebhookMessage.objects.get()
    assert (message.sent_at, message.error, message.attempts) == (None, f"HTTPError {code}", 1)
    WebhookMessage.objects.update(not_before=NOW)
    send_alarms()
    message.refresh_from_db()
    assert message.sent_at is not None
    assert len(handler.seen) == 2


def test_an_alarm_is_given_up_after_the_last_attempt(settings):
    settings.ALARM_WEBHOOK_URL = "http://127.0.0.1:9/"
    webhooks.post_webhook(key="drift:1", body={}, now=NOW)
    now = NOW
    for _attempt in range(WebhookMessage.MOST_ATTEMPTS):
        assert webhooks.claim_webhook(now=now) is not None
        now += timedelta(days=2)

    assert webhooks.claim_webhook(now=now) is None
