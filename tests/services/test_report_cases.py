"""What reports do to a listing: nothing below the bar, a second look above it."""

import uuid
from datetime import timedelta

import pytest

from reviewapp.choices import CaseStatus, ProductStatus, ReportStatus, ReviewReason, ReviewStatus
from reviewapp.models import (
    MisclassificationReport,
    NetworkSalt,
    ReportCase,
    ReportRing,
    ReviewItem,
    User,
)
from reviewapp.services import decisions, report_cases, reports, review, rings
from reviewapp.services.networks import forget_networks, network_hash
from reviewapp.services.report_policies import (
    ReportPolicyUnsafe,
    current_report_policy,
    set_report_policy,
)
from reviewapp.services.versions import VersionOutdated
from tests.factories import (
    NOW,
    AdminFactory,
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    ModeratorFactory,
    PredictionFactory,
    ProvenBuyerFactory,
    ReportFactory,
    ReportPolicyFactory,
    ReviewItemFactory,
    SellerFactory,
)
from tests.report_world import submit

pytestmark = pytest.mark.django_db
DUE = NOW + timedelta(days=8)
# Upheld reports from which a reporter is proven, and the accounts of a brigade.
JUST_PROVEN, BRIGADE = 3, 200


@pytest.fixture
def product():
    """Listed automatically, and wrongly."""
    product = ListedProductFactory()
    PredictionFactory(product=product, category=product.category, confidence=0.9)
    return product


def decide(product, category):
    moderator = ModeratorFactory()
    item = review.claim_next(moderator=moderator, now=NOW)
    assert ReviewItem.objects.get(pk=item).product == product
    return decisions.decide(
        item_id=item, moderator=moderator, category=category, client_key=uuid.uuid4(), now=NOW
    )


def test_three_proven_people_reopen_a_wrong_automatic_listing(product):
    right = CategoryFactory()

    submit(product, *ProvenBuyerFactory.create_batch(3), category=right)

    case = ReportCase.objects.get()
    product.refresh_from_db()
    assert (case.status, case.item.reasons) == (CaseStatus.IN_REVIEW, [ReviewReason.BUYER_REPORT])
    assert case.arithmetic["lead"] == right.code
    assert product.status == ProductStatus.LISTED


def test_three_people_who_are_just_proven_and_name_no_category_reopen_a_sure_listing():
    product = ListedProductFactory()
    PredictionFactory(product=product, category=product.category, confidence=0.999)

    submit(product, *ProvenBuyerFactory.create_batch(3, upheld=JUST_PROVEN))

    case = ReportCase.objects.get()
    assert [voice["is_proven"] for voice in case.arithmetic["voices"]] == [True] * 3
    assert (case.status, case.arithmetic["lead"]) == (CaseStatus.IN_REVIEW, None)


def test_a_model_that_is_sure_of_another_category_doubts_the_listing():
    product, other = ListedProductFactory(), CategoryFactory()
    top = [[other.code, 0.98], [product.category.code, 0.01]]
    PredictionFactory(product=product, category=other, confidence=0.98, top=top)

    submit(product, BuyerFactory())

    assert ReportCase.objects.get().arithmetic["doubt"] == pytest.approx(0.99)


def test_a_seller_who_lists_wrongly_on_purpose_makes_no_proven_reporters(product):
    accomplice, seller = BuyerFactory(), SellerFactory()
    for _ in range(6):
        decision = DecisionFactory(
            item__product__seller=seller, item__status=ReviewStatus.RESOLVED, item__resolved_at=NOW
        )
        ReportFactory(
            product=decision.product,
            reporter=accomplice,
            case=None,
            reported_category=CategoryFactory(),
            status=ReportStatus.UPHELD,
            decision=decision,
            resolved_at=NOW,
        )

    submit(product, accomplice)

    voice = ReportCase.objects.get().arithmetic["voices"][0]
    assert (voice["upheld"], voice["is_proven"]) == (1.0, False)


def test_a_brigade_delists_nothing_and_cannot_outvote_an_honest_minority(product):
    right, wrong = CategoryFactory(), CategoryFactory()

    hired = User.objects.bulk_create(User(username=f"hired{n}") for n in range(BRIGADE))
    submit(product, hired[0], category=wrong)
    filed = MisclassificationReport.objects.get()
    # As the service would, one by one: each weighs all others, which takes longer and longer.
    MisclassificationReport.objects.bulk_create(
        MisclassificationReport(
            product=product,
            reporter=person,
            case=filed.case,
            reported_category=product.category,
            suggested_category=wrong,
            network=f"hired-{person.pk}",
            created_at=NOW,
        )
        for person in hired[1:-5]
    )
    submit(product, *hired[-5:], category=wrong)
    alone = ReportCase.objects.get()
    was_bothered = ReviewItem.objects.exists()
    submit(product, *ProvenBuyerFactory.create_batch(5), category=right)

    case = ReportCase.objects.get()
    product.refresh_from_db()
    assert (alone.status, was_bothered) == (CaseStatus.COLLECTING, False)
    assert alone.score < alone.arithmetic["bar"]
    assert len(case.arithmetic["voices"]) + case.arithmetic["unheard"] == BRIGADE + 5
    assert (case.status, case.arithmetic["lead"]) == (CaseStatus.IN_REVIEW, right.code)
    assert product.status == ProductStatus.LISTED


