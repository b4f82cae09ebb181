"""The demo's products, as `make run` ships them, all listed where they belong; without pictures."""

from datetime import timedelta

from reviewapp.choices import ProductStatus
from reviewapp.demo.catalogue import generate
from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.domain.products import clean_texts
from reviewapp.models import Category, Product
from reviewapp.services.catalogue_rollup import roll_up
from reviewapp.services.demo import SHOP_SEED
from reviewapp.services.taxonomy import apply_taxonomy
from tests.conftest import NOW

PRODUCTS = 400


def fill_shop() -> None:
    """List the products and count the words, as a running shop has them."""
    apply_taxonomy(taxonomy=load_taxonomy())
    categories = {category.code: category for category in Category.objects.all()}
    Product.objects.bulk_create(
        Product(
            source=one.seller,
            external_id=one.external_id,
            designation=texts.designation,
            description=texts.description,
            raw_designation=texts.raw_designation,
            raw_description=texts.raw_description,
            language=one.language,
            input_digest="0" * 64,
            status=ProductStatus.LISTED,
            category=categories[one.true_code],
            arrived_at=NOW - timedelta(minutes=one.age_minutes),
            listed_at=NOW - timedelta(minutes=one.age_minutes),
            is_demo=True,
        )
        for one in generate(PRODUCTS, SHOP_SEED)
        for texts in [clean_texts(one.designation, one.description, 20_000)]
    )
    roll_up(now=NOW)
