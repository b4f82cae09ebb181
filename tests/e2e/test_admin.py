"""An administrator in a real browser: freeze labels, export, download; set a policy."""

import csv
import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from reviewapp.models import DatasetExport, DatasetSnapshot, HeldOutAnswers, RoutingPolicy
from tests.e2e.axe import violations
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    FeedbackLabelFactory,
)
from worker.tasks import exports as tasks
from worker.tasks import snapshots as snapshot_tasks

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin(sign_in):
    admin = AdminFactory(username="chief", language="en")
    sign_in(admin)
    return admin


def test_a_snapshot_is_frozen_exported_and_downloaded(
    page, live_server, admin, faults, monkeypatch
):
    for task in (snapshot_tasks.run_snapshot, tasks.run_export):
        monkeypatch.setattr(task, "apply_async", lambda *args, **options: None)
    label = FeedbackLabelFactory(decision__item__product__designation="=cmd()")
    page.goto(f"{live_server.url}/datasets/")
    assert violations(page) == []
    page.get_by_role("button", name="Freeze the labels").click()

    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    snapshot = DatasetSnapshot.objects.get()
    snapshot_tasks.run_snapshot(snapshot.pk)
    snapshot.refresh_from_db()
    # By itself, within the next poll.
    expect(page.get_by_text(snapshot.digest, exact=True)).to_be_visible()
    page.get_by_label("CSV, challenge layout").check()
    page.get_by_role("button", name="Make the export").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    assert violations(page) == []
    tasks.run_export(DatasetExport.objects.get().pk)

    export = DatasetExport.objects.get()
    expect(page.get_by_text(export.sha256)).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name=f"Download {export.file_name}").click()
    content = Path(started.value.path()).read_bytes()
    assert hashlib.sha256(content).hexdigest() == export.sha256
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [row] = csv.DictReader(archive.read("X.csv").decode().splitlines())
    assert (row["productid"], row["designation"]) == (str(label.product_id), "'=cmd()")
    assert faults == []


def test_a_slider_shows_what_another_threshold_would_do(page, live_server, admin, faults):
    CategoryFactory(code=10)
    HeldOutAnswers.objects.create(
        model_version=ChampionFactory(),
        confidence=[0.97] * 300 + [0.6] * 100,
        predicted=[10] * 400,
        true=[10] * 400,
        missing=[""] * 400,
    )
    page.goto(f"{live_server.url}/policy/")
    proposed = page.locator("#effect tr.is-current td").first
    expect(proposed).to_contain_text("75.0%")

    page.locator(".slider").first.fill("50")

    expect(page.locator("#id_accept_percent")).to_have_value("50")
    expect(proposed).to_contain_text("100.0%")
    page.locator("#id_accept_percent").fill("98")
    expect(page.locator(".slider").first).to_have_value("98")
    expect(proposed).to_contain_text("0.0%")
    assert faults == []


def test_a_policy_is_put_into_force(page, live_server, admin, faults):
    page.goto(f"{live_server.url}/policy/")
    with page.expect_response("**/policy/effect/**"):
        page.get_by_label("List from this confidence on (%)").fill("92.5")
    page.get_by_label("Why").fill("The busy season")
    page.get_by_role("button", name="Put into force").click()

    expect(page.get_by_text("Policy 2 is in force.")).to_be_visible()
    assert RoutingPolicy.objects.get(version=2).accept_at == 0.925
    assert faults == []
