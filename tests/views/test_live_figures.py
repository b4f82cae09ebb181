import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviewapp.models import FeedbackLabel, LiveMeasure, Route
from reviewapp.services.live_measures import measure_live
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    ListedProductFactory,
    ModeratorFactory,
    PredictionFactory,
    RoutingPolicyFactory,
)
from tests.labels import label

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = AdminFactory(language="en")
    client.force_login(user)
    return user


def get(client, name, *args, **query):
    return client.get(reverse(f"models:{name}", args=args), query)


def audited(version, now, number):
    """Listed products that a blind audit has decided, every tenth of them otherwise."""
    for place in range(number):
        product = ListedProductFactory(category=CategoryFactory(code=10))
        answers = [
            PredictionFactory(
                product=product,
                model_version=version,
                member=member,
                category=product.category,
                confidence=0.9,
                created_at=now,
            )
            for member in ("lexical", "fusion")
        ]
        Route.objects.create(
            product=product,
            prediction=answers[-1],
            policy=RoutingPolicyFactory(),
            outcome="listed",
            reasons=["audit"],
            inclusion_probability=0.05,
            created_at=now,
        )
        code = 10 if place % 10 else 20
        label(now, code=code, product=product, is_blind=True, reasons=["audit"], created_at=now)


def test_the_champion_is_measured_on_blind_audits_once_there_are_enough(client, admin, monkeypatch):
    monkeypatch.setattr("reviewapp.services.live_measures.FEWEST", 30)
    champion, now = ChampionFactory(name="old-1"), timezone.now()

    unmeasured = get(client, "live").content.decode()
    audited(champion, now, 20)
    measure_live(now=now)
    early = get(client, "live").content.decode()
    audited(champion, now - timedelta(days=60), 20)
    FeedbackLabel.objects.update(created_at=now)
    measure_live(now=now + timedelta(days=1))
    month = get(client, "live", days=30).content.decode()
    later = get(client, "live", member="lexical").content.decode()

    assert "Not measured yet" in unmeasured
    assert "20 products of old-1 are in the sample so far; from 30 on" in early
    assert "20 products of old-1 are in the sample so far; from 30 on" in month
    for text in ("old-1 on 40 products", "90.0%", "Do confidences hold?", "baseline"):
        assert text in later
    assert "?days=90&amp;member=fusion" in later


def test_a_look_at_the_live_figures_reads_no_routes(
    client, admin, django_assert_max_num_queries, monkeypatch
):
    monkeypatch.setattr("reviewapp.services.live_measures.FEWEST", 10)
    champion, now = ChampionFactory(), timezone.now()
    audited(champion, now, 10)
    measure_live(now=now)

    with django_assert_max_num_queries(12) as queries:
        page = get(client, "live").content.decode()

    assert "on 10 products" in page
    assert "say nothing of what is in the shop" not in page
    assert "<time" in page
    assert not any("reviewapp_route" in one["sql"] for one in queries.captured_queries)
    assert not any("reviewapp_feedbacklabel" in one["sql"] for one in queries.captured_queries)


def test_a_cell_of_the_live_confusion_matrix_leads_to_its_products(
    client, admin, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr("reviewapp.services.live_measures.FEWEST", 10)
    monkeypatch.setattr("reviewapp.views.evaluations._SHOWN", 1)
    champion, now = ChampionFactory(name="old-1"), timezone.now()
    audited(champion, now, 20)
    measure_live(now=now)
    measure = LiveMeasure.objects.get(days=30)
    link = f"{reverse('models:live-products', args=[measure.pk])}?member=fusion&amp;true=20"

    page = get(client, "live", days=30).content.decode()
    with django_assert_max_num_queries(12):
        first = get(client, "live-products", measure.pk, member="lexical", true=20, predicted=10)
    older = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1]
    second = client.get(f"{first.request['PATH_INFO']}{older.replace('&amp;', '&')}")

    assert f"{link}&amp;predicted=10" in page
    newest, oldest = FeedbackLabel.objects.filter(category__code=20).order_by("-pk")
    for response, own in ((first, newest), (second, oldest)):
        html = response.content.decode()
        assert "old-1 · Lexical (words) · 2 products · of 30 days" in html
        assert html.count("blind audit ·") == 1
        assert reverse("review:provenance", args=[own.product_id]) in html
    assert 'rel="next"' not in second.content.decode()


def test_only_a_measure_with_numbers_has_products(client, admin, monkeypatch):
    champion, now = ChampionFactory(), timezone.now()
    audited(champion, now, 2)
    measure_live(now=now)
    measure = LiveMeasure.objects.get(days=30)
    query = {"true": 20, "predicted": 10}

    assert get(client, "live-products", measure.pk, **query).status_code == 404
    client.force_login(ModeratorFactory())
    assert get(client, "live-products", measure.pk, **query).status_code == 403


def test_live_figures_without_audits_say_that_they_are_about_doubtful_products(
    client, admin, monkeypatch
):
    monkeypatch.setattr("reviewapp.services.live_measures.FEWEST", 10)
    champion, now = ChampionFactory(), timezone.now()
    audited(champion, now, 10)
    measure_live(now=now)
    LiveMeasure.objects.update(audits=0)

    page = get(client, "live").content.decode()

    assert "say nothing of what is in the shop" in page


def test_live_figures_are_measured_anew_once_people_have_decided_more():
    champion, now = ChampionFactory(), timezone.now()
    audited(champion, now, 2)
    FeedbackLabel.objects.update(created_at=now)
    first = measure_live(now=now)
    idle = measure_live(now=now + timedelta(minutes=15))
    audited(champion, now, 1)
    FeedbackLabel.objects.filter(pk=FeedbackLabel.objects.latest("pk").pk).update(
        created_at=now + timedelta(minutes=20)
    )

    later = measure_live(now=now + timedelta(minutes=30))

    assert (first, idle, later) == (3, 0, 3)
    assert set(LiveMeasure.objects.values_list("days", "products")) == {(30, 3), (90, 3), (365, 3)}
    assert measure_live(now=now + timedelta(days=2)) == 3


def test_without_a_model_there_is_nothing_to_measure_live(client, admin):
    assert "No model is in service" in get(client, "live").content.decode()
