import csv
import re
from collections import Counter
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from reviewapp.models import CertificateAlarm, HeldOutAnswers, RoutingPolicy
from reviewapp.selectors import calibration
from reviewapp.services.policies import current_policy, set_policy
from reviewapp.services.promotions import promote
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    ModeratorFactory,
)
from tests.selectors.test_calibration import audited

pytestmark = pytest.mark.django_db

VALID = {
    "accept_percent": "92.5",
    "audit_percent": "3",
    "target_percent": "2",
    "wrong": "0.35",
    "review_minute": "0.42",
    "review_seconds": "10",
    "fairness_bound": "2",
    "note": "peak",
    "based_on": "1",
}


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief", language="en")
    client.force_login(user)
    return user


@pytest.fixture
def answers():
    """A champion that was right on 380 of 400 products, all of them sure but the last 100."""
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    return HeldOutAnswers.objects.create(
        model_version=ChampionFactory(),
        confidence=[0.97] * 300 + [0.6] * 100,
        predicted=[10] * 400,
        true=[10] * 380 + [20] * 20,
        missing=[""] * 400,
    )


def get(client, **query):
    return client.get(reverse("policy:index"), query).content.decode()


def test_moderators_do_not_see_it(client):
    client.force_login(ModeratorFactory())

    assert client.get(reverse("policy:index")).status_code == 403
    assert client.get(reverse("policy:effect")).status_code == 403
    assert client.post(reverse("policy:index"), VALID).status_code == 403


def test_the_page_says_what_can_be_promised(client, admin, answers):
    html = get(client)

    assert "75.0% of the products are listed by themselves" in html
    assert "Measured on 400 products (Products kept out of training)" in html
    assert 'id="policy-curve"' in html
    assert "at most 2.0% of these are wrong, 95 % sure" in html
    assert "they say as much as" in html


@pytest.mark.parametrize(("enough", "is_live"), [(1, True), (2, False)])
def test_labels_of_people_who_saw_the_answer_are_called_so(
    client, admin, answers, now, monkeypatch, enough, is_live
):
    monkeypatch.setattr(calibration, "ENOUGH_AUDITS", enough)
    categories = CategoryFactory(code=10), CategoryFactory(code=20)
    audited(answers.model_version, categories, now)

    html = get(client)

    assert ("Decisions on live products" in html) is is_live
    assert ("people mostly saw the models’ answers" in html) is is_live


def test_without_known_products_it_says_what_is_missing(client, admin):
    assert "Nothing to measure on yet" in get(client)


def test_the_effect_follows_the_form(client, admin, answers):
    stricter = client.get(reverse("policy:effect"), VALID | {"accept_percent": "98"})
    looser = client.get(reverse("policy:effect"), VALID | {"accept_percent": "50"})

    assert ">0.0%<" in stricter.content.decode()
    assert ">100.0%<" in looser.content.decode()
    assert RoutingPolicy.objects.count() == 1


def test_a_slider_is_followed_without_reading_what_is_known_again(client, admin, answers):
    address = reverse("policy:index"), reverse("policy:effect")

    reads = []
    for path, query in (
        (address[0], {}),
        (address[0], {"numbers": "certified"}),
        (address[1], VALID),
        (address[1], VALID | {"accept_percent": "91"}),
    ):
        with CaptureQueriesContext(connection) as asked:
            client.get(path, query)

        statements = [one["sql"] for one in asked]
        reads.append(sum("reviewapp_heldoutanswers" in sql for sql in statements))
        reads.append(sum('"arrived_at" >=' in sql for sql in statements))
    assert reads == [1, 1, 0, 0, 0, 0, 0, 0]


def test_what_is_put_into_force_is_judged_by_what_is_known_now(client, admin, answers):
    get(client)

    with CaptureQueriesContext(connection) as asked:
        client.post(reverse("policy:index"), VALID)

    assert any("reviewapp_heldoutanswers" in one["sql"] for one in asked)


def test_what_lies_nearer_to_the_threshold_is_checked_at_least_as_often(client, admin, answers):
    thinner = client.post(reverse("policy:index"), VALID | {"near_percent": "5"})
    client.post(reverse("policy:index"), VALID | {"near_percent": "6", "middle_percent": "6"})

    assert thinner.status_code == 422
    assert "at least as many must be checked" in thinner.content.decode()
    assert RoutingPolicy.objects.latest().audit_rates == {"near": 0.06, "middle": 0.06}


def test_the_work_is_told_for_each_threshold_and_category(client, admin, answers):
    html = client.get(reverse("policy:effect"), VALID).content.decode()
    table = html[html.index('id="by-threshold"') : html.index('id="by-category"')]

    assert 'id="policy-work"' in html
    assert table.count('<th scope="row">') == 31
    assert html.count('data-label="Reviews a day"') == 6 + 31 + 1


