import threading
import uuid
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import F

from reviewapp.choices import ProductStatus, RequestStatus
from reviewapp.domain.images import ImageRefused
from reviewapp.domain.products import Outcome, ProductRefused
from reviewapp.models import ClassificationRequest, Product
from reviewapp.services.catalog import draft_product, ingest_batch, ingest_product
from tests.factories import NOW, CategoryFactory, SellerFactory
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def ingest(external_id="p1", designation="Roman policier", now=NOW, **more):
    return ingest_product(
        source="shop", external_id=external_id, designation=designation, now=now, **more
    )


def test_a_new_product_waits_with_one_open_request():
    seller = SellerFactory()

    arrived = ingest(description="<b>Broché</b>", seller=seller, given_code=10, language="fr")

    product = Product.objects.get()
    assert arrived.outcome == Outcome.CREATED
    assert arrived.product == product
    assert product.seller == seller
    assert product.status == ProductStatus.WAITING
    assert (product.description, product.raw_description) == ("Broché", "<b>Broché</b>")
    assert (product.given_code, product.language, product.arrived_at) == (10, "fr", NOW)
    request = ClassificationRequest.objects.get()
    assert request.product == product
    assert request.input_digest == product.input_digest
    assert request.status == RequestStatus.WAITING


def test_the_same_product_again_is_not_written(django_assert_num_queries):
    written_at = ingest(image=jpeg()).product.updated_at

    # The lock, the picture by its hash, and the product; a savepoint around.
    with django_assert_num_queries(5):
        again = ingest(now=LATER, image=jpeg())

    assert again.outcome == Outcome.UNCHANGED
    assert ClassificationRequest.objects.count() == 1
    assert Product.objects.get().updated_at == written_at


def test_a_changed_text_refreshes_the_open_request():
    first = ingest().product
    request = ClassificationRequest.objects.get()
    ClassificationRequest.objects.update(
        status=RequestStatus.CLAIMED,
        lease_token=uuid.uuid4(),
        lease_expires_at=LATER,
        attempts=2,
    )

    changed = ingest(designation="Roman d'aventure", now=LATER)

    product = Product.objects.get()
    request.refresh_from_db()
    assert changed.outcome == Outcome.UPDATED
    assert changed.product == first
    assert product.designation == "Roman d'aventure"
    assert product.arrived_at == NOW
    assert request.input_digest == product.input_digest != first.input_digest
    assert (request.status, request.lease_token) == (RequestStatus.WAITING, None)
    assert (request.attempts, request.requested_at) == (0, LATER)


def test_a_changed_text_after_classification_asks_again():
    ingest()
    ClassificationRequest.objects.update(status=RequestStatus.DONE, finished_at=NOW)

    ingest(designation="Roman d'aventure", now=LATER)

    digests = ClassificationRequest.objects.order_by("id").values_list("status", "input_digest")
    assert [status for status, _ in digests] == [RequestStatus.DONE, RequestStatus.WAITING]
    assert digests[1][1] == Product.objects.get().input_digest != digests[0][1]


@pytest.mark.parametrize("status", [ProductStatus.LISTED, ProductStatus.IN_REVIEW])
def test_a_placed_product_keeps_its_place_while_it_is_classified_again(status):
    ingest()
    category = CategoryFactory() if status == ProductStatus.LISTED else None
    Product.objects.update(status=status, category=category, listed_at=category and NOW)
    ClassificationRequest.objects.update(status=RequestStatus.DONE)

    ingest(description="Une autre description", now=LATER)

    product = Product.objects.get()
    assert (product.status, product.category) == (status, category)
    assert ClassificationRequest.objects.filter(status=RequestStatus.WAITING).count() == 1


def test_markup_that_cleans_to_the_same_text_needs_no_new_classification():
    ingest(description="Broché")
    ClassificationRequest.objects.update(status=RequestStatus.DONE)

    changed = ingest(description="<p>Broché</p>", now=LATER)

    assert changed.outcome == Outcome.UPDATED
    assert Product.objects.get().raw_description == "<p>Broché</p>"
    assert not ClassificationRequest.objects.filter(status=RequestStatus.WAITING).exists()


def test_a_description_is_kept_unless_one_is_sent():
    ingest(description="Broché")

    assert ingest().outcome == Outcome.UNCHANGED
    kept = ingest(designation="Roman").product
    assert (kept.description, kept.raw_description) == ("Broché", "Broché")
    assert (
        kept.input_digest == ingest(designation="Roman", description="Broché").product.input_digest
    )

    assert ingest(description="").product.description == ""


