"""The container files, as far as they can be checked without a container engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reviewapp.supervisor.processes import programs

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / "docker-compose.yml"
PROGRAMS = {
    "web",
    "worker-inference",
    "worker-default",
    "worker-evaluation",
    "worker-training",
    "beat",
}
ONCE = {"migrate", "seed", "train"}


def tool(name):
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here (it is part of the dev packages)")
    return found


def compose(*words, text=None, **env):
    """Run Compose's own parser; it needs no engine for `config`."""
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [tool("docker-compose"), "--file", str(COMPOSE) if text is None else "-", *words],
        cwd=ROOT,
        env={**clean, **env},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def services():
    done = compose(
        *("--profile", "demo", "config", "--format", "json"), ALLOWED_HOSTS="reviews.example.org"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def test_compose_accepts_the_file():
    done = compose("config", "--quiet", ALLOWED_HOSTS="reviews.example.org")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_required_setting_is_named():
    done = compose("config", "--quiet")

    assert done.returncode != 0
    assert "set ALLOWED_HOSTS in .env" in done.stderr


def test_compose_really_notices_a_mistake():
    broken = COMPOSE.read_text(encoding="utf-8").replace("mem_limit:", "memlimit:", 1)

    done = compose("config", "--quiet", text=broken, ALLOWED_HOSTS="reviews.example.org")

    assert done.returncode != 0


def test_the_file_follows_the_published_schema():
    done = subprocess.run(
        [
            *(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"),
            str(COMPOSE),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_hadolint_finds_nothing_in_the_dockerfile():
    done = subprocess.run(
        [tool("hadolint"), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_the_programs_are_those_of_make_run(services):
    commands = {name: service["command"] for name, service in services.items() if name in PROGRAMS}

    assert set(programs()) == PROGRAMS
    assert commands == {name: ["process", name] for name in PROGRAMS}


def test_without_the_demo_profile_nothing_is_seeded():
    done = compose("config", "--services", ALLOWED_HOSTS="reviews.example.org")

    assert set(done.stdout.split()) == PROGRAMS | {"db", "redis", "migrate"}


def test_every_container_is_confined(services):
    assert set(services) == PROGRAMS | ONCE | {"db", "redis"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) <= 4 * 2**30, name
        assert "privileged" not in service, name


def test_no_container_runs_as_root(services):
    own = re.findall(r"^USER (.+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M)

    assert own == ["10001:10001"]
    assert services["db"]["user"] == "postgres"
    assert services["redis"]["user"] == "redis"
    assert all("user" not in services[name] for name in PROGRAMS | ONCE)


def test_programs_wait_for_healthy_services_and_for_the_tables(services):
    for name in PROGRAMS:
        waits = {to: how["condition"] for to, how in services[name]["depends_on"].items()}
        assert waits == {
            "db": "service_healthy",
            "redis": "service_healthy",
            "migrate": "service_completed_successfully",
        }, name
    assert {"db", "redis"} <= {name for name in services if "healthcheck" in services[name]}


def test_health_checks_exist_for_every_program_that_has_one(services):
    checked = {
        name: service["healthcheck"]["test"][-1]
        for name, service in services.items()
        if name in PROGRAMS and "healthcheck" in service
    }

    assert checked == {name: name for name, program in programs().items() if program.health}


def test_secrets_are_files_and_never_values(services):
    for name in PROGRAMS | ONCE:
        environment = services[name]["environment"]
        assert {"SECRET_KEY", "DATABASE_URL"}.isdisjoint(environment), name
        assert environment["SECRET_KEY_FILE"] == "/run/secrets/secret_key", name
    assert "POSTGRES_PASSWORD" not in services["db"]["environment"]


def test_only_the_web_is_reachable_and_only_from_this_machine(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert set(published) == {"web"}
    assert published["web"][0]["host_ip"] == "127.0.0.1"


def test_every_variable_of_the_compose_file_is_explained():
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))
    explained = (ROOT / "docs/operations.md").read_text(encoding="utf-8")

    assert not [name for name in sorted(asked) if f"`{name}`" not in explained]


def test_prometheus_beside_the_site_is_confined_and_knows_the_token():
    added = ("--file", str(ROOT / "docs/monitoring/compose.yml"))
    done = compose(*added, "config", "--format", "json", ALLOWED_HOSTS="reviews.example.org")
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]

    web, prometheus = services["web"], services["prometheus"]
    assert web["environment"]["METRICS_TOKEN_FILE"] == "/run/secrets/metrics_token"
    assert web["environment"]["ALLOWED_HOSTS"] == "reviews.example.org,web"
    assert {"secret_key", "database_url", "metrics_token"} == {s["source"] for s in web["secrets"]}
    assert prometheus["read_only"] is True
    assert prometheus["cap_drop"] == ["ALL"]
    assert prometheus["ports"][0]["host_ip"] == "127.0.0.1"
    sources = [Path(one["source"]) for one in prometheus["volumes"] if one["type"] == "bind"]
    assert all(path.is_file() for path in sources)


def test_what_the_image_needs_is_not_ignored():
    kept = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }

    assert {"classifier", "reviewapp", "worker", "templates", "static", "locale"} <= kept
    assert all((ROOT / name).exists() for name in kept)
