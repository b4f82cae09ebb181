import json
import logging
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from reviewapp.management.training import TrainingFailed, train_model
from reviewapp.models import ModelVersion
from reviewapp.services.model_versions import register_model
from tests.factories import CategoryFactory, FeedbackLabelFactory
from tests.services.test_model_versions import artifact
from worker.tasks import classify


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr(classify.drain, "apply_async", lambda **_: None)


@pytest.fixture
def said(capsys):
    return lambda: capsys.readouterr().out


@pytest.mark.django_db
def test_a_model_is_registered_and_promoted_by_name(settings, said):
    CategoryFactory(code=10)
    CategoryFactory(code=20)

    call_command("register_model", str(artifact(settings, "august")))
    call_command("promote_model", "august")

    assert ModelVersion.objects.get().stage == "champion"
    assert "august classifies from now on" in said()


@pytest.mark.django_db
def test_what_cannot_be_promoted_is_told(settings, now):
    register_model(directory=artifact(settings, "august"), now=now)

    with pytest.raises(CommandError, match="Registered: august"):
        call_command("promote_model", "july")
    with pytest.raises(CommandError, match="does not have: 10, 20"):
        call_command("promote_model", "august")
    with pytest.raises(CommandError, match=r"MANIFEST\.json: No such file"):
        call_command("register_model", str(settings.MODELS_ROOT / "july"))


@pytest.mark.django_db
def test_a_model_that_is_there_is_taken_without_training(settings, said):
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    artifact(settings, "demo-1")

    call_command("train_demo_model")
    call_command("train_demo_model")

    version = ModelVersion.objects.get()
    assert (version.stage, version.is_demo) == ("champion", True)


@pytest.mark.django_db
def test_a_broken_model_is_put_aside_and_the_refusal_of_its_successor_told(settings, capsys):
    (artifact(settings, "demo-1") / "labels.json").unlink()

    with pytest.raises(CommandError, match="no-such-folder"):
        call_command("train_demo_model", "--data", "no-such-folder")

    assert "labels.json: missing" in capsys.readouterr().err
    assert [path.name[:14] for path in settings.MODELS_ROOT.iterdir()] == ["demo-1.broken-"]


def test_what_the_training_program_says_last_is_kept(tmp_path):
    with pytest.raises(TrainingFailed, match=f"{tmp_path}: "):
        train_model(
            data=tmp_path,
            out=tmp_path / "model",
            cache=tmp_path,
            on_progress=lambda stage, done, total: None,
        )


def test_the_training_programs_bar_is_understood(tmp_path, settings):
    program = tmp_path / "classifier"
    program.mkdir()
    (program / "__main__.py").write_text(
        "from classifier.progress import Progress\n"
        "bar = Progress()\n"
        "for done in range(4):\n"
        "    bar('texts', done, 3)\n"
        "print('{\"seconds\": 1.5}')\n"
    )
    (program / "__init__.py").touch()
    source = Path(__file__).resolve().parents[2] / "classifier" / "cli" / "progress.py"
    (program / "progress.py").write_text(source.read_text())
    settings.BASE_DIR = tmp_path
    heard = []

    answer = train_model(
        data=tmp_path, out=tmp_path, cache=tmp_path, on_progress=lambda *step: heard.append(step)
    )

    assert answer == {"seconds": 1.5}
    assert heard[-1] == ("texts", 3, 3)


@pytest.mark.django_db(transaction=True)
def test_the_corrected_dataset_is_written_to_a_file(tmp_path, said):
    FeedbackLabelFactory()
    out = tmp_path / "labels.csv"

    call_command("export_dataset", str(out), "--json")

    outcome = json.loads(said())
    assert (outcome["rows"], outcome["bytes"]) == (1, out.stat().st_size)


@pytest.mark.django_db(transaction=True)
def test_without_labels_no_file_is_written(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(CommandError, match="There are no labels yet"):
        call_command("export_dataset", str(tmp_path / "labels.csv"))

    assert not (tmp_path / "labels.csv").exists()
