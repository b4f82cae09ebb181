"""A lead decides between two answers; nobody else may, and all of it can be taken back."""

import uuid
from datetime import timedelta

import pytest

from reviewapp.choices import (
    AdjudicationCause,
    DisagreementKind,
    KnownAnswerEnd,
    KnownAnswerSource,
    ReportStatus,
    ReviewReason,
    ReviewStatus,
)
from reviewapp.domain.review import UndoRefusal
from reviewapp.models import Adjudication, Decision, Disagreement, FeedbackLabel, KnownAnswer
from reviewapp.selectors.checks.disagreements import causes_by_pair
from reviewapp.services import adjudications, review
from reviewapp.services.adjudications import Word
from reviewapp.services.decisions import KeyReused, ProductChanged, UndoRefused
from reviewapp.services.predictions.results import live_labels
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    DisagreementFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    ModeratorFactory,
    ReportFactory,
    ReviewItemFactory,
)
from tests.services.test_checks import answered_twice, second_opinions  # noqa: F401
from tests.services.test_decisions import claimed, decide
from tests.services.test_undo import live_label

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
SLIP = AdjudicationCause.SLIP


@pytest.fixture
def lead():
    return AdminFactory(username="lea")


@pytest.fixture
def differing(second_opinions):  # noqa: F811
    """Two people differ on one product; return the disagreement."""
    answered_twice(CategoryFactory(), CategoryFactory())
    return Disagreement.objects.get()


def adjudicate(row, lead, category, cause=SLIP, **kwargs):
    given = {"client_key": uuid.uuid4(), "now": LATER, **kwargs}
    word = Word(category, cause, "Look at the wheels.")
    return adjudications.adjudicate(disagreement_id=row.pk, lead=lead, word=word, **given)


def take_back(word, lead, **kwargs):
    given = {"client_key": uuid.uuid4(), "now": LATER, **kwargs}
    return adjudications.undo_adjudication(adjudication_id=word.pk, lead=lead, **given)


def test_a_leads_word_is_a_decision_with_label_and_listing_and_ends_the_disagreement(
    differing, lead
):
    word = adjudicate(differing, lead, differing.second.category)

    differing.refresh_from_db()
    product = word.decision.product
    product.refresh_from_db()
    label = live_label(product)
    assert (word.decision.moderator, word.decision.category) == (lead, differing.second.category)
    assert (label.decision, label.moderator) == (word.decision, lead)
    assert product.category == differing.second.category
    assert differing.closed_at == LATER
    assert (word.cause, word.decision.comment) == (SLIP, "Look at the wheels.")


def test_while_two_people_differ_no_label_is_live_but_the_listing_stays_put(differing):
    product = differing.product

    held = live_labels({product.pk: product})

    assert live_label(product) is None
    assert held[product.pk].category == differing.first.category
    assert product.category == differing.first.category


def test_a_third_category_is_a_word_too(differing, lead):
    third = CategoryFactory()

    adjudicate(differing, lead, third)

    assert live_label(differing.product).category == third


def test_neither_party_nor_a_moderator_decides(differing, lead):
    party = AdminFactory()
    Decision.objects.filter(pk=differing.second_id).update(moderator=party)
    differing.second.refresh_from_db()

    for person in (party, ModeratorFactory(), differing.first.moderator):
        with pytest.raises(adjudications.NotImpartial):
            adjudicate(differing, person, differing.first.category)

    assert not Adjudication.objects.exists()
    assert live_label(differing.product) is None


def test_a_word_said_twice_under_one_key_is_one(differing, lead):
    key = uuid.uuid4()

    first = adjudicate(differing, lead, differing.first.category, client_key=key)
    again = adjudicate(differing, lead, differing.second.category, client_key=key)

    assert first == again
    assert Decision.objects.filter(moderator=lead).count() == 1
    with pytest.raises(KeyReused):
        adjudicate(DisagreementFactory(), lead, differing.first.category, client_key=key)


def test_of_two_leads_the_second_is_told(differing, lead):
    adjudicate(differing, lead, differing.first.category)

    with pytest.raises(adjudications.AlreadyClosed):
        adjudicate(differing, AdminFactory(), differing.second.category)

    assert live_label(differing.product).category == differing.first.category


def test_what_the_lead_has_not_seen_is_not_decided(differing, lead):
    with pytest.raises(ProductChanged):
        adjudicate(differing, lead, differing.first.category, seen_digest="another")

    assert not Adjudication.objects.exists()


