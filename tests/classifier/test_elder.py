"""The version before in the vote of the one after it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from classifier.arrays import targets_of
from classifier.artifact import Model, load_artifact, save_artifact
from classifier.config import ConfigInvalid, TrainConfig
from classifier.data import read_dataset
from classifier.elder import Before, beside
from classifier.errors import ArtifactInvalid
from classifier.learn import learn, recalibrated
from classifier.members.base import Modality
from classifier.metrics import expected_calibration_error
from classifier.run import Run, execute
from classifier.run_config import RunConfig
from classifier.train import train
from classifier.types import Member
from tests.classifier import world
from tests.classifier.test_run import write_rows

SHARE = 0.3


def hard(count, seed):
    """Rows of the small world that are hard to tell apart."""
    return world.part(count, seed=seed, text_noise=2.5, image_noise=2.5)


def model_of(ensemble):
    return Model(ensemble, {}, world.QUICK, {}, {})


@pytest.fixture(scope="module")
def versions():
    """A champion of few products, a candidate of more, and the rows that neither has learned."""
    config, held = world.two_members(), hard(400, seed=3)
    champion, _ = learn(hard(120, seed=1), None, world.LABELS, config)
    candidate, _ = learn(hard(400, seed=2), held, world.LABELS, config)
    return champion, candidate, held


def together(versions, share=SHARE):
    champion, candidate, held = versions
    before = Before(model_of(champion), "e" * 64, share)
    targets = targets_of(held.codes, world.LABELS)
    return beside(candidate, before, held.features, targets)


def said(ensemble, features):
    return ensemble.predict(features)[Member.FUSION]


def test_fewer_right_answers_are_lost_and_confidences_hold(versions):
    champion, candidate, _held = versions
    test = hard(3000, seed=4)
    targets = targets_of(test.codes, world.LABELS)

    right, errors = {}, {}
    for name, one in (("old", champion), ("new", candidate), ("both", together(versions))):
        outcome = said(one, test.features)
        right[name] = outcome.log_proba.argmax(axis=1) == targets
        errors[name] = expected_calibration_error(outcome.confidence, right[name])[0]

    lost = {name: (right["old"] & ~right[name]).mean() for name in ("new", "both")}
    assert lost["both"] < 0.9 * lost["new"]
    assert right["both"].mean() > right["new"].mean() - 0.01
    assert right["both"].mean() > right["old"].mean()
    assert errors["both"] < 0.05


def test_an_elder_without_a_share_changes_no_category(versions):
    _champion, candidate, _held = versions
    features = hard(200, seed=5).features

    one, other = said(candidate, features), said(together(versions, share=0.0), features)

    assert (one.log_proba.argmax(axis=1) == other.log_proba.argmax(axis=1)).all()


def test_a_category_that_the_elder_does_not_know_is_left_to_the_new_version(versions):
    _champion, candidate, held = versions
    few = [row for row, code in enumerate(held.codes) if code != world.LABELS[0]]
    champion, _ = learn(held.select(np.array(few)), None, world.LABELS[1:], world.two_members())
    features = hard(200, seed=5).features

    both = said(together((champion, candidate, held), share=0.5), features)
    alone = said(candidate, features)

    assert np.allclose(np.exp(both.log_proba).sum(axis=1), 1)
    unknown = world.LABELS.index(10)
    # Before the temperature: what two versions differ on elsewhere only makes room for it.
    assert (both.raw[:, unknown] >= alone.log_proba[:, unknown] - 1e-9).all()
    assert (both.log_proba.argmax(axis=1) == unknown).any()


def test_without_an_input_both_answer_by_the_other_one(versions):
    features = hard(100, seed=6).features.without(Modality.IMAGE)

    outcome = said(together(versions), features)

    assert outcome.known.all()
    nothing = said(together(versions), features.without(Modality.TEXT))
    assert not nothing.known.any()


def test_the_elder_is_kept_in_the_artifact_and_votes_without_its_own(versions, tmp_path):
    both = together(versions)
    grand = together((both, versions[1], versions[2]))
    features = hard(50, seed=7).features

    save_artifact(model_of(grand), tmp_path / "model")
    loaded = load_artifact(tmp_path / "model").ensemble

    assert loaded.elder.ensemble.elder is None
    assert np.allclose(said(loaded, features).log_proba, said(grand, features).log_proba)


def test_recalibrating_fits_the_vote_anew(versions):
    held = hard(300, seed=8)
    cold = replace(together(versions), elder=replace(together(versions).elder))
    cold.elder.inverse_temperature[:] = 0.1

    warm = recalibrated(cold, held.features, targets_of(held.codes, world.LABELS))

    assert warm.elder.inverse_temperature[0] > 0.5


def test_what_the_elder_may_have_learned_fits_no_temperature_of_the_vote(versions):
    champion, _candidate, held = versions
    own, before = hard(120, seed=1), Before(model_of(champion), "e" * 64, SHARE)
    risen = np.arange(len(held) + len(own)) >= len(held)
    both = replace(held.followed_by(own), was_in_training=risen)
    few = replace(both, was_in_training=np.arange(len(both)) >= 199)

    kept, _ = learn(hard(400, seed=2), both, world.LABELS, world.two_members(), before=before)
    none, _ = learn(hard(400, seed=2), few, world.LABELS, world.two_members(), before=before)

    targets = targets_of(held.codes, world.LABELS)
    fresh = beside(replace(kept, elder=None), before, held.features, targets)
    assert np.allclose(kept.elder.inverse_temperature, fresh.elder.inverse_temperature)
    assert none.elder is None


def test_a_run_reads_which_rows_may_have_been_learned(tmp_path):
    write_rows(tmp_path, was_in_training=True)

    rows = read_dataset(tmp_path)

    assert all(row.was_in_training for row in rows)
    assert not any(row.was_in_training for row in world.dataset(tmp_path / "new"))


def test_a_run_whose_elder_is_gone_says_so_and_one_without_needs_none(tmp_path):
    world.dataset(tmp_path)
    write_rows(tmp_path)
    (tmp_path / "config.json").write_text('{"elder": "' + "a" * 64 + '"}')
    run = Run(tmp_path, tmp_path, tmp_path, tmp_path)

    with pytest.raises(ArtifactInvalid, match="keep a share of the vote"):
        execute(run, tmp_path / "out", lambda *_: None, lambda *_: None, lambda _: None)


def test_a_run_with_its_elder_ends_in_the_same_model_each_time(tmp_path):
    config = TrainConfig(members=(Member.LEXICAL,), folds=2, bootstrap_samples=20)
    champion = train(
        world.dataset(tmp_path / "a", per_category=20),
        tmp_path / "champion",
        config,
        backbone_cache=tmp_path,
    )
    folder = tmp_path / "run"
    folder.mkdir()
    parts = ("train",) * 2 + ("validation",) * 5 + ("test",)
    write_rows(folder, world.dataset(folder, per_category=90, seed=1), parts)
    given = RunConfig(training=config, elder=champion.manifest_sha256)
    (folder / "config.json").write_text(json.dumps(given.to_json()))
    run = Run(folder, folder, tmp_path, tmp_path / "features", tmp_path / "champion")

    first, second = (
        execute(run, tmp_path / name, lambda *_: None, lambda *_: None, lambda _: None)
        for name in ("first", "second")
    )

    assert first.manifest_sha256 == second.manifest_sha256
    assert first.metrics["elder"] == {
        "sha256": champion.manifest_sha256,
        "share": 0.3,
        "kept": True,
    }
    assert load_artifact(tmp_path / "first").ensemble.elder.share == 0.3


def test_a_configuration_with_an_impossible_elder_is_refused():
    for wrong in ({"elder": "run-4"}, {"elder_share": 0.31}):
        with pytest.raises(ConfigInvalid):
            RunConfig.from_json(wrong)
