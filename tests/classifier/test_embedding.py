import numpy as np
import pytest

from classifier.embedding import DIMENSIONS, Embedder
from classifier.encoding import Encoded
from classifier.members.base import Features, Modality, Source
from reviewapp.models.guidance import DIMENSIONS as STORED_DIMENSIONS

SEED, OTHER = "ab" * 32, "cd" * 32


def encoded(text=None, image=None, has_text=None, has_image=None):
    rows = len(text if text is not None else image)
    values, available = {}, {}
    for source, vectors in ((Source.TEXT_VECTORS, text), (Source.IMAGE_VECTORS, image)):
        if vectors is not None:
            values[source] = np.asarray(vectors, dtype=np.float32)
    for modality, mask in ((Modality.TEXT, has_text), (Modality.IMAGE, has_image)):
        available[modality] = np.ones(rows, bool) if mask is None else np.array(mask)
    return Encoded(Features(values, available), {})


@pytest.fixture
def draw():
    return np.random.default_rng(7)


def test_the_database_and_the_classifier_agree_on_the_size():
    assert DIMENSIONS == STORED_DIMENSIONS


def test_vectors_have_length_one_and_depend_on_the_model_alone(draw):
    products = encoded(draw.normal(size=(5, 384)), draw.normal(size=(5, 1280)))

    first, known = Embedder(SEED).embed(products)
    again, _ = Embedder(SEED).embed(products)
    other, _ = Embedder(OTHER).embed(products)

    assert first.shape == (5, DIMENSIONS)
    assert known.all()
    assert np.linalg.norm(first, axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert (first == again).all()
    assert np.abs(np.sum(first * other, axis=1)).max() < 0.5


def test_angles_survive_the_projection(draw):
    base, step = draw.normal(size=(2, 60, 1280))
    near = base + 0.3 * step

    vectors, _ = Embedder(SEED).embed(encoded(image=np.concatenate([base, near])))

    def cosine(one, two):
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
        return np.sum(one * two, axis=1) / lengths

    error = cosine(vectors[:60], vectors[60:]) - cosine(base, near)
    assert np.abs(error).max() < 0.06
    assert np.abs(cosine(vectors[:60], np.roll(vectors[:60], 1, axis=0))).max() < 0.35


def test_a_source_shorter_than_its_half_keeps_every_angle(draw):
    texts = draw.normal(size=(6, 24))

    vectors, _ = Embedder(SEED).embed(encoded(text=texts))

    unit = texts / np.linalg.norm(texts, axis=1, keepdims=True)
    assert vectors @ vectors.T == pytest.approx(unit @ unit.T, abs=1e-5)


def test_a_missing_part_is_zeros_and_a_missing_both_is_said(draw):
    products = encoded(
        draw.normal(size=(3, 40)),
        draw.normal(size=(3, 50)),
        has_text=[True, True, False],
        has_image=[True, False, False],
    )

    vectors, known = Embedder(SEED).embed(products)

    half = DIMENSIONS // 2
    assert known.tolist() == [True, True, False]
    assert vectors[0, half:].any()
    assert not vectors[1, half:].any()
    assert np.linalg.norm(vectors[1, :half]) == pytest.approx(1, abs=1e-6)
    assert not vectors[2].any()
