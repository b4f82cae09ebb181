from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.choices import AuditStratum, ReviewReason, RouteOutcome
from reviewapp.domain.routing import (
    Evidence,
    MemberOpinion,
    Policy,
    audit_draw,
    route,
    stratum_of,
)

POLICY = Policy(version=1, accept_at=0.8, audit_rate=0.1)
share = st.floats(0, 1)
opinion = st.builds(MemberOpinion, code=st.sampled_from([10, 20, 30]), confidence=share)
evidence = st.builds(
    Evidence,
    fusion=st.none() | opinion,
    cnn=st.none() | opinion,
    bert=st.none() | opinion,
    has_text=st.booleans(),
    failure=st.sampled_from(["", "model missing"]),
)


def sure(confidence=0.95, **kwargs):
    return Evidence(fusion=MemberOpinion(10, confidence), **kwargs)


@given(evidence, share.filter(lambda x: x < 1))
def test_every_reviewed_product_has_a_reason(evidence, draw):
    decision = route(evidence, draw, POLICY)

    assert decision.outcome == RouteOutcome.LISTED or decision.reasons
    assert 0 < decision.inclusion_probability <= 1


@given(evidence, share)
def test_nothing_below_the_threshold_is_listed(evidence, accept_at):
    policy = Policy(version=1, accept_at=accept_at)

    if route(evidence, 0.5, policy).outcome == RouteOutcome.LISTED:
        assert evidence.fusion.confidence >= accept_at


@given(evidence, share.filter(lambda x: x < 1))
def test_more_confidence_never_sends_a_product_back_to_review(evidence, draw):
    if evidence.fusion is None:
        return
    surer = Evidence(
        fusion=MemberOpinion(evidence.fusion.code, 1.0),
        cnn=evidence.cnn,
        bert=evidence.bert,
        has_text=evidence.has_text,
        failure=evidence.failure,
    )

    if route(evidence, draw, POLICY).outcome == RouteOutcome.LISTED:
        assert route(surer, draw, POLICY).outcome == RouteOutcome.LISTED


def test_the_threshold_itself_is_enough():
    assert route(sure(0.8), 0.5, POLICY).outcome == RouteOutcome.LISTED


def test_a_confidence_that_is_no_number_goes_to_review():
    decision = route(sure(float("nan")), 0.5, POLICY)

    assert decision.reasons == (ReviewReason.LOW_CONFIDENCE,)


def test_an_audited_product_stays_listed():
    decision = route(sure(0.999), 0.0, POLICY)

    assert decision.outcome == RouteOutcome.LISTED
    assert decision.reasons == (ReviewReason.AUDIT,)
    assert decision.inclusion_probability == POLICY.audit_rate


@pytest.mark.parametrize(
    ("confidence", "rates", "stratum", "expected"),
    [
        (0.85, {}, AuditStratum.NEAR, 0.2),
        (0.95, {}, AuditStratum.MIDDLE, 0.1),
        (0.99, {}, AuditStratum.FAR, 0.05),
        (0.85, {"near": 0.5}, AuditStratum.NEAR, 0.5),
    ],
)
def test_audits_are_denser_just_above_the_threshold(confidence, rates, stratum, expected):
    policy = Policy(version=1, accept_at=0.8, audit_rate=0.05, audit_rates=rates)

    decision = route(sure(confidence), 0.9, policy)

    assert (decision.stratum, decision.inclusion_probability) == (stratum, expected)


def test_certainty_as_a_threshold_leaves_one_stratum():
    assert stratum_of(1.0, 1.0) == AuditStratum.FAR


@pytest.mark.parametrize(
    ("cnn", "bert", "reviewed"),
    [
        (MemberOpinion(20, 0.7), MemberOpinion(10, 0.9), True),
        (MemberOpinion(20, 0.3), MemberOpinion(10, 0.9), False),
        (MemberOpinion(10, 0.7), MemberOpinion(10, 0.9), False),
        (None, MemberOpinion(20, 0.9), False),
    ],
)
def test_only_two_sure_members_disagree(cnn, bert, reviewed):
    decision = route(sure(cnn=cnn, bert=bert), 0.5, POLICY)

    assert (ReviewReason.DISAGREEMENT in decision.reasons) is reviewed


def test_no_answer_goes_to_review():
    decision = route(Evidence(fusion=None), 0.5, POLICY)

    assert decision.reasons == (ReviewReason.MISSING_INPUT,)
    assert decision.inclusion_probability == 1


def test_a_failure_is_named_as_such():
    decision = route(sure(failure="poison"), 0.5, POLICY)

    assert decision.reasons == (ReviewReason.FAILED,)


def test_the_draw_is_uniform_and_repeats_itself():
    draws = [audit_draw(product_id, 3) for product_id in range(20_000)]

    assert draws == [audit_draw(product_id, 3) for product_id in range(20_000)]
    assert all(0 <= draw < 1 for draw in draws)
    # Standard error of the mean of 20,000 uniform draws: 0.002.
    assert abs(sum(draws) / len(draws) - 0.5) < 0.01
    assert abs(sum(draw < 0.05 for draw in draws) / len(draws) - 0.05) < 0.008


def test_a_new_policy_draws_anew():
    assert [audit_draw(n, 1) for n in range(50)] != [audit_draw(n, 2) for n in range(50)]


def test_a_category_or_a_missing_picture_can_have_a_threshold_of_its_own():
    policy = Policy(
        version=1, accept_at=0.8, thresholds={10: 0.9}, missing_thresholds={"image": 0.97}
    )

    def outcome(code, confidence, **inputs):
        return route(Evidence(MemberOpinion(code, confidence), **inputs), 0.5, policy).outcome

    assert outcome(20, 0.85) == RouteOutcome.LISTED
    assert outcome(10, 0.85) == RouteOutcome.REVIEW
    assert outcome(20, 0.85, has_image=False) == RouteOutcome.REVIEW
    assert outcome(20, 0.97, has_image=False) == RouteOutcome.LISTED


@pytest.mark.parametrize(
    ("changes", "is_all"),
    [
        ({}, True),
        ({"accept_at": 0.7, "audit_rate": 0.5}, True),
        ({"accept_at": 0.81}, False),
        ({"thresholds": {10: 0.9, 20: 0.5}}, True),
        ({"thresholds": {}}, True),
        ({"thresholds": {10: 0.9, 20: 0.85}}, False),
        ({"missing_thresholds": {"image": 0.7}}, True),
        ({"missing_thresholds": {"image": 0.95}}, False),
        ({"disagreement_at": 0.4}, False),
        ({"review_missing_text": False}, True),
    ],
)
def test_a_policy_lists_all_of_another_or_holds_something_back(changes, is_all):
    other = Policy(version=1, accept_at=0.8, thresholds={10: 0.9})

    assert replace(other, **changes).lists_all_of(other) is is_all


@pytest.mark.parametrize(
    ("changes", "is_stricter"),
    [
        ({}, False),
        ({"accept_at": 0.81}, True),
        ({"disagreement_at": 0.4}, True),
        ({"accept_at": 0.6, "thresholds": {10: 0.95}}, False),
        ({"accept_at": 0.7}, False),
    ],
)
def test_a_stricter_policy_lists_a_part_of_another_and_nothing_else(changes, is_stricter):
    other = Policy(version=1, accept_at=0.8, thresholds={10: 0.9})

    assert replace(other, **changes).is_stricter_than(other) is is_stricter
