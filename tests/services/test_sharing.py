"""Who gets what: assignments, skills, and near duplicates that take turns."""

from datetime import timedelta
from uuid import uuid4

import pytest

from reviewapp.choices import ReviewReason, SkillKind
from reviewapp.domain.queues import EVERYTHING, ReviewQueue
from reviewapp.models import ReviewItem
from reviewapp.selectors.review import out_of_reach, queue_state
from reviewapp.services import review
from reviewapp.services.assignments import assign_product, assign_slice, end_assignments
from reviewapp.services.checks import offer_known_answer
from reviewapp.services.decisions import decide
from reviewapp.services.skills import set_skills
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    CategoryFamilyFactory,
    DecisionFactory,
    KnownAnswerFactory,
    ModeratorFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LOW = ReviewReason.LOW_CONFIDENCE


def claim(moderator, now=NOW, **kwargs):
    return review.claim_next(moderator=moderator, now=now, **kwargs)


def assign(moderator, most=50, queue=EVERYTHING, until=NOW + HOUR):
    return assign_slice(queue=queue, moderator=moderator, most=most, until=until, now=NOW)


def test_an_assigned_item_comes_first_to_its_person_and_to_nobody_else():
    ann, ben = ModeratorFactory(), ModeratorFactory()
    urgent, small = ReviewItemFactory(priority=0.9), ReviewItemFactory(priority=0.1)
    assign_product(product=small.product, moderator=ann, until=NOW + HOUR, now=NOW)

    bens = [claim(ben), claim(ben, have=[urgent.pk])]

    assert claim(ann) == small.pk
    assert bens == [urgent.pk, None]


def test_an_assignment_lapses():
    ann, ben = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory()
    assign(ann)

    assert claim(ben) is None
    assert claim(ben, now=NOW + HOUR) == item.pk


def test_a_slice_is_the_first_of_its_queue_and_leaves_what_is_held_or_kept():
    ann, _ben, cy = ModeratorFactory.create_batch(3)
    games = CategoryFamilyFactory(slug="games")
    items = [ReviewItemFactory(family=games, priority=p) for p in (0.9, 0.8, 0.7, 0.6, 0.5)]
    ReviewItemFactory(priority=0.95)
    held = claim(cy, queue=ReviewQueue(family="games"))
    assign_product(product=items[1].product, moderator=cy, until=NOW + HOUR, now=NOW)

    count = assign(ann, most=2, queue=ReviewQueue(family="games"))

    kept = ReviewItem.objects.filter(assigned_to=ann).order_by("-rank")
    assert (held, count) == (items[0].pk, 2)
    assert list(kept) == [items[2], items[3]]


def test_what_a_moderator_could_not_be_handed_is_not_assigned():
    ann = ModeratorFactory()
    ReviewItemFactory(escalated_at=NOW)
    ReviewItemFactory(not_for=ann)
    ReviewItemFactory().skipped_by.add(ann)

    assert assign(ann) == 0
    assert assign(AdminFactory()) == 3


def test_what_measures_one_moderator_is_kept_for_nobody_else():
    ann, ben = ModeratorFactory(), ModeratorFactory()
    known = KnownAnswerFactory()
    gold = {"reasons": [ReviewReason.GOLD], "known_answer": known, "only_for": ben}
    item = ReviewItemFactory(product=known.product, is_blind=True, priority=2.5, **gold)

    kept = assign(ann), assign(ann, queue=ReviewQueue(ReviewReason.AUDIT))

    assert kept == (0, 0)
    assert claim(ben) == item.pk


def test_the_end_of_assignments_frees_the_items():
    ann, ben = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory()
    assign(ann)

    assert end_assignments(moderator=ann) == 1
    assert claim(ben) == item.pk


