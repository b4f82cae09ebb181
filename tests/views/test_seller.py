import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from knox.models import AuthToken

from reviewapp.choices import MemberChoice, ProductStatus, ReviewReason, RouteOutcome
from reviewapp.models import ClassificationRequest, Product, Route
from tests.factories import (
    NOW,
    BuyerFactory,
    CategoryFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    PredictionFactory,
    ProductFactory,
    RoutingPolicyFactory,
    SellerFactory,
)
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def seller(client):
    seller = SellerFactory(language="en")
    client.force_login(seller)
    return seller


def typed(**changes):
    return {
        "designation": "Lampe 💡",
        "description": "LED",
        "language": "fr",
        "key": str(uuid.uuid4()),
    } | changes


def post(client, name, data, *args):
    return client.post(reverse(f"seller:{name}", args=args), data)


def waiting(seller, **more):
    product = ProductFactory(seller=seller, **more)
    ClassificationRequest.objects.create(
        product=product, input_digest=product.input_digest, requested_at=NOW
    )
    return product


def routed(seller, outcome=RouteOutcome.REVIEW, reasons=(ReviewReason.LOW_CONFIDENCE,)):
    product = ProductFactory(seller=seller, status=ProductStatus.IN_REVIEW)
    PredictionFactory(product=product, member=MemberChoice.FUSION, confidence=0.62)
    Route.objects.create(
        product=product,
        policy=RoutingPolicyFactory(),
        outcome=outcome,
        reasons=list(reasons),
        inclusion_probability=1.0,
        created_at=NOW,
    )
    return product


def test_a_product_is_added_and_shown_while_it_waits(client, seller):
    answer = post(client, "add", typed(image=SimpleUploadedFile("x.bin", jpeg())))

    product = Product.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("seller:product", args=[product.pk])
    assert (product.seller, product.designation, product.language) == (seller, "Lampe 💡", "fr")
    assert product.image is not None
    page = client.get(answer["Location"]).content.decode()
    assert 'hx-trigger="every 1s"' in page


@pytest.mark.parametrize("reference", ["", "A-1"])
def test_a_form_sent_twice_is_one_product(client, seller, reference):
    data = typed(external_id=reference)

    first, second = post(client, "add", data), post(client, "add", data)

    assert Product.objects.count() == 1
    assert first["Location"] == second["Location"]


def test_adding_does_not_overwrite_a_product(client, seller):
    post(client, "add", typed(external_id="A-1"))

    answer = post(client, "add", typed(external_id="A-1", designation="Autre"))

    assert answer.status_code == 422
    assert Product.objects.get().designation == "Lampe 💡"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"designation": ""}, "designation"),
        ({"designation": "a\x00b"}, "designation"),
        ({"description": "x" * 200_001}, "description"),
        ({"external_id": "x" * 121}, "external_id"),
        ({"language": "klingon"}, "language"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(client, seller, change, field):
    answer = post(client, "add", typed(**change))

    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert not Product.objects.exists()


@pytest.mark.parametrize("data", [b"", b"<svg/>", jpeg()[:-50]])
def test_a_bad_picture_is_refused_beside_its_field(client, seller, data):
    answer = post(client, "add", typed(image=SimpleUploadedFile("x.jpg", data)))

    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"image"}
    assert not Product.objects.exists()


def test_editing_keeps_the_picture_and_shows_the_raw_text(client, seller):
    post(client, "add", typed(description="<b>LED</b>", image=SimpleUploadedFile("x", jpeg())))
    product = Product.objects.get()
    page = client.get(reverse("seller:edit", args=[product.pk])).content.decode()
    assert "&lt;b&gt;LED&lt;/b&gt;" in page

    answer = post(client, "edit", typed(designation="Lampadaire"), product.pk)

    assert answer.status_code == 302
    changed = Product.objects.get()
    assert (changed.designation, changed.image) == ("Lampadaire", product.image)
    assert changed.external_id == product.external_id


