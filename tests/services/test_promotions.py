from datetime import timedelta

import pytest

from reviewapp.choices import GateVerdict, ModelStage, PromotionKind
from reviewapp.domain.snapshots import Filters
from reviewapp.models import GateReport, Promotion, Rescoring, RoutingPolicy
from reviewapp.selectors.promotions import champion_before
from reviewapp.services.evaluations import judge, request_gate
from reviewapp.services.model_versions import ModelRefused
from reviewapp.services.policies import current_policy
from reviewapp.services.promotions import (
    GateNotPassed,
    NothingBefore,
    OtherChampion,
    promote,
    roll_back,
)
from tests.concurrency import in_new_connection
from tests.evaluation_world import bare_snapshot, measured
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    RoutingPolicyFactory,
    TrainedRunFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _categories():
    for code in (10, 20):
        CategoryFactory(code=code)


def judged(champion, candidate, now, verdict, snapshot=None, *, is_trained_here=True):
    """A judgement of that verdict, without any measuring."""
    if is_trained_here and not candidate.training_runs.exists():
        TrainedRunFactory(model_version=candidate)
    report = request_gate(
        candidate=candidate,
        champion=champion,
        snapshot=snapshot or bare_snapshot(now, products=400),
        user=None,
        now=now,
    )
    policy = current_policy(now=now)
    GateReport.objects.filter(pk=report.pk).update(verdict=verdict, policy=policy, judged_at=now)
    report.refresh_from_db()
    return report


def test_the_first_model_needs_no_gate_and_leaves_the_policy_alone(now):
    promotion = promote(version=ModelVersionFactory(), now=now)

    assert (promotion.kind, promotion.previous, promotion.policy) == (
        PromotionKind.FIRST,
        None,
        None,
    )


def test_a_version_that_passed_takes_the_champions_place(now):
    admin, old, new = AdminFactory(), ChampionFactory(), ModelVersionFactory()
    report = judged(old, new, now, GateVerdict.PASSED)

    promotion = promote(version=new, author=admin, now=now)

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.stage, new.stage, new.promoted_at) == (
        ModelStage.RETIRED,
        ModelStage.CHAMPION,
        now,
    )
    assert (promotion.kind, promotion.gate, promotion.previous, promotion.promoted_by) == (
        PromotionKind.GATE,
        report,
        old,
        admin,
    )


@pytest.mark.parametrize("verdict", ["", GateVerdict.FAILED, GateVerdict.NOT_JUDGED])
def test_without_a_passing_gate_it_takes_a_written_reason(now, verdict):
    old, new = ChampionFactory(), ModelVersionFactory()
    if verdict:
        judged(old, new, now, verdict)

    with pytest.raises(GateNotPassed):
        promote(version=new, reason="  ", now=now)
    promotion = promote(version=new, reason="The old one fails on toys.", now=now)

    assert (promotion.kind, promotion.reason) == (
        PromotionKind.OVERRIDE,
        "The old one fails on toys.",
    )


def test_what_was_not_judged_passes_only_for_who_has_seen_it(now):
    old, new = ChampionFactory(), ModelVersionFactory()
    judged(old, new, now, GateVerdict.NOT_JUDGED)

    promotion = promote(version=new, accepts_unjudged=True, now=now)

    assert (promotion.kind, promotion.accepts_unjudged) == (PromotionKind.GATE, True)


def test_accepting_what_was_not_judged_does_not_excuse_a_failed_test(now):
    old, new = ChampionFactory(), ModelVersionFactory()
    judged(old, new, now, GateVerdict.FAILED)

    with pytest.raises(GateNotPassed):
        promote(version=new, accepts_unjudged=True, now=now)


def chosen_labels(now):
    row = bare_snapshot(now, products=400)
    row.filters = Filters(decided_until=now.date()).as_json()
    row.save()
    return row