def test_what_a_colleague_holds_is_told_only_to_whom_it_may_be_handed_next():
    ann, lead = ModeratorFactory(), AdminFactory()
    games, books = CategoryFamilyFactory(slug="games"), CategoryFamilyFactory(slug="books")
    set_skills(moderator=ann, kinds={games.pk: SkillKind.ONLY})
    ReviewItemFactory(family=games, escalated_at=NOW, priority=0.9)
    ReviewItemFactory(family=games, assigned_to=lead, assigned_until=NOW + HOUR)
    ReviewItemFactory(family=books)
    held = []
    for _ in range(3):
        held.append(claim(lead, have=held))

    state, apart = queue_state(moderator=ann, now=NOW), out_of_reach(moderator=ann, now=NOW)

    assert (state.held, state.next_free_at, state.holders) == (0, None, [])
    assert (apart.with_lead, apart.assigned, apart.other_families) == (1, 1, 0)


def test_who_is_limited_is_told_of_what_waits_in_other_families():
    ann, ben = ModeratorFactory(), ModeratorFactory()
    games, books = CategoryFamilyFactory(slug="games"), CategoryFamilyFactory(slug="books")
    set_skills(moderator=ann, kinds={games.pk: SkillKind.ONLY})
    ReviewItemFactory(family=books)
    ReviewItemFactory(family=None)
    ReviewItemFactory(family=books).skipped_by.add(ann)

    state, apart = queue_state(moderator=ann, now=NOW), out_of_reach(moderator=ann, now=NOW)

    assert (state.free, apart.other_families, apart.skipped) == (0, 2, 1)
    assert out_of_reach(moderator=ben, now=NOW).other_families == 0


def test_the_queue_tells_of_what_is_kept_for_others():
    ann, ben = ModeratorFactory(), ModeratorFactory()
    ReviewItemFactory()
    assign(ann)

    queue = ReviewQueue(is_assigned=True)
    mine, state = (
        queue_state(moderator=ann, now=NOW, queue=queue),
        queue_state(moderator=ben, now=NOW),
    )
    not_mine, not_his = (
        out_of_reach(moderator=ann, now=NOW, queue=queue),
        out_of_reach(moderator=ben, now=NOW),
    )

    assert (mine.free, not_mine.assigned) == (1, 0)
    assert (state.free, not_his.assigned) == (0, 1)


def test_a_limited_moderator_gets_only_these_families_blind_or_not():
    ann = ModeratorFactory()
    games, books = CategoryFamilyFactory(slug="games"), CategoryFamilyFactory(slug="books")
    ReviewItemFactory(family=books, priority=0.9, is_blind=True)
    blind = ReviewItemFactory(family=games, priority=0.8, is_blind=True)
    game = ReviewItemFactory(family=games, priority=0.1)
    set_skills(moderator=ann, kinds={games.pk: SkillKind.ONLY})

    state = queue_state(moderator=ann, now=NOW)

    assert state.free == 2
    assert claim(ann) == blind.pk
    assert claim(ann, have=[blind.pk]) == game.pk
    assert claim(ann, have=[blind.pk, game.pk]) is None


@pytest.mark.parametrize(
    "queue",
    [
        EVERYTHING,
        ReviewQueue(LOW),
        ReviewQueue(family="games"),
        ReviewQueue(is_high=True),
        ReviewQueue(is_assigned=True),
    ],
)
def test_neither_a_filter_nor_a_skill_is_a_way_round_a_known_answer(queue):
    ann, ben = ModeratorFactory(), ModeratorFactory()
    games = CategoryFamilyFactory(slug="games")
    ReviewItemFactory(family=games, reasons=[LOW], priority=1.5)
    if queue.is_assigned:
        assign(ann)
    set_skills(moderator=ann, kinds={games.pk: SkillKind.ONLY})
    known = KnownAnswerFactory()
    gold = ReviewItemFactory(
        product=known.product,
        reasons=[ReviewReason.GOLD],
        known_answer=known,
        only_for=ann,
        is_blind=True,
    )

    assert claim(ann, queue=queue) == gold.pk
    assert claim(ann, queue=queue) == gold.pk  # the page was loaded anew
    assert claim(ben, queue=queue) != gold.pk


@pytest.mark.parametrize("queue", [ReviewQueue(LOW), ReviewQueue(is_assigned=True)])
def test_a_known_answer_does_not_come_alone_out_of_an_empty_queue(queue):
    ann = ModeratorFactory()
    known = KnownAnswerFactory()
    gold = {"reasons": [ReviewReason.GOLD], "known_answer": known, "only_for": ann}
    ReviewItemFactory(product=known.product, is_blind=True, **gold)

    assert claim(ann, queue=queue) is None