def test_a_moderators_answer_takes_more_weight_to_reopen(product):
    FeedbackLabelFactory(
        product=product,
        category=product.category,
        decision__item=ReviewItemFactory(
            product=product, status=ReviewStatus.RESOLVED, resolved_at=NOW
        ),
    )
    right = CategoryFactory()

    submit(product, *ProvenBuyerFactory.create_batch(2), category=right)
    below = ReportCase.objects.get().status
    submit(product, *ProvenBuyerFactory.create_batch(4), category=right)

    assert (below, ReportCase.objects.get().status) == (CaseStatus.COLLECTING, CaseStatus.IN_REVIEW)


def test_a_decision_closes_the_case_and_an_undo_opens_it_again(product):
    submit(product, *ProvenBuyerFactory.create_batch(3))
    decision = decide(product, CategoryFactory())
    closed = ReportCase.objects.get().status

    decisions.undo(
        decision_id=decision.pk, moderator=decision.moderator, client_key=uuid.uuid4(), now=NOW
    )

    case = ReportCase.objects.get()
    assert (closed, case.status) == (CaseStatus.CLOSED, CaseStatus.IN_REVIEW)
    assert case.reports.filter(status=ReportStatus.OPEN).count() == 3


def test_an_undo_joins_the_case_that_was_opened_since(product):
    submit(product, *ProvenBuyerFactory.create_batch(3))
    decision = decide(product, CategoryFactory())
    product.refresh_from_db()
    submit(product, BuyerFactory())
    newer = ReportCase.objects.get(status=CaseStatus.COLLECTING)

    decisions.undo(
        decision_id=decision.pk, moderator=decision.moderator, client_key=uuid.uuid4(), now=NOW
    )

    newer.refresh_from_db()
    assert (newer.status, newer.item) == (CaseStatus.IN_REVIEW, decision.item)
    assert newer.reports.filter(status=ReportStatus.OPEN).count() == 4


def test_a_case_that_collected_in_vain_is_closed_or_drawn_by_lot():
    for report in ReportFactory.create_batch(12):
        assert report.case.status == CaseStatus.COLLECTING

    early = report_cases.end_due_cases(now=NOW)
    ended = report_cases.end_due_cases(now=DUE)

    drawn = ReportCase.objects.filter(is_by_lot=True)
    expired = MisclassificationReport.objects.filter(status=ReportStatus.EXPIRED)
    assert (early, ended) == (0, 12)
    assert drawn.count() + expired.count() == 12
    assert {case.pk for case in drawn} == {
        case.pk for case in ReportCase.objects.all() if report_cases.lot(case.pk) < 0.25
    }
    assert report_cases.end_due_cases(now=DUE) == 0


def test_a_case_of_a_product_out_of_the_shop_waits(product):
    submit(product, BuyerFactory())
    product.status, product.category, product.listed_at = ProductStatus.IN_REVIEW, None, None
    product.save()

    assert report_cases.end_due_cases(now=DUE) == 0
    assert ReportCase.objects.get().due_at > DUE


def held(*found):
    ring = ReportRing.objects.create(signs=["same_product"], found_at=NOW, last_report_at=NOW)
    MisclassificationReport.objects.filter(pk__in=[one.pk for one in found]).update(ring=ring)
    return ring


def test_held_reports_do_not_expire_before_an_admin_has_looked():
    waiting = ReportFactory()
    other = ReportFactory(product=waiting.product, case=waiting.case)
    ring = held(waiting)
    ReportPolicyFactory(version=2, lot_share=1e-9)

    ended = report_cases.end_due_cases(now=DUE)

    waiting.refresh_from_db()
    other.refresh_from_db()
    case = ReportCase.objects.get()
    assert (ended, case.status) == (0, CaseStatus.COLLECTING)
    assert (waiting.status, other.status) == (ReportStatus.OPEN, ReportStatus.EXPIRED)
    assert case.due_at > DUE
    rings.release_ring(ring_id=ring.pk, admin=AdminFactory(), note="", now=DUE)
    assert ReportCase.objects.get().due_at == DUE + timedelta(days=7)


