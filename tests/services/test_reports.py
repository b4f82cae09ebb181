import uuid

import pytest

from reviewapp.choices import ProductStatus, ReportStatus, ReviewReason, ReviewStatus
from reviewapp.models import Mail, MisclassificationReport, Product, ReportCase, ReviewItem
from reviewapp.services import decisions, report_mail, reports, review
from tests.conftest import NOW
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProductFactory,
    ProvenBuyerFactory,
    ReportFactory,
    ReportPolicyFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db


def submit(product, reporter, suggested_category=None, comment=""):
    return reports.submit_report(
        product=product,
        reporter=reporter,
        suggested_category=suggested_category,
        comment=comment,
        now=NOW,
    )


def test_reports_of_proven_people_open_the_products_one_review_item():
    product, right = ListedProductFactory(), CategoryFactory()

    for buyer in ProvenBuyerFactory.create_batch(3):
        submit(product, buyer, suggested_category=right)

    item = ReviewItem.objects.get(product=product)
    assert item.reasons == [ReviewReason.BUYER_REPORT]
    assert MisclassificationReport.objects.filter(product=product).count() == 3
    assert ReportCase.objects.get().item == item


def test_enough_weight_raises_the_open_item_ahead_of_doubtful_ones():
    product = ListedProductFactory()
    item = ReviewItemFactory(product=product, priority=0.3)

    for buyer in ProvenBuyerFactory.create_batch(3):
        submit(product, buyer)

    item.refresh_from_db()
    assert item.priority > 1
    assert item.reasons == [ReviewReason.LOW_CONFIDENCE, ReviewReason.BUYER_REPORT]


def test_a_bare_report_again_takes_back_nothing():
    ReportPolicyFactory(allow_anonymous=True)
    product, buyer, right = ListedProductFactory(), BuyerFactory(), CategoryFactory()
    other = CategoryFactory()
    submit(product, buyer, suggested_category=right, comment="mine")
    anonymous = {"product": product, "reporter": None, "address": "203.0.113.7", "now": NOW}
    reports.submit_report(**anonymous, suggested_category=right, comment="")

    submit(product, buyer)
    reports.submit_report(**anonymous, suggested_category=other, comment="second visitor")

    by_buyer, by_network = MisclassificationReport.objects.order_by("id")
    assert (by_buyer.suggested_category, by_buyer.comment) == (right, "mine")
    assert (by_network.suggested_category, by_network.comment) == (right, "second visitor")


def test_reporting_again_changes_the_open_report():
    product, buyer = ListedProductFactory(), BuyerFactory()
    right = CategoryFactory()
    first = submit(product, buyer)

    second = submit(product, buyer, suggested_category=right, comment="It is a game")

    assert second.pk == first.pk
    assert (second.suggested_category, second.comment) == (right, "It is a game")


def test_a_product_outside_the_catalogue_cannot_be_reported():
    with pytest.raises(reports.ReportRefused):
        submit(ProductFactory(status=ProductStatus.IN_REVIEW), BuyerFactory())

    assert not ReviewItem.objects.exists()


def test_suggesting_the_present_category_is_refused():
    product = ListedProductFactory()

    with pytest.raises(reports.ReportRefused):
        submit(product, BuyerFactory(), suggested_category=product.category)


def test_a_decision_answers_every_open_report_by_what_its_buyer_saw():
    old, new = CategoryFactory(), CategoryFactory()
    product = ListedProductFactory(category=old)
    right = ReportFactory(product=product, reported_category=old)
    # Filed after the product had already moved once.
    wrong = ReportFactory(product=product, reported_category=new)
    decision = DecisionFactory(
        item=ReviewItemFactory(product=product, status=ReviewStatus.RESOLVED, resolved_at=NOW),
        category=new,
    )

    answered = reports.close_reports(product=product, decision=decision, now=NOW)

    right.refresh_from_db()
    wrong.refresh_from_db()
    assert answered == 2
    assert (right.status, wrong.status) == (ReportStatus.UPHELD, ReportStatus.DISMISSED)
    assert right.decision == decision


