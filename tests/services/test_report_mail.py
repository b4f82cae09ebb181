"""Nobody is told the same answer twice running, whatever is decided, undone and forgotten meanwhile."""

import uuid
from datetime import timedelta

import pytest
from django.core import mail as django_mail

from reviewapp.choices import ReportStatus
from reviewapp.models import Mail, ReviewItem
from reviewapp.services import decisions, mail, report_mail, review
from tests.factories import (
    NOW,
    BuyerFactory,
    CategoryFactory,
    ListedProductFactory,
    ModeratorFactory,
    ReportFactory,
    ReviewItemFactory,
)
from worker.tasks.mail import send_waiting

pytestmark = pytest.mark.django_db
MONTHS_LATER = NOW + timedelta(days=90)
TAKES_THE_PLACE = "This takes the place of the answer that we sent you before."


@pytest.fixture
def report():
    buyer = BuyerFactory(
        wants_mail=True, email="bea@example.org", confirmed_email="bea@example.org", language="en"
    )
    wrong = CategoryFactory(name_en="Toys")
    product = ListedProductFactory(category=wrong)
    return ReportFactory(product=product, reporter=buyer, reported_category=wrong)


@pytest.fixture
def books():
    return CategoryFactory(name_en="Books")


def decide(report, category, now=NOW):
    if not report.product.review_items.exclude(status="resolved").exists():
        ReviewItemFactory(product=report.product)
    moderator = ModeratorFactory()
    item = review.claim_next(moderator=moderator, now=now)
    assert ReviewItem.objects.get(pk=item).product == report.product
    return decisions.decide(
        item_id=item, moderator=moderator, category=category, client_key=uuid.uuid4(), now=now
    )


def decide_again(undone, category):
    """Whoever has taken an answer back has the item in hand again."""
    decisions.decide(
        item_id=undone.item_id,
        moderator=undone.moderator,
        category=category,
        client_key=uuid.uuid4(),
        now=NOW,
    )


def undo(decision, now=NOW):
    key = uuid.uuid4()
    decisions.undo(decision_id=decision.pk, moderator=decision.moderator, client_key=key, now=now)


def sent():
    """Send what waits; return the words of all messages so far."""
    send_waiting()
    return [message.body for message in django_mail.outbox]


def test_the_undo_of_a_later_decision_tells_nobody_again_what_was_told_months_ago(report, books):
    decide(report, books)
    assert len(sent()) == 1
    mail.forget_mail(now=MONTHS_LATER)
    later = decide(report, report.reported_category, now=MONTHS_LATER)

    undo(later, now=MONTHS_LATER)

    Mail.objects.update(not_before=NOW)
    assert len(sent()) == 1


def test_who_was_told_of_a_withdrawn_answer_is_told_that_the_first_one_stands(report, books):
    decide(report, books)
    sent()
    mail.forget_mail(now=MONTHS_LATER)
    later = decide(report, report.reported_category)
    assert TAKES_THE_PLACE in sent()[1]

    undo(later)

    first, second, third = sent()
    assert "You were right" in first
    assert TAKES_THE_PLACE not in first
    assert "A moderator looked and found “Toys” right" in second
    assert "You were right" in third
    assert TAKES_THE_PLACE in third


def test_the_same_answer_after_an_undo_is_no_news(report, books):
    decision = decide(report, books)
    sent()
    undo(decision)

    decide_again(decision, books)

    assert len(sent()) == 1


def test_what_a_worker_is_sending_at_the_time_of_an_undo_is_not_sent_again(report, books):
    decision = decide(report, books)
    letter = mail.claim_mail(now=NOW + mail.DELAY)
    undo(decision)

    decide_again(decision, books)
    assert mail.claim_mail(now=MONTHS_LATER) is None
    mail.mark_sent(mail_id=letter.mail_id, now=NOW)

    row = Mail.objects.get()
    assert (row.answer, row.sent_at) == (ReportStatus.UPHELD, NOW)


def test_what_waits_names_the_category_that_was_decided_last(report, books):
    decide(report, CategoryFactory(name_en="Garden"))

    decide(report, books)

    (body,) = sent()
    assert "it was moved to “Books”" in body


def test_that_nobody_looked_is_told_once(report):
    report.status, report.resolved_at = ReportStatus.EXPIRED, NOW
    report.save()
    report_mail.announce(report_ids=[report.pk], now=NOW)
    sent()
    mail.forget_mail(now=MONTHS_LATER)

    report_mail.announce(report_ids=[report.pk], now=MONTHS_LATER)

    Mail.objects.update(not_before=NOW)
    assert len(sent()) == 1