def test_a_decision_leaves_held_reports_time_to_be_looked_at(product):
    submit(product, *ProvenBuyerFactory.create_batch(3))
    held(ReportFactory(product=product, case=ReportCase.objects.get()))
    ReportCase.objects.update(due_at=NOW)

    decide(product, CategoryFactory())

    case = ReportCase.objects.get()
    assert (case.status, case.due_at) == (CaseStatus.COLLECTING, NOW + timedelta(days=1))


def test_a_case_whose_reporters_have_become_proven_is_reopened_when_it_is_due():
    product = ListedProductFactory()
    right, people = CategoryFactory(), ProvenBuyerFactory.create_batch(3)
    case = ReportFactory(product=product, reporter=people[0], suggested_category=right).case
    for person in people[1:]:
        ReportFactory(product=product, reporter=person, case=case, suggested_category=right)

    ended = report_cases.end_due_cases(now=DUE)

    case.refresh_from_db()
    assert (ended, case.status, case.is_by_lot) == (0, CaseStatus.IN_REVIEW, False)


def test_a_long_bad_record_limits_what_may_be_open(product):
    buyer = BuyerFactory()
    ReportPolicyFactory(limit_dismissed=0, limit_open=1)
    decision = decide_against(buyer)
    submit(product, buyer)

    with pytest.raises(reports.ReportRefused):
        submit(ListedProductFactory(), buyer)

    submit(product, buyer, category=CategoryFactory())
    assert decision.reports.count() == 1


def test_a_hundred_answers_about_one_seller_do_not_displace_those_about_others(product):
    buyer, seller = ProvenBuyerFactory(), SellerFactory()
    decision = DecisionFactory(
        item__product__seller=seller, item__status=ReviewStatus.RESOLVED, item__resolved_at=NOW
    )
    ReportFactory.create_batch(
        101,
        product=decision.product,
        reporter=buyer,
        case=None,
        reported_category=product.category,
        status=ReportStatus.UPHELD,
        decision=decision,
        resolved_at=NOW + timedelta(minutes=1),
    )

    submit(product, buyer, now=NOW + timedelta(hours=1))

    assert ReportCase.objects.get().arithmetic["voices"][0]["is_proven"]


def test_a_flood_against_one_seller_is_limited_although_it_counts_for_one(product):
    buyer, seller = BuyerFactory(), SellerFactory()
    for _ in range(9):
        decision = DecisionFactory(
            item__product__seller=seller, item__status=ReviewStatus.RESOLVED, item__resolved_at=NOW
        )
        ReportFactory(
            product=decision.product,
            reporter=buyer,
            case=None,
            reported_category=CategoryFactory(),
            status=ReportStatus.DISMISSED,
            decision=decision,
            resolved_at=NOW,
        )
    ReportPolicyFactory(limit_open=1)

    submit(product, buyer)

    assert ReportCase.objects.get().arithmetic["voices"][0]["dismissed"] == 1
    with pytest.raises(reports.ReportRefused):
        submit(ListedProductFactory(), buyer)


def decide_against(buyer):
    report = ReportFactory(reporter=buyer)
    ReviewItemFactory(product=report.product, reasons=[ReviewReason.BUYER_REPORT])
    return decide(report.product, report.reported_category)


def test_only_a_hash_of_the_network_is_kept_and_not_for_long(product):
    submit(product, BuyerFactory(), network="192.0.2.77")
    report = MisclassificationReport.objects.get()

    assert report.network == network_hash(address="192.0.2.1", now=NOW) != ""
    assert report.network != network_hash(address="192.0.3.77", now=NOW)
    assert report.network != network_hash(address="192.0.2.77", now=NOW + timedelta(days=7))
    assert network_hash(address="not an address", now=NOW) == ""
    forget_networks(now=NOW + timedelta(days=50))
    report.refresh_from_db()
    assert (report.network, NetworkSalt.objects.count()) == ("", 0)


def test_a_policy_is_a_new_version_and_stays_safe():
    policy = current_report_policy(now=NOW)

    newer = set_report_policy(numbers={"reopen_at": 1.01}, based_on=1, author=None, now=NOW)

    assert (policy.version, newer.version) == (1, 2)
    assert newer.proven_at == policy.proven_at
    with pytest.raises(VersionOutdated):
        set_report_policy(numbers={}, based_on=1, author=None, now=NOW)
    with pytest.raises(ReportPolicyUnsafe):
        set_report_policy(numbers={"reopen_at": 0.5}, based_on=2, author=None, now=NOW)
