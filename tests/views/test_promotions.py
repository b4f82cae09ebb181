import re

import pytest
from django.urls import reverse

from reviewapp.choices import GateTest, GateVerdict, ModelStage
from reviewapp.domain.gate_result import GateResult
from reviewapp.models import GateReport, Rescoring
from reviewapp.services.promotions import promote
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    ModeratorFactory,
)
from tests.services.test_promotions import judged
from worker.tasks import classify

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world(monkeypatch):
    monkeypatch.setattr(classify.drain, "apply_async", lambda **_: None)
    CategoryFactory(code=10)
    CategoryFactory(code=20)


@pytest.fixture
def admin(client):
    user = AdminFactory(username="chief", language="en")
    client.force_login(user)
    return user


def post(client, name, *args, **data):
    return client.post(reverse(f"models:{name}", args=args), data, follow=True)


def test_only_admins_promote(client):
    client.force_login(ModeratorFactory())
    version = ModelVersionFactory()

    statuses = [
        post(client, "promote", version.pk).status_code,
        post(client, "roll-back").status_code,
    ]

    assert statuses == [403, 403]


def test_a_failed_judgement_asks_for_a_reason_and_keeps_it(client, admin, now):
    old, new = ChampionFactory(name="old-1"), ModelVersionFactory(name="new-1")
    judged(old, new, now, GateVerdict.FAILED)

    refused = post(client, "promote", new.pk).content.decode()
    done = post(client, "promote", new.pk, reason="Toys are right now.").content.decode()

    assert "Give a reason" in refused
    assert "Why, in spite of the gate" in refused
    for text in (
        "new-1 classifies from now on.",
        "In spite of the gate",
        "Toys are right now.",
        "chief",
    ):
        assert text in done


def test_an_earlier_refusal_is_shown_and_takes_a_reason(client, admin, now):
    old, new = ChampionFactory(name="old-1"), ModelVersionFactory(name="new-1")
    earlier = judged(old, new, now, GateVerdict.FAILED)
    failed = GateResult(GateTest.COST, number=0.2, threshold=0.025, verdict=GateVerdict.FAILED)
    GateReport.objects.filter(pk=earlier.pk).update(results=[failed.as_json()])
    newest = judged(old, new, now, GateVerdict.PASSED)

    page = client.get(reverse("models:gate", args=[newest.pk])).content.decode()
    refused = post(client, "promote", new.pk, seen=newest.pk).content.decode()
    done = post(client, "promote", new.pk, seen=newest.pk, reason="More tests.").content.decode()

    shown = page[page.index("Refused 1 time before against this champion") :]
    assert f'href="{reverse("models:gate", args=[earlier.pk])}"' in shown
    assert "Costs less" in shown
    assert "Why now, in spite of the earlier refusal" in shown
    assert "Put it into service all the same" not in shown
    assert "has refused this version before" in refused
    for text in ("new-1 classifies from now on.", "More tests."):
        assert text in done


def test_a_first_judgement_that_passed_asks_for_nothing(client, admin, now):
    report = judged(ChampionFactory(), ModelVersionFactory(), now, GateVerdict.PASSED)

    page = client.get(reverse("models:gate", args=[report.pk])).content.decode()

    assert "Put it into service" in page
    assert 'name="reason"' not in page


def test_a_pass_of_what_was_trained_elsewhere_asks_for_a_tick(client, admin, now):
    old, new = ChampionFactory(), ModelVersionFactory(name="new-1")
    report = judged(old, new, now, GateVerdict.PASSED, is_trained_here=False)

    page = client.get(reverse("models:gate", args=[report.pk])).content.decode()
    refused = post(client, "promote", new.pk, seen=report.pk).content.decode()
    done = post(client, "promote", new.pk, seen=report.pk, accepts_unjudged="on").content.decode()

    assert "counts as not judged" in page
    assert 'name="accepts_unjudged"' in page
    assert "Say that you have seen that" in refused
    assert "new-1 classifies from now on." in done


def test_rolling_back_is_one_click_and_the_page_says_to_whom(client, admin, now):
    old, new = ChampionFactory(name="old-1"), ModelVersionFactory()
    promote(version=new, reason="urgent", now=now)
    page = client.get(reverse("models:index")).content.decode()

    after = post(client, "roll-back", leaving=new.pk).content.decode()

    old.refresh_from_db()
    assert "Roll back to old-1" in page
    assert old.stage == ModelStage.CHAMPION
    assert "old-1 classifies again." in after
    assert "Roll back to" not in after
    again = post(client, "roll-back", leaving=new.pk).content.decode()
    assert "is not the champion any more" in again
    assert "no earlier model" in post(client, "roll-back", leaving=old.pk).content.decode()


def test_older_promotions_are_on_the_next_page(client, admin, now, monkeypatch):
    monkeypatch.setattr("reviewapp.views.models._PROMOTIONS", 1)
    promote(version=ModelVersionFactory(), now=now)
    promote(version=ModelVersionFactory(), reason="The second.", now=now)
    promote(version=ModelVersionFactory(), reason="The third.", now=now)

    first = client.get(reverse("models:index")).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)[1]
    second = client.get(reverse("models:index") + older).content.decode()

    assert ("The third." in first, "The second." in first) == (True, False)
    assert ("The third." in second, "The second." in second) == (False, True)


def test_the_work_on_the_catalogue_is_shown_and_paused(client, admin, now):
    ChampionFactory()
    promote(version=ModelVersionFactory(), reason="urgent", now=now)
    row = Rescoring.objects.get()

    html = post(client, "pause", row.pk, is_paused="true").content.decode()

    row.refresh_from_db()
    assert row.is_paused
    assert "Paused" in html
    assert "Open review items" in client.get(reverse("models:rescoring")).content.decode()
