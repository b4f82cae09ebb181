import re

import pytest
from django.urls import reverse

from reviewapp.choices import JobStatus
from reviewapp.models import SuspectSearch
from reviewapp.services import suspects
from tests.factories import AdminFactory, BuyerFactory, ModeratorFactory, SellerFactory
from tests.services.test_suspects import first, labelled, searched
from worker.tasks.suspects import run_search

# The keeper of the lease has a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def lead(client):
    user = AdminFactory(username="lead")
    client.force_login(user)
    return user


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(run_search, "apply_async", lambda args, **_: messages.append(args))
    return messages


def page(client, name, *args):
    return client.get(reverse(f"training:{name}", args=args), headers=ENGLISH)


@pytest.mark.parametrize("factory", [SellerFactory, BuyerFactory, ModeratorFactory])
def test_only_leads_search(client, now, factory):
    search = suspects.request_search(user=None, now=now)
    client.force_login(factory())

    assert page(client, "suspects").status_code == 403
    assert page(client, "suspects-found", search.pk).status_code == 403
    assert page(client, "suspects-state", search.pk).status_code == 403
    assert client.post(reverse("training:suspects-open", args=[search.pk])).status_code == 403


def test_a_search_is_asked_for_and_a_worker_told(
    client, lead, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("training:suspects"))

    search = SuspectSearch.objects.get()
    assert response.url == reverse("training:suspects-found", args=[search.pk])
    assert (search.requested_by, sent) == (lead, [(search.pk,)])
    assert "Waiting for a worker" in page(client, "suspects-found", search.pk).text


def test_older_searches_are_on_the_next_page(client, lead, now, monkeypatch):
    monkeypatch.setattr("reviewapp.views.suspects._SHOWN", 1)
    rows = [
        SuspectSearch.objects.create(status=status, created_at=now)
        for status in (JobStatus.FAILED, JobStatus.WAITING)
    ]
    address = reverse("training:suspects")

    first = client.get(address).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)[1]
    second = client.get(address + older).content.decode()

    links = [f'href="{reverse("training:suspects-found", args=[row.pk])}"' for row in rows]
    assert [link in first for link in links] == [False, True]
    assert [link in second for link in links] == [True, False]


def test_the_page_says_why_and_opens_as_many_as_asked(client, lead, now):
    labelled(now)
    search = searched(now)

    shown = page(client, "suspects-found", search.pk).text
    response = client.post(reverse("training:suspects-open", args=[search.pk]), {"most": 1})

    assert "A model that has learned neither this product nor its near duplicates" in shown
    assert response.status_code == 302
    assert first(search).item is not None
    assert search.suspects.exclude(item=None).count() == 1
    assert "Nobody has been asked yet" in shown
    assert reverse("review:provenance", args=[first(search).product_id]) in shown


@pytest.mark.parametrize("most", ["0", "501", "", "x"])
def test_an_impossible_number_is_refused_beside_the_field(client, lead, now, most):
    labelled(now)
    search = searched(now)

    response = client.post(reverse("training:suspects-open", args=[search.pk]), {"most": most})

    assert response.status_code == 422
    assert first(search).item is None


def test_the_card_says_in_words_why(client, lead, now):
    labelled(now)
    search = searched(now)
    suspects.open_suspects(search_id=search.pk, most=1, now=now)
    item = first(search).item
    item.is_blind = False
    item.save()

    card = client.post(reverse("review:claim"), headers=ENGLISH, follow=True).text

    assert "looks wrong" in card
    assert "A model that has learned neither" in card


def test_pages_cost_the_same_however_many_rows_there_are(
    client, lead, now, django_assert_max_num_queries
):
    labelled(now)
    search = searched(now)
    for _ in range(5):
        SuspectSearch.objects.create(
            status=JobStatus.FAILED, error="x", created_at=now, finished_at=now
        )

    with django_assert_max_num_queries(14):
        assert page(client, "suspects").status_code == 200
    with django_assert_max_num_queries(14):
        assert page(client, "suspects-found", search.pk).status_code == 200