def test_an_undo_opens_the_reports_again():
    report = ReportFactory()
    decision = DecisionFactory(
        item=ReviewItemFactory(
            product=report.product, status=ReviewStatus.RESOLVED, resolved_at=NOW
        )
    )
    reports.close_reports(product=report.product, decision=decision, now=NOW)

    reopened = reports.reopen_reports(decision=decision, now=NOW)

    report.refresh_from_db()
    assert reopened == 1
    assert (report.status, report.decision) == (ReportStatus.OPEN, None)


def test_an_undo_leaves_a_newer_report_of_the_same_buyer_alone():
    report = ReportFactory()
    decision = DecisionFactory(
        item=ReviewItemFactory(
            product=report.product, status=ReviewStatus.RESOLVED, resolved_at=NOW
        )
    )
    reports.close_reports(product=report.product, decision=decision, now=NOW)
    ReportFactory(product=report.product, reporter=report.reporter)

    assert reports.reopen_reports(decision=decision, now=NOW) == 0


def test_an_undo_opens_anonymous_reports_beside_newer_ones():
    signed = ReportFactory()
    product = signed.product
    anonymous = ReportFactory(product=product, reporter=None, network="a")
    replaced = ReportFactory(product=product, reporter=None, network="b")
    decision = DecisionFactory(
        item=ReviewItemFactory(product=product, status=ReviewStatus.RESOLVED, resolved_at=NOW)
    )
    reports.close_reports(product=product, decision=decision, now=NOW)
    ReportFactory(product=product, reporter=None, network="b")

    reopened = reports.reopen_reports(decision=decision, now=NOW)

    replaced.refresh_from_db()
    assert reopened == 2
    assert replaced.status != ReportStatus.OPEN
    for report in (signed, anonymous):
        report.refresh_from_db()
        assert report.status == ReportStatus.OPEN


def decide(product, category):
    ReviewItemFactory(product=product)
    moderator = ModeratorFactory()
    return decisions.decide(
        item_id=review.claim_next(moderator=moderator, now=NOW),
        moderator=moderator,
        category=category,
        client_key=uuid.uuid4(),
        now=NOW,
    )


def outcome(report):
    report.refresh_from_db()
    return report.status, report.decision


def test_a_decision_that_overturns_another_answers_its_reports_anew():
    old, new = CategoryFactory(), CategoryFactory()
    buyer = BuyerFactory(
        wants_mail=True, email="bea@example.org", confirmed_email="bea@example.org"
    )
    upheld = ReportFactory(
        product=ListedProductFactory(category=old), reported_category=old, reporter=buyer
    )
    dismissed = ReportFactory(product=upheld.product, reported_category=new)
    first = decide(upheld.product, new)
    assert outcome(upheld) == (ReportStatus.UPHELD, first)
    Mail.objects.update(sent_at=NOW)

    second = decide(upheld.product, old)

    assert outcome(upheld) == (ReportStatus.DISMISSED, second)
    assert outcome(dismissed) == (ReportStatus.UPHELD, second)
    assert [answer["decision"] for answer in upheld.earlier] == [first.pk]
    assert Mail.objects.filter(recipient=buyer).count() == 2


def test_the_undo_of_an_overturning_decision_brings_the_first_answers_back():
    old, new = CategoryFactory(), CategoryFactory()
    report = ReportFactory(product=ListedProductFactory(category=old), reported_category=old)
    first = decide(report.product, new)
    second = decide(report.product, old)

    decisions.undo(
        decision_id=second.pk, moderator=second.moderator, client_key=uuid.uuid4(), now=NOW
    )

    assert outcome(report) == (ReportStatus.UPHELD, first)
    assert report.earlier == []


def test_a_decision_on_a_changed_product_leaves_earlier_answers_alone():
    old, new = CategoryFactory(), CategoryFactory()
    report = ReportFactory(product=ListedProductFactory(category=old), reported_category=old)
    first = decide(report.product, new)
    Product.objects.filter(pk=report.product_id).update(input_digest="0" * 64)

    decide(report.product, old)

    assert outcome(report) == (ReportStatus.UPHELD, first)


def test_a_decision_that_confirms_another_leaves_its_answers_alone():
    old, new = CategoryFactory(), CategoryFactory()
    report = ReportFactory(product=ListedProductFactory(category=old), reported_category=old)
    first = decide(report.product, new)

    decide(report.product, new)

    assert outcome(report) == (ReportStatus.UPHELD, first)


def told(buyer):
    return [mail.body for mail in Mail.objects.filter(recipient=buyer)]


