"""Decisions become comparisons once, and an alarm follows from enough of them."""

import uuid
from datetime import timedelta

import pytest

from reviewapp.choices import (
    AdjudicationCause,
    ComparisonKind,
    DisagreementKind,
    ReviewReason,
    ReviewStatus,
    Verdict,
)
from reviewapp.models import (
    ComparisonTally,
    GoldComparison,
    ModeratorAlarm,
    ModeratorWatch,
)
from reviewapp.selectors.comparisons import double_labelled
from reviewapp.services.adjudications import Word, adjudicate
from reviewapp.services.comparisons import book_comparisons, close_alarm, withdraw_comparisons
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    DecisionFactory,
    DisagreementFactory,
    KnownAnswerFactory,
    ModeratorFactory,
    PredictionFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db

SECOND = [ReviewReason.SECOND_OPINION]
LATER = NOW + timedelta(hours=1)


def tallies(moderator):
    rows = ComparisonTally.objects.filter(moderator=moderator).order_by("kind")
    return {(row.kind, row.category.code): (row.seen, row.off) for row in rows}


def book_all(now=LATER):
    while book_comparisons(now=now, most=100) is not None:
        pass


@pytest.fixture
def categories():
    return [CategoryFactory(code=code) for code in (10, 40, 50, 60, 1140, 1160, 1180)]


def answered(moderator, category, suggested, **kwargs):
    """A decision on a product for which FUSION named `suggested` first, and 40 and 50 after it."""
    version = kwargs.pop("version", None) or ChampionFactory._meta.model.objects.first()
    decision = DecisionFactory(
        moderator=moderator,
        category=category,
        suggested_category=suggested,
        model_version=version or ChampionFactory(),
        verdict=Verdict.CONFIRMED if category == suggested else Verdict.CORRECTED,
        **kwargs,
    )
    PredictionFactory(
        product=decision.product,
        model_version=decision.model_version,
        category=suggested,
        top=[[suggested.code, 0.6], [40, 0.2], [50, 0.1]],
    )
    return decision


def test_an_answer_is_held_against_fusion_as_shown_or_blind(categories):
    ten, forty, *_others, far = categories
    moderator = ModeratorFactory()
    answered(moderator, ten, ten)
    answered(moderator, forty, ten)
    answered(moderator, far, ten, is_blind=True)

    book_all()

    assert tallies(moderator) == {
        (ComparisonKind.SHOWN, 10): (2, 1),
        (ComparisonKind.BLIND, 10): (1, 1),
        (ComparisonKind.FAR, 10): (3, 1),
    }


def test_a_second_opinion_speaks_of_both_authors(categories):
    ten, forty = categories[:2]
    first = answered(
        ModeratorFactory(),
        ten,
        ten,
        item=answered_item(),
        is_blind=True,
        reasons=[ReviewReason.AUDIT],
    )
    item = answered_item(
        product=first.product, not_for=first.moderator, checks=first, reasons=SECOND
    )
    second = DecisionFactory(
        item=item,
        category=forty,
        verdict=Verdict.CORRECTED,
        is_blind=True,
        reasons=[ReviewReason.SECOND_OPINION],
    )

    book_all()

    for author in (first.moderator, second.moderator):
        assert tallies(author) == {(ComparisonKind.SECOND_OPINION, 10): (1, 1)}


def test_an_audit_is_not_compared_with_fusion_for_it_is_right_there_more_often(categories):
    moderator = ModeratorFactory()
    answered(moderator, categories[0], categories[0], reasons=[ReviewReason.AUDIT], is_blind=True)

    book_all()

    assert tallies(moderator) == {}


def test_nothing_is_booked_twice_and_nothing_before_it_has_settled(categories):
    moderator = ModeratorFactory()
    answered(moderator, categories[0], categories[0])

    book_all(now=NOW + timedelta(minutes=9))
    early = tallies(moderator)
    book_all()
    book_all()

    assert early == {}
    assert tallies(moderator)[ComparisonKind.SHOWN, 10] == (1, 0)


def test_an_undone_answer_is_not_held_against_anybody(categories):
    ten, forty = categories[:2]
    moderator = ModeratorFactory()
    taken_back = answered(moderator, forty, ten)
    DecisionFactory(
        item=taken_back.item,
        moderator=moderator,
        verdict=Verdict.UNDONE,
        category=None,
        undoes=taken_back,
    )

    book_all()

    assert tallies(moderator) == {}


