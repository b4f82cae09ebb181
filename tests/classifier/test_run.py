"""Training runs in a folder: weights, replay, fine-tuning, kills, the same hash each time."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier.artifact import load_artifact
from classifier.cli.running import ORPHANED
from classifier.config import ConfigInvalid, StackOn
from classifier.data import read_dataset
from classifier.errors import DataInvalid
from classifier.finetune.samples import labelled
from classifier.members.base import Modality
from classifier.replay import replayed
from classifier.run import Run, alone, execute, is_abandoned
from classifier.run_config import RunConfig
from classifier.types import Member
from tests.classifier import tiny, world

ROOT = Path(__file__).parents[2]


def write_rows(folder, products=None, parts=("train",) * 8 + ("validation", "test"), **changes):
    """Write a small world as `rows.jsonl`; returns the number of rows."""
    products = products or world.dataset(folder, per_category=20)
    with (folder / "rows.jsonl").open("w") as file:
        for index, product in enumerate(products):
            row = {
                "key": product.row,
                "designation": product.input.designation,
                "description": "",
                "image": product.input.image and product.input.image.name,
                "code": product.code,
                "group": product.group,
                "split": parts[index % len(parts)],
                "weight": 1.0,
                "base": True,
            }
            file.write(json.dumps(row | changes) + "\n")
    return len(products)


@pytest.fixture(scope="module")
def backbones(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backbones")
    return {
        "text": tiny.write_text_backbone(folder / "text"),
        "image": tiny.write_image_backbone(folder / "image"),
    }


@pytest.fixture(scope="module")
def begin(tmp_path_factory, backbones):
    """Make a run's folder, with a feature cache of its own."""
    root = tmp_path_factory.mktemp("runs")

    def begin(name, **config):
        folder = root / name
        folder.mkdir()
        write_rows(folder)
        encoders = {
            kind: {"backbone": str(backbones[kind]), "precision": "fp32"} for kind in backbones
        }
        training = {"folds": 3, "bootstrap_samples": 20, **encoders}
        whole = {"training": training, **config}
        (folder / "config.json").write_text(json.dumps(whole))
        return Run(folder, folder, root / "built", folder / "features")

    return begin


def finish(run, out="model"):
    stages, points = [], []
    with alone(run.folder):
        trained = execute(
            run,
            run.folder / out,
            lambda *stage: stages.append(stage),
            lambda *point: points.append(point),
            points.append,
        )
    return trained, stages, points


def test_rows_bring_group_part_and_weight_along(tmp_path):
    number = write_rows(tmp_path, weight=2.5)

    dataset = read_dataset(tmp_path)

    assert len(dataset) == number
    assert {name: len(rows) for name, rows in dataset.official.items()} == {
        "train": 64,
        "validation": 8,
        "test": 8,
    }
    assert {(one.weight, one.is_base) for one in dataset} == {(2.5, True)}
    assert dataset.weights is None
    assert all(one.input.image.is_file() for one in dataset)


@pytest.mark.parametrize("change", [{"weight": 0}, {"weight": "x"}, {"code": None}, {"image": 3}])
def test_a_broken_row_is_named(tmp_path, change):
    write_rows(tmp_path, **change)

    with pytest.raises(DataInvalid, match="row 1 is broken"):
        read_dataset(tmp_path)


def test_fine_tuning_weighs_its_losses_as_the_heads_do(tmp_path):
    write_rows(tmp_path)
    dataset = read_dataset(tmp_path)
    heavy = [replace(dataset[0], weight=7.0), *dataset[1:4]]

    samples = labelled(heavy, range(4), Modality.TEXT)

    assert list(samples.weights) == [7.0, 1.0, 1.0, 1.0]


def test_replay_draws_base_rows_of_the_training_part_alone_and_keeps_sums_on_average(tmp_path):
    write_rows(tmp_path)
    whole = read_dataset(tmp_path)
    labels = set(range(0, len(whole), 4))
    whole = replace(
        whole, products=tuple(replace(p, is_base=i not in labels) for i, p in enumerate(whole))
    )

    draws = [replayed(whole, 0.5, seed) for seed in range(40)]

    sums = [sum(p.weight for p in draw if p.is_base) for draw in draws]
    assert np.mean(sums) == pytest.approx(sum(p.is_base for p in whole), rel=0.06)
    assert all(sum(not p.is_base for p in draw) == len(labels) for draw in draws)
    assert all(len(draw.official["test"]) == len(whole.official["test"]) for draw in draws)
    assert replayed(whole, 0.5, 3) == draws[3] != draws[4]
    assert replayed(whole, 1.0, 0) is whole


def test_a_run_tells_of_its_stages_and_curves_and_ends_in_the_same_hash(begin):
    first, stages, points = finish(begin("first"))
    second, _, _ = finish(begin("second"))

    assert first.manifest_sha256 == second.manifest_sha256
    assert {stage[0] for stage in stages} == {"texts", "images", "models", "metrics"}
    assert {point[0] for point in points} == {
        f"{member}/log_loss_by_strength" for member in ("bert", "cnn", "lexical")
    }
    assert first.metrics["data"]["split"] == "official"