@pytest.fixture
def reader():
    return BuyerFactory(wants_mail=True, email="bea@example.org", confirmed_email="bea@example.org")


def test_an_answer_given_anew_takes_the_place_of_unsent_ones(reader):
    first, second, third = CategoryFactory(), CategoryFactory(), CategoryFactory()
    report = ReportFactory(
        product=ListedProductFactory(category=first), reported_category=first, reporter=reader
    )
    decide(report.product, second)
    decide(report.product, third)

    decide(report.product, first)

    [body] = told(reader)
    assert first.name in body
    assert second.name not in body


def test_the_undo_of_an_answer_given_anew_tells_the_first_one_again(reader):
    old, new = CategoryFactory(), CategoryFactory()
    report = ReportFactory(
        product=ListedProductFactory(category=old), reported_category=old, reporter=reader
    )
    decide(report.product, new)
    before = told(reader)
    second = decide(report.product, old)

    decisions.undo(
        decision_id=second.pk, moderator=second.moderator, client_key=uuid.uuid4(), now=NOW
    )

    assert told(reader) == before


def test_the_word_that_nobody_looked_is_taken_back_by_an_answer(reader):
    report = expired(reporter=reader)
    report_mail.announce(report_ids=[report.pk], now=NOW)

    decide(report.product, CategoryFactory())

    assert [mail.answer for mail in Mail.objects.filter(recipient=reader)] == [ReportStatus.UPHELD]


def expired(**fields):
    return ReportFactory(status=ReportStatus.EXPIRED, resolved_at=NOW, **fields)


@pytest.mark.parametrize(
    ("is_moved", "status"), [(True, ReportStatus.UPHELD), (False, ReportStatus.DISMISSED)]
)
def test_a_decision_answers_a_report_that_was_closed_without_a_look(is_moved, status):
    report = expired()

    decision = decide(report.product, CategoryFactory() if is_moved else report.reported_category)

    assert outcome(report) == (status, decision)
    assert report.earlier[0]["status"] == ReportStatus.EXPIRED


def test_its_undo_closes_the_report_again():
    report = expired()
    decision = decide(report.product, CategoryFactory())

    decisions.undo(
        decision_id=decision.pk, moderator=decision.moderator, client_key=uuid.uuid4(), now=NOW
    )

    assert outcome(report) == (ReportStatus.EXPIRED, None)
    assert not report.earlier


def test_a_decision_on_a_changed_product_answers_no_report_that_was_closed_before():
    report = expired()
    Product.objects.filter(pk=report.product_id).update(input_digest="0" * 64)

    decide(report.product, CategoryFactory())

    assert outcome(report) == (ReportStatus.EXPIRED, None)


def test_nobody_is_answered_twice_by_one_decision():
    report = ReportFactory()
    again = {"product": report.product, "reporter": report.reporter}
    closed = [expired(**again), expired(**again)]
    others = [expired(product=report.product, reporter=BuyerFactory()) for _ in range(2)]
    anothers = expired(product=report.product, reporter=others[1].reporter)
    anonymous = [expired(product=report.product, reporter=None) for _ in range(2)]

    decision = decide(report.product, CategoryFactory())

    answered = set(MisclassificationReport.objects.filter(decision=decision))
    assert answered == {report, others[0], anothers, *anonymous}
    assert all(outcome(one) == (ReportStatus.EXPIRED, None) for one in closed)


@pytest.mark.parametrize("is_anonymous", [False, True])
def test_a_report_filed_again_after_the_product_has_moved_is_about_its_new_place(is_anonymous):
    ReportPolicyFactory(allow_anonymous=True)
    product, new = ListedProductFactory(), CategoryFactory()
    filed = {
        "product": product,
        "reporter": None if is_anonymous else BuyerFactory(),
        "comment": "",
        "address": "203.0.113.7",
        "now": NOW,
    }
    first = reports.submit_report(**filed, suggested_category=new)
    Product.objects.filter(pk=product.pk).update(category=new, designation="Edited")

    second = reports.submit_report(**filed, suggested_category=None)

    assert second.pk == first.pk
    assert (second.reported_category, second.suggested_category) == (new, None)
    assert second.reported_title == "Edited"
    assert len(ReportCase.objects.get().arithmetic["voices"]) == 1
