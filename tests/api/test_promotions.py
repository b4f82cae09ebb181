import pytest
from rest_framework.test import APIClient

from reviewapp.choices import GateVerdict, ModelStage, PromotionKind
from reviewapp.models import Promotion
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
MODELS, PROMOTIONS = "/api/v1/models", "/api/v1/promotions"


@pytest.fixture(autouse=True)
def _world(monkeypatch):
    monkeypatch.setattr(classify.drain, "apply_async", lambda **_: None)
    CategoryFactory(code=10)
    CategoryFactory(code=20)


@pytest.fixture
def api():
    client = APIClient()
    client.force_authenticate(AdminFactory(username="chief"))
    return client


def post(api, name, verb, **body):
    return api.post(f"{MODELS}/{name}/{verb}", body, format="json", HTTP_ACCEPT_LANGUAGE="en")


def test_only_admins_see_and_move_models():
    version = ModelVersionFactory()
    client = APIClient()
    assert client.get(MODELS).status_code == 401
    assert post(client, version.name, "promote").status_code == 401
    client.force_authenticate(ModeratorFactory())

    for address in (MODELS, f"{MODELS}/{version.name}", PROMOTIONS):
        assert client.get(address).status_code == 403
    for verb in ("promote", "roll-back"):
        assert post(client, version.name, verb).status_code == 403
    assert not Promotion.objects.exists()


def test_a_version_that_passed_is_promoted_once_however_often_it_is_asked(api, now):
    old, new = ChampionFactory(name="old-1"), ModelVersionFactory(name="new-1")
    report = judged(old, new, now, GateVerdict.PASSED)

    first, again = post(api, "new-1", "promote"), post(api, "new-1", "promote")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data["id"] == again.data["id"]
    assert (first.data["kind"], first.data["gate"], first.data["previous"]) == (
        PromotionKind.GATE,
        report.pk,
        "old-1",
    )
    assert (first.data["promoted_by"], first.data["policy"]) == ("chief", 2)
    assert api.get(f"{MODELS}/new-1").data["stage"] == ModelStage.CHAMPION
    assert [one["id"] for one in api.get(PROMOTIONS).data["results"]] == [first.data["id"]]


def test_what_the_gate_refused_is_409_until_a_reason_is_written(api, now):
    old, new = ChampionFactory(), ModelVersionFactory(name="new-1")
    report = judged(old, new, now, GateVerdict.FAILED)

    refused = post(api, "new-1", "promote", accepts_unjudged=True)
    done = post(api, "new-1", "promote", reason="Toys are right now.")

    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    assert f"gate report {report.pk}" in refused.data["detail"]
    assert (done.status_code, done.data["kind"], done.data["reason"]) == (
        201,
        PromotionKind.OVERRIDE,
        "Toys are right now.",
    )


def test_a_pass_of_what_was_trained_elsewhere_is_409_until_that_is_accepted(api, now):
    old, new = ChampionFactory(), ModelVersionFactory(name="new-1")
    judged(old, new, now, GateVerdict.PASSED, is_trained_here=False)

    refused = post(api, "new-1", "promote")
    done = post(api, "new-1", "promote", accepts_unjudged=True)

    assert (refused.status_code, "may have learned" in refused.data["detail"]) == (409, True)
    assert (done.status_code, done.data["kind"]) == (201, PromotionKind.GATE)


def test_what_the_gate_refused_before_is_409_until_a_reason_is_written(api, now):
    old, new = ChampionFactory(), ModelVersionFactory(name="new-1")
    judged(old, new, now, GateVerdict.FAILED)
    newest = judged(old, new, now, GateVerdict.PASSED)

    refused = post(api, "new-1", "promote", gate=newest.pk)
    done = post(api, "new-1", "promote", gate=newest.pk, reason="More tests.")

    assert (refused.status_code, "refused this version before" in refused.data["detail"]) == (
        409,
        True,
    )
    assert (done.status_code, done.data["kind"], done.data["reason"]) == (
        201,
        PromotionKind.GATE,
        "More tests.",
    )


def test_a_reason_counts_for_the_judgement_that_it_names_alone(api, now):
    old, new = ChampionFactory(), ModelVersionFactory(name="new-1")
    seen, newer = (judged(old, new, now, GateVerdict.FAILED) for _ in range(2))

    late = post(api, "new-1", "promote", gate=seen.pk, reason="Toys are right now.")
    unknown = post(api, "new-1", "promote", gate=newer.pk + 1, reason="Toys are right now.")
    done = post(api, "new-1", "promote", gate=newer.pk, reason="Toys are right now.")

    assert (late.status_code, "judged again" in late.data["detail"]) == (409, True)
    assert unknown.status_code == 400
    assert (done.status_code, done.data["gate"]) == (201, newer.pk)


def test_rolling_back_may_be_repeated_after_a_lost_answer(api, now):
    ChampionFactory(name="old-1")
    promote(version=ModelVersionFactory(name="new-1"), reason="urgent", now=now)

    first = post(api, "new-1", "roll-back", reason="It lists toys as books.")
    again = post(api, "new-1", "roll-back", reason="It lists toys as books.")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data["id"] == again.data["id"]
    assert (first.data["kind"], first.data["model_version"]) == (PromotionKind.ROLLBACK, "old-1")
    assert Promotion.objects.count() == 2


def test_rolling_back_needs_a_champion_that_followed_another_one(api):
    ChampionFactory(name="old-1")
    ModelVersionFactory(name="new-1")

    assert post(api, "old-1", "roll-back").status_code == 409
    assert post(api, "new-1", "roll-back").status_code == 409


def test_unknown_models_and_categories_are_refused(api):
    ChampionFactory()
    ModelVersionFactory(name="strange", labels=[10, 4711])

    strange = post(api, "strange", "promote", reason="urgent")

    assert post(api, "nowhere", "promote").status_code == 404
    assert strange.status_code == 409
    assert "4711" in strange.data["detail"]
    assert post(api, "strange", "promote", reason="x" * 1001).status_code == 400
