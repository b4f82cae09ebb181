from dataclasses import replace

import numpy as np
import pytest

from classifier import benchmark as module
from classifier.artifact import load_artifact
from classifier.benchmark import as_markdown, benchmark
from classifier.data import Dataset
from classifier.errors import DataInvalid
from classifier.evaluate import evaluate, held_out, recalibrate
from classifier.train import LoadedEncoders, train
from tests.classifier import world


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    return world.dataset(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def directory(catalogue, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "v1"
    train(catalogue, out, world.QUICK, backbone_cache=out.parent, encoders=world.encoders())
    return out


@pytest.fixture
def run(monkeypatch, tmp_path):
    def opened(dataset, config, cache):
        return LoadedEncoders(world.encoders(), {}, {})

    monkeypatch.setattr(module, "open_encoders", opened)
    return lambda data, config=world.QUICK, **more: benchmark(
        data, config, folds=3, backbone_cache=tmp_path, **more
    )


def test_every_product_is_answered_by_models_that_never_saw_its_group(run, catalogue, monkeypatch):
    seen, learned = [], module.learn

    def spy(train_part, *rest):
        ensemble, report = learned(train_part, *rest)
        seen.append((set(train_part.groups), ensemble))
        return ensemble, report

    monkeypatch.setattr(module, "learn", spy)
    twins = Dataset(tuple(replace(p, group=p.group[:-1]) for p in catalogue), dict(catalogue.names))

    result = run(twins)

    groups = {product.group for product in twins}
    held = [groups - trained for trained, _ in seen]
    assert sorted(g for part in held for g in part) == sorted(groups)
    assert result["tested"] == len(twins)
    assert result["members"]["fusion"]["rows"] == len(twins)


def test_the_table_shows_all_four_and_fusion_wins_where_each_member_knows_half(run, catalogue):
    result = run(catalogue)

    table = as_markdown(result, 0.8)
    for title in ("CNN", "BERT", "TF-IDF", "FUSION"):
        assert title in table
    members = result["members"]
    best = max(members[name]["accuracy"]["value"] for name in ("cnn", "bert", "lexical"))
    assert members["fusion"]["accuracy"]["value"] > best
    gain = members["fusion"]["accuracy"]["value"] - members["bert"]["accuracy"]["value"]
    assert result["gains"]["bert"]["value"] == pytest.approx(gain, abs=2e-4)
    assert result["gains"]["bert"]["low"] > 0


def test_pictures_without_texts_are_compared_by_what_applies(run, catalogue):
    bare = Dataset(
        tuple(replace(p, input=replace(p.input, designation="")) for p in catalogue),
        dict(catalogue.names),
    )

    result = run(bare)

    assert set(result["members"]) == {"cnn", "fusion"}
    assert "BERT" not in as_markdown(result, 0.8)


def test_a_tables_own_test_part_is_used_unless_refused(run, catalogue):
    rows = list(range(len(catalogue)))
    official = replace(catalogue, official={"train": rows[:70], "test": rows[70:]})

    assert run(official)["tested"] == len(rows) - 70
    assert run(official, use_official=False)["tested"] == len(rows)


def test_random_labels_are_recognised_by_no_one(run, catalogue):
    codes = np.random.default_rng(0).permutation([p.code for p in catalogue])
    shuffled = Dataset(
        tuple(replace(p, code=int(c)) for p, c in zip(catalogue, codes, strict=True)),
        dict(catalogue.names),
    )

    members = run(shuffled)["members"]

    for one in members.values():
        assert one["accuracy"]["low"] < 0.30
        assert one["accuracy"]["value"] < 0.42


def test_evaluating_the_held_out_part_repeats_the_metrics_of_training(directory, catalogue):
    model = load_artifact(directory)

    found = evaluate(model, world.encoders(), held_out(model, catalogue))

    assert found["members"]["fusion"] == model.metrics["members"]["fusion"]
    assert found["categories"] == model.metrics["categories"]
    assert found["missing_inputs"] == model.metrics["missing_inputs"]


def test_a_category_that_the_model_does_not_know_is_refused(directory, catalogue):
    stranger = replace(catalogue[0], code=999)

    with pytest.raises(DataInvalid, match="999"):
        evaluate(load_artifact(directory), world.encoders(), [stranger])


def test_recalibration_mends_confidences_of_a_stream_that_became_harder(
    directory, catalogue, tmp_path
):
    draw = np.random.default_rng(3)
    harder = [
        replace(p, code=int(draw.choice(world.LABELS)) if draw.random() < 0.5 else p.code)
        for p in world.dataset(tmp_path / "new", per_category=40, seed=5)
    ]

    digest = recalibrate(
        directory,
        tmp_path / "v2",
        harder,
        backbone_cache=tmp_path,
        encoders=world.encoders(),
    )

    model = load_artifact(tmp_path / "v2")
    change = model.metrics["recalibration"]
    assert len(digest) == 64
    for member in ("fusion", "bert", "cnn"):
        assert change["after"][member]["nll"] < change["before"][member]["nll"]
    assert change["after"]["fusion"]["ece"]["value"] < change["before"]["fusion"]["ece"]["value"]
    old = load_artifact(directory).ensemble
    assert (model.ensemble.fusion.weights == old.fusion.weights).all()


def test_recalibration_on_a_handful_is_refused(directory, catalogue, tmp_path):
    with pytest.raises(DataInvalid, match="at least 30"):
        recalibrate(directory, tmp_path / "v2", list(catalogue)[:29], backbone_cache=tmp_path)