def test_a_picture_can_be_removed(client, seller):
    post(client, "add", typed(image=SimpleUploadedFile("x", jpeg())))
    product = Product.objects.get()

    post(client, "edit", typed(remove_image="on"), product.pk)

    assert Product.objects.get().image is None


def test_a_product_of_a_feed_is_edited_within_its_feed(client, seller):
    product = ProductFactory(seller=seller, source="feed")

    post(client, "edit", typed(designation="Neu"), product.pk)

    assert Product.objects.get().designation == "Neu"
    assert Product.objects.get().source == "feed"


@pytest.mark.parametrize("name", ["product", "edit"])
def test_another_sellers_product_does_not_exist(client, seller, name):
    other = ProductFactory(seller=SellerFactory())

    assert client.get(reverse(f"seller:{name}", args=[other.pk])).status_code == 404
    assert post(client, "edit", typed(), other.pk).status_code == 404
    other.refresh_from_db()
    assert other.designation != "Lampe 💡"


def test_scripts_are_shown_not_run(client, seller):
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    product = ProductFactory(
        seller=seller,
        designation=evil,
        raw_designation=evil,
        description=evil,
        raw_description=evil,
        external_id=evil,
    )

    for name, args in (("products", []), ("product", [product.pk]), ("edit", [product.pk])):
        page = client.get(reverse(f"seller:{name}", args=args)).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_the_fragment_stops_asking_once_classified(client, seller):
    moving, done = waiting(seller), routed(seller)

    asks = client.get(reverse("seller:product", args=[moving.pk]), headers=HTMX).content.decode()
    rests = client.get(reverse("seller:product", args=[done.pk]), headers=HTMX).content.decode()

    assert "<html" not in asks
    assert "hx-get" in asks
    assert "hx-get" not in rests
    assert "62" in rests
    assert "Low confidence" in rests


def test_the_list_shows_state_category_and_reason(client, seller):
    listed = ListedProductFactory(seller=seller)
    routed(seller)
    ProductFactory(seller=SellerFactory(), designation="Fremdes Produkt")

    page = client.get(reverse("seller:products")).content.decode()

    assert listed.category.name_en in page
    assert "Low confidence" in page
    assert "Fremdes" not in page
    assert "hx-trigger" not in page


@pytest.mark.parametrize("is_list", [True, False])
def test_the_reason_is_of_what_came_last_and_tells_no_check(client, seller, is_list):
    product = routed(seller, RouteOutcome.LISTED, reasons=[ReviewReason.AUDIT])
    toys = CategoryFactory()
    Product.objects.filter(pk=product.pk).update(status="listed", category=toys, listed_at=NOW)
    name, arguments = ("products", []) if is_list else ("product", [product.pk])
    address = reverse(f"seller:{name}", args=arguments)

    by_models = client.get(address).content.decode()
    FeedbackLabelFactory(decision__item__product=product, decision__category=toys)
    by_person = client.get(address).content.decode()

    assert "The models were sure enough" in by_models
    assert "Random audit" not in by_models
    assert "A moderator has decided" in by_person
    assert "The models were sure enough" not in by_person


def test_the_list_asks_again_while_something_moves(client, seller):
    waiting(seller)

    page = client.get(reverse("seller:products"), headers=HTMX).content.decode()

    assert 'hx-trigger="every 2s"' in page
    assert "<html" not in page


def test_the_list_is_limited_by_state_and_paged(client, seller):
    for _ in range(30):
        ProductFactory(seller=seller)
    ListedProductFactory(seller=seller)

    first = client.get(reverse("seller:products"), {"status": "waiting"})
    second = client.get(
        reverse("seller:products"), {"status": "waiting", "after": first.context["older"]}
    )

    shown = [s.product.pk for page in (first, second) for s in page.context["standings"]]
    assert len(set(shown)) == len(shown) == 30