@pytest.mark.parametrize("queue", [ReviewQueue(LOW), EVERYTHING])
def test_a_known_answer_does_not_come_where_the_asker_can_be_handed_nothing_else(queue):
    ann = ModeratorFactory()
    games = CategoryFamilyFactory(slug="games")
    if queue is EVERYTHING:
        set_skills(moderator=ann, kinds={games.pk: SkillKind.ONLY})
        ReviewItemFactory(family=CategoryFamilyFactory())
    ReviewItemFactory(family=games).skipped_by.add(ann)
    known = KnownAnswerFactory()
    gold = {"reasons": [ReviewReason.GOLD], "known_answer": known, "only_for": ann}
    ReviewItemFactory(product=known.product, is_blind=True, **gold)

    alone = claim(ann, queue=queue)
    ReviewItemFactory(family=games)
    in_company = claim(ann, queue=queue)

    assert (alone, in_company is None) == (None, False)


GAMES = ReviewQueue(family="games")


def blind_ones():
    """One of each kind that is answered blind, outside of the families and low in the order."""
    second = {"reasons": [ReviewReason.SECOND_OPINION], "not_for": ModeratorFactory()}
    audit, plain = {"reasons": [ReviewReason.AUDIT]}, {"reasons": [LOW]}
    return {
        ReviewItemFactory(is_blind=True, priority=0.1, **kind).pk for kind in (second, audit, plain)
    }


MINE = ReviewQueue(is_assigned=True)


@pytest.mark.parametrize("queue", [GAMES, ReviewQueue(LOW, is_high=True), MINE, EVERYTHING])
def test_neither_a_filter_nor_a_strong_family_is_a_way_round_blind_items(queue):
    ann = ModeratorFactory()
    games = CategoryFamilyFactory(slug="games")
    for _ in range(27):
        ReviewItemFactory(family=games, reasons=[LOW], priority=1.5)
    if queue == MINE:
        assign(ann)
    blind = blind_ones()
    if queue == EVERYTHING:
        set_skills(moderator=ann, kinds={games.pk: SkillKind.STRONG})

    served = [shift(ann, queue, draw) for draw in (0.09, 0.06, 0.03, 0.2, 0.99)]

    # Three of the next thirty, then two of 29, and one of 28.
    assert set(served[:3]) == blind
    chances = ReviewItem.objects.in_bulk(served)
    assert [chances[pk].serving_probability for pk in served] == pytest.approx(
        [3 / 30, 2 / 29, 1 / 28, 1, 1]
    )
    assert not blind & set(served[3:])


def shift(moderator, queue, draw):
    """Take an item and resolve it. draw: the lot"""
    item = claim(moderator, queue=queue, draw=lambda: draw)
    closed = {"status": "resolved", "claimed_by": None, "claim_expires_at": None}
    ReviewItem.objects.filter(pk=item).update(resolved_at=NOW, **closed)
    return item


def test_in_an_empty_queue_nothing_blind_turns_up():
    CategoryFamilyFactory(slug="games")
    blind_ones()

    assert claim(ModeratorFactory(), queue=GAMES, draw=lambda: 0.0) is None


def test_a_blind_item_comes_back_when_the_page_of_a_filter_is_loaded_anew():
    ann = ModeratorFactory()
    ReviewItemFactory(family=CategoryFamilyFactory(slug="games"))
    blind = blind_ones()

    item = claim(ann, queue=GAMES, draw=lambda: 0.0)

    assert item in blind
    assert claim(ann, queue=GAMES, draw=lambda: 0.99) == item


