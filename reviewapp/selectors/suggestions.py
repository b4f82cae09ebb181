"""What sellers say of their own products. Words to weigh, not ground truth."""

from reviewapp.models import Product, SellerSuggestion


def suggestion_for(product: Product) -> SellerSuggestion | None:
    """The seller's newest word on the product's present text and picture."""
    words = SellerSuggestion.objects.filter(product=product, input_digest=product.input_digest)
    return words.select_related("category").order_by("-created_at", "-id").first()
