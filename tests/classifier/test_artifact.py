import json
import shutil

import numpy as np
import pytest

from classifier.arrays import targets_of
from classifier.artifact import MANIFEST, EncoderRecord, Model, load_artifact, save_artifact
from classifier.errors import ArtifactInvalid
from classifier.learn import learn
from classifier.members.base import Modality
from tests.classifier import world

FILES = (
    "config.json",
    "labels.json",
    "preprocessing.json",
    "metrics.json",
    "model.safetensors",
    MANIFEST,
)


@pytest.fixture(scope="module")
def model():
    ensemble, _ = learn(world.part(), None, world.LABELS, world.QUICK)
    records = {
        Modality.TEXT: EncoderRecord("bag", "fp32", 96, "b" * 64, 16),
        Modality.IMAGE: EncoderRecord("pixels", "fp32", None, "a" * 64, 24),
    }
    names = {10: "Livres d'occasion", 40: "Jeux vidéo"}
    return Model(ensemble, names, world.QUICK, records, {"members": {}})


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models") / "first"
    save_artifact(model, directory)
    return directory


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy")


def test_a_loaded_model_answers_exactly_like_the_saved_one(model, saved):
    loaded = load_artifact(saved)

    features = world.part(40, seed=3).features
    before, after = model.ensemble.predict(features), loaded.ensemble.predict(features)
    assert list(after) == list(before)
    for member in before:
        assert np.array_equal(before[member].log_proba, after[member].log_proba)
    assert (loaded.config, loaded.encoders) == (model.config, model.encoders)
    assert loaded.names == {10: "Livres d'occasion", 40: "Jeux vidéo", 1280: "1280", 2583: "2583"}


def test_the_same_model_gives_the_same_bytes(model, saved, tmp_path):
    digest = save_artifact(model, tmp_path / "again")

    assert digest == save_artifact(model, tmp_path / "and_again")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.0, 0.31, 0.5, 0.77, 1.0])
def test_one_flipped_byte_is_refused_by_name(copy, name, place):
    raw = bytearray((copy / name).read_bytes())
    raw[min(int(place * len(raw)), len(raw) - 1)] ^= 0x01
    (copy / name).write_bytes(raw)

    # A manifest that lies about a file is found at that file.
    with pytest.raises(
        ArtifactInvalid, match=r"\.json|\.safetensors" if name == MANIFEST else name
    ):
        load_artifact(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(copy, name):
    (copy / name).unlink()

    with pytest.raises(ArtifactInvalid, match=f"{name}: missing"):
        load_artifact(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_is_refused_by_name(copy, name):
    raw = (copy / name).read_bytes()
    (copy / name).write_bytes(raw[: len(raw) // 2])

    with pytest.raises(ArtifactInvalid, match=name):
        load_artifact(copy)


def test_a_file_too_many_is_refused_by_name(copy):
    (copy / "weights.pkl").write_bytes(b"cos\nsystem\n")

    with pytest.raises(ArtifactInvalid, match=r"weights\.pkl: not in the manifest"):
        load_artifact(copy)


def test_a_half_written_directory_is_refused(copy):
    part = copy.rename(copy.with_name("copy.part"))

    with pytest.raises(ArtifactInvalid, match="half-written"):
        load_artifact(part)


def test_a_manifest_of_another_format_is_refused(copy):
    manifest = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps(manifest | {"format": "other"}))

    with pytest.raises(ArtifactInvalid, match="format"):
        load_artifact(copy)


def test_a_manifest_that_reads_the_same_but_is_written_otherwise_is_refused(copy):
    text = (copy / MANIFEST).read_text()
    (copy / MANIFEST).write_text(text.replace("  ", "\t", 1))

    with pytest.raises(ArtifactInvalid, match=MANIFEST):
        load_artifact(copy)


def test_a_manifest_with_another_encoder_is_refused(copy):
    text = (copy / MANIFEST).read_text()
    (copy / MANIFEST).write_text(text.replace("b" * 64, "c" * 64))

    with pytest.raises(ArtifactInvalid, match="encoder digests"):
        load_artifact(copy)


def test_a_killed_save_leaves_no_model_and_the_next_one_replaces_its_rest(
    model, tmp_path, monkeypatch
):
    target = tmp_path / "model"

    def power_cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("classifier.artifact.sha256_file", power_cut)
        with pytest.raises(KeyboardInterrupt):
            save_artifact(model, target)
    assert not target.exists()
    assert (tmp_path / "model.part").is_dir()

    save_artifact(model, target)

    load_artifact(target)
    assert not (tmp_path / "model.part").exists()


def test_a_model_is_never_overwritten(model, saved):
    with pytest.raises(ArtifactInvalid, match="exists already"):
        save_artifact(model, saved)


def test_a_bundled_backbone_travels_inside_and_is_checked(model, tmp_path):
    backbone = tmp_path / "tuned"
    backbone.mkdir()
    (backbone / "config.json").write_text("{}")
    bundled = Model(
        model.ensemble,
        model.names,
        model.config,
        {
            **model.encoders,
            Modality.TEXT: EncoderRecord(None, "fp32", 96, "b" * 64, 16),
        },
        model.metrics,
        {Modality.TEXT: backbone},
    )
    save_artifact(bundled, tmp_path / "model")

    inside = load_artifact(tmp_path / "model").bundled[Modality.TEXT]
    assert (inside / "config.json").read_text() == "{}"
    (inside / "config.json").write_text("[]")
    with pytest.raises(ArtifactInvalid, match=r"backbones/text/config\.json"):
        load_artifact(tmp_path / "model")


def test_targets_refuse_an_unknown_code():
    with pytest.raises(KeyError):
        targets_of([99], world.LABELS)
