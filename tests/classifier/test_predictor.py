import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from classifier.artifact import load_artifact, verify_artifact
from classifier.predictor import Predictor
from classifier.train import train
from classifier.types import Absence, Member, ProductInput
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
def encoders():
    return world.encoders()


@pytest.fixture
def predictor(directory, encoders):
    return Predictor(load_artifact(directory), encoders, directory.name, verify_artifact(directory))


def test_answers_come_in_the_order_of_the_products_whatever_their_length(predictor, catalogue):
    inputs = [product.input for product in catalogue][:20]
    inputs[3] = replace(inputs[3], description="mot " * 300)

    together = predictor.predict(inputs)
    alone = [predictor.predict([one])[0] for one in inputs]

    assert [one.key for one in together] == [one.key for one in inputs]
    for first, second in zip(together, alone, strict=True):
        for member, answer in first.answers.items():
            other = second.answers[member]
            assert [score.code for score in answer.top] == [score.code for score in other.top]
            assert answer.confidence == pytest.approx(other.confidence, abs=1e-6)


def test_an_answer_lists_categories_by_falling_probability(predictor, catalogue):
    result = predictor.predict([catalogue[0].input])[0]

    assert {Member.CNN, Member.BERT, Member.FUSION} <= set(result.answers)
    for answer in result.answers.values():
        chances = [score.probability for score in answer.top]
        assert chances == sorted(chances, reverse=True)
        assert answer.confidence == chances[0]
        assert sum(chances) == pytest.approx(1.0)  # four categories, all shown
        assert {score.code for score in answer.top} == set(world.LABELS)
        assert answer.latency_ms >= 0


def test_one_bad_picture_spoils_no_other_product(predictor, catalogue, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n not a picture")
    inputs = [product.input for product in catalogue][:6]
    mixed = [*inputs[:3], replace(inputs[3], image=bad), *inputs[4:]]

    clean, spoiled = predictor.predict(inputs), predictor.predict(mixed)

    answers = spoiled[3].answers
    assert answers[Member.CNN].absence is Absence.UNREADABLE_IMAGE
    assert answers[Member.CNN].confidence is None
    assert answers[Member.CNN].top == ()
    assert answers[Member.FUSION].confidence is not None
    for row in (0, 1, 2, 4, 5):
        assert clean[row].fusion.top == spoiled[row].fusion.top


def test_each_missing_input_is_named_and_fusion_falls_back(predictor, catalogue, tmp_path):
    whole = catalogue[0].input
    cases = [
        replace(whole, image=None),
        replace(whole, designation="", description=" <br> "),
        replace(whole, image=tmp_path / "gone.png"),
        ProductInput("nothing", "", ""),
    ]

    no_image, no_text, gone, nothing = predictor.predict(cases)

    assert no_image.answers[Member.CNN].absence is Absence.NO_IMAGE
    assert no_text.answers[Member.BERT].absence is Absence.NO_TEXT
    assert gone.answers[Member.CNN].absence is Absence.UNREADABLE_IMAGE
    assert no_image.fusion.top[0].code == no_image.answers[Member.BERT].top[0].code or (
        Member.LEXICAL in no_image.answers
    )
    assert no_text.fusion.top[0].code == no_text.answers[Member.CNN].top[0].code
    assert nothing.fusion.absence is Absence.NO_INPUT
    assert nothing.fusion.top == ()
    assert nothing.fusion.confidence is None


def test_equal_inputs_are_encoded_once(predictor, encoders, catalogue):
    one = catalogue[0].input

    results = predictor.predict([replace(one, key=str(i)) for i in range(5)])

    assert len(encoders.text.seen) == 1
    assert len(encoders.image.seen) == 1
    assert len({result.fusion.top for result in results}) == 1


def test_no_products_give_no_answers(predictor):
    assert predictor.predict([]) == []


def test_a_predictor_knows_its_version_and_labels(predictor, directory):
    assert predictor.version == "v1"
    assert predictor.manifest_sha256 == verify_artifact(directory)
    assert predictor.labels == sorted(world.LABELS)


def test_held_out_confidence_is_about_as_high_as_accuracy(predictor, tmp_path):
    fresh = world.dataset(tmp_path, per_category=60, seed=77)

    results = predictor.predict([product.input for product in fresh])

    right = [r.fusion.top[0].code == p.code for r, p in zip(results, fresh, strict=True)]
    confidence = [result.fusion.confidence for result in results]
    assert abs(np.mean(confidence) - np.mean(right)) < 0.08


def test_value_types_and_readers_import_no_torch():
    code = (
        "import sys, classifier, classifier.types, classifier.text, classifier.image,"
        " classifier.data, classifier.config, classifier.cli.main, classifier.selection;"
        " sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
