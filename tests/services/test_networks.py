"""A network is one network while its report of a product is open, Monday or not."""

from datetime import timedelta

import pytest

from reviewapp.choices import ReportStatus, ReviewStatus
from reviewapp.models import MisclassificationReport, NetworkSalt, ReportCase
from reviewapp.services import reports
from reviewapp.services.networks import forget_networks
from reviewapp.services.report_policies import current_report_policy
from tests.factories import (
    NOW,
    DecisionFactory,
    ListedProductFactory,
    ProvenBuyerFactory,
    ReportPolicyFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db
MONDAY = NOW.replace(hour=0)
# A minute to midnight on Sunday, and a minute past.
BEFORE, AFTER = MONDAY - timedelta(minutes=1), MONDAY + timedelta(minutes=1)


def submit(product, reporter, now, address="192.0.2.7"):
    return reports.submit_report(
        product=product,
        reporter=reporter,
        suggested_category=None,
        comment="",
        now=now,
        address=address,
    )


@pytest.fixture
def product():
    return ListedProductFactory()


def test_one_address_has_one_open_anonymous_report_over_a_monday(product):
    ReportPolicyFactory(allow_anonymous=True)

    first, second = (submit(product, None, now) for now in (BEFORE, AFTER))

    assert (first.pk, MisclassificationReport.objects.count()) == (second.pk, 1)


def test_people_of_one_network_have_one_ceiling_over_a_monday(product):
    for now in [BEFORE, BEFORE, AFTER, AFTER]:
        submit(product, ProvenBuyerFactory(), now)

    cap = current_report_policy(now=AFTER).network_cap
    assert ReportCase.objects.get().arithmetic["weight"] == pytest.approx(cap)


def test_weeks_are_told_apart_on_other_products_and_other_networks(product):
    ReportPolicyFactory(allow_anonymous=True)
    first = submit(product, None, BEFORE)

    other_product = submit(ListedProductFactory(), None, AFTER)
    other_network = submit(product, None, AFTER, address="198.51.100.7")

    assert len({first.network, other_product.network, other_network.network}) == 3


def test_an_expired_report_passes_its_hash_on_to_nobody(product):
    ReportPolicyFactory(allow_anonymous=True)
    first = submit(product, None, BEFORE)
    MisclassificationReport.objects.update(status=ReportStatus.EXPIRED, resolved_at=BEFORE)

    assert submit(product, None, AFTER).network != first.network


def test_a_hash_that_goes_on_lives_no_longer_than_any_other(product):
    for now in (BEFORE, AFTER):
        submit(product, ProvenBuyerFactory(), now)

    forget_networks(now=AFTER + timedelta(days=28, minutes=1))

    assert not MisclassificationReport.objects.exclude(network="").exists()
    assert NetworkSalt.objects.filter(week__lt=BEFORE).count() == 0


def test_an_undo_over_a_monday_opens_no_second_report_of_one_visitor(product):
    ReportPolicyFactory(allow_anonymous=True)
    first = submit(product, None, BEFORE)
    decision = DecisionFactory(
        item=ReviewItemFactory(product=product, status=ReviewStatus.RESOLVED, resolved_at=BEFORE),
        category=product.category,
    )
    reports.close_reports(product=product, decision=decision, now=BEFORE)
    second = submit(product, None, AFTER)

    reports.reopen_reports(decision=decision, now=AFTER)

    opened = MisclassificationReport.objects.get(status=ReportStatus.OPEN)
    assert (opened, opened.network) == (second, first.network)
