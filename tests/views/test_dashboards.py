import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviewapp.choices import AuditStratum, DelayStep, GroupKind, ReportStatus
from reviewapp.domain.delays import bucket
from reviewapp.models import (
    AnswerTally,
    CategoryConfusion,
    DelayTally,
    QueueState,
    ReportTally,
    RouteTally,
)
from reviewapp.selectors.dashboards import PANELS
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    ModeratorFactory,
    RoutingPolicyFactory,
    SellerFactory,
)

pytestmark = pytest.mark.django_db
PAGE = "/dashboards/"
GROUPS = (
    (GroupKind.ALL, ""),
    (GroupKind.CATEGORY, "10"),
    (GroupKind.SELLER, "few"),
    (GroupKind.PAIR, "10/few"),
)
# Events; a dashboard that read them would slow down with each product.
FACTS = ("route", "decision", "prediction", "reviewitem", "product", "feedbacklabel",
         "misclassificationreport", "reportcase")  # fmt: skip


@pytest.fixture
def admin(client):
    user = AdminFactory(language="en")
    client.force_login(user)
    return user


@pytest.fixture
def counted():
    """Two days of a champion's work, on two categories and one group of sellers."""
    champion = ChampionFactory(name="champ")
    books, games = CategoryFactory(code=10), CategoryFactory(code=20)
    CategoryConfusion.objects.create(
        category=games, neighbour=books, question_en="Is it read or played?", question_fr="?"
    )
    for days_ago in (6, 5):
        day = timezone.now().date() - timedelta(days=days_ago)
        common = {"day": day, "model_version": champion}
        for kind, group in GROUPS:
            for stratum in (AuditStratum.FAR, AuditStratum.REVIEW):
                RouteTally.objects.create(
                    **common, kind=kind, group=group, stratum=stratum,
                    policy=RoutingPolicyFactory(), inclusion_probability=0.5, routed=100,
                    drawn=50, answered=50, wrong=1,
                )  # fmt: skip
            for said, is_listed, answers in ((books, True, 49), (games, True, 1),
                                             (books, False, 40), (games, False, 10)):  # fmt: skip
                AnswerTally.objects.create(
                    **common, kind=kind, group=group, predicted=books, said=said, answers=answers,
                    is_listed=is_listed, is_above=True, listings=answers * 2 * is_listed,
                )  # fmt: skip
            for step, hours, products in (
                (DelayStep.ROUTED, 0.1, 200),
                (DelayStep.LISTED, 0.1, 180),
                (DelayStep.LISTED, 40, 20),
            ):
                DelayTally.objects.create(
                    **common, kind=kind, group=group, step=step, bucket=bucket(hours * 3600),
                    products=products,
                )  # fmt: skip
            for status, hours, reports in (
                (ReportStatus.UPHELD, 1, 15), (ReportStatus.DISMISSED, 8, 5),
                (ReportStatus.OPEN, None, 3), (ReportStatus.VOIDED, None, 2),
            ):  # fmt: skip
                ReportTally.objects.create(
                    **common, kind=kind, group=group, status=status, reports=reports,
                    bucket=bucket(hours * 3600) if hours else None,
                )  # fmt: skip
    return champion


def get(client, address=PAGE):
    return client.get(address).content.decode()


def table(client, name, query=""):
    return list(csv.DictReader(get(client, f"{PAGE}{name}.csv{query}").splitlines()))


def test_sellers_do_not_see_it_and_moderators_do(client):
    client.force_login(SellerFactory())
    assert client.get(PAGE).status_code == 403
    client.force_login(ModeratorFactory())

    assert client.get(PAGE).status_code == 200


def test_an_empty_site_says_so_for_each_figure(client, admin):
    html = get(client)

    assert html.count("<h2") >= len(PANELS)
    assert "Nothing was routed in this period." in html
    assert "the queue was not measured for an hour yet" in html


def test_coverage_is_the_share_that_nobody_looked_at(client, admin, counted):
    assert [row["coverage"] for row in table(client, "automation")] == ["0.5", "0.5"]


def test_accuracy_is_that_of_the_page_quality(client, admin, counted):
    rows = table(client, "accuracy")

    assert [row["accuracy"] for row in rows] == ["0.98", "0.98"]
    assert "98.0% of automatic listings are right" in get(client)


