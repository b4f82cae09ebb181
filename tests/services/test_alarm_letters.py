"""A careless moderator's alarm by mail: to other leads, at once, each in one language."""

import pytest
from django.utils import translation

from reviewapp.models import Mail, ModeratorAlarm
from reviewapp.services.mail import claim_mail
from tests.factories import AdminFactory, CategoryFactory
from tests.services.test_comparisons import LATER, an_alarm_about_to_ring, answered, book_all

pytestmark = pytest.mark.django_db


def lead(name, language):
    address = f"{name}@example.org"
    return AdminFactory(
        username=name,
        wants_mail=True,
        email=address,
        confirmed_email=address,
        language=language,
    )


def test_leads_are_told_of_a_careless_moderator_at_once_each_in_one_language(settings):
    settings.PUBLIC_URL, settings.LANGUAGE_CODE = "https://shop.example", "fr"
    ten, far = CategoryFactory(code=10), CategoryFactory(code=1180)
    careless = an_alarm_about_to_ring(ten)
    careless.username = "max"
    careless.save()
    lead("ann", "en"), lead("ben", "fr"), lead("cyd", "")
    for _ in range(30):
        answered(careless, far, ten)

    with translation.override("en"):
        book_all()

    letters = {one.address: one for one in iter(lambda: claim_mail(now=LATER), None)}
    page = f"https://shop.example/review/team/{careless.pk}/"
    english, french, undecided = (letters[f"{who}@example.org"] for who in ("ann", "ben", "cyd"))
    assert english.subject == "A moderator’s answers are off too often"
    assert english.body.startswith("max is off more often than colleagues")
    assert french.subject == "Les réponses d’un modérateur s’écartent trop souvent"
    assert french.body.startswith("max s’écarte plus souvent")
    assert page in english.body
    assert page in french.body
    assert (undecided.subject, undecided.body) == (french.subject, french.body)


def test_nobody_is_told_of_an_alarm_about_oneself():
    ten, far = CategoryFactory(code=10), CategoryFactory(code=1180)
    careless = an_alarm_about_to_ring(ten)
    careless.groups.set(AdminFactory().groups.all())
    careless.wants_mail, careless.email, careless.confirmed_email = True, "c@x.org", "c@x.org"
    careless.save()
    for _ in range(30):
        answered(careless, far, ten)

    book_all()

    assert ModeratorAlarm.objects.exists()
    assert not Mail.objects.exists()