@pytest.mark.parametrize("doubt", ["trained elsewhere", "labels chosen"])
def test_a_pass_on_test_products_learned_or_chosen_counts_as_not_judged(now, doubt):
    old, new = ChampionFactory(), ModelVersionFactory()
    is_chosen = doubt == "labels chosen"
    snapshot = chosen_labels(now) if is_chosen else None
    judged(old, new, now, GateVerdict.PASSED, snapshot, is_trained_here=is_chosen)

    with pytest.raises(GateNotPassed, match="may have learned") as refused:
        promote(version=new, now=now)
    promotion = promote(version=new, accepts_unjudged=True, now=now)

    assert (refused.value.is_in_doubt, refused.value.was_refused) == (True, False)
    assert (promotion.kind, promotion.accepts_unjudged) == (PromotionKind.GATE, True)


def test_a_reason_promotes_what_was_trained_elsewhere(now):
    old, new = ChampionFactory(), ModelVersionFactory()
    judged(old, new, now, GateVerdict.PASSED, is_trained_here=False)

    promotion = promote(version=new, reason="Trained on last year's catalogue alone.", now=now)

    assert promotion.kind == PromotionKind.OVERRIDE


def test_a_reason_about_one_champion_does_not_push_out_another_one(now):
    old, new = ChampionFactory(), ModelVersionFactory()
    seen = judged(old, new, now, GateVerdict.FAILED)
    other = ModelVersionFactory()
    promote(version=other, reason="A colleague was faster.", now=now)

    with pytest.raises(OtherChampion):
        promote(version=new, reason="The old one fails on toys.", seen=seen, now=now)

    other.refresh_from_db()
    assert other.stage == ModelStage.CHAMPION


def test_a_judgement_against_an_earlier_champion_does_not_count(now):
    old, new = ChampionFactory(), ModelVersionFactory()
    judged(old, new, now, GateVerdict.PASSED)
    promote(version=ModelVersionFactory(), reason="urgent", now=now)

    with pytest.raises(GateNotPassed):
        promote(version=new, now=now)


def test_the_newest_judgement_counts(now):
    old, new = ChampionFactory(), ModelVersionFactory()
    snapshot = bare_snapshot(now, products=400)
    judged(old, new, now, GateVerdict.PASSED, snapshot)
    judged(old, new, now, GateVerdict.FAILED, snapshot)

    with pytest.raises(GateNotPassed):
        promote(version=new, now=now)


@pytest.mark.parametrize("verdict", [GateVerdict.PASSED, GateVerdict.NOT_JUDGED])
def test_what_was_refused_before_takes_a_reason_though_it_passes_now(now, verdict):
    old, new = ChampionFactory(), ModelVersionFactory()
    judged(old, new, now, GateVerdict.FAILED)
    newest = judged(old, new, now, verdict)

    with pytest.raises(GateNotPassed) as refused:
        promote(version=new, accepts_unjudged=True, reason=" ", now=now)
    promotion = promote(version=new, accepts_unjudged=True, reason="Four times the tests.", now=now)

    assert (refused.value.report, refused.value.was_refused) == (newest, True)
    assert (promotion.kind, promotion.gate, promotion.reason) == (
        PromotionKind.GATE,
        newest,
        "Four times the tests.",
    )


def test_refusals_of_others_or_by_an_earlier_champion_do_not_count(now):
    before, old, new = ModelVersionFactory(), ChampionFactory(), ModelVersionFactory()
    judged(before, new, now, GateVerdict.FAILED)
    judged(old, ModelVersionFactory(), now, GateVerdict.FAILED)
    judged(old, new, now, GateVerdict.PASSED)

    assert promote(version=new, now=now).kind == PromotionKind.GATE


def test_a_refused_promotion_changes_nothing(now):
    old, new = ChampionFactory(), ModelVersionFactory(labels=[10, 77])

    with pytest.raises(ModelRefused, match="77"):
        promote(version=new, reason="urgent", now=now)

    old.refresh_from_db()
    assert old.stage == ModelStage.CHAMPION
    assert not Promotion.objects.exists()


def real_pair(now):
    """Champion and a better candidate with answers on nine categories, judged."""
    for code in range(10, 100, 10):
        CategoryFactory(code=code)
    snapshot = bare_snapshot(now, products=1500)
    old, new = ChampionFactory(), ModelVersionFactory()
    measured(old, snapshot, now, sharpness=3.0)
    measured(new, snapshot, now, sharpness=3.6)
    TrainedRunFactory(model_version=new)
    report = request_gate(candidate=new, champion=old, snapshot=snapshot, user=None, now=now)
    judge(report_id=report.pk, now=now)
    return old, new