def test_a_careless_moderator_raises_one_alarm_with_its_record(categories):
    ten, *_others, far = categories
    careless = an_alarm_about_to_ring(ten)
    for _ in range(30):
        answered(careless, far, ten)

    book_all()

    alarm = ModeratorAlarm.objects.get()
    assert alarm.moderator == careless
    assert alarm.evidence >= 20
    line = alarm.record[ComparisonKind.FAR]
    assert line["off"] > 3 * line["tolerated"] > 0
    assert not ModeratorAlarm.objects.exclude(moderator=careless).exists()


def test_after_a_closed_alarm_the_watch_begins_anew_and_may_ring_again(categories):
    ten, *_others, far = categories
    careless = an_alarm_about_to_ring(ten)
    for _ in range(20):
        answered(careless, far, ten)
    book_all()
    first = ModeratorAlarm.objects.get()

    closed = close_alarm(alarm=first, by=AdminFactory(), comment="We have talked.", now=LATER)
    again = close_alarm(alarm=first, by=AdminFactory(), comment="", now=LATER)
    for _ in range(20):
        answered(careless, far, ten)
    book_all(now=LATER + timedelta(hours=1))

    assert (closed, again) == (True, False)
    assert ModeratorAlarm.objects.filter(moderator=careless, closed_at=None).count() == 1
    assert ModeratorWatch.objects.get(moderator=careless).since > LATER


def answered_item(**kwargs):
    return ReviewItemFactory(status=ReviewStatus.RESOLVED, resolved_at=NOW, **kwargs)


def an_alarm_about_to_ring(category):
    """Two peers have agreed with FUSION often enough to be measured by; return a third moderator."""
    for peer in (ModeratorFactory(), ModeratorFactory()):
        for _ in range(40):
            answered(peer, category, category)
    return ModeratorFactory()


def known_answered(moderator, category, answer, **kwargs):
    """`moderator` answers `answer` where `category` is known, blind; return the decision."""
    known = KnownAnswerFactory(category=category)
    item = answered_item(
        product=known.product, known_answer=known, only_for=moderator, reasons=[ReviewReason.GOLD]
    )
    return DecisionFactory(
        item=item,
        moderator=moderator,
        category=answer,
        is_blind=True,
        reasons=[ReviewReason.GOLD],
        **kwargs,
    )


def ruled(decision, category, cause=AdjudicationCause.SLIP):
    """A lead rules on the dispute of `decision` that `category` is right."""
    known = decision.item.known_answer
    dispute = DisagreementFactory(
        first=known.decision,
        second=decision,
        kind=DisagreementKind.DISPUTE,
        known_answer=known,
    )
    adjudicate(
        disagreement_id=dispute.pk,
        lead=AdminFactory(),
        word=Word(category, cause),
        client_key=uuid.uuid4(),
        now=LATER,
    )


def test_a_known_answer_is_booked_by_itself(categories):
    ten, forty = categories[:2]
    moderator = ModeratorFactory()
    known_answered(moderator, ten, ten)
    missed = known_answered(moderator, ten, forty)

    book_all()

    assert tallies(moderator) == {(ComparisonKind.GOLD, 10): (2, 1)}
    row = GoldComparison.objects.get(decision=missed)
    assert (row.category, row.is_off, row.withdrawn_at) == (ten, True, None)


def test_an_upheld_dispute_takes_the_comparison_out_and_the_watch_is_no_worse_for_it(categories):
    ten, forty = categories[:2]
    moderator = ModeratorFactory()
    for peer in (ModeratorFactory(), ModeratorFactory()):
        for _ in range(30):
            known_answered(peer, ten, ten)
    known_answered(moderator, ten, ten)
    book_all()
    before = ModeratorWatch.objects.get(moderator=moderator)
    missed = known_answered(moderator, ten, forty)
    book_all()
    between = ModeratorWatch.objects.get(moderator=moderator)

    ruled(missed, forty)
    again = withdraw_comparisons(known=missed.item.known_answer, now=LATER)

    after = ModeratorWatch.objects.get(moderator=moderator)
    truth = [row.streams["truth"]["staked"] for row in (before, between, after)]
    assert again == 0
    assert GoldComparison.objects.get(decision=missed).withdrawn_at == LATER
    assert tallies(moderator) == {(ComparisonKind.GOLD, 10): (1, 0)}
    assert truth[1] > truth[0] == pytest.approx(truth[2])
    assert after.record["gold"] == pytest.approx(before.record["gold"])


