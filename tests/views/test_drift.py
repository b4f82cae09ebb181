import re

import pytest
from django.utils import translation

from reviewapp.choices import DriftTest
from reviewapp.domain.drift import HELD
from reviewapp.models import DriftAlarm, DriftReference, DriftWindow
from reviewapp.services.drift import measure_drift
from reviewapp.services.drift_letters import letter
from tests.drift_rows import alarm_of_language, arrive, champion_of_two, drifted, shrink
from tests.factories import NOW, AdminFactory, ChampionFactory, ModeratorFactory

pytestmark = pytest.mark.django_db
PAGE = "/drift/"


@pytest.fixture
def champion():
    return champion_of_two()


@pytest.fixture
def small(monkeypatch):
    shrink(monkeypatch)


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief", language="en")
    client.force_login(user)
    return user


def get(client, address=PAGE):
    return client.get(address).content.decode()


def test_moderators_do_not_see_it(client):
    client.force_login(ModeratorFactory())

    assert client.get(PAGE).status_code == 403


def test_a_site_without_a_model_says_so(client, admin):
    assert "No model is in service" in get(client)


def test_it_says_how_many_products_are_missing(client, admin):
    ChampionFactory()

    assert "2,000 more products must be classified" in get(client)


def test_languages_have_names_on_the_page_and_in_the_letter(client, admin):
    alarm = alarm_of_language(ChampionFactory())

    with translation.override("fr"):
        _subject, body = letter(alarm)

    assert re.search(r"<div>English <span[^>]*>[\d.]+%</span> → <strong>3\d\.", get(client))
    assert re.search(r"Langue du texte\u00a0: Anglais [\d,]+\u00a0% → 3\d,", body)


def test_an_admin_sees_what_changed_and_acknowledges_it(client, admin, champion, small):
    drifted(champion)
    html = get(client)
    assert "They differ from the reference more than chance explains" in html
    assert "Descriptions missing" in html
    assert "What has changed, and what to do" in html
    alarm = DriftAlarm.objects.get()

    refused = client.post(f"{PAGE}alarms/{alarm.pk}/", {"comment": ""})
    client.post(f"{PAGE}alarms/{alarm.pk}/", {"comment": "A new feed"})

    alarm.refresh_from_db()
    assert refused.status_code == 422
    assert (alarm.closed_by, alarm.comment) == (admin, "A new feed")
    assert "What has changed, and what to do" not in get(client)


def test_it_says_what_each_test_is_held_against(client, admin, champion, small):
    drifted(champion)
    assert get(client).count("the first arrivals</span>") == len(HELD)

    DriftReference.objects.update(trained=sorted(HELD - {DriftTest.LANGUAGE}))

    html = get(client)
    assert html.count("the first arrivals</span>") == 1
    assert "products of the training, and the first arrivals" in html


def test_every_test_of_every_window_is_in_the_csv(client, admin, champion, small):
    drifted(champion)

    lines = get(client, f"{PAGE}figures.csv").splitlines()

    assert lines[0].startswith("measured_at,last_product,products,expected_right")
    assert len(lines) == 1 + len(DriftTest)
    assert any(",description," in line for line in lines)


def test_the_table_has_every_window_that_the_chart_draws(client, admin, champion, small):
    drifted(champion)
    window = DriftWindow.objects.latest("pk")
    for number in range(1, 25):
        window.pk, window.last_product = None, window.last_product + number
        window.save()

    html = get(client)

    count = DriftWindow.objects.count()
    assert count > 20
    assert html.count('data-label="Distance of the mix"') == count
    assert "Earlier windows" in html


def test_more_windows_take_no_more_queries(
    client,
    admin,
    champion,
    small,
    django_assert_max_num_queries,
):
    drifted(champion)
    for seed in range(2):
        arrive(champion, 50, seed=seed)
        measure_drift(now=NOW)

    with django_assert_max_num_queries(25):
        get(client)


def test_an_admin_takes_the_arrivals_as_normal_and_goes_back(client, admin, champion, small):
    drifted(champion)

    refused = client.post(f"{PAGE}reference/", {"reason": ""})
    client.post(f"{PAGE}reference/", {"reason": "A new supplier"})
    html = get(client)
    client.post(f"{PAGE}reference/back/")

    assert refused.status_code == 422
    assert "A new supplier" in html
    assert "Back to the reference before" in html
    assert "Back to the reference before" not in get(client)


def test_only_admins_change_what_arrivals_are_held_against(client):
    client.force_login(ModeratorFactory())

    assert client.post(f"{PAGE}reference/", {"reason": "x"}).status_code == 403
    assert client.post(f"{PAGE}reference/back/").status_code == 403
