import os
import random
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import load_file

from classifier.encoders import ImageEncoder, TextEncoder
from classifier.errors import ArtifactInvalid, ClassifierError, DataInvalid, InputUnreadable
from classifier.finetune.config import FinetuneConfig, rate_at
from classifier.finetune.loop import finetune
from classifier.finetune.models import load_head
from classifier.finetune.samples import Samples, epoch_batches
from tests.classifier.tiny import write_image_backbone, write_text_backbone

POOL, BOOK = 2583, 10
CONFIG = FinetuneConfig(
    epochs=4, batch_size=8, learning_rate=3e-3, head_learning_rate=1e-2, max_tokens=16, device="cpu"
)


def texts(count=48, offset=0):
    """Every second text names a pool and no text tells anything else."""
    words, draw = ["rouge", "bleu", "ronde", "table"], random.Random(offset)
    inputs = [
        f"{draw.choice(words)} {'piscine' if i % 2 else 'livre'} {draw.choice(words)}"
        for i in range(count)
    ]
    return Samples(inputs, [POOL if i % 2 else BOOK for i in range(count)])


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Tiny networks are slower with two threads than with one, much slower on busy cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return write_text_backbone(tmp_path_factory.mktemp("backbone") / "tiny")


def predictions(directory, inputs):
    weight, bias, labels = load_head(directory)
    logits = TextEncoder.load(directory, max_tokens=16).encode(inputs) @ weight.T + bias
    return [labels[index] for index in logits.argmax(axis=1)]


def test_a_fine_tuned_backbone_serves_with_its_head(tmp_path, backbone):
    heard = []

    report = finetune(
        texts(),
        backbone,
        tmp_path / "out",
        CONFIG,
        validation=texts(16, offset=1),
        on_progress=lambda done, total: heard.append((done, total)),
    )

    assert heard == [(step, 24) for step in range(1, 25)]
    assert report.steps == 24
    assert report.labels == [BOOK, POOL]
    assert report.history[-1]["accuracy"] == 1.0
    assert report.history[-1]["loss"] < 0.2
    unseen = texts(16, offset=2)
    assert predictions(tmp_path / "out", unseen.inputs) == unseen.codes
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    changed = TextEncoder.load(tmp_path / "out").encode(["livre"])
    assert np.abs(changed - TextEncoder.load(backbone).encode(["livre"])).max() > 0.01


def test_the_epoch_with_the_lowest_validation_loss_is_exported(tmp_path, backbone):
    inverted = Samples(texts(16).inputs, [POOL + BOOK - code for code in texts(16).codes])

    report = finetune(texts(), backbone, tmp_path / "out", CONFIG, validation=inverted)

    losses = [epoch["loss"] for epoch in report.history]
    assert losses == sorted(losses)  # learning the truth is unlearning its opposite
    weight, bias, labels = load_head(tmp_path / "out")
    features = TextEncoder.load(tmp_path / "out", max_tokens=16).encode(inverted.inputs)
    logits = torch.tensor(features @ weight.T + bias)
    targets = torch.tensor([labels.index(code) for code in inverted.codes])
    exported = torch.nn.functional.cross_entropy(logits, targets).item()
    assert exported == pytest.approx(losses[0], rel=1e-3)


class Killed(Exception):
    pass


def kill_at(step):
    def report(done, _):
        if done == step:
            raise Killed

    return report


def weights_of(directory):
    return {
        f"{file.name}:{name}": tensor
        for file in sorted(directory.glob("*.safetensors"))
        for name, tensor in load_file(file).items()
    }


