import tomllib
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisDown

from reviewapp.choices import ModelStage
from reviewapp.models import ModelVersion
from reviewapp.services.workers import beat
from tests.factories import ChampionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready():
    """Everything that is needed is there."""
    model = ChampionFactory(name="demo-1")
    now = timezone.now()
    beat(name="a", queue="inference", now=now, model_version=model)
    beat(name="b", queue="default", now=now)
    return model


@pytest.fixture
def problems(client, caplog):
    """Ask, and return what the log says of each failed check; the answer only names them."""

    def ask():
        caplog.clear()
        response = client.get("/readyz")
        assert response.status_code == 503
        checks = response.json()["checks"]
        assert set(checks.values()) <= {"ok", "failed"}
        logged = dict(record.args for record in caplog.records if "Not ready" in record.msg)
        assert {name for name, word in checks.items() if word == "failed"} == set(logged)
        return logged

    return ask


def test_the_process_answers_whatever_else_is_wrong(client, monkeypatch):
    monkeypatch.setattr(connection, "cursor", _raise(OperationalError("gone")))

    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_when_everything_is_there(client, ready):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert set(response.json()["checks"].values()) == {"ok"}
    assert "no-store" in response["Cache-Control"]


def test_nothing_is_ready_before_models_and_workers(problems):
    assert problems() == {
        "model": "none is promoted: run `manage.py train` or `register_model`, then `promote_model`",
        "worker_inference": "no worker listens",
        "worker_default": "no worker listens",
    }


def test_a_broken_model_is_told_in_the_workers_words(problems, ready):
    beat(name="a", queue="inference", now=timezone.now(), problem="labels.json: was altered")

    assert problems() == {"model": "labels.json: was altered"}


def test_a_promotion_leaves_the_site_ready_while_workers_load_the_new_model(
    client, problems, ready, settings
):
    now = timezone.now()
    ModelVersion.objects.filter(pk=ready.pk).update(stage=ModelStage.RETIRED)
    new = ChampionFactory(name="run-4", promoted_at=now)

    loading = client.get("/readyz").status_code
    ModelVersion.objects.filter(pk=new.pk).update(
        promoted_at=now - timedelta(seconds=settings.WORKER_SILENT_SECONDS + 1)
    )

    assert loading == 200
    assert problems() == {"model": "no worker has loaded run-4"}


def test_a_worker_that_has_gone_silent_is_gone(problems, ready, settings):
    settings.WORKER_SILENT_SECONDS = 0

    assert set(problems()) == {"model", "worker_inference", "worker_default"}


def test_a_database_that_is_down_is_told_once(problems, ready, monkeypatch):
    monkeypatch.setattr(connection, "cursor", _raise(OperationalError("connection refused\nhint")))

    found = problems()

    assert found["database"] == "connection refused"
    assert found["migrations"] == "not checked: the database does not answer"


def test_a_redis_that_is_down_is_told(problems, ready, monkeypatch):
    monkeypatch.setattr(cache, "get", _raise(RedisDown("Error 111 connecting")))

    assert problems() == {"redis": "Error 111 connecting"}


def test_a_forgotten_migration_is_told(problems, ready):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'reviewapp' AND name >= '0002'")

    assert "not applied: run `manage.py migrate`" in problems()["migrations"]


def test_a_connection_that_is_unusable_is_no_error_of_the_page(problems, ready, monkeypatch):
    monkeypatch.setattr(connection, "cursor", _raise(InterfaceError("connection already closed")))

    assert problems()["database"] == "connection already closed"


def test_a_missing_optional_worker_is_told_and_changes_nothing(client, ready):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["optional"] == {
        "worker_evaluation": "failed",
        "worker_training": "failed",
    }
    beat(name="c", queue="training", now=timezone.now())
    assert client.get("/readyz").json()["optional"]["worker_training"] == "ok"


def test_only_who_holds_the_token_is_told_the_reasons(client, ready, settings):
    settings.METRICS_TOKEN = "a-token-of-more-than-twenty"
    beat(name="a", queue="inference", now=timezone.now(), problem="labels.json: was altered")
    bearer = {"authorization": f"Bearer {settings.METRICS_TOKEN}"}

    assert "problems" not in client.get("/readyz").json()
    assert client.get("/readyz", headers=bearer).json()["problems"] == {
        "model": "labels.json: was altered",
        "worker_evaluation": "no worker listens",
        "worker_training": "no worker listens",
    }


def test_the_version_names_the_release_and_the_model(client, ready, settings):
    answer = client.get("/version").json()

    assert answer["model"] == "demo-1"
    assert answer["model_manifest_sha256"] == ready.manifest_sha256
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert answer["version"] == project["version"]


def _raise(error):
    def fail(*_args, **_kwargs):
        raise error

    return fail
