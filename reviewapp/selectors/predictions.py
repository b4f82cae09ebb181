"""What waits for the models, and what they are given to see."""

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from classifier.types import ProductInput
from reviewapp.choices import RequestStatus
from reviewapp.models import ClassificationRequest, Product


def is_work_waiting() -> bool:
    return ClassificationRequest.objects.filter(status=RequestStatus.WAITING).exists()


def inference_inputs(products: Mapping[str, int]) -> list[ProductInput]:
    """Return what the models may see of the products, given as key -> id, in the order of keys.

    A product that has been deleted meanwhile is left out.
    """
    rows = Product.objects.select_related("image").in_bulk(products.values())
    return [
        product_input(key, rows[product_id])
        for key, product_id in products.items()
        if product_id in rows
    ]


def product_input(key: str, product: Product) -> ProductInput:
    """Return what the models may see of one product. Expects `image` to be loaded."""
    return ProductInput(
        key=key,
        designation=product.designation,
        description=product.description,
        image=Path(settings.MEDIA_ROOT) / product.image.path if product.image else None,
    )