def test_thresholds_are_certified_anew_with_the_new_models_answers(now):
    _old, new = real_pair(now)
    RoutingPolicyFactory(accept_at=0.5)

    promotion = promote(version=new, now=now)

    policy = RoutingPolicy.objects.latest()
    assert promotion.policy == policy
    assert promotion.policy_before.version == policy.version - 1
    assert 0.5 < policy.accept_at < 1
    assert promotion.certificate["bound"] <= 0.02


def test_thresholds_are_certified_on_what_the_gate_has_judged_not_on_a_later_part_of_it(now):
    _old, new = real_pair(now)
    measured(new, bare_snapshot(now, products=40), now + timedelta(hours=1), products=40)
    RoutingPolicyFactory(accept_at=0.5)

    promotion = promote(version=new, now=now)

    assert promotion.certificate["bound"] <= 0.02


def test_each_promotion_begins_at_the_thresholds_that_a_person_set(now):
    _old, new = real_pair(now)
    RoutingPolicyFactory(accept_at=0.5, missing_thresholds={"image": 0.6})

    first = promote(version=new, now=now).policy
    roll_back(leaving=new, author=None, now=now)
    again = promote(version=new, reason="again", now=now).policy

    assert (again.accept_at, again.missing_thresholds) == (
        first.accept_at,
        first.missing_thresholds,
    )
    assert again.version == first.version + 2


def test_without_answers_the_thresholds_stay_and_nothing_is_promised(now):
    ChampionFactory()
    RoutingPolicyFactory(accept_at=0.83)

    promotion = promote(version=ModelVersionFactory(), reason="urgent", now=now)

    assert (promotion.policy.accept_at, promotion.certificate) == (0.83, {})


def test_rolling_back_takes_the_same_road(now):
    admin, old, new = AdminFactory(), ChampionFactory(), ModelVersionFactory()
    promote(version=new, reason="urgent", now=now)

    promotion = roll_back(leaving=new, author=admin, reason="It lists toys as books.", now=now)

    old.refresh_from_db()
    assert old.stage == ModelStage.CHAMPION
    assert (promotion.kind, promotion.version, promotion.previous) == (
        PromotionKind.ROLLBACK,
        old,
        new,
    )
    assert promotion.policy is not None
    assert promotion.rescoring.finished_at is None
    assert Rescoring.objects.filter(finished_at=None).count() == 1


def test_rolling_back_again_does_not_bring_the_bad_model_back(now):
    first, second, third = (ModelVersionFactory() for _ in range(3))
    promote(version=first, now=now)
    promote(version=second, reason="better", now=now)
    promote(version=third, reason="better", now=now)

    roll_back(leaving=third, author=None, now=now)
    roll_back(leaving=second, author=None, now=now)

    first.refresh_from_db()
    assert first.stage == ModelStage.CHAMPION
    assert champion_before() is None
    with pytest.raises(NothingBefore):
        roll_back(leaving=first, author=None, now=now)


def test_a_double_click_on_rolling_back_goes_back_one_champion(now):
    first, second, third = (ModelVersionFactory() for _ in range(3))
    promote(version=first, now=now)
    promote(version=second, reason="better", now=now)
    promote(version=third, reason="better", now=now)
    roll_back(leaving=third, author=None, now=now)

    with pytest.raises(OtherChampion):
        roll_back(leaving=third, author=None, now=now)

    second.refresh_from_db()
    assert second.stage == ModelStage.CHAMPION


@pytest.mark.django_db(transaction=True)
def test_two_promotions_at_once_leave_one_champion(now):
    ChampionFactory()
    versions = [ModelVersionFactory(), ModelVersionFactory()]

    for version in versions:
        in_new_connection(lambda one=version: promote(version=one, reason="race", now=now))

    stages = [v.stage for v in versions if not v.refresh_from_db()]
    assert stages.count(ModelStage.CHAMPION) == 1
    assert [p.previous_id for p in Promotion.objects.order_by("pk")][1] == versions[0].pk
