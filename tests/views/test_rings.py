import pytest
from django.urls import reverse

from reviewapp.choices import CaseStatus, ProductStatus, ReportStatus, RingStatus
from reviewapp.domain.rings import RingRules
from reviewapp.models import MisclassificationReport, ReportCase, ReportPolicy, ReportRing
from reviewapp.services.report_policies import current_report_policy, ring_rules
from reviewapp.services.rings import hold_rings
from tests.factories import NOW, AdminFactory, ListedProductFactory, ModeratorFactory, ReportFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = AdminFactory(language="en")
    client.force_login(user)
    return user


@pytest.fixture
def ring():
    ReportFactory.create_batch(8, product=ListedProductFactory())
    hold_rings(now=NOW)
    return ReportRing.objects.get()


@pytest.mark.parametrize("name", ["rings:index", "rings:cases", "rings:policy"])
def test_only_admins_see_rings(client, admin, name):
    assert client.get(reverse(name)).status_code == 200

    client.force_login(ModeratorFactory())

    assert client.get(reverse(name)).status_code == 403


def test_a_ring_shows_its_evidence_and_no_names(client, admin, ring):
    text = client.get(reverse("rings:detail", args=[ring.pk])).content.decode()

    assert "Account 8" in text
    assert "many on one product within seconds" in text
    for report in MisclassificationReport.objects.select_related("reporter"):
        assert report.reporter.username not in text


@pytest.mark.parametrize(
    ("verdict", "left"), [(RingStatus.VOIDED, ReportStatus.VOIDED), (RingStatus.RELEASED, "open")]
)
def test_an_admin_judges_a_ring_once(client, admin, ring, verdict, left):
    url = reverse("rings:detail", args=[ring.pk])

    first = client.post(url, {"verdict": verdict, "note": "Same words"})
    second = client.post(url, {"verdict": verdict})

    ring.refresh_from_db()
    assert (first.status_code, second.status_code, ring.status) == (302, 409, verdict)
    assert {report.status for report in ring.reports.all()} == {left}
    assert ring.events.last().actor == admin
    assert "Same words" in client.get(url).content.decode()


def test_nobody_judges_a_ring_or_asks_for_a_look_in_the_own_cause(client, admin, ring):
    case = ReportCase.objects.get()
    ReportFactory(product=case.product, case=case, reporter=admin)

    judged = client.post(reverse("rings:detail", args=[ring.pk]), {"verdict": RingStatus.VOIDED})
    client.post(reverse("rings:look", args=[case.pk]))

    ring.refresh_from_db()
    case.refresh_from_db()
    assert (judged.status_code, ring.status) == (403, RingStatus.HELD)
    assert case.status == CaseStatus.COLLECTING


def test_more_rings_cost_no_more_queries(client, admin, django_assert_max_num_queries):
    counts = []
    for _ in range(2):
        ReportFactory.create_batch(6, product=ListedProductFactory())
        hold_rings(now=NOW)
        with django_assert_max_num_queries(10) as captured:
            client.get(reverse("rings:index"))
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_more_cases_cost_no_more_queries(client, admin, django_assert_max_num_queries):
    counts = []
    for _ in range(2):
        ReportFactory.create_batch(3)
        with django_assert_max_num_queries(10) as captured:
            client.get(reverse("rings:cases"))
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_an_admin_has_a_case_looked_at_below_the_bar(client, admin):
    case = ReportFactory().case

    for _ in range(2):
        client.post(reverse("rings:look", args=[case.pk]))

    case = ReportCase.objects.get()
    assert (case.status, case.item.status) == (CaseStatus.IN_REVIEW, "pending")


def test_new_bars_are_a_new_version_and_unsafe_ones_are_refused(client, admin):
    current_report_policy(now=NOW)
    given = {"reopen_at": 1.2, "overrule_at": 3, "collect_days": 3, "lot_percent": 50}
    given |= {"proven_at": 0.4, "unproven_cap": 0.3, "network_cap": 0.7}
    given |= {"burst_accounts": 5, "burst_seconds": 30}
    given |= {"network_accounts": 3, "network_minutes": 30}

    kept = client.post(reverse("rings:policy"), given | {"based_on": 1})
    stale = client.post(reverse("rings:policy"), given | {"based_on": 1})
    unsafe = [
        client.post(reverse("rings:policy"), given | {"based_on": 2} | numbers)
        for numbers in ({"unproven_cap": 0.9}, {"proven_at": 0.39})
    ]

    assert (kept.status_code, stale.status_code) == (302, 409)
    assert [page.status_code for page in unsafe] == [422, 422]
    newest = ReportPolicy.objects.latest()
    assert (newest.version, newest.reopen_at, newest.lot_share) == (2, 1.2, 0.5)
    assert (newest.unproven_cap, newest.network_cap) == (0.3, 0.7)
    assert ring_rules(newest) == RingRules(30, 5, 1800, 3)


def test_a_case_of_a_product_out_of_the_shop_waits_and_leads_nowhere_else(client, admin):
    case = ReportFactory().case
    case.product.status, case.product.category = ProductStatus.IN_REVIEW, None
    case.product.save()

    page = client.get(reverse("rings:cases")).content.decode()
    asked = client.post(reverse("rings:look", args=[case.pk]), follow=True).content.decode()

    link = reverse("review:provenance", args=[case.product_id])
    assert f'href="{link}"' in page
    assert client.get(link).status_code == 200
    assert reverse("shop:product", args=[case.product_id]) not in page
    assert reverse("rings:look", args=[case.pk]) not in page
    assert "The case waits until it is back." in asked
    assert "does not collect any more" not in asked