@pytest.mark.parametrize(
    ("cause", "is_known"),
    [(SLIP, True), (AdjudicationCause.MODEL_MISLED, True), (AdjudicationCause.AMBIGUOUS, False)],
)
def test_only_a_fair_question_becomes_a_known_answer(differing, lead, cause, is_known):
    adjudicate(differing, lead, differing.first.category, cause)

    known = KnownAnswer.objects.filter(retired_at=None)
    assert known.exists() == is_known
    assert all(one.source == KnownAnswerSource.ADJUDICATED for one in known)


def test_a_word_answers_reports_and_ends_the_open_item_and_its_undo_opens_them_again(
    differing, lead
):
    report = ReportFactory(product=differing.product)
    item = ReviewItemFactory(product=differing.product, reasons=[ReviewReason.BUYER_REPORT])

    word = adjudicate(differing, lead, differing.second.category)
    item.refresh_from_db()
    report.refresh_from_db()
    decided = (item.status, report.status)
    take_back(word, lead)

    item.refresh_from_db()
    report.refresh_from_db()
    assert decided[0] == ReviewStatus.RESOLVED
    assert decided[1] != ReportStatus.OPEN
    assert (item.status, report.status) == (ReviewStatus.PENDING, ReportStatus.OPEN)


def test_taking_a_word_back_takes_everything_back_and_it_can_be_said_anew(differing, lead):
    before = FeedbackLabel.objects.filter(product=differing.product).count()
    word = adjudicate(differing, lead, differing.second.category)

    take_back(word, lead)

    product = differing.product
    product.refresh_from_db()
    differing.refresh_from_db()
    assert live_label(product) is None
    assert FeedbackLabel.objects.filter(product=product).count() == before + 1
    assert product.category == differing.first.category
    assert differing.closed_at is None
    assert not KnownAnswer.objects.filter(retired_at=None).exists()
    anew = adjudicate(differing, lead, differing.first.category)
    assert live_label(product).decision == anew.decision


def test_only_its_author_takes_a_word_back_and_only_while_nothing_newer_stands(differing, lead):
    word = adjudicate(differing, lead, differing.second.category)

    with pytest.raises(UndoRefused) as not_own:
        take_back(word, AdminFactory())
    moderator = ModeratorFactory()
    decide(claimed(moderator, product=differing.product), moderator, CategoryFactory())
    with pytest.raises(UndoRefused) as too_late:
        take_back(word, lead)

    assert not_own.value.refusal == UndoRefusal.NOT_YOURS
    assert too_late.value.refusal == UndoRefusal.NEWER_DECISION


def test_a_leads_word_counts_as_nobodys_second_opinion(differing, lead):
    word = adjudicate(differing, lead, differing.second.category)

    assert ReviewReason.SECOND_OPINION not in word.decision.reasons
    assert live_label(differing.product).inclusion_probability == 1.0
    assert review.claim_next(moderator=ModeratorFactory(), now=LATER) is None


def test_causes_are_counted_by_the_pair_of_categories_and_forgotten_after_three_months(lead):
    one, other = CategoryFactory(), CategoryFactory()
    for first, second in ((one, other), (other, one), (one, CategoryFactory())):
        row = disagreement_between(first, second)
        adjudicate(row, lead, first, AdjudicationCause.GUIDELINE_GAP)

    pairs = causes_by_pair(now=LATER)

    assert [pair.total for pair in pairs] == [2, 1]
    assert {pairs[0].first, pairs[0].second} == {one, other}
    assert pairs[0].counts[AdjudicationCause.GUIDELINE_GAP] == 2
    assert causes_by_pair(now=LATER + timedelta(days=91)) == []


def disagreement_between(first, second):
    label = FeedbackLabelFactory(
        decision__item__product=ListedProductFactory(),
        decision__item__status=ReviewStatus.RESOLVED,
        decision__item__resolved_at=NOW,
        decision__category=first,
    )
    row = DisagreementFactory(first=label.decision)
    Decision.objects.filter(pk=row.second_id).update(category=second)
    assert row.kind == DisagreementKind.SECOND_OPINION
    return Disagreement.objects.get(pk=row.pk)


def test_a_taken_back_word_leaves_a_trace_why_its_known_answer_ended(differing, lead):
    word = adjudicate(differing, lead, differing.second.category)

    take_back(word, lead)

    ended = KnownAnswer.objects.get(decision=word.decision)
    assert ended.retired_because == KnownAnswerEnd.UNDONE
    assert Adjudication.objects.get().undone_at == LATER