def test_a_picture_is_kept_replaced_and_removed():
    with_picture = ingest(image=jpeg("red")).product
    kept = ingest(description="neu").product
    replaced = ingest(description="neu", image=jpeg("blue")).product
    removed = ingest(description="neu", remove_image=True).product

    assert kept.image == with_picture.image
    assert replaced.image not in (None, kept.image)
    assert removed.image is None
    assert len({p.input_digest for p in (with_picture, kept, replaced, removed)}) == 4


def test_the_same_id_of_another_source_is_another_product():
    ingest()
    ingest_product(source="feed", external_id="p1", designation="Roman", now=NOW)

    assert Product.objects.count() == 2


@pytest.mark.parametrize("words", [{"image": b""}, {"image": b"<svg/>"}])
def test_a_bad_picture_refuses_the_product(words):
    with pytest.raises(ImageRefused):
        ingest(**words)

    assert not Product.objects.exists()


def test_a_bad_id_refuses_the_product():
    with pytest.raises(ProductRefused):
        ingest(external_id=" ")

    assert not Product.objects.exists()


def test_a_description_of_100_kb_is_kept_raw_and_cut_for_the_catalogue():
    raw = "chaise longue " * 7_200

    product = ingest(description=raw).product

    product.refresh_from_db()
    assert product.raw_description == raw
    assert len(product.description) <= django_settings.DESCRIPTION_MAX_CHARS


def test_a_batch_answers_in_order_and_the_later_of_two_wins():
    ingest("b", designation="Bleu")
    drafts = [
        draft_product(external_id=name, designation=text)
        for name, text in [("a", "Un"), ("b", "Bleu"), ("c", "Un"), ("a", "Deux"), ("c", "Un")]
    ]

    outcomes = ingest_batch(source="shop", drafts=drafts, now=LATER)

    assert [o.outcome for o in outcomes] == [
        Outcome.CREATED,
        Outcome.UNCHANGED,
        Outcome.CREATED,
        Outcome.UPDATED,
        Outcome.UNCHANGED,
    ]
    assert Product.objects.get(external_id="a").designation == "Deux"
    open_ones = ClassificationRequest.objects.filter(input_digest=F("product__input_digest"))
    assert open_ones.count() == ClassificationRequest.objects.count() == 3


def test_a_batch_needs_the_same_number_of_queries_whatever_its_size(django_assert_max_num_queries):
    def drafts(count, designation):
        return [draft_product(external_id=f"x{n}", designation=designation) for n in range(count)]

    with django_assert_max_num_queries(8):
        ingest_batch(source="shop", drafts=drafts(50, "Neuf"), now=NOW)
    with django_assert_max_num_queries(10):
        ingest_batch(source="shop", drafts=drafts(50, "Changé"), now=LATER)


@pytest.mark.django_db(transaction=True)
def test_the_same_new_product_sent_twice_at_once_is_created_once():
    outcomes, errors = [], []

    def send():
        try:
            outcomes.append(ingest().outcome)
        except Exception as error:  # shown by the assertion below
            errors.append(error)
        finally:
            connection.close()

    second = threading.Thread(target=send)
    with transaction.atomic():  # the first is not committed yet
        ingest()
        second.start()
        second.join(timeout=0.5)
    second.join()

    assert errors == []
    assert outcomes == [Outcome.UNCHANGED]
    assert ClassificationRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_request_opened_elsewhere_meanwhile_asks_for_the_new_text():
    product = ingest().product
    ClassificationRequest.objects.update(status=RequestStatus.DONE)
    errors = []

    def send():
        try:
            ingest(designation="Roman historique", now=LATER)
        except Exception as error:  # shown by the assertion below
            errors.append(error)
        finally:
            connection.close()

    change = threading.Thread(target=send)
    with transaction.atomic():  # as `ask_again`, not committed yet
        ClassificationRequest.objects.create(
            product=product, input_digest=product.input_digest, requested_at=NOW
        )
        change.start()
        change.join(timeout=0.5)
    change.join()

    assert errors == []
    product.refresh_from_db()
    assert product.designation == "Roman historique"
    request = ClassificationRequest.objects.get(status=RequestStatus.WAITING)
    assert request.input_digest == product.input_digest
