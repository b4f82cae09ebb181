import numpy as np
import pytest
from scipy import sparse

from classifier.arrays import mean_nll, targets_of
from classifier.errors import ArtifactInvalid
from classifier.folds import grouped_folds
from classifier.learn import learn
from classifier.members.base import NEVER_HELD, MemberState, Source
from classifier.members.bert import BertMember
from classifier.members.head import LinearHead
from classifier.members.lexical import LexicalMember
from classifier.members.registry import MEMBERS
from classifier.types import Member
from tests.classifier import world

DRAW = np.random.default_rng(11)


def _fitted(rows=200, **changes):
    part = world.part(rows, **changes)
    folds = grouped_folds(part.groups, part.codes, 4, seed=0)
    head = BertMember(world.LABELS)
    report = head.fit(part.features.values[Source.TEXT_VECTORS], part.codes, folds)
    return part, head, report


def test_out_of_fold_answers_to_random_labels_are_no_better_than_chance():
    x = DRAW.normal(size=(120, 60))
    codes = [world.LABELS[int(i)] for i in DRAW.integers(0, 4, 120)]
    folds = grouped_folds([str(i) for i in range(120)], codes, 4, seed=0)
    head = BertMember(world.LABELS, strengths=[1e-5])

    report = head.fit(x, codes, folds)

    targets = targets_of(codes, world.LABELS)
    seen = head.predict_log_proba(x).argmax(axis=1) == targets
    unseen = report.out_of_fold.argmax(axis=1) == targets
    assert seen.mean() > 0.95
    assert unseen.mean() < 0.45


def test_regularisation_is_the_strength_of_least_held_out_loss():
    _, _, report = _fitted()

    assert report.strength == min(report.nll_by_strength, key=report.nll_by_strength.get)
    assert len(report.nll_by_strength) >= 2


@pytest.mark.parametrize("valley", [1e-2, 1e-3, 1e-4, 1e-5, 3e-7])
def test_the_walk_along_the_path_finds_the_valley_wherever_it_lies(valley):
    from classifier.members.path import STRENGTHS, _descend

    def attempt(strength):
        return abs(np.log(strength / valley)), np.full((1, 4), strength)

    report = _descend(attempt, STRENGTHS)

    assert report.strength == valley
    assert report.out_of_fold[0, 0] == valley
    assert len(report.nll_by_strength) < len(STRENGTHS)


def test_rows_that_are_never_held_train_but_are_not_judged():
    part = world.part(200)
    folds = np.where(np.arange(200) < 120, NEVER_HELD, 0)
    head = BertMember(world.LABELS)

    report = head.fit(part.features.values[Source.TEXT_VECTORS], part.codes, folds)

    assert np.allclose(report.out_of_fold[:120], -np.log(4))
    targets = targets_of(part.codes, world.LABELS)
    judged = mean_nll(report.out_of_fold[120:], targets[120:])
    assert judged == pytest.approx(report.nll_by_strength[report.strength])


def test_a_term_of_one_training_row_does_not_lengthen_others():
    from classifier.members.lexical import _idf

    counts = sparse.csr_array(np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0]]))

    assert (_idf(counts) > 0).tolist() == [True, False, False]


def test_noise_asks_for_more_regularisation_than_signal():
    _, _, clear = _fitted(text_noise=0.3)
    _, _, noisy = _fitted(text_noise=6.0)

    assert noisy.strength > clear.strength


@pytest.mark.parametrize("member", [Member.BERT, Member.CNN, Member.LEXICAL])
def test_a_loaded_member_answers_exactly_like_the_saved_one(member):
    part = world.part(200)
    folds = grouped_folds(part.groups, part.codes, 4, seed=0)
    model = MEMBERS[member](world.LABELS)
    inputs = part.features.values[model.source]
    model.fit(inputs, part.codes, folds)

    loaded = MEMBERS[member].load(world.LABELS, model.save())

    assert np.array_equal(model.predict_log_proba(inputs), loaded.predict_log_proba(inputs))


@pytest.mark.parametrize("member", [Member.BERT, Member.LEXICAL])
def test_columns_are_the_labels_in_ascending_order_whatever_the_order_of_rows(member):
    part = world.part(200, text_noise=0.3)
    folds = grouped_folds(part.groups, part.codes, 4, seed=0)
    model = MEMBERS[member](world.LABELS)

    model.fit(part.features.values[model.source], part.codes, folds)

    answers = np.exp(model.predict_log_proba(part.features.values[model.source]))
    assert np.allclose(answers.sum(axis=1), 1.0)
    for column, code in enumerate(world.LABELS):
        own = np.array(part.codes) == code
        assert answers[own, column].mean() > 2 * answers[~own, column].mean()


def test_a_member_that_lost_a_category_is_refused():
    _, head, _ = _fitted()

    with pytest.raises(ArtifactInvalid, match="3 categories"):
        BertMember.load(world.LABELS[:3], head.save())


def test_a_lexical_member_without_its_terms_is_refused():
    with pytest.raises(ArtifactInvalid, match="terms"):
        LexicalMember.load(world.LABELS, MemberState())


def test_a_member_that_was_never_fitted_says_so():
    with pytest.raises(RuntimeError, match="not fitted"):
        BertMember(world.LABELS).predict_log_proba(np.zeros((1, 16)))


def _lexical(texts, codes):
    folds = grouped_folds([str(i) for i in range(len(texts))], codes, 3, seed=0)
    model = LexicalMember(world.LABELS)
    model.fit(texts, codes, folds)
    return model


def test_an_unknown_text_gets_the_shares_of_the_categories():
    codes = [10] * 30 + [40] * 10
    model = _lexical(["livre ancien"] * 30 + ["console jeu"] * 10, codes)

    proba = np.exp(model.predict_log_proba(["zzzz qqqq", "日本語"]))

    assert np.allclose(proba[0], proba[1])
    assert proba[0, 0] > 2 * proba[0, 1] > 0


def test_characters_recognise_a_word_with_a_typo_and_without_its_accent():
    codes = [10] * 20 + [40] * 20
    model = _lexical(["télescope astronomique"] * 20 + ["coussin canapé"] * 20, codes)

    answers = model.predict_log_proba(["telescoppe", "COUSIN"]).argmax(axis=1)

    assert answers.tolist() == [0, 1]


def test_texts_without_any_repeated_term_leave_the_prior_instead_of_failing():
    texts = [f"{chr(97 + i) * 9}" for i in range(12)]
    model = _lexical(texts, [10, 40] * 6)

    assert np.isfinite(model.predict_log_proba(["aaa"])).all()


class Majority(LinearHead):
    """A member unlike the others: it always answers with the first category."""

    member = Member.LEXICAL
    source = Source.TEXT_VECTORS

    def predict_log_proba(self, inputs):
        return np.log(np.tile([0.7, 0.1, 0.1, 0.1], (len(inputs), 1)))


def test_a_new_member_joins_by_its_registry_entry_alone(monkeypatch):
    monkeypatch.setitem(MEMBERS, Member.LEXICAL, Majority)
    config = world.QUICK

    ensemble, _ = learn(world.part(), None, world.LABELS, config)

    assert isinstance(ensemble.members[Member.LEXICAL], Majority)
    assert Member.LEXICAL in ensemble.predict(world.part(rows=10).features)
