from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.arrays import log_softmax, mean_nll, targets_of
from classifier.errors import DataInvalid
from classifier.fusion import PATTERNS, Answers, Fusion, Pattern
from classifier.fusion_fit import fit_fusion
from classifier.fusion_temperature import PatternLogits, fit_temperatures
from classifier.learn import learn
from classifier.members.base import NEVER_HELD, Features, Modality, Source
from classifier.members.registry import MEMBERS as MEMBERS_BY_NAME
from classifier.report import dropout_metrics
from classifier.types import Member
from tests.classifier import world

MEMBERS = (Member.CNN, Member.BERT)
MODALITIES = (Modality.IMAGE, Modality.TEXT)


def _answers(rows=400, signals=(1.5, 1.5), seed=0):
    """Members whose log-probabilities carry independent evidence of the given strength."""
    draw = np.random.default_rng(seed)
    targets = draw.integers(0, 4, rows)
    truth = np.eye(4)[targets]
    log_proba = np.stack(
        [log_softmax(signal * truth + draw.normal(size=(rows, 4))) for signal in signals]
    )
    available = np.ones(log_proba.shape[:2], dtype=bool)
    return Answers(MEMBERS, MODALITIES, log_proba, available), targets, np.arange(rows) % 5


def test_independent_evidence_adds_up():
    answers, targets, folds = _answers()
    unseen, unseen_targets, _ = _answers(seed=1)

    fit = fit_fusion(answers, targets, folds)

    fused, known = fit.fusion.predict_log_proba(unseen)
    assert known.all()
    assert fit.report.chosen is not None
    for member in unseen.log_proba:
        assert mean_nll(fused, unseen_targets) < mean_nll(member, unseen_targets) - 0.1


def test_a_member_that_knows_nothing_is_left_out():
    answers, targets, folds = _answers(signals=(0.0, 2.0))

    fit = fit_fusion(answers, targets, folds)

    assert fit.fusion.weights[0, 0] == 0.0
    assert fit.fusion.weights[0, 1] > 0.5


def test_a_fusion_no_better_than_its_best_member_is_rejected_and_says_why():
    answers, targets, folds = _answers(signals=(0.0, 2.0), seed=3)
    flat = np.full_like(answers.log_proba[0], -np.log(4))  # says nothing at all
    answers = Answers(
        MEMBERS, MODALITIES, np.stack([flat, answers.log_proba[1]]), answers.available
    )

    fit = fit_fusion(answers, targets, folds)

    assert fit.report.chosen is None
    assert "bert alone" in fit.report.reason
    fused, _ = fit.fusion.predict_log_proba(answers)
    assert (fused.argmax(axis=1) == answers.log_proba[1].argmax(axis=1)).all()


def test_the_chosen_fusion_has_the_least_cross_validated_loss_of_its_family():
    answers, targets, folds = _answers()

    report = fit_fusion(answers, targets, folds).report

    own = [one.nll for one in report.candidates if one.family == report.chosen.family]
    assert report.chosen.nll == min(own)
    assert report.chosen.nll < min(report.member_nll.values())
    assert {one.family for one in report.candidates} == {"pool", "stacker"}


def test_the_stacker_learns_what_a_pool_cannot():
    # The text member always calls category 1 what is category 0, and the other way round.
    answers, targets, folds = _answers(rows=800, signals=(0.3, 3.0))
    swapped = answers.log_proba.copy()
    swapped[1] = swapped[1][:, [1, 0, 2, 3]]
    answers = Answers(MEMBERS, MODALITIES, swapped, answers.available)

    fit = fit_fusion(answers, targets, folds)

    assert fit.report.chosen.family == "stacker"
    fused, _ = fit.fusion.predict_log_proba(answers)
    assert (fused.argmax(axis=1) == targets).mean() > 0.8


FITTED = fit_fusion(*_answers(rows=80)).fusion


@settings(deadline=None)
@given(
    st.lists(st.booleans(), min_size=80, max_size=80),
    st.sampled_from([np.nan, -np.inf, np.inf, 1e9, 0.0]),
)
def test_what_an_absent_member_holds_never_reaches_an_answer(absent, junk):
    answers, _, _ = _answers(rows=80)
    gone = answers.available.copy()
    gone[0, absent] = False
    spoiled = answers.log_proba.copy()
    spoiled[0, absent] = junk

    clean, _ = FITTED.predict_log_proba(Answers(MEMBERS, MODALITIES, answers.log_proba, gone))
    dirty, _ = FITTED.predict_log_proba(Answers(MEMBERS, MODALITIES, spoiled, gone))

    assert np.array_equal(clean, dirty)


