"""What Prometheus reads, and whether the shipped rules and the dashboard ask for what exists."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import promql_parser
import pytest
import yaml
from django.core.cache import cache
from django.db import connection, transaction
from django.db.utils import OperationalError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import ConnectionError as RedisDown

from reviewapp.choices import JobStatus
from reviewapp.domain.delays import bucket
from reviewapp.models import CertificateAlarm, DelayTally, Mail, RouteTally, WebhookMessage
from reviewapp.selectors import quality, workload
from reviewapp.selectors.dashboards import Scope
from reviewapp.services.drift import close_alarm
from reviewapp.services.latencies import count_latencies
from reviewapp.services.workers import beat
from tests.drift_rows import alarm_of_language
from tests.factories import (
    AdminFactory,
    ChampionFactory,
    ReportFactory,
    RequestFactory,
    ReviewItemFactory,
    RoutingPolicyFactory,
)

pytestmark = pytest.mark.django_db
MONITORING = Path(__file__).resolve().parents[2] / "docs/monitoring"
TOKEN = "a-token-of-more-than-twenty"
MOST_QUERIES = 28


def read(client, **headers):
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(response.content.decode())
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def full_shop(settings):
    """Something of everything that has a metric; returns its model."""
    cache.clear()
    now = timezone.now()
    model = ChampionFactory(name="demo-1", promoted_at=now)
    policy = RoutingPolicyFactory(target_error=0.02)
    beat(name="a", queue="inference", now=now, model_version=model)
    beat(name="b", queue="inference", now=now, problem="labels.json: was altered")
    beat(name="c", queue="default", now=now)
    RequestFactory(requested_at=now - timedelta(seconds=90))
    ReviewItemFactory(opened_at=now - timedelta(hours=30))
    ReportFactory()
    numbers = {"near": (100, 60, 60, 3), "far": (900, 90, 90, 0), "review": (50, 50, 20, 9)}
    for stratum, (routed, drawn, answered, wrong) in numbers.items():
        RouteTally.objects.create(
            day=now.date() - timedelta(days=20),
            model_version=model,
            policy=policy,
            stratum=stratum,
            kind="category",
            group="10",
            inclusion_probability={"near": 0.6, "far": 0.1}.get(stratum, 1.0),
            routed=routed,
            drawn=drawn,
            answered=answered,
            wrong=wrong,
        )
    count_latencies(milliseconds=[4.0, 30.0, 30.0, 9000.0])
    return model


def test_each_number_is_that_of_its_page(client, full_shop):
    found = read(client)
    now = timezone.now()

    error = quality.overall(days=30, now=now).error
    assert found["bonrayon_live_error", ("bound", "low")] == pytest.approx(error.low)
    assert quality.quality(days=30, now=now).overall.error == error
    load = workload.load(now=now, decided=0)
    assert (load.open, load.old) == (1, 1)
    assert found["bonrayon_review_items", ("state", "open")] == load.open
    assert found["bonrayon_review_items", ("state", "old")] == load.old
    assert found["bonrayon_review_oldest_age_seconds",] == pytest.approx(108_000, abs=60)
    assert found["bonrayon_arrivals_waiting",] == 1
    assert found["bonrayon_arrivals_oldest_age_seconds",] == pytest.approx(90, abs=60)
    assert found["bonrayon_reports_open",] == 1
    assert found["bonrayon_workers", ("queue", "inference")] == 1
    assert found["bonrayon_workers_unwell", ("queue", "inference")] == 1
    assert found["bonrayon_workers", ("queue", "training")] == 0
    assert found["bonrayon_routes_total", ("outcome", "listed")] == 1000
    assert found["bonrayon_routes_total", ("outcome", "review")] == 50
    assert found["bonrayon_audits_total", ("state", "wrong")] == 3
    assert found["bonrayon_jobs", ("kind", "import"), ("status", JobStatus.FAILED)] == 0
    assert found["bonrayon_up", ("service", "database")] == 1


def test_delays_from_arrival_are_those_of_the_dashboards(client, full_shop):
    day = timezone.now().date()
    for group in ({"kind": "all", "group": ""}, {"kind": "category", "group": "10"}):
        for hours, products in ((16, 5), (40, 2)):
            DelayTally.objects.create(
                day=day, model_version=full_shop, step="listed", bucket=bucket(hours * 3600),
                products=products, **group,
            )  # fmt: skip
    name, step = "bonrayon_arrival_delay_seconds", ("step", "listed")

    found = read(client)

    scope = Scope(first=day, last=day)
    assert found[f"{name}_count", step] == scope.steps()["listed"].total() == 7
    assert found[f"{name}_bucket", ("le", "57600.0"), step] == 5
    assert found[f"{name}_sum", step] == pytest.approx((5 * 16 + 2 * 40) * 3600, rel=0.1)
    assert found[f"{name}_count", ("step", "seen")] == 0


def test_latencies_are_one_histogram_of_all_workers(client, full_shop):
    found = read(client)

    name = "bonrayon_prediction_latency_seconds"
    assert found[f"{name}_bucket", ("le", "0.005")] == 1
    assert found[f"{name}_bucket", ("le", "0.05")] == 3
    assert found[f"{name}_bucket", ("le", "5.0")] == 3
    assert found[f"{name}_count",] == 4
    assert found[f"{name}_sum",] == pytest.approx(9.064)


def test_answers_are_counted_by_view_and_status(client, full_shop):
    labels = (("method", "GET"), ("status", "200"), ("view", "healthz"))
    name = "bonrayon_http_request_duration_seconds_count"
    before = read(client).get((name, *labels), 0)

    client.get("/healthz")

    assert read(client)[name, *labels] == before + 1


def test_a_void_certificate_is_counted_until_it_is_acknowledged(client, full_shop):
    alarm = CertificateAlarm.objects.create(
        model_version=full_shop,
        policy=RoutingPolicyFactory(),
        target=0.02,
        evidence=25,
        audits=200,
        wrong=12,
        raised_at=timezone.now(),
    )

    assert read(client)["bonrayon_certificate_alarms_open",] == 1
    alarm.delete()
    assert read(client)["bonrayon_certificate_alarms_open",] == 0


def test_messages_that_do_not_get_out_are_counted(client, full_shop):
    now, early = timezone.now(), timezone.now() - timedelta(minutes=11)
    admin = AdminFactory()

    def mail(key, **fields):
        Mail.objects.create(
            recipient=admin, key=key, subject="x", body="x", created_at=early,
            **{"not_before": now, **fields},
        )  # fmt: skip

    mail("waits for its undo", not_before=now + timedelta(minutes=9))
    mail("has just been put there")
    mail("is out", attempts=1, sent_at=now)
    quiet = read(client)
    mail("was refused", attempts=1, error="SMTPServerDisconnected")
    mail("is given up", attempts=Mail.MOST_ATTEMPTS, error="SMTPRecipientsRefused")
    mail("is forgotten", not_before=early)
    WebhookMessage.objects.create(key="w", body={}, created_at=early, not_before=early)
    loud = read(client)

    name = "bonrayon_outbox_stuck"
    kinds = [("kind", "mail"), ("kind", "webhook")]
    assert [quiet[name, kind] for kind in kinds] == [0, 0]
    assert [loud[name, kind] for kind in kinds] == [2, 1]
    assert [loud["bonrayon_outbox_given_up", kind] for kind in kinds] == [1, 0]


def test_an_alarm_of_drift_is_counted_until_it_is_acknowledged(client, full_shop):
    alarm = alarm_of_language(full_shop)

    assert read(client)["bonrayon_drift_alarms_open",] == 1
    close_alarm(alarm=alarm, by=AdminFactory(), comment="A new feed", now=timezone.now())
    assert read(client)["bonrayon_drift_alarms_open",] == 0


def test_a_scrape_asks_few_questions_however_much_there_is(client, full_shop):
    with CaptureQueriesContext(
        connection,
    ) as few:
        read(client)
    RequestFactory.create_batch(5)
    ReviewItemFactory.create_batch(5)

    with CaptureQueriesContext(connection) as more:
        read(client)

    assert len(more) == len(few) <= MOST_QUERIES
    facts = ("reviewapp_route", "reviewapp_prediction", "reviewapp_decision", "reviewapp_product")
    asked = " ".join(query["sql"] for query in more)
    assert not [name for name in facts if f'FROM "{name}"' in asked]


def test_a_database_that_is_down_is_a_number_too(client, full_shop, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        found = read(client)

    assert found["bonrayon_up", ("service", "database")] == 0
    assert found["bonrayon_up", ("service", "redis")] == 1
    assert ("bonrayon_arrivals_waiting",) not in found


def test_a_table_that_cannot_be_read_leaves_out_its_own_numbers_alone(client, full_shop):
    # PostgreSQL undoes it with the test.
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE reviewapp_routetally RENAME TO elsewhere")

    with transaction.atomic():
        found = read(client)
        transaction.set_rollback(True)

    assert found["bonrayon_scrape_failures",] >= 1
    assert found["bonrayon_arrivals_waiting",] == 1
    assert ("bonrayon_routes_total", ("outcome", "listed")) not in found


def test_a_redis_that_is_down_is_a_number_too(client, full_shop, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RedisDown("gone")

    with monkeypatch.context() as patch:
        patch.setattr(cache, "get", fail)
        found = read(client)

    assert found["bonrayon_up", ("service", "redis")] == 0
    assert found["bonrayon_arrivals_waiting",] == 1


def test_with_a_token_only_who_holds_it_is_answered(client, settings):
    settings.METRICS_TOKEN = TOKEN

    assert client.get("/metrics").status_code == 401
    wrong = client.get("/metrics", headers={"authorization": "Bearer something-else"})
    assert wrong.status_code == 401
    assert read(client, authorization=f"Bearer {TOKEN}")


def test_without_a_token_only_this_machine_is_answered_and_in_production_nobody(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 404
    behind_a_proxy = client.get("/metrics", headers={"x-forwarded-for": "198.51.100.7"})
    assert behind_a_proxy.status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 200

    settings.METRICS_ON_LOOPBACK = False
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_all_processes_of_the_web_server_count_together(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    observe = (
        "from reviewapp import http_metrics as m\n"
        "m.observe(view='home', method='GET', status=200, seconds=0.2)\n"
        "m.observe(view='home', method='BREW', status=405, seconds=0.2)\n"
    )
    show = (
        "from prometheus_client import generate_latest\n"
        "from reviewapp import http_metrics as m\n"
        "print(generate_latest(m.registry()).decode())"
    )

    for code in (observe, observe):
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    shown = subprocess.run(
        [sys.executable, "-c", show], env=environment, check=True, capture_output=True, text=True
    ).stdout

    name = "bonrayon_http_request_duration_seconds_count"
    assert f'{name}{{method="GET",status="200",view="home"}} 2.0' in shown
    assert f'{name}{{method="other",status="405",view="home"}} 2.0' in shown


def expressions():
    """Each with the labels that its legend or its summary names."""
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))
    board = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    asked = [
        (rule["expr"], re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        for group in rules["groups"]
        for rule in group["rules"]
    ]
    targets = [target for panel in board["panels"] for target in panel["targets"]]
    return asked + [(one["expr"], re.findall(r"{{(\w+)}}", one["legendFormat"])) for one in targets]


def nodes_of(node):
    """The node and all below it in a parsed expression."""
    yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        if (below := getattr(node, name, None)) is not None:
            yield from nodes_of(below)
    for below in getattr(node, "args", None) or ():
        yield from nodes_of(below)


def test_every_series_of_the_rules_and_the_dashboard_exists(client, full_shop):
    client.get("/healthz")
    # `up` and what names its target are Prometheus' own.
    labels = {"up": {"job": {"bonrayon"}}}
    for name, *pairs in read(client):
        own = labels.setdefault(name, {})
        for key, value in pairs:
            own.setdefault(key, set()).add(value)

    for expression, named in expressions():
        nodes = list(nodes_of(promql_parser.parse(expression)))
        asked = [one for one in nodes if isinstance(one, promql_parser.VectorSelector)]
        assert asked, expression
        for one in asked:
            assert one.name in labels, expression
            for matcher in one.matchers.matchers:
                assert matcher.name in labels[one.name], expression
                if matcher.op == promql_parser.MatchOp.Equal:
                    assert matcher.value in labels[one.name][matcher.name], expression
        known = set.intersection(*(set(labels[one.name]) for one in asked))
        grouped = [one for one in nodes if isinstance(one, promql_parser.AggregateExpr)]
        by = {
            label
            for one in grouped
            if one.modifier and one.modifier.type == promql_parser.AggModifierType.By
            for label in one.modifier.labels
        }
        assert by <= known, expression
        # What a legend names must be left after the grouping.
        assert set(named) <= by & known, expression


def test_every_metric_and_every_alert_is_explained(client, full_shop):
    client.get("/healthz")
    text = (MONITORING.parent / "monitoring.md").read_text(encoding="utf-8")
    families = {
        re.sub(r"_(bucket|count|sum|created)$", "", name) for name, *_labels in read(client)
    }
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))
    alerts = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]

    assert not [name for name in (*families, *alerts) if f"`{name}`" not in text]
