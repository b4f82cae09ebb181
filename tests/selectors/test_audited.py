"""Stored answers of a version beside people's decisions, each with what it stands for."""

from datetime import timedelta

import pytest

from reviewapp.choices import MemberChoice, RouteOutcome
from reviewapp.models import LiveMeasure, Route
from reviewapp.selectors.audited import audited, decided_products
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    PredictionFactory,
    ProductFactory,
    RoutingPolicyFactory,
)
from tests.labels import label

pytestmark = pytest.mark.django_db
MEMBERS = ("cnn", "bert", "lexical", "fusion")


@pytest.fixture
def version():
    return ChampionFactory()


def routed(version, now, *, outcome, rate, reasons, members=MEMBERS):
    """A product that the members have answered with 10."""
    product = ProductFactory()
    said = [
        PredictionFactory(
            product=product,
            model_version=version,
            member=member,
            category=CategoryFactory(code=10),
            confidence=0.9,
            created_at=now,
        )
        for member in members
    ]
    Route.objects.create(
        product=product,
        prediction=said[-1],
        policy=RoutingPolicyFactory(),
        outcome=outcome,
        reasons=reasons,
        inclusion_probability=rate,
        created_at=now,
    )
    return product


def reroute(product, now, *, outcome, rate):
    """The same answers, sent elsewhere by a later policy."""
    Route.objects.create(
        product=product,
        prediction=product.routes.first().prediction,
        policy=RoutingPolicyFactory(),
        outcome=outcome,
        reasons=["audit"],
        inclusion_probability=rate,
        created_at=now,
    )


def listed(version, now, *, rate=0.05, reasons=("audit",), **values):
    return routed(
        version, now, outcome=RouteOutcome.LISTED, rate=rate, reasons=list(reasons), **values
    )


def doubtful(version, now, **values):
    return routed(
        version,
        now,
        outcome=RouteOutcome.REVIEW,
        rate=1.0,
        reasons=["low_confidence"],
        **values,
    )


def decide(product, now, code=10, *, is_blind=True, reasons=("audit",)):
    label(now, code=code, product=product, is_blind=is_blind, reasons=list(reasons))


def test_every_member_is_measured_by_its_stored_answers(version, now):
    product = listed(version, now, members=("bert", "lexical", "fusion"))
    decide(product, now, code=20)

    sheet = audited(version, since=now, until=now).sheet

    assert set(sheet.members) == {"bert", "lexical", "fusion"}
    assert sheet.true.tolist() == [20]
    assert {one.predicted.tolist()[0] for one in sheet.members.values()} == {10}


def test_a_product_weighs_the_inverse_of_its_chance_and_for_those_still_waiting(version, now):
    rare, frequent = listed(version, now, rate=0.05), listed(version, now, rate=0.2)
    listed(version, now, rate=0.05)  # drawn, not answered yet
    listed(version, now, reasons=())  # not drawn
    first, _second, _third = (doubtful(version, now) for _ in range(3))
    for product in (rare, frequent):
        decide(product, now)
    decide(first, now, is_blind=False, reasons=["low_confidence"])

    found = audited(version, since=now, until=now)

    weight = dict(zip(found.sheet.product.tolist(), found.sheet.weight.tolist(), strict=True))
    assert weight[rare.pk] / weight[frequent.pk] == pytest.approx(4)
    assert weight[rare.pk] + weight[frequent.pk] == pytest.approx(20 + 5 + 20)
    assert weight[first.pk] == pytest.approx(3)
    assert (found.audits, found.reviewed) == (2, 1)