def test_a_row_without_any_input_has_no_answer():
    answers, targets, folds = _answers(rows=60)
    fusion = fit_fusion(answers, targets, folds).fusion
    gone = answers.available.copy()
    gone[:, 7] = False

    log_proba, known = fusion.predict_log_proba(
        Answers(MEMBERS, MODALITIES, answers.log_proba, gone)
    )

    assert np.flatnonzero(~known).tolist() == [7]
    assert np.allclose(log_proba[7], fusion.prior)


def test_with_one_input_left_its_member_answers():
    answers, targets, folds = _answers()
    fusion = fit_fusion(answers, targets, folds).fusion

    fused, _ = fusion.predict_log_proba(answers.keep(Pattern.TEXT))

    assert (fused.argmax(axis=1) == answers.log_proba[1].argmax(axis=1)).mean() > 0.95


def _fixed(weights):
    return Fusion(MEMBERS, MODALITIES, np.array(weights), np.ones(3), np.full(4, -np.log(4)))


def test_each_pattern_gets_the_temperature_that_it_needs():
    answers, targets, _ = _answers(rows=2000)
    # Text alone enters five times too sharp, both together about right.
    fusion = _fixed([[1.0, 1.0], [0.0, 5.0], [1.0, 0.0]])

    fitted = fit_temperatures(fusion, PatternLogits.of(fusion, answers), targets)

    both, text, image = fitted.inverse_temperature
    assert text < 0.5 * image
    assert both > 2 * text


def test_losing_an_input_never_raises_mean_confidence_even_where_the_fit_would_have_it():
    answers, targets, _ = _answers(rows=2000, signals=(-1.5, 2.5))
    # The picture misleads: text alone is right more often than both, and rightly surer.
    fusion = _fixed([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])

    fitted = fit_temperatures(fusion, PatternLogits.of(fusion, answers), targets)

    means = [
        np.exp(fitted.predict_log_proba(answers.keep(pattern))[0].max(axis=1)).mean()
        for pattern in PATTERNS
    ]
    assert means[1] <= means[0] + 1e-3
    assert means[2] <= means[0] + 1e-3


def test_a_pattern_seen_too_rarely_keeps_temperature_one():
    answers, targets, _ = _answers(rows=20)
    fusion = _fixed([[9.0, 9.0], [0.0, 1.0], [1.0, 0.0]])

    fitted = fit_temperatures(fusion, PatternLogits.of(fusion, answers), targets)

    assert fitted.inverse_temperature[0] == 1.0


def test_held_out_logits_come_from_a_fusion_that_did_not_see_the_row(monkeypatch):
    monkeypatch.setattr("classifier.fusion_fit._STACKER_STRENGTHS", ())
    answers, targets, folds = _answers(rows=1000, signals=(2.5, 2.5))
    lied_to = targets.copy()
    lied = np.flatnonzero(folds == 2)[:3]
    lied_to[lied] = 3 - lied_to[lied]

    honest, other = fit_fusion(answers, targets, folds), fit_fusion(answers, lied_to, folds)

    assert honest.report.chosen.members == other.report.chosen.members == MEMBERS
    same = folds == 2
    assert np.array_equal(honest.held.logits[:, same], other.held.logits[:, same])
    assert not np.allclose(honest.held.logits[:, ~same], other.held.logits[:, ~same])


@pytest.mark.parametrize("seed", range(4))
def test_on_held_out_products_fusion_wins_and_removing_a_picture_does_not_raise_confidence(seed):
    config = world.two_members()
    train, test = world.part(400, seed=seed), world.part(300, seed=100 + seed)

    ensemble, _ = learn(train, None, world.LABELS, config)

    outcomes = ensemble.predict(test.features)
    targets = targets_of(test.codes, world.LABELS)
    losses = {member: mean_nll(one.log_proba, targets) for member, one in outcomes.items()}
    assert losses[Member.FUSION] < min(losses[Member.CNN], losses[Member.BERT])
    found = dropout_metrics(ensemble, test.features, targets)
    whole = found["text_and_image"]["mean_confidence"]
    assert found["image_removed"]["mean_confidence"] <= whole
    assert found["text_removed"]["mean_confidence"] <= whole


