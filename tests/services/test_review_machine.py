"""Whatever people do at the desk, in whatever order: nothing doubles and nothing vanishes."""

import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reviewapp.choices import (
    CaseStatus,
    ProductStatus,
    ReportStatus,
    ReviewStatus,
    SkipReason,
    Verdict,
)
from reviewapp.models import (
    Decision,
    FeedbackLabel,
    MisclassificationReport,
    Product,
    ReportCase,
    ReviewItem,
)
from reviewapp.services import decisions, reports, review
from tests.factories import (
    NOW,
    BuyerFactory,
    CategoryFactory,
    ModeratorFactory,
    ReportPolicyFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db
PEOPLE = st.integers(0, 1)


class Desk(RuleBasedStateMachine):
    """Two moderators, two buyers, three products, three categories."""

    def __init__(self):
        super().__init__()
        self.clear()
        self.now = NOW
        self.moderators = ModeratorFactory.create_batch(2)
        # Everybody is trusted from the start: one report reopens what a model listed, and it
        # takes both to reopen what a moderator has decided.
        ReportPolicyFactory(prior_upheld=10, prior_dismissed=1, overrule_at=1.5)
        self.buyers = BuyerFactory.create_batch(2)
        self.categories = CategoryFactory.create_batch(3)
        for item in ReviewItemFactory.create_batch(3):
            assert item.status == ReviewStatus.PENDING
        self.claims = {0: None, 1: None}
        self.acknowledged = {}

    def clear(self):
        MisclassificationReport.objects.all().delete()
        ReportCase.objects.all().delete()
        FeedbackLabel.objects.update(superseded_by=None, ended_at=NOW)
        FeedbackLabel.objects.all().delete()
        Decision.objects.filter(verdict=Verdict.UNDONE).delete()
        Decision.objects.all().delete()
        ReviewItem.objects.all().delete()
        Product.objects.all().delete()

    @rule(seconds=st.integers(1, 400))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(who=PEOPLE)
    def claim(self, who):
        held_by_other = live_claims(self.moderators[1 - who], self.now)
        claimed = review.claim_next(moderator=self.moderators[who], now=self.now)
        assert claimed not in held_by_other
        self.claims[who] = claimed or self.claims[who]

    @rule(who=PEOPLE, what=st.integers(0, 2), again=st.booleans())
    def decide(self, who, what, again):
        key = uuid.uuid4()
        for _ in range(2 if again else 1):
            self.answer(who, key, decisions.decide, category=self.categories[what])

    @rule(who=PEOPLE, what=st.integers(0, 2))
    def claim_and_decide(self, who, what):
        """The common way, so that products gather more than one decision."""
        self.claim(who)
        self.decide(who, what, again=False)

    @rule(who=PEOPLE, buyer=PEOPLE, pick=st.integers(0, 2), what=st.integers(0, 2))
    def report_and_decide_again(self, who, buyer, pick, what):
        self.report(buyer, pick)
        self.claim_and_decide(who, what)

    @precondition(lambda self: self.acknowledged)
    @rule()
    def undo_the_newest(self):
        """By its author: the undo that is mostly granted."""
        newest = Decision.objects.exclude(verdict=Verdict.UNDONE).filter(undone_by=None)
        target = newest.order_by("-id").first()
        if target is not None:
            who = self.moderators.index(target.moderator)
            self.undo_one(who, target.pk)

    @rule(who=PEOPLE)
    def skip(self, who):
        self.answer(who, uuid.uuid4(), decisions.skip, reason=SkipReason.OTHER)

    def answer(self, who, key, service, **given):
        if self.claims[who] is None:
            return
        try:
            decision = service(
                item_id=self.claims[who],
                moderator=self.moderators[who],
                client_key=key,
                now=self.now,
                **given,
            )
        except decisions.ClaimLost:
            return
        self.acknowledged[key] = decision.pk

    @rule(who=PEOPLE)
    def release(self, who):
        review.release_all(moderator=self.moderators[who], now=self.now)

    @rule(who=PEOPLE)
    def come_back_to_skipped(self, who):
        review.forget_skips(moderator=self.moderators[who])

    @precondition(lambda self: self.acknowledged)
    @rule(who=PEOPLE, pick=st.integers(0, 100))
    def undo(self, who, pick):
        keys = list(self.acknowledged)
        self.undo_one(who, self.acknowledged[keys[pick % len(keys)]])

    def undo_one(self, who, target):
        key = uuid.uuid4()
        try:
            record = decisions.undo(
                decision_id=target,
                moderator=self.moderators[who],
                client_key=key,
                now=self.now,
            )
        except decisions.UndoRefused:
            return
        self.acknowledged[key] = record.pk
        assert ReviewItem.objects.get(pk=record.item_id).claimed_by == self.moderators[who]

    @rule(buyer=PEOPLE, pick=st.integers(0, 2))
    def report(self, buyer, pick):
        product = Product.objects.order_by("id")[pick]
        try:
            reports.submit_report(
                product=product,
                reporter=self.buyers[buyer],
                suggested_category=None,
                comment="",
                now=self.now,
            )
        except reports.ReportRefused:
            assert product.status != ProductStatus.LISTED

    @invariant()
    def at_most_one_open_item_and_one_live_label(self):
        for product in Product.objects.all():
            open_items = product.review_items.exclude(status=ReviewStatus.RESOLVED)
            assert open_items.count() <= 1
            assert product.labels.filter(ended_at=None).count() <= 1

    @invariant()
    def acknowledged_decisions_stay(self):
        stored = dict(Decision.objects.values_list("client_key", "pk"))
        assert {key: stored.get(key) for key in self.acknowledged} == self.acknowledged

    @invariant()
    def the_newest_standing_answer_is_the_listing_and_the_label(self):
        for product in Product.objects.all():
            answers = product.decisions.filter(
                verdict__in=[Verdict.CONFIRMED, Verdict.CORRECTED], undone_by=None
            )
            newest = answers.order_by("-id").first()
            label = product.labels.filter(ended_at=None).first()
            assert (label and label.category_id) == (newest and newest.category_id)
            assert product.category_id == (newest and newest.category_id)

    @invariant()
    def an_open_report_belongs_to_the_open_case_of_its_product(self):
        for report in MisclassificationReport.objects.filter(status=ReportStatus.OPEN):
            assert report.case.product == report.product
            assert report.case.status != CaseStatus.CLOSED

    @invariant()
    def a_case_in_review_has_an_open_item(self):
        for case in ReportCase.objects.filter(status=CaseStatus.IN_REVIEW):
            assert case.item.status != ReviewStatus.RESOLVED


def live_claims(moderator, now):
    held = ReviewItem.objects.filter(
        claimed_by=moderator, status=ReviewStatus.CLAIMED, claim_expires_at__gt=now
    )
    return set(held.values_list("pk", flat=True))


def test_any_order_of_events_keeps_the_books():
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            database=None,
            # Without shrinking, which replays on a real database for minutes.
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
