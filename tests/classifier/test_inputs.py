"""What a model remembers of the products it was trained on."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from classifier.artifact import load_artifact
from classifier.data import Dataset
from classifier.embedding import project
from classifier.encoding import encode_products
from classifier.inputs import PRODUCTS, training_inputs
from classifier.predictor import Predictor
from classifier.train import train
from tests.classifier import world


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    return world.dataset(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def model(catalogue, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "one"
    train(catalogue, out, world.QUICK, backbone_cache=out.parent, encoders=world.encoders())
    return load_artifact(out)


def told(dataset, is_fresh=None, seed=0):
    encoded = encode_products([one.input for one in dataset], world.encoders())
    fresh = np.ones(len(dataset), dtype=bool) if is_fresh is None else is_fresh
    return training_inputs(dataset, encoded, fresh, embedder_seed="ab", seed=seed)


def texts(dataset, *pairs):
    """The data set's first products with these titles and descriptions, in a table without pictures."""
    products = [
        replace(one, input=replace(one.input, designation=title, description=words, image=None))
        for one, (title, words) in zip(dataset, pairs, strict=False)
    ]
    return Dataset(tuple(products), dataset.names)


def test_the_cloud_is_that_of_the_embeddings_that_the_model_gives_its_products(model, catalogue):
    predictor = Predictor(model, world.encoders(), "one", "f" * 64)

    results = predictor.predict([one.input for one in catalogue])

    vectors = project(np.array([one.embedding for one in results], dtype=np.float64))
    cloud = model.inputs["cloud"]
    assert cloud["size"] == len(catalogue)
    assert cloud["mean"] == pytest.approx(vectors.mean(axis=0).tolist(), abs=1e-5)
    assert cloud["covariance"][0][:3] == pytest.approx(
        np.cov(vectors, rowvar=False)[0][:3].tolist(), abs=1e-5
    )


def test_lengths_are_those_of_cleaned_texts_and_an_empty_description_is_missing(catalogue):
    inputs = told(texts(catalogue, ("Un  <b>livre</b>", ""), ("Jeu", " de société ")))

    assert inputs["numbers"]["title_length"] == [len("Un livre"), len("Jeu")]
    assert inputs["numbers"]["description_length"] == [len("de société")]
    assert inputs["numbers"]["brightness"] == []
    assert inputs["counts"] == {"description": {"missing": 1, "present": 1}}


def test_languages_are_told_where_the_table_has_them(catalogue):
    known = [replace(one, language=("fr", "")[at % 2]) for at, one in enumerate(catalogue[:40])]

    languages = told(Dataset(tuple(known), catalogue.names))["counts"]["language"]

    assert languages == {"fr": 20, "unknown": 20}


def test_brightness_is_that_of_readable_pictures(catalogue, tmp_path):
    for name, grey in (("light.png", 204), ("dark.png", 51)):
        Image.new("L", (300, 20), grey).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    products = [
        replace(one, input=replace(one.input, image=tmp_path / name))
        for one, name in zip(catalogue, ("light.png", "dark.png", "broken.png"), strict=False)
    ]

    brightness = told(Dataset(tuple(products), catalogue.names))["numbers"]["brightness"]

    assert brightness == [0.8, 0.2]


def test_products_are_drawn_by_their_weights_and_always_alike(catalogue, monkeypatch):
    monkeypatch.setattr("classifier.inputs.PRODUCTS", 20)
    heavy = [
        replace(one, weight=10.0 if at % 2 else 0.01, language="fr" if at % 2 else "en")
        for at, one in enumerate(catalogue)
    ]
    dataset = Dataset(tuple(heavy), catalogue.names)

    first, again = told(dataset), told(dataset)

    assert first == again
    assert first["products"] == 20
    assert first["counts"]["language"]["fr"] >= 19


def test_weights_count_also_where_all_products_would_fit(catalogue):
    marked = [
        replace(one, weight=9.0 if at % 10 == 0 else 1.0, language="fr" if at % 10 == 0 else "en")
        for at, one in enumerate(catalogue)
    ]

    languages = told(Dataset(tuple(marked), catalogue.names))["counts"]["language"]

    assert len(catalogue) < PRODUCTS
    assert languages["fr"] == pytest.approx(languages["en"], rel=0.3)


def test_of_equal_weights_each_product_stands_once(catalogue):
    named = [replace(one, language=f"x{at}") for at, one in enumerate(catalogue)]

    languages = told(Dataset(tuple(named), catalogue.names))["counts"]["language"]

    assert set(languages.values()) == {1}
    assert len(languages) == len(catalogue)


def test_what_a_network_has_learned_by_heart_has_no_part_in_the_cloud(catalogue):
    fresh = np.arange(len(catalogue)) < 30

    assert told(catalogue, fresh)["cloud"]["size"] == 30
    assert told(catalogue, np.zeros(len(catalogue), dtype=bool))["cloud"] is None
