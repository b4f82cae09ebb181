"""Answers by e-mail: only to who asked, once, and not before an undo can take them back."""

import uuid
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.utils import timezone

from reviewapp.choices import ProductStatus, ReportStatus
from reviewapp.models import Mail, MisclassificationReport, ReportRing, ReviewItem
from reviewapp.services import decisions, mail, report_cases, review, rings
from tests.factories import (
    NOW,
    AdminFactory,
    BuyerFactory,
    CategoryFactory,
    ModeratorFactory,
    ReportFactory,
    ReviewItemFactory,
)
from worker.tasks.mail import send_waiting

pytestmark = pytest.mark.django_db
LATER = NOW + mail.DELAY


@pytest.fixture
def report():
    buyer = BuyerFactory(
        wants_mail=True, email="bea@example.org", confirmed_email="bea@example.org", language="en"
    )
    return ReportFactory(reporter=buyer)


def decide(product, category):
    if not product.review_items.exclude(status="resolved").exists():
        ReviewItemFactory(product=product)
    moderator = ModeratorFactory()
    item = review.claim_next(moderator=moderator, now=NOW)
    assert ReviewItem.objects.get(pk=item).product == product
    return decisions.decide(
        item_id=item, moderator=moderator, category=category, client_key=uuid.uuid4(), now=NOW
    )


def test_an_upheld_report_is_thanked_for_once(report):
    decide(report.product, CategoryFactory(name_en="Toys"))

    send_waiting()
    send_waiting()

    (message,) = django_mail.outbox
    assert message.to == ["bea@example.org"]
    assert "Thank you: it was moved to “Toys”" in message.body
    assert Mail.objects.get().sent_at is not None


def test_nobody_is_written_to_unasked(report):
    report.reporter.wants_mail = False
    report.reporter.save()

    decide(report.product, CategoryFactory())

    assert not Mail.objects.exists()


def test_who_opts_out_meanwhile_gets_nothing(report):
    decide(report.product, CategoryFactory())
    report.reporter.wants_mail = False
    report.reporter.save()

    assert mail.claim_mail(now=LATER) is None
    assert not Mail.objects.exists()


def test_news_waits_for_the_undo_which_takes_it_back(report):
    decision = decide(report.product, CategoryFactory())
    early = mail.claim_mail(now=NOW)

    decisions.undo(
        decision_id=decision.pk, moderator=decision.moderator, client_key=uuid.uuid4(), now=NOW
    )

    assert early is None
    assert not Mail.objects.exists()


def test_a_case_that_collected_in_vain_is_told_honestly(report):
    policy = report.case.policy
    policy.lot_share = 1e-9
    policy.save()

    report_cases.end_due_cases(now=NOW + timedelta(days=8))

    assert MisclassificationReport.objects.get().status == ReportStatus.EXPIRED
    assert "Nobody looked" in Mail.objects.get().body


def test_a_failing_server_is_tried_again_later_and_given_up_in_the_end(report, settings):
    settings.EMAIL_BACKEND = "tests.services.no_such_backend"
    decide(report.product, CategoryFactory())
    now = timezone.now()

    send_waiting()

    row = Mail.objects.get()
    assert (row.attempts, row.sent_at) == (1, None)
    assert row.error
    assert row.not_before > now + timedelta(minutes=4)
    Mail.objects.update(attempts=Mail.MOST_ATTEMPTS, not_before=NOW)
    assert mail.claim_mail(now=now) is None


def test_the_words_are_forgotten_after_a_month(report):
    decide(report.product, CategoryFactory())
    send_waiting()

    assert mail.forget_mail(now=NOW + timedelta(days=29)) == 0
    assert mail.forget_mail(now=NOW + timedelta(days=31)) == 1
    assert mail.forget_mail(now=NOW + timedelta(days=31)) == 0
    row = Mail.objects.get()
    assert (row.subject, row.body, row.answer) == ("", "", ReportStatus.UPHELD)


def test_what_was_never_tried_is_forgotten_altogether(report):
    decide(report.product, CategoryFactory())

    assert mail.forget_mail(now=NOW + timedelta(days=31)) == 1
    assert not Mail.objects.exists()


def test_an_address_that_nobody_has_confirmed_gets_no_news(report):
    report.reporter.confirmed_email = "somebody.else@example.org"
    report.reporter.save()

    decide(report.product, CategoryFactory())

    assert not Mail.objects.exists()


@pytest.mark.parametrize("is_right", [True, False])
def test_who_was_told_that_nobody_looked_is_told_when_somebody_has(report, is_right):
    MisclassificationReport.objects.update(status=ReportStatus.EXPIRED, resolved_at=NOW)

    decide(report.product, CategoryFactory(name_en="Toys") if is_right else report.product.category)

    body = Mail.objects.get().body
    assert ("Thank you: it was moved to “Toys”" in body) is is_right
    assert ("A moderator looked and found" in body) is not is_right


def test_who_was_set_aside_with_a_crowd_is_told_so_instead_of_the_answer_before(report):
    decide(report.product, CategoryFactory())
    ring = ReportRing.objects.create(signs=["same_product"], found_at=NOW, last_report_at=NOW)
    MisclassificationReport.objects.update(ring=ring)

    rings.void_ring(ring_id=ring.pk, admin=AdminFactory(), note="", now=NOW)

    body = Mail.objects.get().body
    assert f"You reported that “{report.product.designation}”" in body
    assert "An administrator has set it aside together with others" in body


def test_mail_about_a_product_out_of_the_shop_tells_no_title_that_the_reporter_never_saw(report):
    seen = report.reported_title
    report.product.designation, report.product.status = "Changed since", ProductStatus.IN_REVIEW
    report.product.save()
    ring = ReportRing.objects.create(signs=["same_product"], found_at=NOW, last_report_at=NOW)
    MisclassificationReport.objects.update(ring=ring)

    rings.void_ring(ring_id=ring.pk, admin=AdminFactory(), note="", now=NOW)

    body = Mail.objects.get().body
    assert seen in body
    assert "Changed since" not in body