def test_products_without_a_picture_are_answered_by_text_and_calibrated_for_it():
    train, test = world.part(600, missing_image=0.4), world.part(400, seed=9)

    ensemble, _ = learn(train, None, world.LABELS, world.two_members())

    alone = ensemble.predict(test.features.without(Modality.IMAGE))[Member.FUSION]
    is_right = alone.log_proba.argmax(axis=1) == targets_of(test.codes, world.LABELS)
    assert alone.known.all()
    assert abs(alone.confidence.mean() - is_right.mean()) < 0.07


@pytest.mark.parametrize("outside", ["absent", "weightless"])
def test_an_input_that_only_one_fold_has_leaves_no_nan(outside):
    answers, targets, folds = _answers()
    weights = np.ones(len(targets))
    if outside == "absent":
        answers.available[0, folds != 2] = False
    else:
        weights[folds != 2] = 0.0

    fit = fit_fusion(answers, targets, folds, weights)

    assert np.isfinite(fit.fusion.weights).all()
    assert fit.fusion.weights.any(axis=1).all()
    assert np.isfinite([one.nll for one in fit.report.candidates]).all()
    logits, known = fit.fusion.logits(answers)
    assert np.isfinite(logits[known]).all()
    assert np.isfinite(fit.held.logits).all()


def test_labels_of_one_sample_weight_count_more():
    part = world.part(200)
    weights = np.where(np.array(part.codes) == world.LABELS[0], 20.0, 1.0)
    heavy = type(part)(part.features, part.codes, part.groups, weights)

    plain, _ = learn(part, None, world.LABELS, world.two_members())
    pulled, _ = learn(heavy, None, world.LABELS, world.two_members())

    def share(ensemble):
        answers = ensemble.predict(part.features)[Member.BERT].raw
        return np.exp(answers)[:, 0].mean()

    assert share(pulled) > share(plain) + 0.1


def test_a_backbone_that_memorised_its_training_rows_is_seen_through_by_the_calibration_part():
    # Tuned on them, the text backbone gives training rows away; on others it is average.
    train, fresh = world.part(300), world.part(300, seed=5)
    tell = np.eye(4)[targets_of(train.codes, world.LABELS)] * 20
    told = train.features.values[Source.TEXT_VECTORS].copy()
    told[:, :4] += tell
    spoiled = replace(
        train,
        features=Features(
            {**train.features.values, Source.TEXT_VECTORS: told}, train.features.available
        ),
    )
    test = world.part(300, seed=6)
    targets = targets_of(test.codes, world.LABELS)

    def outcome(stack_on):
        config = world.two_members(stack_on=stack_on)
        ensemble, _ = learn(spoiled, fresh, world.LABELS, config)
        return mean_nll(ensemble.predict(test.features)[Member.FUSION].log_proba, targets)

    assert outcome("calibration") < outcome("out_of_fold")


def test_rows_that_a_backbone_has_seen_choose_no_regularisation(monkeypatch):
    train, fresh = world.part(80), world.part(60, seed=5)
    given = []

    class Watched(MEMBERS_BY_NAME[Member.BERT]):
        def fit(self, inputs, codes, folds, weights=None):
            given.append(folds)
            return super().fit(inputs, codes, folds, weights)

    monkeypatch.setitem(MEMBERS_BY_NAME, Member.BERT, Watched)
    config = world.two_members(stack_on="calibration")

    learn(train, fresh, world.LABELS, config)

    assert (given[0][:80] == NEVER_HELD).all()
    assert (given[0][80:] != NEVER_HELD).all()


def test_stacking_on_the_calibration_part_needs_one():
    with pytest.raises(DataInvalid, match="calibration_share"):
        learn(world.part(), None, world.LABELS, world.two_members(stack_on="calibration"))


def test_features_give_back_the_rows_asked_for():
    part = world.part(10)

    chosen = part.features.select(np.array([7, 2]))

    texts = part.features.values[Source.TEXT]
    assert chosen.values[Source.TEXT] == [texts[7], texts[2]]
    assert len(chosen) == 2
