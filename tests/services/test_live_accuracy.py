from datetime import timedelta

import pytest
from django.db.models import Sum

from reviewapp.choices import (
    AuditStratum,
    GroupKind,
    ReviewReason,
    ReviewStatus,
    RouteOutcome,
    Verdict,
)
from reviewapp.domain.certificate_watch import CertificateBets
from reviewapp.models import (
    CertificateAlarm,
    CertificateWatch,
    Decision,
    Mail,
    Product,
    Route,
    RouteTally,
    RoutingPolicy,
)
from reviewapp.services.rollups import rebuild, roll_up_routes
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    DecisionFactory,
    ModelVersionFactory,
    ModeratorFactory,
    PredictionFactory,
    ReviewItemFactory,
    RoutingPolicyFactory,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def champion():
    return ChampionFactory()


@pytest.fixture
def categories():
    return CategoryFactory(code=10), CategoryFactory(code=20)


def listing(champion, categories, *, audited=True, **fields):
    """A product listed by itself just above the threshold."""
    prediction = PredictionFactory(
        model_version=champion, category=categories[0], input_digest="d" * 64,
        product__input_digest="d" * 64, product__language="fr",
    )  # fmt: skip
    return Route.objects.create(
        product=prediction.product,
        prediction=prediction,
        policy=RoutingPolicyFactory(),
        **{
            "outcome": RouteOutcome.LISTED,
            "reasons": [ReviewReason.AUDIT] if audited else [],
            "inclusion_probability": 0.2,
            "stratum": AuditStratum.NEAR,
            "created_at": NOW,
        }
        | fields,
    )


def answer(route, category, *, moderator=None, **fields):
    reasons = route.reasons or [ReviewReason.LOW_CONFIDENCE]
    item = ReviewItemFactory(
        product=route.product, route=route, reasons=reasons, is_blind=True,
        status=ReviewStatus.RESOLVED, resolved_at=NOW,
    )  # fmt: skip
    given = {"reasons": reasons, "is_blind": True, "decided_at": NOW} | fields
    return DecisionFactory(
        item=item, category=category, moderator=moderator or ModeratorFactory(), **given
    )


def count(now=LATER):
    while roll_up_routes(now=now):
        pass


def tally(kind=GroupKind.CATEGORY, **fields):
    row = RouteTally.objects.get(kind=kind, **fields)
    return row.routed, row.drawn, row.answered, row.wrong


def test_each_listing_and_its_audit_count_once_whatever_is_repeated(champion, categories):
    right, wrong = (listing(champion, categories) for _ in range(2))
    listing(champion, categories, audited=False)
    answer(right, categories[0])
    answer(wrong, categories[1])

    count()
    count()

    assert tally() == (3, 2, 2, 1)
    assert tally(GroupKind.LANGUAGE, group="fr") == (3, 2, 2, 1)
    assert RouteTally.objects.get(kind=GroupKind.SELLER).group == "feed"


def test_a_rebuild_finds_the_same_counts_and_bets(champion, categories):
    answer(listing(champion, categories), categories[1])
    count()
    before = (tally(), CertificateWatch.objects.get().bets)

    rebuild()
    count()

    assert (tally(), CertificateWatch.objects.get().bets) == before


def test_near_duplicates_are_one_bet_also_when_their_audits_come_apart(champion, categories):
    def evidence(*, group_key):
        for route in (listing(champion, categories), listing(champion, categories)):
            Product.objects.filter(pk=route.product_id).update(group_key=group_key)
            answer(route, categories[1])
            count()
        found = CertificateBets.from_json(CertificateWatch.objects.get().bets).evidence
        Decision.objects.all().delete()
        rebuild()
        return found

    together, apart = evidence(group_key=7), evidence(group_key=None)

    assert 1 < together < apart


def test_answers_count_when_they_have_settled(champion, categories):
    answer(listing(champion, categories), categories[1], decided_at=LATER)

    count(now=LATER + timedelta(minutes=5))
    assert tally() == (1, 1, 0, 0)
    count(now=LATER + timedelta(minutes=11))

    assert tally() == (1, 1, 1, 1)


def test_an_answer_that_saw_the_models_is_no_audit(champion, categories):
    answer(listing(champion, categories), categories[1], is_blind=False)

    count()

    assert tally() == (1, 1, 0, 0)


def test_a_listing_that_a_person_had_decided_is_not_the_models(champion, categories):
    listing(champion, categories, details={"label": 1})

    count()

    assert not RouteTally.objects.exists()


def arrivals():
    """Return how many products arrived, and of those in the shop within a day."""
    rows = RouteTally.objects.filter(kind=GroupKind.LANGUAGE)
    sums = rows.aggregate(products=Sum("products"), prompt=Sum("listed_in_a_day"))
    return sums["products"], sums["prompt"]


