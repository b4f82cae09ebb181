import hashlib
import json

import pytest

from reviewapp.choices import RequestStatus
from reviewapp.models import ClassificationRequest, ModelVersion
from reviewapp.services import predictions
from reviewapp.services.model_versions import ModelRefused, register_model
from reviewapp.services.promotions import promote
from tests.factories import CategoryFactory, ChampionFactory, ModelVersionFactory, RequestFactory

pytestmark = pytest.mark.django_db


def artifact(settings, name="demo-1", codes=(10, 20), **changed):
    """A directory that looks like a trained model from outside."""
    directory = settings.MODELS_ROOT / name
    directory.mkdir(parents=True)
    files = {
        "labels.json": json.dumps({"codes": list(codes), "names": {}}),
        "metrics.json": json.dumps({"members": {}, "of": name}),
        "model.safetensors": "weights",
    }
    for file, content in files.items():
        (directory / file).write_text(content, encoding="utf-8")
    listed = {
        file: {"bytes": len(content), "sha256": hashlib.sha256(content.encode()).hexdigest()}
        for file, content in files.items()
    }
    (directory / "MANIFEST.json").write_text(json.dumps({"files": listed}), encoding="utf-8")
    return directory


def test_registering_reads_what_a_model_says_of_itself_and_may_be_repeated(settings, now):
    directory = artifact(settings)

    version = register_model(directory=directory, now=now, is_demo=True)

    assert register_model(directory=directory, now=now) == version
    manifest = (directory / "MANIFEST.json").read_bytes()
    assert version.manifest_sha256 == hashlib.sha256(manifest).hexdigest()
    assert (version.name, version.labels, version.stage) == ("demo-1", [10, 20], "candidate")
    assert version.metrics["of"] == "demo-1"


@pytest.mark.parametrize("file", ["labels.json", "metrics.json", "model.safetensors"])
@pytest.mark.parametrize("harm", ["altered", "missing"])
def test_a_tampered_model_is_refused_by_name(settings, now, file, harm):
    path = artifact(settings) / file
    if harm == "missing":
        path.unlink()
    else:
        path.write_text("{}", encoding="utf-8")

    with pytest.raises(ModelRefused, match=f"{file}: .*{harm}"):
        register_model(directory=path.parent, now=now)

    assert not ModelVersion.objects.exists()


def test_a_folder_without_a_model_or_elsewhere_is_refused(settings, now, tmp_path):
    (settings.MODELS_ROOT / "empty").mkdir(parents=True)

    with pytest.raises(ModelRefused, match=r"MANIFEST\.json: No such file"):
        register_model(directory=settings.MODELS_ROOT / "empty", now=now)
    with pytest.raises(ModelRefused, match="put the model into"):
        register_model(directory=tmp_path / "elsewhere", now=now)


def test_a_name_stands_for_one_model_only(settings, now):
    register_model(directory=artifact(settings), now=now)
    (settings.MODELS_ROOT / "demo-1").rename(settings.MODELS_ROOT / "copy")

    with pytest.raises(ModelRefused, match="is the same model as demo-1"):
        register_model(directory=settings.MODELS_ROOT / "copy", now=now)

    other = artifact(settings, codes=(10,))
    with pytest.raises(ModelRefused, match="another model was registered under this name"):
        register_model(directory=other, now=now)


def test_a_promotion_asks_again_about_what_no_model_could_answer(now, settings):
    settings.MODEL_WAIT_SECONDS = 0
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    RequestFactory()
    predictions.fail_waiting(problem="none", since=now, now=now)

    promote(version=ModelVersionFactory(), now=now)

    statuses = ClassificationRequest.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == [RequestStatus.FAILED, RequestStatus.WAITING]


def test_promoting_the_repaired_champion_asks_again_once(now, settings):
    settings.MODEL_WAIT_SECONDS = 0
    champion = ChampionFactory()
    RequestFactory()
    predictions.fail_waiting(problem="altered", since=now, now=now)

    promote(version=champion, now=now)
    promote(version=champion, now=now)

    statuses = ClassificationRequest.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == [RequestStatus.FAILED, RequestStatus.WAITING]
