import pytest

from reviewapp.models import GroupCursor, Product, ProductImage
from reviewapp.services.catalog import draft_product, ingest_batch, ingest_product
from reviewapp.services.groups import group_older
from reviewapp.services.images import store_image
from tests.domain.test_groups import compressed, photo
from tests.factories import NOW
from tests.pictures import as_bytes
from worker.tasks.sweep import group_older_products

pytestmark = pytest.mark.django_db


def arrive(external_id, designation, picture=None, source="shop"):
    image = as_bytes(picture, "JPEG", quality=92) if picture else None
    ingest_product(
        source=source, external_id=external_id, designation=designation, image=image, now=NOW
    )
    return Product.objects.get(source=source, external_id=external_id).group_key


def test_products_of_one_title_or_one_look_share_a_group():
    first = arrive("a", "Robe rouge, taille M", photo(1))

    by_title = arrive("b", "ROBE ROUGE (taille M)", photo(2), source="other")
    by_look = arrive("c", "Jolie robe", compressed(photo(1).resize((160, 120)), 70))
    other = arrive("d", "Coupelle", photo(3))

    assert by_title == by_look == first
    assert other != first


def test_near_duplicates_in_one_batch_find_each_other():
    drafts = [
        draft_product(external_id=str(n), designation=f"Lot de {n} vis", image=image)
        for n, image in enumerate([store_image(data=as_bytes(photo(1)))] * 3)
    ]

    ingest_batch(source="shop", drafts=drafts, now=NOW)

    assert len(set(Product.objects.values_list("group_key", flat=True))) == 1


def test_a_new_title_moves_a_product_to_another_group():
    before = arrive("a", "Roman policier")
    target = arrive("b", "Roman noir")

    after = arrive("a", "Roman noir")

    assert before != target
    assert after == target


def test_older_products_get_their_group_afterwards():
    arrive("a", "Robe rouge", photo(1))
    arrive("b", "Jolie robe", photo(1))
    expected = set(Product.objects.values_list("group_key", flat=True))
    ProductImage.objects.update(fingerprint=None, look=None)
    Product.objects.update(title_hash=None, group_key=None)

    group_older_products()

    assert set(Product.objects.values_list("group_key", flat=True)) == expected
    assert GroupCursor.objects.get().finished_at is not None


def test_older_rows_are_looked_at_once_even_those_that_get_no_fingerprint():
    arrive("a", "Robe rouge", photo(1))
    ProductImage.objects.update(fingerprint=None, look=None, sha256="0" * 64)
    looked_at = []
    while group_older(now=NOW, most=1):
        looked_at.append(GroupCursor.objects.get().last_image)

    arrive("b", "Jolie robe")
    Product.objects.update(group_key=None)

    assert looked_at == [ProductImage.objects.get().pk]
    assert group_older(now=NOW, most=1) is False
    assert Product.objects.filter(group_key=None).count() == 2
