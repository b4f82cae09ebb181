import json
from dataclasses import replace

import numpy as np
import pytest

from classifier.artifact import load_artifact
from classifier.data import Dataset
from classifier.errors import ArtifactInvalid, DataInvalid
from classifier.learn import learn
from classifier.members.base import Modality
from classifier.train import divide, train
from classifier.types import Member
from tests.classifier import world


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    return world.dataset(tmp_path_factory.mktemp("pictures"))


def _train(catalogue, out, config=world.QUICK, **options):
    return train(
        catalogue, out, config, backbone_cache=out.parent, encoders=world.encoders(), **options
    )


@pytest.fixture(scope="module")
def trained(catalogue, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "first"
    heard = []
    result = _train(catalogue, out, on_progress=lambda *step: heard.append(step))
    return out, result, heard


def test_training_writes_a_model_that_loads_and_knows_its_metrics(trained, catalogue):
    out, result, _ = trained

    model = load_artifact(out)

    assert model.metrics == result.metrics == json.loads((out / "metrics.json").read_text())
    assert model.ensemble.labels == world.LABELS
    assert model.names == catalogue.names


def test_metrics_hold_every_member_with_intervals_and_calibration_before_and_after(trained):
    members = trained[1].metrics["members"]

    assert set(members) == {"cnn", "bert", "lexical", "fusion"}
    for one in members.values():
        for name in ("accuracy", "macro_f1", "weighted_f1"):
            assert 0 <= one[name]["low"] <= one[name]["value"] <= one[name]["high"] <= 1
        assert set(one["ece"]) == {"before", "after", "after_equal_mass"}
        assert one["at_threshold"]["threshold"] == 0.8


def test_answers_to_near_duplicates_share_a_number(trained, catalogue):
    answers = trained[1].metrics["answers"]
    tested = divide(catalogue, world.QUICK)["test"]

    groups = {catalogue[row].group for row in tested}
    assert {len(column) for column in answers.values()} == {len(tested)}
    assert len(set(answers["group"])) == len(groups)


def test_fusion_beats_members_that_each_know_half(trained):
    members = trained[1].metrics["members"]

    assert members["fusion"]["accuracy"]["value"] > members["cnn"]["accuracy"]["value"]
    assert members["fusion"]["nll"]["after"] < members["bert"]["nll"]["after"]


def test_removing_an_input_does_not_raise_mean_confidence_on_held_out_products(trained):
    found = trained[1].metrics["missing_inputs"]

    assert found["rows"] > 0
    whole = found["text_and_image"]["mean_confidence"]
    assert found["image_removed"]["mean_confidence"] <= whole
    assert found["text_removed"]["mean_confidence"] <= whole


def test_the_same_seed_and_data_give_the_same_artifact(catalogue, trained, tmp_path):
    again = _train(catalogue, tmp_path / "again")
    other = _train(catalogue, tmp_path / "other", replace(world.QUICK, seed=1))

    assert again.manifest_sha256 == trained[1].manifest_sha256
    assert other.manifest_sha256 != trained[1].manifest_sha256


def test_progress_is_heard_for_every_stage(trained):
    assert {step[0] for step in trained[2]} >= {"models", "metrics"}


def test_encoded_inputs_are_kept_and_a_second_run_encodes_nothing(catalogue, trained, tmp_path):
    first, second = world.encoders(), world.encoders()
    options = {"backbone_cache": tmp_path, "feature_cache": tmp_path / "features"}

    one = train(catalogue, tmp_path / "one", world.QUICK, encoders=first, **options)
    two = train(catalogue, tmp_path / "two", world.QUICK, encoders=second, **options)

    assert first.text.seen
    assert first.image.seen
    assert second.text.seen == second.image.seen == []
    assert one.manifest_sha256 == two.manifest_sha256 == trained[1].manifest_sha256


def test_parts_share_no_group(catalogue):
    twins = Dataset(tuple(replace(p, group=p.group[:-1]) for p in catalogue), dict(catalogue.names))

    parts = divide(twins, world.QUICK)

    groups = [{twins[row].group for row in rows} for rows in parts.values()]
    assert not groups[0] & groups[1]
    assert not (groups[0] | groups[1]) & groups[2]
    assert sum(map(len, parts.values())) == len(twins)


def test_models_learn_from_train_and_calibration_and_never_from_test(
    catalogue, tmp_path, monkeypatch
):
    given = []

    def spy(train_part, calibration, *rest):
        given.extend([set(train_part.groups), set(calibration.groups)])
        return learn(train_part, calibration, *rest)

    monkeypatch.setattr("classifier.train.learn", spy)
    _train(catalogue, tmp_path / "model")

    parts = divide(catalogue, world.QUICK)
    expected = [{catalogue[row].group for row in parts[name]} for name in ("train", "calibration")]
    assert given == expected


def test_a_tables_own_split_is_kept(catalogue):
    rows = list(range(len(catalogue)))
    official = {"train": rows[:60], "test": rows[60:]}

    parts = divide(replace(catalogue, official=official), world.QUICK)

    assert parts["test"] == official["test"]
    assert sorted(parts["train"] + parts["calibration"]) == official["train"]


def test_an_unreadable_picture_is_counted_and_its_product_still_teaches_text(catalogue, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    products = list(catalogue)
    products[0] = replace(products[0], input=replace(products[0].input, image=broken))
    spoiled = Dataset(tuple(products), dict(catalogue.names))

    result = _train(spoiled, tmp_path / "model", feature_cache=tmp_path / "features")

    data = result.metrics["data"]
    assert (data["unreadable_images"], data["without_image"], data["without_text"]) == (1, 1, 0)


def test_texts_alone_make_a_model_without_cnn(tmp_path):
    texts = world.dataset(tmp_path / "texts", with_images=False)

    _train(texts, tmp_path / "model")

    model = load_artifact(tmp_path / "model")
    assert Member.CNN not in model.ensemble.members
    assert set(model.encoders) == {Modality.TEXT}


def test_one_heavy_product_changes_the_model(catalogue, trained, tmp_path):
    weights = np.ones(len(catalogue))
    weights[:20] = 10.0

    heavy = _train(catalogue, tmp_path / "heavy", weights=weights.tolist())

    assert heavy.manifest_sha256 != trained[1].manifest_sha256


@pytest.mark.parametrize("weights", [[1.0], [0.0] * 96, [float("nan")] * 96])
def test_impossible_weights_are_refused(catalogue, tmp_path, weights):
    with pytest.raises(DataInvalid, match="weights"):
        _train(catalogue, tmp_path / "model", weights=weights)


def test_training_never_overwrites_a_model(catalogue, trained):
    with pytest.raises(ArtifactInvalid, match="exists already"):
        _train(catalogue, trained[0])


def test_too_few_products_are_refused(catalogue, tmp_path):
    few = Dataset(catalogue.products[:2], dict(catalogue.names))

    with pytest.raises(DataInvalid, match="Give more products"):
        _train(few, tmp_path / "model")