TUNE = {"text": {"epochs": 2, "batch_size": 16, "checkpoint_steps": 1, "learning_rate": 1e-3}}


@pytest.fixture(scope="module")
def tuned(begin):
    run = begin("tuned", finetune=TUNE)
    return run, *finish(run)


def test_a_fine_tuned_backbone_comes_before_the_heads_and_into_the_artifact(tuned):
    run, _trained, stages, points = tuned

    model = load_artifact(run.folder / "model")
    assert model.config.stack_on is StackOn.CALIBRATION
    assert Modality.TEXT in model.bundled
    assert ("tune_text", 8, 8) in stages
    curves = {point[0] for point in points}
    assert curves >= {"text/training_loss", "text/validation_loss", "text/validation_accuracy"}


def start(run, out, *options):
    command = [sys.executable, "-m", "classifier", "run", str(run.folder)]
    command += ["--images", str(run.images), "--backbones", str(run.backbones)]
    command += ["--features", str(run.features), *options]
    command += ["--out", str(run.folder / out)] if out else []
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_a_killed_run_goes_on_from_its_checkpoint_and_ends_in_the_same_hash(begin, tuned):
    run = begin("killed", finetune=TUNE)
    with start(run, "model-1") as process:
        for event in map(json.loads, process.stdout):
            if event.get("stage") == "tune_text" and event["done"] >= 3:
                break
        process.send_signal(signal.SIGKILL)

    resumed, stages, _ = finish(run, "model-2")

    first_steps = [done for stage, done, _ in stages if stage == "tune_text"]
    assert first_steps[0] > 1
    assert resumed.manifest_sha256 == tuned[1].manifest_sha256


def test_two_processes_never_work_on_one_run_and_none_outlives_its_parent(begin):
    run = begin("alone")
    # A parent that it does not have: as if it had been killed.
    with alone(run.folder), start(run, "model", "--parent", "1") as orphan:
        assert not is_abandoned(run.folder, os.getpid())

        assert orphan.wait(timeout=60) == ORPHANED

    assert is_abandoned(run.folder, os.getpid())
    assert not (run.folder / "model").exists()


def test_a_run_whose_pictures_have_gone_is_refused_unless_it_needs_none(begin):
    run = begin("unmounted")
    pictures = list(run.images.glob("*.png"))
    for picture in pictures[: len(pictures) // 2 + 1]:
        picture.unlink()
    config = run.config()

    with pytest.raises(DataInvalid, match=r"\d+ of \d+ pictures are not in .*unmounted"):
        run.dataset(config)

    words_only = replace(config, training=replace(config.training, members=(Member.LEXICAL,)))
    assert len(run.dataset(words_only)) == 80


def test_a_process_of_torchrun_ends_once_another_attempt_has_the_run(begin):
    run = begin("taken over", finetune=TUNE, processes=2)

    # The lock is held, but no longer by whoever had started it.
    with alone(run.folder), start(run, None, "--tune", "text", "--parent", "1") as left_over:
        assert left_over.wait(timeout=60) == ORPHANED

    assert not list(run.folder.glob("tuned-text*"))


@pytest.mark.slow
def test_torchrun_trains_with_several_processes(begin):
    run = begin("several", finetune=TUNE, processes=2)

    trained, _, events = finish(run)

    assert trained.metrics["members"]["bert"]["rows"] > 0
    told = [json.loads(event) for event in events if isinstance(event, str)]
    assert {"stage": "tune_text", "done": 4, "total": 4} in told


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"trainng": {}}, "unknown trainng"),
        ({"replay": 0}, "replay"),
        ({"replay": "all"}, "replay cannot be"),
        ({"training": {"folds": "many"}}, "Training configuration"),
        ({"training": {"seed": 1.5}}, "seed cannot be"),
        ({"finetune": {"sound": {}}}, "unknown sound"),
        ({"finetune": {"text": {"epochs": 0}}}, "epochs"),
        ({"finetune": {"text": {"amp": "fp8"}}}, "amp cannot be"),
        ({"processes": 4}, "something to fine-tune"),
        ({"finetune": []}, "must be an object"),
    ],
)
def test_an_impossible_configuration_is_refused_with_the_reason(values, message):
    with pytest.raises(ConfigInvalid, match=message):
        RunConfig.from_json(values)


def test_a_configuration_survives_json_and_takes_one_seed():
    config = RunConfig.from_json({"finetune": {"text": {"amp": "bf16"}}, "processes": 2})

    seeded = config.with_seed(7)

    assert RunConfig.from_json(json.loads(json.dumps(seeded.to_json()))) == seeded
    assert (seeded.training.seed, seeded.finetune["text"].seed) == (7, 7)