def again(route, champion, **fields):
    """The product of `route`, routed once more."""
    prediction = PredictionFactory(
        model_version=champion, product=route.product, category=route.prediction.category,
        input_digest="d" * 64,
    )  # fmt: skip
    return Route.objects.create(
        product=route.product, prediction=prediction, policy=route.policy, outcome=route.outcome,
        reasons=route.reasons, inclusion_probability=route.inclusion_probability,
        stratum=route.stratum, **fields,
    )  # fmt: skip


def test_an_edit_a_month_later_is_no_arrival(champion, categories):
    first = listing(champion, categories, audited=False)
    again(first, ModelVersionFactory(), created_at=NOW + timedelta(days=30))

    count(now=NOW + timedelta(days=31))

    assert arrivals() == (1, 1)


def test_a_product_that_waits_is_in_the_shop_when_it_is_answered_though_it_was_routed_again(
    champion, categories
):
    held = {"outcome": RouteOutcome.REVIEW, "stratum": AuditStratum.REVIEW, "audited": False}
    first = listing(champion, categories, inclusion_probability=1.0, **held)
    late = listing(champion, categories, inclusion_probability=1.0, **held)
    second = again(first, ModelVersionFactory(), created_at=NOW + timedelta(hours=1))
    answer(second, categories[0], decided_at=NOW + timedelta(hours=2))
    answer(late, categories[0], decided_at=NOW + timedelta(hours=25))

    count(now=NOW + timedelta(days=2))

    assert arrivals() == (2, 1)
    [row] = RouteTally.objects.filter(kind=GroupKind.LANGUAGE, listed_in_a_day=1)
    assert row.model_version == champion


def test_only_the_first_answer_counts(champion, categories):
    first = answer(listing(champion, categories), categories[1])
    DecisionFactory(
        item=first.item, moderator=first.moderator, verdict=Verdict.UNDONE, category=None,
        undoes=first, decided_at=NOW,
    )  # fmt: skip
    DecisionFactory(
        item=first.item, moderator=first.moderator, category=categories[0], is_blind=True,
        reasons=first.reasons, decided_at=NOW,
    )  # fmt: skip

    count()

    assert tally() == (1, 1, 1, 1)


def _many_wrong(champion, categories, times):
    moderator = ModeratorFactory()
    for _ in range(times):
        answer(listing(champion, categories), categories[1], moderator=moderator)


def test_too_many_wrong_listings_void_the_certificate_and_tighten_the_gate(champion, categories):
    admin = AdminFactory(
        wants_mail=True, email="a@example.org", confirmed_email="a@example.org", language="en"
    )
    AdminFactory(wants_mail=False, email="b@example.org")
    before = RoutingPolicyFactory(accept_at=0.8, thresholds={"10": 0.9})
    _many_wrong(champion, categories, 60)

    count()

    alarm = CertificateAlarm.objects.get()
    after = RoutingPolicy.objects.latest()
    assert (alarm.policy, alarm.policy_after) == (before, after)
    assert after.accept_at == pytest.approx(8 / 9, abs=1e-3)
    assert after.thresholds["10"] > 0.9
    letter = Mail.objects.get()
    assert letter.recipient == admin
    assert letter.not_before == letter.created_at
    assert "version 2" in letter.body


def test_an_alarm_is_raised_once(champion, categories):
    _many_wrong(champion, categories, 60)
    count()

    _many_wrong(champion, categories, 5)
    count()
    rebuild()
    count()

    assert CertificateAlarm.objects.count() == 1
    assert RoutingPolicy.objects.count() == 2


def test_a_policy_no_longer_in_force_changes_no_threshold(champion, categories):
    _many_wrong(champion, categories, 60)
    RoutingPolicyFactory(version=2, accept_at=0.95)

    count()

    assert CertificateAlarm.objects.get().policy_after is None
    assert RoutingPolicy.objects.latest().version == 2


def test_a_newer_policy_that_is_stricter_in_one_category_only_is_made_stricter(
    champion, categories
):
    _many_wrong(champion, categories, 60)
    RoutingPolicyFactory(version=2, accept_at=0.6, thresholds={"10": 0.85})

    count()

    after = RoutingPolicy.objects.latest()
    assert CertificateAlarm.objects.get().policy_after == after
    assert after.accept_at == pytest.approx(0.75, abs=1e-3)
    assert after.thresholds["10"] > 0.85


def test_a_newer_policy_that_lists_as_much_is_made_stricter(champion, categories):
    _many_wrong(champion, categories, 60)
    RoutingPolicyFactory(version=2, accept_at=0.7, audit_rate=0.5)

    count()

    after = RoutingPolicy.objects.latest()
    assert CertificateAlarm.objects.get().policy_after == after
    assert (after.version, after.audit_rate) == (3, 0.5)
    assert after.accept_at == pytest.approx(0.8235, abs=1e-3)