def test_of_a_product_routed_more_than_once_the_newest_route_counts(version, now):
    again = doubtful(version, now - timedelta(days=2))
    reroute(again, now - timedelta(days=1), outcome=RouteOutcome.LISTED, rate=0.05)
    reroute(again, now, outcome=RouteOutcome.LISTED, rate=0.1)
    edited = doubtful(version, now)
    edited.input_digest = "e" * 64
    edited.save(update_fields=["input_digest"])
    first, _waiting = doubtful(version, now), doubtful(version, now)
    decide(again, now)
    decide(first, now, is_blind=False, reasons=["low_confidence"])

    found = audited(version, since=now - timedelta(days=90), until=now)

    weight = dict(zip(found.sheet.product.tolist(), found.sheet.weight.tolist(), strict=True))
    assert weight == {again.pk: pytest.approx(10), first.pk: pytest.approx(2)}


def test_the_newest_decisions_are_looked_at_only(version, now, monkeypatch):
    monkeypatch.setattr("reviewapp.selectors.audited._MOST_LABELS", 2)
    products = [listed(version, now) for _ in range(3)]
    for product in products:
        decide(product, now)

    found = audited(version, since=now, until=now)

    assert found.sheet.product.tolist() == [one.pk for one in products[1:]]
    assert found.sheet.weight.sum() == pytest.approx(3 * 20)


def test_what_says_nothing_of_the_version_today_is_left_out(version, now):
    other, old = ModelVersionFactory(), now - timedelta(days=200)
    for product in (
        listed(other, now),
        listed(version, old),
        listed(version, now, reasons=()),
    ):
        decide(product, now, reasons=["buyer_report"] if product.pk % 2 else ["audit"])
    seen = listed(version, now)
    decide(seen, now, is_blind=False)
    changed = listed(version, now)
    label(now, product=changed, is_blind=True, reasons=["audit"], input_digest="e" * 64)

    found = audited(version, since=now - timedelta(days=90), until=now)

    assert found is None or found.audits <= 1


def cell(version, now, **values):
    """The products of one cell of what was measured of the version at `now`."""
    measure = LiveMeasure(model_version=version, days=30, products=1, audits=1, measured_at=now)
    asked = {"member": "bert", "true": 20, "predicted": 10, "before": None, "limit": 5}
    return decided_products(measure, **asked | values)


def test_a_cell_has_the_products_that_were_counted_in_it(version, now):
    audit, reviewed, right = listed(version, now), doubtful(version, now), listed(version, now)
    mute = listed(version, now, members=("fusion",))
    for product, code in ((audit, 20), (right, 10), (mute, 20)):
        decide(product, now, code=code)
    decide(reviewed, now, code=20, is_blind=False, reasons=["low_confidence"])
    other = listed(ModelVersionFactory(), now)
    decide(other, now, code=20)

    found = cell(version, now)

    assert [(one.product, one.confidence, one.is_audit) for one in found] == [
        (reviewed, 0.9, False),
        (audit, 0.9, True),
    ]
    assert [one.product for one in cell(version, now, predicted=20)] == []
    assert [one.product for one in cell(version, now, member="fusion")] == [reviewed, mute, audit]
    assert [one.product for one in cell(version, now, true=10)] == [right]


def test_a_cell_is_of_the_days_of_its_measure_and_of_what_was_decided_by_then(version, now):
    early = listed(version, now - timedelta(days=31))
    counted, later = listed(version, now), listed(version, now)
    for product in (early, counted):
        decide(product, now, code=20)
    label(
        now,
        code=20,
        product=later,
        is_blind=True,
        reasons=["audit"],
        created_at=now + timedelta(minutes=1),
    )

    assert [one.product for one in cell(version, now)] == [counted]


def test_a_cell_comes_in_pages(version, now):
    products = [listed(version, now) for _ in range(3)]
    for product in products:
        decide(product, now, code=20)

    first = cell(version, now, limit=2)
    rest = cell(version, now, limit=2, before=first[-1].label)

    assert [one.product for one in first + rest] == products[::-1]


def test_without_decisions_there_is_nothing(version, now):
    listed(version, now)

    assert audited(version, since=now, until=now) is None
    assert MemberChoice.FUSION in MEMBERS
