"""Limits with a Redis that is there, and with one that is not."""

import json

import pytest
from django.test import override_settings

from reviewapp.services import limits
from reviewapp.services.limits import (
    LimitReached,
    count_attempt,
    count_log_in,
    count_person,
    forgive_log_in,
)
from reviewapp.services.networks import host_of
from reviewapp.services.process_counters import ProcessCounters
from reviewapp.views.errors import fault
from tests.factories import SellerFactory

NOWHERE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
    }
}


@pytest.fixture(params=["redis", "no redis"])
def redis_or_none(request, settings, monkeypatch):
    monkeypatch.setattr(limits, "_without_redis", ProcessCounters())
    if request.param == "redis":
        yield
        return
    with override_settings(CACHES=NOWHERE):
        yield
        assert limits._without_redis._counts


def guess(username, network, times):
    for _ in range(times):
        count_log_in(username=username, network=network)


def test_the_first_attempt_over_the_limit_is_told_how_long_to_wait(redis_or_none, settings):
    settings.RATE_LIMITS = {"reports": (2, 60)}
    count_attempt(action="reports", actor="user:1")
    count_attempt(action="reports", actor="user:1")
    count_attempt(action="reports", actor="user:2")

    with pytest.raises(LimitReached) as reached:
        count_attempt(action="reports", actor="user:1")

    assert 0 < reached.value.retry_after <= 60


def test_many_accounts_of_one_network_are_stopped_together(redis_or_none, settings):
    settings.RATE_LIMITS = {"reports": (2, 60), "reports_network": (5, 60)}
    for account in range(5):
        count_person(action="reports", account_id=9000 + account, network="10.0.5.1")

    with pytest.raises(LimitReached):
        count_person(action="reports", account_id=9006, network="10.0.5.1")

    count_person(action="reports", account_id=9006, network="10.0.5.2")


def test_a_guesser_locks_out_himself_and_not_the_owner(redis_or_none):
    with pytest.raises(LimitReached):
        guess("Anna", "10.0.0.1", 1000)

    count_log_in(username="anna", network="10.0.0.2")


def test_guessers_at_many_networks_are_stopped_together(redis_or_none):
    for number in range(10):
        guess("berta", f"10.0.1.{number}", 10)

    with pytest.raises(LimitReached):
        count_log_in(username="berta", network="10.0.9.9")


def test_who_signs_in_is_not_counted(redis_or_none):
    for _ in range(200):
        count_log_in(username="carla", network="10.0.2.1")
        forgive_log_in(username="carla", network="10.0.2.1")


def test_the_site_takes_people_and_products_in_without_redis(client, db, monkeypatch):
    monkeypatch.setattr(limits, "_without_redis", ProcessCounters())
    seller = SellerFactory(password="correct horse battery staple")
    body = {"external_id": "a", "designation": "Lampe"}

    with override_settings(CACHES=NOWHERE):
        signed_in = client.post(
            "/login/", {"username": seller.username, "password": "correct horse battery staple"}
        )
        taken = client.post("/api/v1/products", body, content_type="application/json")

    assert (signed_in.status_code, taken.status_code) == (302, 201)


def test_a_fault_of_ours_is_a_problem_for_programs_and_a_page_for_people(rf):
    problem, page = fault(rf.get("/api/v1/products")), fault(rf.get("/"))

    assert (problem.status_code, page.status_code) == (500, 500)
    assert problem["Content-Type"] == "application/problem+json"
    assert json.loads(problem.content)["title"] == "Internal Server Error"
    assert page["Content-Type"].startswith("text/html")


def test_process_counters_forget_ended_windows_and_stay_bounded(monkeypatch):
    monkeypatch.setattr("reviewapp.services.process_counters._MOST_KEYS", 5)
    counters = ProcessCounters()

    for number in range(50):
        counters.count(str(number), 60)

    assert len(counters._counts) <= 5
    assert counters.count("ended", 0)[0] == counters.count("ended", 0)[0] == 1


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:7:1:aa::1", "2001:db8:7:1::/64"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("unknown", "unknown"),
    ],
)
def test_a_guesser_gains_nothing_by_the_many_addresses_of_one_host(address, host):
    assert host_of(address) == host


def test_each_limit_of_an_account_has_one_of_its_network(settings):
    people = {"ingest", "reports", "uploads", "appeals", "previews"}

    for action in people:
        assert settings.RATE_LIMITS[f"{action}_network"][0] > settings.RATE_LIMITS[action][0]
