from datetime import timedelta

import pytest
from django.utils import timezone

from reviewapp.choices import AuditStratum, GroupKind
from reviewapp.models import CertificateAlarm, RouteTally
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    ModeratorFactory,
    RoutingPolicyFactory,
    SellerFactory,
)

pytestmark = pytest.mark.django_db
PAGE = "/quality/"


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief", language="en")
    client.force_login(user)
    return user


@pytest.fixture
def champion():
    return ChampionFactory(name="champ")


def tally(champion, *, days_ago=1, stratum=AuditStratum.NEAR, rate=0.2, group="10", **counts):
    return RouteTally.objects.create(
        day=timezone.now().date() - timedelta(days=days_ago),
        model_version=champion,
        policy=RoutingPolicyFactory(),
        stratum=stratum,
        kind=GroupKind.CATEGORY,
        group=group,
        inclusion_probability=rate,
        **counts,
    )


def alarm(champion):
    return CertificateAlarm.objects.create(
        model_version=champion, policy=RoutingPolicyFactory(), target=0.02, evidence=21.0,
        audits=300, wrong=20, raised_at=timezone.now(),
    )  # fmt: skip


def get(client, address=PAGE):
    return client.get(address).content.decode()


def test_sellers_do_not_see_it_and_moderators_do(client):
    client.force_login(SellerFactory())
    assert client.get(PAGE).status_code == 403
    client.force_login(ModeratorFactory())

    assert client.get(PAGE).status_code == 200


def test_the_accuracy_is_told_in_a_sentence(client, admin, champion):
    CategoryFactory(code=10, name_en="Books")
    tally(champion, routed=1000, drawn=200, answered=200, wrong=4)

    html = get(client)

    assert "98.0% of 1,000 automatic listings are right" in html
    assert "Day of routing" in html
    assert "Day of arrival" not in html
    assert "10 Books" in html
    assert "champ" in html


def test_too_few_audits_give_no_number(client, admin, champion):
    tally(champion, routed=200, drawn=40, answered=40, wrong=1)

    assert "Not enough yet: 60 more audits needed" in get(client)


def test_days_whose_audits_wait_do_not_count(client, admin, champion):
    tally(champion, routed=1000, drawn=200, answered=20, wrong=20)

    html = get(client)

    assert "still waiting" in html
    assert "No automatic listing of this period can be judged yet" in html


def test_reviewed_products_stand_apart(client, admin, champion):
    tally(
        champion, stratum=AuditStratum.REVIEW, rate=1.0, routed=50, drawn=50, answered=50, wrong=25
    )

    html = get(client)

    assert "50.0%" in html
    assert "biased" in html


def test_every_figure_is_in_the_csv(client, admin, champion):
    tally(champion, routed=1000, drawn=200, answered=200, wrong=4)

    lines = get(client, f"{PAGE}figures.csv").splitlines()

    assert lines[0].startswith("by,value,listed")
    assert lines[1].startswith("all,,1000,200,200,4,0.98,")
    assert any(line.startswith("model,champ") for line in lines)


def test_an_admin_is_told_of_a_void_certificate_and_acknowledges_it(client, admin, champion):
    one = alarm(champion)
    assert "Too many automatic listings are wrong" in get(client)

    client.post(f"{PAGE}alarms/{one.pk}/", {"comment": "A new supplier"})

    one.refresh_from_db()
    assert (one.closed_by, one.comment) == (admin, "A new supplier")
    assert "Too many automatic listings are wrong" not in get(client)


def test_a_moderator_acknowledges_nothing(client, champion):
    one = alarm(champion)
    client.force_login(ModeratorFactory())

    assert client.post(f"{PAGE}alarms/{one.pk}/", {"comment": "x"}).status_code == 403


def test_the_page_takes_a_fixed_number_of_queries(
    client, admin, champion, django_assert_max_num_queries
):
    for number in range(1, 20):
        tally(champion, days_ago=number, group=str(number), routed=100, drawn=40, answered=40)

    with django_assert_max_num_queries(22):
        get(client)
