"""Evaluations and judgements beyond those that a list shows at first."""

import re

import pytest
from django.urls import reverse

from reviewapp.models import GateReport
from tests.evaluation_world import measured_pair
from tests.factories import AdminFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def admin(client):
    client.force_login(AdminFactory(language="en"))


@pytest.fixture
def pair(now):
    return measured_pair(now)


def test_older_evaluations_and_judgements_are_on_the_next_pages(client, pair, now, monkeypatch):
    monkeypatch.setattr("reviewapp.views.evaluations._SHOWN", 1)
    judgements = [
        GateReport.objects.create(candidate=one, champion=other, created_at=now)
        for one, other in (pair, reversed(pair))
    ]

    address = reverse("models:evaluations")
    first = client.get(address).content.decode()
    judged, measured_before = (
        client.get(address + link).content.decode()
        for link in re.findall(r'rel="next" href="([^"]+)"', first)
    )

    def shown(page):
        rows = [("gate", one.pk) for one in judgements] + [("evaluation", one.pk) for one in pair]
        return [f'href="{reverse(f"models:{name}", args=[pk])}"' in page for name, pk in rows]

    assert shown(first) == [False, True, False, True]
    assert shown(judged) == [True, False, False, True]
    assert shown(measured_before) == [False, True, True, False]


def test_an_evaluation_too_old_for_the_list_is_compared_if_it_is_asked_for(
    client, pair, monkeypatch
):
    monkeypatch.setattr("reviewapp.views.version_pairs._CHOICES", 1)
    old, new = pair

    query = {"old": old.pk, "new": new.pk}
    page = client.get(reverse("models:comparison"), query).content.decode()

    assert f'<option value="{old.pk}" selected>' in page
    assert "new-1 against old-1" in page
