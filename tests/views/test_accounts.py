import re

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache

from reviewapp.demo_accounts import DEMO_PASSWORD
from tests.factories import AdminFactory, BuyerFactory, ModeratorFactory, SellerFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _no_limits_left_over():
    cache.clear()


def log_in(client, username, password=PASSWORD):
    return client.post("/login/", {"username": username, "password": password})


def test_a_person_signs_in_and_out(client):
    person = UserFactory()

    assert log_in(client, person.username).status_code == 302
    assert client.get("/reports/").status_code == 200
    client.post("/logout/")
    assert client.get("/reports/").status_code == 302


def test_what_a_person_may_comes_with_the_person_and_goes_at_once(client):
    lead = AdminFactory()
    client.force_login(lead)
    assert client.get("/review/team/").status_code == 200

    lead.groups.clear()

    assert client.get("/review/team/").status_code == 403
    lead.user_permissions.add(Permission.objects.get(codename="lead_review"))
    assert client.get("/review/team/").status_code == 200


def test_who_is_barred_is_signed_out_at_once(client):
    lead = AdminFactory()
    client.force_login(lead)
    lead.is_active = False
    lead.save()

    assert client.get("/review/team/").status_code == 302


def test_a_superuser_may_everything_without_a_group(client):
    client.force_login(UserFactory(is_superuser=True))

    assert client.get("/review/team/").status_code == 200


def test_wrong_password_and_unknown_name_get_the_same_answer(client):
    person = UserFactory()

    wrong = log_in(client, person.username, "no").content.decode()
    unknown = log_in(client, "nobody-here", "no").content.decode()

    def without_what_differs(page):
        return re.sub(f'"[A-Za-z0-9]{{64}}"|{person.username}|nobody-here', "", page)

    assert without_what_differs(wrong) == without_what_differs(unknown)


def test_guessing_is_stopped_for_the_account_but_not_for_colleagues(client, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"login_account": (3, 60)}
    guessed, colleague = UserFactory(), UserFactory()
    for _ in range(3):
        log_in(client, guessed.username, "no")

    stopped = log_in(client, guessed.username)

    assert stopped.status_code == 429
    assert int(stopped["Retry-After"]) > 0
    assert log_in(client, colleague.username).status_code == 302


def test_a_successful_sign_in_is_never_counted(client, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"login_account": (2, 60)}
    person = UserFactory()

    answers = [log_in(client, person.username).status_code for _ in range(5)]

    assert answers == [302] * 5


def test_a_persons_language_follows_them(client):
    person = UserFactory()
    client.force_login(person)

    client.post("/preferences/", {"language": "en", "next": "/"})

    person.refresh_from_db()
    assert person.language == "en"
    assert 'lang="en"' in client.get("/", headers={"Accept-Language": "fr"}).content.decode()


def test_the_browser_chooses_the_language_of_a_visitor(client):
    for wish, language in (("en", "en"), ("fr", "fr"), ("de", "fr")):
        page = client.get("/", headers={"Accept-Language": wish}).content.decode()
        assert f'<html lang="{language}"' in page


def test_a_visitors_theme_is_kept_in_a_cookie(client):
    client.post("/preferences/", {"theme": "dark"})

    assert 'data-theme="dark"' in client.get("/").content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_preferences_lead_nowhere_else(client, target):
    assert client.post("/preferences/", {"theme": "dark", "next": target}).url == "/"


@pytest.mark.parametrize(
    ("factory", "open_to"),
    [
        (SellerFactory, {"/seller/", "/imports/"}),
        (BuyerFactory, set()),
        (ModeratorFactory, {"/review/"}),
        (AdminFactory, {"/review/", "/imports/", "/datasets/", "/models/"}),
    ],
)
def test_each_role_reaches_its_own_pages_only(client, factory, open_to):
    client.force_login(factory())

    answers = {
        address: client.get(address).status_code
        for address in ("/seller/", "/imports/", "/review/", "/datasets/", "/models/")
    }

    assert answers == {address: 200 if address in open_to else 403 for address in answers}


def test_demo_passwords_are_shown_only_in_the_demo(client, settings):
    settings.DEMO = False
    assert DEMO_PASSWORD not in client.get("/login/").content.decode()
    settings.DEMO = True
    assert DEMO_PASSWORD in client.get("/login/").content.decode()


def test_every_answer_carries_the_security_headers(client):
    answer = client.get("/")

    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