def assert_equal_weights(one, other):
    a, b = weights_of(one), weights_of(other)
    assert set(a) == set(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_a_killed_run_ends_as_if_it_had_not_been(tmp_path, backbone):
    config = replace(CONFIG, checkpoint_steps=2)
    finetune(texts(), backbone, tmp_path / "whole", config, validation=texts(8))

    for step in (5, 9, 10):
        with pytest.raises(Killed):
            finetune(
                texts(),
                backbone,
                tmp_path / "out",
                config,
                validation=texts(8),
                on_progress=kill_at(step),
            )
    heard = []
    report = finetune(
        texts(),
        backbone,
        tmp_path / "out",
        config,
        validation=texts(8),
        on_progress=lambda done, _: heard.append(done),
    )

    assert heard == list(range(9, 25))  # step 10 was killed before its checkpoint, 8 had one
    assert len(report.history) == 4
    assert_equal_weights(tmp_path / "whole", tmp_path / "out")


def test_a_damaged_checkpoint_is_passed_over_for_an_older_one(tmp_path, backbone, caplog):
    config = replace(CONFIG, checkpoint_steps=2)
    with pytest.raises(Killed):
        finetune(texts(), backbone, tmp_path / "out", config, on_progress=kill_at(5))
    kept = sorted((tmp_path / "out.run").iterdir())
    (kept[-1] / "optimiser.safetensors").write_bytes(b"")

    heard = []
    finetune(
        texts(), backbone, tmp_path / "out", config, on_progress=lambda done, _: heard.append(done)
    )

    assert [path.name for path in kept] == ["step-000000002", "step-000000004"]
    assert heard[0] == 3
    assert "optimiser.safetensors" in caplog.text


def test_checkpoints_of_other_data_or_settings_are_refused(tmp_path, backbone):
    config = replace(CONFIG, checkpoint_steps=1)
    with pytest.raises(Killed):
        finetune(texts(), backbone, tmp_path / "out", config, on_progress=kill_at(3))

    with pytest.raises(ArtifactInvalid, match="other data or settings"):
        finetune(texts(46), backbone, tmp_path / "out", config)
    with pytest.raises(ArtifactInvalid, match="other data or settings"):
        finetune(texts(), backbone, tmp_path / "out", replace(config, learning_rate=1e-4))


def test_parts_of_a_batch_give_the_same_step_as_the_whole(tmp_path):
    still = write_text_backbone(tmp_path / "still", dropout=0.0)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    config = replace(CONFIG, epochs=1)

    finetune(texts(), still, whole, config)
    finetune(texts(), still, parts, replace(config, micro_batches=4))

    a, b = weights_of(whole), weights_of(parts)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], atol=2e-3, err_msg=name)
    start = weights_of(still)["model.safetensors:encoder.layer.1.output.dense.weight"]
    moved = a["model.safetensors:encoder.layer.1.output.dense.weight"]
    assert np.abs(moved - start).max() > 2e-3


def test_an_item_of_weight_zero_teaches_nothing(tmp_path, backbone):
    truth = texts()
    lies = [POOL + BOOK - code for code in truth.codes]
    mixed = Samples([*truth.inputs, *truth.inputs], [*truth.codes, *lies], [1.0] * 48 + [0.0] * 48)

    finetune(mixed, backbone, tmp_path / "out", CONFIG)

    assert predictions(tmp_path / "out", truth.inputs) == truth.codes


