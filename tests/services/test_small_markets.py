"""Whose record counts where: a market of one or two sellers has proven reporters, and no brigade."""

import pytest

from reviewapp.choices import CaseStatus, ReportStatus, ReviewStatus
from reviewapp.models import MisclassificationReport, ReportCase
from reviewapp.services.reports import submit_report
from reviewapp.services.rings import hold_rings
from tests.factories import (
    NOW,
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    ListedProductFactory,
    PredictionFactory,
    ReportFactory,
    SellerFactory,
)

pytestmark = pytest.mark.django_db
# Upheld reports from which a reporter is proven.
ENOUGH = 3


def answered(people, seller, *, count=ENOUGH, status=ReportStatus.UPHELD):
    """Moderators have answered `count` reports by each of `people` about products of `seller`."""
    for _ in range(count):
        decision = DecisionFactory(
            item__product__seller=seller, item__status=ReviewStatus.RESOLVED, item__resolved_at=NOW
        )
        for person in people:
            ReportFactory(
                product=decision.product,
                reporter=person,
                case=None,
                reported_category=decision.category,
                status=status,
                decision=decision,
                resolved_at=NOW,
            )


def listed_by(seller):
    """Listed automatically, and wrongly."""
    product = ListedProductFactory(seller=seller)
    PredictionFactory(product=product, category=product.category, confidence=0.9)
    return product


def reported(product, people, category=None):
    for number, person in enumerate(people):
        submit_report(
            product=product,
            reporter=person,
            suggested_category=category,
            comment="",
            now=NOW,
            address=f"10.0.{number}.7",
        )
    return ReportCase.objects.get(product=product)


def proven(case):
    return sum(voice["is_proven"] for voice in case.arithmetic["voices"])


def test_on_a_market_of_one_seller_three_honest_people_reopen_a_wrong_listing():
    seller, people = SellerFactory(), BuyerFactory.create_batch(3)
    answered(people, seller)

    case = reported(listed_by(seller), people)

    assert (proven(case), case.status) == (3, CaseStatus.IN_REVIEW)


def test_on_a_market_of_two_what_one_lists_wrongly_gives_no_power_over_the_other():
    dishonest, honest = SellerFactory.create_batch(2)
    brigade = BuyerFactory.create_batch(20)
    answered(brigade, dishonest, count=6)

    against_the_other = reported(listed_by(honest), brigade, CategoryFactory())
    against_the_maker = reported(listed_by(dishonest), brigade[:3])

    assert (proven(against_the_other), against_the_other.status) == (0, CaseStatus.COLLECTING)
    assert (proven(against_the_maker), against_the_maker.status) == (3, CaseStatus.IN_REVIEW)


def test_who_is_proven_elsewhere_is_not_so_about_a_seller_whom_he_has_wrongly_reported():
    target, person = SellerFactory(), BuyerFactory()
    for _ in range(6):
        answered([person], SellerFactory(), count=1)
    answered([person], target, count=6, status=ReportStatus.DISMISSED)

    assert proven(reported(listed_by(SellerFactory()), [person])) == 1
    assert proven(reported(listed_by(target), [person])) == 0


def test_reports_of_own_products_make_no_record():
    seller = SellerFactory()
    answered([seller], seller, count=6)

    case = reported(listed_by(seller), [seller])

    assert (case.arithmetic["voices"][0]["upheld"], proven(case)) == (0, 0)


def test_a_crowd_that_is_proven_about_another_seller_is_held_like_any_other():
    dishonest, honest = SellerFactory.create_batch(2)
    brigade = BuyerFactory.create_batch(8)
    answered(brigade, dishonest, count=6)
    reported(listed_by(dishonest), brigade)
    reported(listed_by(honest), brigade)

    hold_rings(now=NOW)

    held = MisclassificationReport.objects.filter(ring__isnull=False)
    assert {report.product.seller for report in held} == {honest}