def test_who_is_limited_gets_second_opinions_and_known_answers_of_these_families_alone(settings):
    settings.REVIEW_SECOND_OPINION_SHARE = 1.0
    ann, ben = ModeratorFactory(), ModeratorFactory()
    games, books = CategoryFamilyFactory(slug="games"), CategoryFamilyFactory(slug="books")
    set_skills(moderator=ann, kinds={games.pk: SkillKind.ONLY})
    items = [ReviewItemFactory(family=family) for family in (games, books)]
    for item in items:
        claim(ben, queue=ReviewQueue(family=item.family.slug))
        decide(
            item_id=item.pk, moderator=ben, category=CategoryFactory(), client_key=uuid4(), now=NOW
        )

    settings.REVIEW_KNOWN_ANSWER_RATE = 1.0
    known = [known_of(family) for family in (books, games)]

    second = claim(ann)
    decide(item_id=second, moderator=ann, category=CategoryFactory(), client_key=uuid4(), now=NOW)
    offer_known_answer(now=NOW)
    company = ReviewItemFactory(family=games)
    gold = claim(ann)

    assert ReviewItem.objects.get(pk=second).checks.item == items[0]
    assert ReviewItem.objects.get(pk=gold).known_answer == known[1]
    assert claim(ann, have=[gold]) == company.pk


def known_of(family):
    category = CategoryFactory(family=family)
    return KnownAnswerFactory(category=category, product__category=category)


def test_a_strong_family_comes_first_and_the_rest_after():
    ann = ModeratorFactory()
    games, toys = CategoryFamilyFactory(slug="games"), CategoryFamilyFactory(slug="toys")
    other = ReviewItemFactory(priority=0.9)
    low, high = (ReviewItemFactory(family=f, priority=p) for f, p in ((games, 0.1), (toys, 0.2)))
    set_skills(moderator=ann, kinds={f.pk: SkillKind.STRONG for f in (games, toys)})

    order = []
    for _ in range(3):
        order.append(claim(ann, have=order))

    assert order == [high.pk, low.pk, other.pk]


def test_skills_are_replaced_as_a_whole():
    ann = ModeratorFactory()
    games, toys = CategoryFamilyFactory(slug="games"), CategoryFamilyFactory(slug="toys")
    set_skills(moderator=ann, kinds={games.pk: SkillKind.ONLY})

    set_skills(moderator=ann, kinds={toys.pk: SkillKind.STRONG})

    assert list(ann.review_skills.values_list("family", "kind")) == [(toys.pk, "strong")]


def test_a_group_of_near_duplicates_waits_after_three_in_a_row():
    ann = ModeratorFactory()
    for place in range(3):
        DecisionFactory(
            item=ReviewItemFactory(group_key=7, status="resolved", resolved_at=NOW),
            moderator=ann,
            decided_at=NOW - place * HOUR,
        )
    same = ReviewItemFactory(group_key=7, priority=0.9)
    other = ReviewItemFactory(group_key=8, priority=0.1)

    assert claim(ann) == other.pk
    assert claim(ann, have=[other.pk]) == same.pk


def test_a_group_is_served_on_when_nothing_else_is_left():
    ann = ModeratorFactory()
    items = [ReviewItemFactory(group_key=7) for _ in range(5)]

    served = []
    for _ in items:
        served.append(claim(ann, have=served))

    assert sorted(served) == sorted(item.pk for item in items)


def test_the_longest_waiting_comes_first_in_the_queue_of_age():
    day = timedelta(days=1)
    ReviewItemFactory(priority=0.9, opened_at=NOW - HOUR)
    ReviewItemFactory(priority=0.9, opened_at=NOW - 2 * day)
    oldest = ReviewItemFactory(priority=0.1, opened_at=NOW - 3 * day)

    assert claim(ModeratorFactory(), queue=ReviewQueue(days=1)) == oldest.pk


def test_filters_together_must_all_hold():
    games = CategoryFamilyFactory(slug="games")
    ReviewItemFactory(family=games, reasons=[LOW])
    ReviewItemFactory(reasons=[ReviewReason.DISAGREEMENT], priority=1.5)
    both = ReviewItemFactory(family=games, reasons=[ReviewReason.DISAGREEMENT], priority=1.2)
    queue = ReviewQueue(ReviewReason.DISAGREEMENT, family="games", is_high=True)

    assert claim(ModeratorFactory(), queue=queue) == both.pk
