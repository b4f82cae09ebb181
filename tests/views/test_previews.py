import uuid

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import Queue
from reviewapp.models import CategoryConfusion, CategoryPreview, Product, SellerSuggestion
from reviewapp.services import workers
from reviewapp.services.previews import claim_preview, fail_preview, finish_preview
from tests.factories import (
    NOW,
    BuyerFactory,
    CategoryFactory,
    ChampionFactory,
    ProductFactory,
    ProductImageFactory,
    SellerFactory,
)
from tests.pictures import jpeg
from tests.worker.predictors import result
from worker.tasks.previews import are_expected

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _no_limits_of_other_tests():
    cache.clear()


@pytest.fixture
def seller(client):
    seller = SellerFactory(language="en")
    client.force_login(seller)
    return seller


def ask(client, headers=HTMX, name="preview", args=(), **draft):
    draft = draft or {"designation": "Théière en fonte"}
    return client.post(reverse(f"seller:{name}", args=args), draft, headers=headers)


def answer(confidence=0.93):
    finish_preview(
        preview=claim_preview(now=timezone.now()),
        result=result("x", confidence=confidence),
        version=ChampionFactory(),
        now=timezone.now(),
    )


def look(client, row=None, headers=HTMX):
    row = row or CategoryPreview.objects.get()
    return client.get(reverse("seller:preview-answer", args=[row.pk]), headers=headers)


def listen():
    workers.beat(
        name="w", queue=Queue.INFERENCE, now=timezone.now(), model_version=ChampionFactory()
    )


def test_a_draft_is_asked_and_the_page_asks_again_until_there_is_an_answer(client, seller):
    listen()

    page = ask(client).content.decode()

    row = CategoryPreview.objects.get()
    assert reverse("seller:preview-answer", args=[row.pk]) in page
    assert "load delay:300ms" in page
    assert "load delay:300ms" in look(client).content.decode()


def test_the_answer_shows_three_categories_in_words_and_numbers(client, seller):
    books, games = CategoryFactory(code=10), CategoryFactory(code=20)
    CategoryConfusion.objects.create(
        category=books, neighbour=games, question_fr="Se lit-il ?", question_en="Is it read?"
    )
    ask(client)
    answer(0.93)

    page = look(client).content.decode()

    assert "Almost certain: of products with such an answer about 93" in page
    assert books.definition_en in page
    assert "Is it read?" in page
    assert "Would be listed at once" in page
    assert "hx-trigger" not in page


def test_without_a_worker_it_says_so_and_publishing_is_possible(client, seller):
    page = ask(client).content.decode()

    assert "No worker with a model is listening" in page
    assert "load delay:3s" in page
    added = client.post(reverse("seller:add"), {"designation": "Lampe", "key": str(uuid.uuid4())})
    assert added.status_code == 302


def test_a_draft_that_failed_says_so(client, seller):
    ask(client)
    now = timezone.now()
    fail_preview(preview=claim_preview(now=now), error="ValueError: secret", now=now)

    page = look(client).content.decode()

    assert "could not read this draft" in page
    assert "secret" not in page


@pytest.mark.parametrize(
    ("draft", "problem"),
    [
        ({"designation": " "}, "Write a title or choose a picture first."),
        ({"image": SimpleUploadedFile("x.jpg", b"no picture")}, "not a JPEG, PNG or WebP"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_in_words(client, seller, draft, problem):
    page = ask(client, **draft)

    assert page.status_code == 422
    assert problem in page.content.decode()
    assert not CategoryPreview.objects.exists()


def test_too_many_are_refused_with_the_time_to_wait(client, seller, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"previews": (1, 300)}
    ask(client)

    page = ask(client)

    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= 300
    assert "Too many looks ahead" in page.content.decode()


def test_without_scripts_it_is_a_page_of_its_own(client, seller):
    asked = ask(client, headers={})

    page = client.get(asked["Location"]).content.decode()

    assert "<html" in page
    assert "Look again" in page


def test_another_sellers_draft_is_as_absent_as_one_that_is_gone(client, seller):
    row = CategoryPreview.objects.create(
        seller=SellerFactory(), designation="x", input_digest="d", asked_at=NOW
    )

    assert look(client, row, headers={}).status_code == 404
    assert "has expired" in look(client, row).content.decode()


def test_only_sellers_may_ask(client):
    client.force_login(BuyerFactory())

    assert ask(client).status_code == 403


def test_editing_looks_at_the_picture_that_is_there(client, seller, settings):
    image = ProductImageFactory()
    path = settings.MEDIA_ROOT / image.path
    path.parent.mkdir(parents=True)
    path.write_bytes(jpeg())
    product = ProductFactory(seller=seller, image=image)

    ask(client, name="preview-edit", args=[product.pk], designation="Lampe")

    assert bytes(CategoryPreview.objects.get().picture) == jpeg()
    anothers = ProductFactory(seller=SellerFactory(), image=image)
    assert ask(client, name="preview-edit", args=[anothers.pk]).status_code == 404


def test_the_sellers_word_is_kept_with_the_product_and_what_was_seen(client, seller):
    CategoryFactory(code=10)
    said = CategoryFactory(code=20)
    ask(client, designation="Lampe")
    answer()

    client.post(
        reverse("seller:add"),
        {
            "designation": "Lampe",
            "key": str(uuid.uuid4()),
            "suggested": "20",
            "preview": str(CategoryPreview.objects.get().pk),
        },
    )

    word = SellerSuggestion.objects.get()
    assert (word.product, word.category) == (Product.objects.get(), said)
    assert word.previewed_confidence == 0.93
    page = client.get(reverse("seller:product", args=[word.product.pk])).content.decode()
    assert "You said" in page
    assert said.name_en in page


def test_an_expired_look_ahead_does_not_keep_a_product_out(client, seller):
    CategoryFactory(code=20)

    added = client.post(
        reverse("seller:add"),
        {
            "designation": "Lampe",
            "key": str(uuid.uuid4()),
            "suggested": "20",
            "preview": str(uuid.uuid4()),
        },
    )

    assert added.status_code == 302
    assert SellerSuggestion.objects.get().previewed_category is None


def test_the_form_that_a_seller_opens_lets_the_workers_know(client, seller):
    assert not are_expected()
    client.get(reverse("seller:add"))

    assert are_expected()