def test_a_withdrawn_comparison_leaves_a_watch_that_began_later_alone(categories):
    ten, forty = categories[:2]
    moderator = ModeratorFactory()
    for peer in (ModeratorFactory(), ModeratorFactory()):
        for _ in range(30):
            known_answered(peer, ten, ten)
    missed = [known_answered(moderator, ten, forty) for _ in range(12)]
    book_all()
    before = ModeratorWatch.objects.get(moderator=moderator)

    ruled(missed[0], forty)

    after = ModeratorWatch.objects.get(moderator=moderator)
    assert ModeratorAlarm.objects.filter(moderator=moderator).exists()
    assert (after.streams, after.record) == (before.streams, before.record)
    assert tallies(moderator) == {(ComparisonKind.GOLD, 10): (11, 11)}


def test_a_dispute_upheld_before_the_booking_is_never_booked(categories):
    ten, forty = categories[:2]
    moderator = ModeratorFactory()
    unfair = known_answered(moderator, ten, forty)
    ruled(unfair, ten, AdjudicationCause.AMBIGUOUS)
    missed = known_answered(moderator, ten, forty)
    ruled(missed, ten)

    book_all(now=LATER + timedelta(hours=1))

    assert tallies(moderator) == {(ComparisonKind.GOLD, 10): (1, 1)}


def test_an_answer_in_sight_of_the_models_is_compared_apart_and_for_its_author_only(categories):
    ten, forty = categories[:2]
    first = answered(ModeratorFactory(), ten, ten, item=answered_item())
    item = answered_item(
        product=first.product, not_for=first.moderator, checks=first, reasons=SECOND
    )
    second = DecisionFactory(item=item, category=forty, is_blind=True, reasons=SECOND)

    book_all()

    assert tallies(first.moderator)[ComparisonKind.IN_SIGHT, 10] == (1, 1)
    assert (ComparisonKind.SECOND_OPINION, 10) not in tallies(first.moderator)
    assert tallies(second.moderator) == {}


def test_a_second_opinion_of_somebody_who_knew_the_product_is_held_against_nobody(categories):
    ten, forty = categories[:2]
    ann, ben = ModeratorFactory(), ModeratorFactory()
    earlier = answered(
        ben, ten, ten, item=answered_item(), is_blind=True, reasons=[ReviewReason.AUDIT]
    )
    first = DecisionFactory(
        item=answered_item(product=earlier.product),
        moderator=ann,
        category=ten,
        is_blind=True,
        reasons=[ReviewReason.AUDIT],
    )
    item = answered_item(product=earlier.product, not_for=ann, checks=first, reasons=SECOND)
    DecisionFactory(item=item, moderator=ben, category=forty, is_blind=True, reasons=SECOND)

    book_all()

    kinds = {kind for who in (ann, ben) for kind, _code in tallies(who)}
    assert ComparisonKind.SECOND_OPINION not in kinds


def test_a_look_at_an_earlier_input_is_no_half_of_a_pair(categories):
    ten, forty = categories[:2]
    ann = ModeratorFactory()
    earlier = answered(ann, forty, ten, item=answered_item(), is_blind=True)
    first = DecisionFactory(
        item=answered_item(product=earlier.product), moderator=ann, category=ten
    )
    item = answered_item(product=earlier.product, not_for=ann, checks=first, reasons=SECOND)
    DecisionFactory(item=item, category=ten, is_blind=True, reasons=SECOND)

    book_all()

    assert double_labelled(most=10) == []
    assert tallies(ann)[ComparisonKind.IN_SIGHT, 10] == (1, 0)


def test_a_blind_answer_that_was_no_first_look_is_not_said_to_have_been_in_sight(categories):
    ten, forty = categories[:2]
    ann = ModeratorFactory()
    earlier = answered(ann, ten, ten, item=answered_item(), is_blind=True)
    first = DecisionFactory(
        item=answered_item(product=earlier.product), moderator=ann, category=ten, is_blind=True
    )
    item = answered_item(product=earlier.product, not_for=ann, checks=first, reasons=SECOND)
    DecisionFactory(item=item, category=forty, is_blind=True, reasons=SECOND)

    book_all()

    assert ComparisonKind.IN_SIGHT not in {kind for kind, _code in tallies(ann)}


def test_a_grid_confirmed_by_a_colleague_counts_apart_and_for_its_author_only(categories):
    ten, forty = categories[:2]
    first = answered(ModeratorFactory(), ten, ten, item=answered_item(), is_bulk=True)
    item = answered_item(
        product=first.product, not_for=first.moderator, checks=first, reasons=SECOND
    )
    second = DecisionFactory(item=item, category=forty, is_blind=True, reasons=SECOND)

    book_all()

    assert tallies(first.moderator) == {(ComparisonKind.BULK, 10): (1, 1)}
    assert tallies(second.moderator) == {}
    assert not ModeratorWatch.objects.exists()