def test_the_service_level_burns_by_what_is_late(client, admin, counted):
    rows = table(client, "service-level", "?hours=8")

    assert float(rows[0]["share"]) == 0.9
    assert float(rows[0]["burn"]) == pytest.approx(2)
    assert float(table(client, "service-level", "?hours=64")[0]["share"]) == 1


def test_mistakes_are_ranked_with_question_and_cost(client, admin, counted):
    (row,) = table(client, "errors-by-cost")

    assert (row["pair"], row["answers"]) == ("10 Category 10 → 20 Category 20", "22")
    assert (float(row["listings"]), float(row["cost"])) == (4, pytest.approx(4 * 0.35))
    assert row["question"] == "Is it read or played?"


def test_the_value_stands_beside_people_and_a_flat_threshold(client, admin, counted):
    own, people, flat = table(client, "value")

    assert float(own["wrong"]) == pytest.approx(4)
    assert float(own["wrong_low"]) < 4 < float(own["wrong_high"])
    assert float(people["minutes"]) - float(own["minutes"]) == pytest.approx(100 / 6)
    # Everything was above it: 20 of 100 reviewed would have been listed wrongly a day.
    assert float(flat["wrong"]) == pytest.approx(4 + 40)
    assert float(flat["saved"]) > 0


def test_reports_are_told_by_volume_share_upheld_and_time_to_the_answer(client, admin, counted):
    row = table(client, "reports")[0]

    counts = {key: int(row[key]) for key in ("reports", "upheld", "waiting", "closed")}
    assert counts == {"reports": 25, "upheld": 15, "waiting": 3, "closed": 2}
    assert float(row["share"]) == 0.75
    assert float(row["low"]) < 0.75 < float(row["high"])
    assert float(row["p50"]) == pytest.approx(3600, rel=0.1)
    assert float(row["p95"]) == pytest.approx(8 * 3600, rel=0.1)
    assert "75.0% of the answered reports were right" in get(client, f"{PAGE}reports/")


def test_a_figure_has_a_page_with_its_whole_table(client, admin, counted):
    assert get(client, f"{PAGE}cohorts/").count("<table") == 1
    assert client.get(f"{PAGE}no-such-figure/").status_code == 404


def test_a_link_leads_to_one_group_model_and_period(client, admin, counted):
    day = (timezone.now().date() - timedelta(days=5)).isoformat()

    assert table(client, "automation", "?category=20") == []
    assert len(table(client, "automation", f"?category=10&model={counted.pk}")) == 2
    assert len(table(client, "delays", "?seller=few")) == 2
    assert len(table(client, "reports", "?category=10&seller=few")) == 2
    assert table(client, "errors-by-cost", "?category=10&seller=many") == []
    assert len(table(client, "cohorts", f"?first={day}")) == 1


@pytest.mark.parametrize("query", ["?first=x", "?seller=none", "?first=2020-01-01"])
def test_what_cannot_be_shown_is_refused_with_words(client, admin, counted, query):
    assert client.get(PAGE + query).status_code == 422
    assert client.get(f"{PAGE}automation.csv{query}").status_code == 404


def test_the_forecast_names_time_and_people(client, admin):
    now = timezone.now()
    for minutes, waiting in ((61, 120), (1, 80)):
        QueueState.objects.create(
            at=now - timedelta(minutes=minutes), open=waiting, oldest_at=now - timedelta(days=1),
            answered=60, people=3,
        )  # fmt: skip

    assert "with 3 people: 20.0 come and 60.0 are answered an hour" in get(client)
    QueueState.objects.update(people=1)
    assert "with 1 person: 20.0 come and 60.0 are answered an hour" in get(client)


def test_no_event_is_read_and_the_number_of_queries_is_fixed(
    client, admin, counted, django_assert_max_num_queries
):
    with (
        CaptureQueriesContext(
            connection,
        ) as queries,
        django_assert_max_num_queries(40),
    ):
        get(client)

    read = [
        query["sql"]
        for query in queries
        if any(f'"reviewapp_{fact}"' in query["sql"] for fact in FACTS)
    ]
    assert read == []
