"""Products' vectors: written beside their predictions, renewed for a new model."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from reviewapp.choices import LabelSource
from reviewapp.models import FeedbackLabel, ModelVersion, Product, ProductEmbedding


def store_embeddings(
    *,
    inputs: Mapping[int, str],
    vectors: Mapping[int, Sequence[float]],
    version: ModelVersion,
) -> None:
    """Keep each product's vector in place of one of an older model or input.

    inputs: the digest that was encoded, by product; vectors: by product, empty where there is none
    Call it in a transaction with the products locked, so that no label comes in between.
    """
    absent = [product_id for product_id in inputs if not vectors[product_id]]
    if absent:
        ProductEmbedding.objects.filter(product__in=absent).delete()
    labels = FeedbackLabel.objects.filter(product__in=inputs, ended_at=None).exclude(
        source=LabelSource.IMPORTED
    )
    categories = dict(labels.values_list("product_id", "category_id"))
    ProductEmbedding.objects.bulk_create(
        (
            ProductEmbedding(
                product_id=product_id,
                model_version=version,
                input_digest=digest,
                vector=list(vectors[product_id]),
                confirmed_category_id=categories.get(product_id),
            )
            for product_id, digest in inputs.items()
            if vectors[product_id]
        ),
        update_conflicts=True,
        unique_fields=["product"],
        update_fields=["model_version", "input_digest", "vector", "confirmed_category"],
    )


@transaction.atomic
def renew_embeddings(
    *,
    inputs: Mapping[int, str],
    vectors: Mapping[int, Sequence[float]],
    version: ModelVersion,
) -> int:
    """Keep the vectors of products whose input is still the encoded one; return how many."""
    locked = Product.objects.select_for_update(no_key=True).filter(pk__in=inputs).order_by("pk")
    same = {one.pk: one.input_digest for one in locked if one.input_digest == inputs[one.pk]}
    store_embeddings(inputs=same, vectors=vectors, version=version)
    return len(same)


def mirror_label(*, product_id: int, category_id: int | None) -> None:
    """Repeat a product's live label beside its vector. Call it with the product locked."""
    rows = ProductEmbedding.objects.filter(product=product_id)
    rows.update(confirmed_category=category_id)
