import re

import pytest
from django.urls import reverse

from reviewapp.models import Route, ShadowAnswer, ShadowRun
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    ModeratorFactory,
    PredictionFactory,
    ProductFactory,
    RoutingPolicyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = AdminFactory(language="en")
    client.force_login(user)
    return user


def post(client, name, *args, **data):
    return client.post(reverse(f"models:{name}", args=args), data, follow=True)


def test_only_admins_start_and_stop_it(client):
    client.force_login(ModeratorFactory())

    assert post(client, "shadow-start", ModelVersionFactory().pk).status_code == 403
    assert post(client, "shadow-stop").status_code == 403


def test_a_candidate_is_put_beside_the_champion_and_taken_away(client, admin):
    ChampionFactory(name="old-1")
    version = ModelVersionFactory(name="new-1")

    started = post(client, "shadow-start", version.pk, share_percent=25).content.decode()
    run = ShadowRun.objects.get()
    stopped = post(client, "shadow-stop").content.decode()

    assert (run.share, run.started_by) == (0.25, admin)
    for text in ("new-1 answers beside the champion", "In the shadow", "25.0%", "No arrival"):
        assert text in started
    assert "new-1 answers silently beside old-1" in started
    for text in ("Ended", "new-1 answered silently beside old-1"):
        assert text in stopped


def test_what_cannot_be_is_said(client, admin):
    champion = ChampionFactory()

    itself = post(client, "shadow-start", champion.pk, share_percent=20).content.decode()
    share = post(client, "shadow-start", champion.pk, share_percent=0).content.decode()

    assert "It takes a champion, and one candidate" in itself
    assert "Write a share from 1 to 100" in share


def test_the_differences_have_a_page(client, admin):
    ChampionFactory(name="old-1")
    version = ModelVersionFactory(name="new-1")
    post(client, "shadow-start", version.pk, share_percent=25)

    html = client.get(reverse("models:shadow", args=[ShadowRun.objects.get().pk])).content.decode()

    assert "new-1 beside old-1" in html
    assert "No arrival answered by both yet." in html


def test_all_differences_can_be_reached_page_by_page(client, admin, now, monkeypatch):
    monkeypatch.setattr("reviewapp.views.shadow._SHOWN", 2)
    champion, version = ChampionFactory(), ModelVersionFactory()
    post(client, "shadow-start", version.pk, share_percent=100)
    run, (said, other) = ShadowRun.objects.get(), (CategoryFactory(), CategoryFactory())
    policy, products = RoutingPolicyFactory(), ProductFactory.create_batch(4)
    for product, answer in zip(products, (other, said, other, other), strict=True):
        prediction = PredictionFactory(product=product, model_version=champion, category=said)
        route = Route.objects.create(
            product=product,
            prediction=prediction,
            policy=policy,
            outcome="review",
            inclusion_probability=1.0,
            created_at=now,
        )
        ShadowAnswer.objects.create(
            run=run, route=route, category=answer, confidence=0.8, latency_ms=1, created_at=now
        )

    first = client.get(reverse("models:shadow", args=[run.pk])).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)[1]
    second = client.get(reverse("models:shadow", args=[run.pk]) + older).content.decode()

    def shown(html):
        return [reverse("review:provenance", args=[one.pk]) in html for one in products]

    assert shown(first) == [False, False, True, True]
    assert shown(second) == [True, False, False, False]
    assert 'rel="next"' not in second
    wrong = client.get(reverse("models:shadow", args=[run.pk]), {"before": "x"})
    assert wrong.status_code == 404