def test_mixed_precision_trains_on_cpu_too(tmp_path, backbone):
    report = finetune(
        texts(), backbone, tmp_path / "out", replace(CONFIG, amp="bf16"), validation=texts(16)
    )

    assert report.history[-1]["accuracy"] == 1.0
    with pytest.raises(ClassifierError, match="fp16 needs a GPU"):
        finetune(texts(), backbone, tmp_path / "other", replace(CONFIG, amp="fp16"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="here there is a GPU")
def test_a_run_that_wants_a_gpu_says_at_once_that_there_is_none(tmp_path, backbone):
    with pytest.raises(ClassifierError, match="No CUDA device here"):
        finetune(texts(), backbone, tmp_path / "out", replace(CONFIG, device="cuda"))


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for i in range(16):
        pixels = rng.integers(0, 120, (48, 64, 3), dtype=np.uint8)
        pixels[:, :, 2 * (i % 2)] += 120
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(pixels).save(paths[-1])
    return Samples(paths, [POOL if i % 2 else BOOK for i in range(16)])


IMAGE_CONFIG = replace(CONFIG, kind="image", epochs=16, batch_size=4, head_learning_rate=3e-3)


def test_an_image_network_learns_and_serves(tmp_path, pictures):
    backbone = write_image_backbone(tmp_path / "tiny")

    finetune(pictures, backbone, tmp_path / "out", IMAGE_CONFIG, validation=pictures)

    weight, bias, labels = load_head(tmp_path / "out")
    logits = ImageEncoder.load(tmp_path / "out").encode(pictures.inputs) @ weight.T + bias
    predicted = [labels[index] for index in logits.argmax(axis=1)]
    assert np.mean([a == b for a, b in zip(predicted, pictures.codes, strict=True)]) > 0.8


def test_an_unreadable_picture_stops_the_run_by_name(tmp_path, pictures):
    backbone = write_image_backbone(tmp_path / "tiny")
    pictures.inputs[5].write_bytes(b"")

    with pytest.raises(InputUnreadable, match=r"5\.png"):
        finetune(pictures, backbone, tmp_path / "out", IMAGE_CONFIG)


def test_what_cannot_be_trained_on_is_refused(tmp_path, backbone):
    with pytest.raises(DataInvalid, match="equally many"):
        Samples(["a"], [1, 2])
    with pytest.raises(DataInvalid, match="nothing to train on"):
        Samples([], [])
    with pytest.raises(DataInvalid, match=r"\[77\] do not occur"):
        finetune(texts(), backbone, tmp_path / "out", CONFIG, validation=Samples(["a"], [77]))
    (tmp_path / "out").mkdir()
    with pytest.raises(ClassifierError, match="exists already"):
        finetune(texts(), backbone, tmp_path / "out", CONFIG)
    with pytest.raises(ArtifactInvalid, match="was not fine-tuned"):
        load_head(backbone)


@pytest.mark.parametrize(
    "wrong",
    [{"epochs": 0}, {"micro_batches": 3}, {"warmup": 1.0}, {"checkpoint_steps": 0}],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ClassifierError):
        replace(CONFIG, **wrong)


def test_the_learning_rate_rises_and_falls():
    rates = [rate_at(step, 100, 0.1) for step in range(101)]

    assert rates[:3] == [0.1, 0.2, 0.3]
    assert rates[9] == rates[10] == max(rates) == 1.0
    assert rates[55] == 0.5
    assert rates[100] == 0.0


class Sized:
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def size(self, index):
        return index % 7


@given(st.integers(1, 300), st.integers(1, 16), st.integers(1, 4), st.integers(0, 3))
def test_an_epoch_shows_every_item_to_one_of_the_processes(count, size, world, epoch):
    shares = [epoch_batches(Sized(count), size, 0, epoch, rank, world) for rank in range(world)]

    assert len({len(share) for share in shares}) == 1
    seen = [index for share in shares for batch in share for index in batch]
    assert set(seen) == set(range(count))
    assert len(seen) - count < world * size
    assert all(len(batch) <= size for share in shares for batch in share)


def test_epochs_differ_in_order_and_batches_hold_like_sizes():
    first, second = (epoch_batches(Sized(700), 10, 0, epoch) for epoch in (0, 1))

    assert first != second
    assert np.mean([len({index % 7 for index in batch}) for batch in first]) < 2


SCRIPT = """
import sys
from pathlib import Path
from classifier.finetune.loop import finetune
from tests.classifier.test_finetune import CONFIG, texts
finetune(texts(), Path(sys.argv[1]), Path(sys.argv[2]), CONFIG, validation=texts(8))
"""


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path, backbone):
    script = tmp_path / "run.py"
    script.write_text(SCRIPT, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-addr", "127.0.0.1", "--master-port", str(port)]

    done = subprocess.run(
        [*command, str(script), str(backbone), str(tmp_path / "out")],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "GLOO_SOCKET_IFNAME": "lo",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    unseen = texts(16, offset=2)
    assert predictions(tmp_path / "out", unseen.inputs) == unseen.codes
