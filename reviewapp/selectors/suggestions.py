"""What sellers say of their own products. Words to weigh, not ground truth."""

from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, Subquery

from reviewapp.choices import LabelSource
from reviewapp.models import FeedbackLabel, Product, SellerSuggestion

# More would say little about how the seller judges today, and would cost each card more.
_LAST = 200


@dataclass(frozen=True, slots=True)
class SellerRecord:
    """How often the seller's newest suggestions were what a moderator found; `right` of `judged`."""

    right: int
    judged: int


@dataclass(frozen=True, slots=True)
class SellerSays:
    """The seller's word on a product, and what such words of this seller came to."""

    suggestion: SellerSuggestion
    record: SellerRecord


def suggestion_for(product: Product) -> SellerSuggestion | None:
    """The seller's newest word on the product's present text and picture."""
    words = SellerSuggestion.objects.filter(product=product, input_digest=product.input_digest)
    return words.select_related("category").order_by("-created_at", "-id").first()


def seller_says(product: Product) -> SellerSays | None:
    """The seller's word on the product with the seller's record; None when there is no word."""
    suggestion = suggestion_for(product)
    if suggestion is None:
        return None
    return SellerSays(suggestion, record_of(suggestion.seller_id))


def record_of(seller_id: int) -> SellerRecord:
    """Compare the seller's last suggestions with what moderators found for the same input."""
    last = SellerSuggestion.objects.filter(seller=seller_id).order_by("-created_at", "-id")[:_LAST]
    # Of several words on one input the newest counts.
    newest = (
        SellerSuggestion.objects.filter(
            product=OuterRef("product"), input_digest=OuterRef("input_digest")
        )
        .order_by("-created_at", "-id")
        .values("pk")[:1]
    )
    found = FeedbackLabel.objects.filter(
        ~Q(source=LabelSource.IMPORTED),
        product=OuterRef("product"),
        input_digest=OuterRef("input_digest"),
        ended_at=None,
    ).values("category")[:1]
    judged = list(
        SellerSuggestion.objects.filter(pk__in=list(last.values_list("pk", flat=True)))
        .annotate(newest=Subquery(newest), found=Subquery(found))
        .filter(pk=F("newest"), found__isnull=False)
        .values_list("category", "found")
    )
    return SellerRecord(right=sum(said == found for said, found in judged), judged=len(judged))
