import pytest
from django.contrib import admin

from reviewapp.admin import LookOnly
from tests.factories import DecisionFactory, UserFactory

pytestmark = pytest.mark.django_db
LOOK_ONLY = [m for m, page in admin.site._registry.items() if isinstance(page, LookOnly)]


@pytest.fixture
def root(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def test_every_append_only_table_is_look_only():
    names = {model.__name__ for model in LOOK_ONLY}

    assert {"Decision", "FeedbackLabel", "Prediction", "Route", "RoutingPolicy"} <= names


@pytest.mark.parametrize("model", LOOK_ONLY, ids=lambda model: model.__name__)
def test_even_a_superuser_only_looks(root, model):
    name = f"/admin/reviewapp/{model._meta.model_name}/"

    assert root.get(name).status_code == 200
    assert root.get(f"{name}add/").status_code == 403


def test_a_decision_cannot_be_edited(root):
    decision = DecisionFactory()

    answer = root.post(f"/admin/reviewapp/decision/{decision.pk}/change/", {"verdict": "corrected"})

    assert answer.status_code == 403
    decision.refresh_from_db()
    assert decision.verdict == "confirmed"


def test_accounts_can_be_managed(root):
    person = UserFactory()

    answer = root.get(f"/admin/reviewapp/user/{person.pk}/change/")

    assert answer.status_code == 200
