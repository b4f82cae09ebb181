"""An address gets mail once its owner has said that it is his or hers."""

import re
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from reviewapp.models import Mail
from reviewapp.services.confirmations import LIFETIME, confirmation_token
from reviewapp.services.mail import wants_mail
from tests.factories import BuyerFactory
from worker.tasks.mail import send_waiting

pytestmark = pytest.mark.django_db
BEA = "bea@example.org"


@pytest.fixture(autouse=True)
def _nothing_counted_yet():
    cache.clear()


@pytest.fixture
def buyer(client):
    buyer = BuyerFactory(language="en")
    client.force_login(buyer)
    return buyer


def choose(client, **fields):
    return client.post(reverse("reports:mail"), fields, follow=True)


def sent_link():
    send_waiting()
    message = django_mail.outbox[-1]
    return re.search(r"http://testserver(\S+)", message.body).group(1)


def test_a_person_switches_mail_on_and_off(client, buyer):
    nowhere = choose(client, wants_mail="on")
    choose(client, wants_mail="on", email=BEA)
    buyer.refresh_from_db()
    chosen = (buyer.wants_mail, buyer.email)
    choose(client, email=BEA)
    buyer.refresh_from_db()

    assert nowhere.status_code == 422
    assert chosen == (True, BEA)
    assert (buyer.wants_mail, buyer.email, buyer.confirmed_email) == (False, "", "")


def test_the_link_confirms_the_address_by_a_button(client, buyer):
    page = choose(client, wants_mail="on", email=BEA).content.decode()
    link = sent_link()

    looked = client.get(link)
    buyer.refresh_from_db()
    before = wants_mail(buyer)
    pressed = client.post(link, follow=True).content.decode()

    buyer.refresh_from_db()
    assert f"{BEA} is not confirmed yet" in page
    assert django_mail.outbox[0].to == [BEA]
    assert (looked.status_code, before, wants_mail(buyer)) == (200, False, True)
    assert f"{BEA} is confirmed" in pressed


def test_the_link_works_without_being_signed_in_and_twice(client, buyer):
    choose(client, wants_mail="on", email=BEA)
    link = sent_link()
    client.logout()

    answers = [client.post(link).status_code for _ in range(2)]

    buyer.refresh_from_db()
    assert (answers, buyer.confirmed_email) == ([302, 302], BEA)


def test_a_link_that_is_old_forged_or_for_another_address_confirms_nothing(client, buyer):
    buyer.wants_mail, buyer.email = True, BEA
    now = timezone.now()
    old = confirmation_token(user=buyer, now=now - LIFETIME - timedelta(minutes=1))
    buyer.email = "other@example.org"
    another = confirmation_token(user=buyer, now=now)
    buyer.email = BEA
    buyer.save()

    answers = [
        client.post(reverse("reports:confirm", args=[token]))
        for token in (old, another, another[:-1], "x", "é")
    ]

    buyer.refresh_from_db()
    assert {answer.status_code for answer in answers} == {410}
    assert buyer.confirmed_email == ""


def test_a_new_address_is_confirmed_anew(client, buyer):
    buyer.wants_mail, buyer.email, buyer.confirmed_email = True, BEA, BEA
    buyer.save()

    choose(client, wants_mail="on", email=BEA)
    unchanged = Mail.objects.exists()
    choose(client, wants_mail="on", email="new@example.org")

    buyer.refresh_from_db()
    assert unchanged is False
    assert (wants_mail(buyer), buyer.confirmed_email) == (False, "")
    assert Mail.objects.get().confirms == "new@example.org"


def test_a_link_that_still_waits_is_replaced_and_one_no_longer_asked_for_not_sent(client, buyer):
    choose(client, wants_mail="on", email="typo@example.org")
    choose(client, wants_mail="on", email=BEA)
    waiting = list(Mail.objects.values_list("confirms", flat=True))
    choose(client, email="")

    send_waiting()

    assert waiting == [BEA]
    assert django_mail.outbox == []


def test_links_are_limited_by_person_and_by_address(client, buyer, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"confirmations_address": (2, 3600)}
    choose(client, wants_mail="on", email=BEA)
    send_waiting()

    pages = [client.post(reverse("reports:mail-again"), follow=True) for _ in range(2)]
    send_waiting()

    told = [page.content.decode() for page in pages]
    assert "A link is on its way" in told[0]
    assert "Too many messages" in told[1]
    assert len(django_mail.outbox) == 2