def test_all_figures_are_there_as_csv(client, admin, answers):
    moderate = VALID | {"accept_percent": "50"}
    html = client.get(reverse("policy:effect"), moderate).content.decode()
    [address] = re.findall(r'href="(/policy/figures[^"]+)"', html)

    rows = list(csv.DictReader(client.get(unescape(address)).content.decode().splitlines()))

    parts = Counter(row["part"] for row in rows)
    assert parts == {"policy": 6, "threshold": 31, "category": 1}
    proposed, last = rows[0], rows[-1]
    assert (proposed["name"], proposed["threshold"], proposed["coverage"]) == (
        "proposed",
        "0.5",
        "1.0",
    )
    assert (last["name"], last["products"], last["error"]) == ("10", "400", "0.05")
    assert float(last["error_low"]) < 0.05 < float(last["error_high"])
    assert 0.05 < float(last["error_at_most"]) == float(proposed["error_at_most"])
    in_force = client.get(reverse("policy:figures")).content.decode().splitlines()
    assert in_force[1].startswith("policy,proposed,0.8,")
    refused = client.get(reverse("policy:figures"), {"accept_percent": "500"})
    assert refused.status_code == 422
    client.force_login(ModeratorFactory())
    assert client.get(reverse("policy:figures")).status_code == 403


def test_an_alternative_can_be_taken_into_the_form(client, admin, answers):
    html = get(client, numbers="certified")

    assert 'name="accept_percent" value="97.0"' in html
    assert 'name="accept_percent" value="80.0"' in get(client, numbers="no such thing")


def test_an_admin_puts_a_new_policy_into_force(client, admin, now):
    CategoryFactory(code=10)
    current_policy(now=now)

    response = client.post(
        reverse("policy:index"),
        VALID | {"accept_10": "97", "wrong_10": "2.5", "image_percent": "90"},
    )

    policy = current_policy(now=now)
    assert response.status_code == 302
    assert (policy.version, policy.accept_at, policy.audit_rate) == (2, 0.925, 0.03)
    assert (policy.created_by, policy.note) == (admin, "peak")
    assert (policy.thresholds, policy.missing_thresholds) == ({"10": 0.97}, {"image": 0.9})
    assert policy.costs["by_category"] == {"10": 2.5}
    assert RoutingPolicy.objects.get(version=1).accept_at == 0.8


def test_an_earlier_version_comes_back_with_its_effect_first(client, admin, now):
    current_policy(now=now)
    set_policy(changes={"accept_at": 0.9}, based_on=1, author=None, now=now)

    html = get(client, version="1")

    assert 'name="accept_percent" value="80.0"' in html
    assert 'name="based_on" value="2"' in html
    assert client.get(reverse("policy:index"), {"version": "77"}).status_code == 404
    assert client.get(reverse("policy:index"), {"version": "1e400"}).status_code == 404


def test_a_policy_set_meanwhile_is_not_overwritten(client, admin, now):
    current_policy(now=now)
    set_policy(changes={"accept_at": 0.9}, based_on=1, author=None, now=now)

    response = client.post(reverse("policy:index"), VALID)

    assert response.status_code == 409
    assert 'value="90.0"' in response.content.decode()
    assert current_policy(now=now).version == 2


@pytest.mark.parametrize(
    "values",
    [
        {"accept_percent": "101"},
        {"audit_percent": "-1"},
        {"accept_percent": "nan"},
        {"review_seconds": "1e400"},
        {"target_percent": "0"},
        {"accept_10": "120"},
        {"fairness_bound": "0.5"},
    ],
)
def test_impossible_numbers_are_refused(client, admin, now, values):
    CategoryFactory(code=10)
    current_policy(now=now)

    posted = client.post(reverse("policy:index"), VALID | values)
    asked = client.get(reverse("policy:effect"), VALID | values)

    assert (posted.status_code, asked.status_code) == (422, 422)
    assert RoutingPolicy.objects.count() == 1


def test_the_page_takes_a_fixed_number_of_queries(
    client, admin, answers, now, django_assert_max_num_queries
):
    current_policy(now=now)
    for number in range(1, 10):
        CategoryFactory(code=1000 + number)
        set_policy(changes={"accept_at": 0.9}, based_on=number, author=admin, now=now)

    with django_assert_max_num_queries(23):
        get(client)


@pytest.mark.parametrize("page", ["policy:index", "models:index"])
@pytest.mark.parametrize(
    ("language", "thresholds", "stricter"),
    [
        ("fr", "Seuils pour le modèle robust", "le certificat de la version 1 est nul"),
        ("en", "Thresholds for the model robust", "the certificate of version 1 is void"),
    ],
)
def test_what_code_made_a_policy_for_is_told_in_the_readers_language(
    client, now, page, language, thresholds, stricter
):
    client.force_login(AdminFactory(language=language))
    for code in (10, 20):
        CategoryFactory(code=code)
    champion, robust = ChampionFactory(), ModelVersionFactory(name="robust")
    with translation.override("fr"):
        promote(version=robust, reason="better", now=now)
    after_promotion = client.get(reverse(page))
    CertificateAlarm.objects.create(
        model_version=champion,
        policy=RoutingPolicy.objects.get(version=1),
        policy_after=set_policy(changes={}, based_on=2, author=None, now=now),
        target=0.02,
        evidence=30.0,
        audits=60,
        wrong=9,
        raised_at=now,
    )
    after_alarm = client.get(reverse(page))

    assert thresholds in unescape(after_promotion.content.decode())
    assert stricter in unescape(after_alarm.content.decode())
