"""What moved FUSION, in a world where the right answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from classifier.artifact import load_artifact, verify_artifact
from classifier.occlusion import GRID, PIECES, split
from classifier.predictor import Predictor
from classifier.train import train
from classifier.types import ProductInput
from tests.classifier import world


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "v1"
    catalogue = world.dataset(tmp_path_factory.mktemp("pictures"))
    encoders = world.encoders()
    train(catalogue, out, world.QUICK, backbone_cache=out.parent, encoders=encoders)
    return Predictor(load_artifact(out), encoders, out.name, verify_artifact(out))


@pytest.fixture
def book(tmp_path):
    """A product whose words and red picture both say category 10."""
    picture = tmp_path / "red.png"
    Image.new("RGB", (70, 70), world.COLOURS[0]).save(picture)
    return ProductInput("one", "lot livre roman grand", "", picture)


def test_the_words_that_make_the_category_have_the_most_evidence(predictor, book):
    found = predictor.explain(book)

    assert found.code == 10
    assert found.confidence == pytest.approx(predictor.predict([book])[0].fusion.confidence)
    evidence = dict(found.words)
    assert list(evidence) == ["lot", "livre", "roman", "grand"]
    assert min(evidence["livre"], evidence["roman"]) > max(evidence["lot"], evidence["grand"])
    assert evidence["livre"] > 0.1


def test_the_evidence_is_how_far_the_log_odds_fall(predictor, book):
    def odds(product):
        chances = {s.code: s.probability for s in predictor.predict([product])[0].fusion.top}
        return np.log(chances[10] / (1 - chances[10]))

    without = replace(book, designation="lot roman grand")
    expected = odds(book) - odds(without)

    assert dict(predictor.explain(book).words)["livre"] == pytest.approx(expected, abs=1e-6)


def test_the_half_of_the_picture_that_tells_has_the_evidence(predictor, tmp_path):
    """Odd and even categories differ in colour; the left half is red, the right says nothing."""
    picture = Image.new("RGB", (140, 140), (128, 128, 128))
    picture.paste(world.COLOURS[0], (0, 0, 70, 140))
    picture.save(tmp_path / "half.png")

    found = predictor.explain(ProductInput("one", "livre lot", "", tmp_path / "half.png"))

    grid = np.array(found.patches).reshape(GRID, GRID)
    assert found.box == (0, 0, 1, 1)
    assert np.abs(grid[:, :3]).mean() > 10 * np.abs(grid[:, 4:]).mean()


def test_a_border_is_not_part_of_the_grid(predictor, tmp_path):
    picture = Image.new("RGB", (200, 200), "white")
    picture.paste(world.COLOURS[0], (100, 50, 180, 150))
    picture.save(tmp_path / "framed.png")

    left, top, right, bottom = predictor.explain(
        ProductInput("one", "livre", "", tmp_path / "framed.png")
    ).box

    assert (left, top) == pytest.approx((0.48, 0.23), abs=0.01)
    assert (right, bottom) == pytest.approx((0.92, 0.77), abs=0.01)


def test_without_a_picture_only_words_are_looked_at(predictor, book, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG no picture")

    for image in (None, broken, tmp_path / "gone.png"):
        found = predictor.explain(replace(book, image=image))
        assert len(found.words) == 4
        assert found.patches == ()


def test_without_any_input_there_is_nothing_to_explain(predictor):
    assert predictor.explain(ProductInput("one", "")) is None


def test_without_text_only_the_picture_is_looked_at(predictor, book):
    found = predictor.explain(replace(book, designation=""))

    assert found.words == ()
    assert len(found.patches) == GRID * GRID


@pytest.mark.parametrize("count", [0, 1, PIECES, PIECES + 1, 500])
def test_a_long_text_is_looked_at_in_bounded_pieces(count):
    words = [f"w{i}" for i in range(count)]

    pieces = split(" ".join(words))

    assert len(pieces) <= PIECES
    assert " ".join(pieces).split() == words
    assert len(pieces) == count or count > PIECES
