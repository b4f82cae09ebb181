import pytest
from django.urls import reverse

from reviewapp.models import Appeal
from reviewapp.selectors import review as desk
from tests.factories import CategoryFactory, ModeratorFactory, SellerFactory
from tests.services.test_appeals import answer, appeal, decided, handed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _soon(monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


@pytest.fixture
def seller(client):
    seller = SellerFactory(language="en")
    client.force_login(seller)
    return seller


@pytest.fixture
def product(seller):
    product = decided(seller, ModeratorFactory())
    product.refresh_from_db()
    return product


def page(client, product):
    return client.get(reverse("seller:product", args=[product.pk])).content.decode()


def send(client, product, **fields):
    return client.post(reverse("seller:appeal", args=[product.pk]), fields)


def test_the_page_tells_the_decision_its_grounds_and_how_to_contest_it(client, product):
    shown = page(client, product)

    assert f"A moderator put it into “{product.category.name_en}”." in shown
    assert "The models were not sure enough by themselves." in shown
    assert "Appeal against the category" in shown
    assert "Until 1 September 2026" in shown


def test_an_appeal_is_sent_and_its_outcome_shown(client, product):
    wish, second = CategoryFactory(), ModeratorFactory()

    sent = send(client, product, comment="It is a game", wished_category=wish.code)

    assert sent["Location"] == reverse("seller:product", args=[product.pk])
    waiting = page(client, product)
    assert "It is a game" in waiting
    assert "Your appeal is being looked at." in waiting
    answer(handed(second), second, wish)
    assert "Your appeal was upheld" in page(client, product)


def test_an_empty_appeal_is_refused_beside_its_field(client, product):
    refused = send(client, product, comment=" ")

    assert refused.status_code == 422
    assert refused.context["form"].errors.keys() == {"comment"}
    assert not Appeal.objects.exists()


def test_a_second_appeal_says_why_it_is_refused(client, product):
    send(client, product, comment="It is a game")

    again = send(client, product, comment="It is a game!")

    assert again.status_code == 409
    assert "Your appeal is being looked at." in again.content.decode()


def test_another_sellers_product_does_not_exist(client, seller):
    other = decided(SellerFactory(), ModeratorFactory())

    assert send(client, other, comment="mine").status_code == 404
    assert send(client, other, comment="").status_code == 404
    assert not Appeal.objects.exists()


def test_the_moderator_reads_the_appeal_but_not_before_a_blind_answer(client, product, seller):
    appeal(product, seller, comment="It is a game")
    moderator = ModeratorFactory()
    item = handed(moderator)

    seen = desk.card(item_id=item.pk, reader=moderator)
    item.is_blind = True
    item.save()
    blind = desk.card(item_id=item.pk, reader=moderator)

    assert seen.appeal.comment == "It is a game"
    assert blind.appeal is None
    assert blind.seller_says is None


def test_a_flood_of_appeals_is_limited(client, product, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"appeals": (1, 60)}
    send(client, product, comment="It is a game")

    refused = send(client, product, comment="It is a game")

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_what_is_refused_counts_as_well(client, product, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"appeals": (1, 60)}

    answers = [send(client, product, comment=comment) for comment in ("", "It is a game")]

    assert [answer.status_code for answer in answers] == [422, 429]