@pytest.mark.parametrize(
    "typed_words", ["theiere FONTE", "Théière", "a-7", "  fonte\x00 "], ids=repr
)
def test_the_list_is_searched_by_title_and_reference(client, seller, typed_words):
    found = ProductFactory(seller=seller, designation="Théière en fonte", external_id="A-77")
    ProductFactory(seller=seller, designation="Théâtre", external_id="B-1")
    ProductFactory(seller=SellerFactory(), source="s", designation="Théière", external_id="A-77")

    page = client.get(reverse("seller:products"), {"q": typed_words, "status": "waiting"})

    assert [s.product for s in page.context["standings"]] == [found]
    none = client.get(reverse("seller:products"), {"q": "100%"}).content.decode()
    assert "No product has these words" in none


def test_the_list_tells_how_long_each_step_took(client, seller):
    product = routed(seller)
    Route.objects.filter(product=product).update(created_at=NOW + timedelta(seconds=3))
    ListedProductFactory(seller=seller, listed_at=NOW + timedelta(hours=5))

    page = client.get(reverse("seller:products")).content.decode()

    assert "Classified after 3 seconds" in page
    assert "In the shop after 5 hours" in page
    assert "Not in the shop yet" in page


@pytest.mark.parametrize(("edited", "words"), [(0, "5 hours"), (6, "2 months")])
def test_after_an_edit_that_held_it_back_the_delay_counts_from_there(client, seller, edited, words):
    product = ListedProductFactory(
        seller=seller, arrived_at=NOW - timedelta(days=60), listed_at=NOW + timedelta(hours=5)
    )
    ClassificationRequest.objects.create(
        product=product,
        input_digest=product.input_digest,
        status="done",
        requested_at=NOW + timedelta(hours=edited),
    )

    page = client.get(reverse("seller:products")).content.decode()

    assert f"In the shop after {words}" in page.replace("\xa0", " ")


@pytest.mark.parametrize("query", [{"status": "x"}, {"after": "x"}, {"after": "\x00,1"}])
def test_odd_addresses_are_not_found(client, seller, query):
    assert client.get(reverse("seller:products"), query).status_code == 404


def test_the_list_costs_the_same_whatever_its_length(client, seller, django_assert_max_num_queries):
    waiting(seller)
    client.get(reverse("seller:products"))
    for _ in range(24):
        routed(seller)

    with django_assert_max_num_queries(12):
        client.get(reverse("seller:products"))


def test_a_token_is_shown_once_and_opens_the_api(client, seller):
    page = post(client, "tokens", {"days": 90}).content.decode()
    secret = re.search(r'id="new-token">([0-9a-f]{64})<', page)[1]

    api = client.get(reverse("api:products"), headers={"Authorization": f"Token {secret}"})

    assert api.status_code == 200
    assert secret not in client.get(reverse("seller:tokens")).content.decode()


@pytest.mark.parametrize(("language", "words"), [("fr", "90 jours"), ("en", "90 days")])
def test_the_lifetimes_speak_the_readers_language(client, language, words):
    client.force_login(SellerFactory(language=language))

    assert words in client.get(reverse("seller:tokens")).content.decode()


def test_a_token_is_revoked(client, seller):
    post(client, "tokens", {"days": 30})
    token = AuthToken.objects.get()

    post(client, "revoke", {"digest": token.digest})

    assert not AuthToken.objects.exists()


def test_nobody_revokes_anothers_token(client, seller):
    token, _secret = AuthToken.objects.create(user=SellerFactory())

    post(client, "revoke", {"digest": token.digest})

    assert AuthToken.objects.exists()


def test_a_token_does_not_last_longer_than_offered(client, seller):
    assert post(client, "tokens", {"days": 9999}).status_code == 422
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("name", ["products", "add", "tokens"])
def test_only_sellers_come_in(client, name):
    assert client.get(reverse(f"seller:{name}")).status_code == 302
    client.force_login(BuyerFactory())

    assert client.get(reverse(f"seller:{name}")).status_code == 403


def test_too_many_products_have_to_wait_and_nothing_typed_is_lost(client, seller, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"ingest": (0, 60)}

    answer = post(client, "add", typed())

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "Lampe 💡" in answer.content.decode()
    assert not Product.objects.exists()
