from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import RequestStatus
from reviewapp.services.promotions import promote
from reviewapp.services.workers import beat
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    ModeratorFactory,
    RequestFactory,
    RoutingPolicyFactory,
)
from worker.inference import NO_MODEL

pytestmark = pytest.mark.django_db

METRICS = {
    "members": {
        "fusion": {
            "rows": 1200,
            "accuracy": {"value": 0.8731, "low": 0.85, "high": 0.89},
            "macro_f1": {"value": 0.81, "low": 0.79, "high": 0.83},
            "weighted_f1": {"value": 0.87, "low": 0.85, "high": 0.89},
            "ece": {"before": {"value": 0.09}, "after": {"value": 0.012}},
            "at_threshold": {"threshold": 0.8, "accepted": 840, "coverage": 0.7, "accuracy": 0.97},
        },
        "cnn": {"rows": 0},
    }
}


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief", language="en")
    client.force_login(user)
    return user


def page(client):
    return client.get(reverse("models:index")).content.decode()


def test_moderators_do_not_set_policies(client):
    client.force_login(ModeratorFactory())

    assert client.get(reverse("models:index")).status_code == 403
    assert client.post(reverse("models:index"), {}).status_code == 403


def test_a_model_is_shown_with_its_measured_quality(client, admin):
    ChampionFactory(name="demo-1", metrics=METRICS, is_demo=True)
    ModelVersionFactory(name="bare")

    html = page(client)

    for text in (
        "demo-1",
        "87.3%",
        "85.0%\N{NO-BREAK SPACE}– 89.0%",
        "9.0% → 1.2%",
        "70.0%",
        "97.0%",
        "1,200",
    ):
        assert text in html
    assert "invented products" in html
    assert "No measurements came with this model." in html
    assert "CNN (image)" not in html


def test_a_retired_model_tells_since_when_it_classifies_no_more(client, admin):
    for code in (10, 20):
        CategoryFactory(code=code)
    ChampionFactory(name="demo-1", is_demo=True, promoted_at=timezone.now() - timedelta(days=5))
    newer = ModelVersionFactory(name="run-1")
    promote(version=newer, reason="real products", now=timezone.now() - timedelta(hours=3))

    cards = page(client).split("<article")

    [retired] = [card for card in cards if "demo-1</h3>" in card]
    [champion] = [card for card in cards if "run-1</h3>" in card]
    for words in ("Demo", "Retired", "out of service since", "3 hours ago"):
        assert words in retired
    assert "promoted" not in retired
    assert "promoted" in champion


def test_a_workers_problem_is_shown(client, admin):
    beat(name="w1", queue="inference", now=timezone.now(), problem="labels.json: was altered")

    html = page(client)

    assert "labels.json: was altered" in html
    assert "No worker is listening" in html  # none that could work


def test_the_delay_of_the_last_day_is_measured(client, admin):
    now = timezone.now()
    for seconds in (1, 2, 3):
        RequestFactory(
            requested_at=now - timedelta(seconds=seconds),
            finished_at=now,
            status=RequestStatus.DONE,
        )

    assert "2.0 s" in page(client)


def test_the_page_says_what_the_system_lacks(client, admin):
    text = page(client)

    assert "none is promoted" in text
    assert "Worker: Training" in text
    assert "Missing, optional" in text


def test_what_the_system_lacks_is_told_in_the_readers_language(client, admin):
    admin.language = "fr"
    admin.save()
    ChampionFactory()
    beat(name="w1", queue="inference", now=timezone.now(), problem=NO_MODEL)

    text = page(client)

    assert "aucun service n’écoute" in text
    assert text.count("Aucun modèle n’est encore en service.") == 2  # the check's, the worker's
    for english in ("no worker listens", "No model is in service"):
        assert english not in text


def test_the_page_takes_a_fixed_number_of_queries(client, admin, django_assert_max_num_queries):
    RoutingPolicyFactory()
    for number in range(10):
        ModelVersionFactory()
        beat(name=f"w{number}", queue="default", now=timezone.now())

    with django_assert_max_num_queries(28):
        page(client)
