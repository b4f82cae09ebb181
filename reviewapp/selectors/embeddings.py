"""Which products have no vector of the model that is in use."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from reviewapp.choices import RequestStatus, ReviewStatus
from reviewapp.models import (
    ClassificationRequest,
    FeedbackLabel,
    ModelVersion,
    Product,
    ProductEmbedding,
    ReviewItem,
)


def without_embedding(*, version: ModelVersion, after: int, limit: int) -> QuerySet[Product]:
    """Products that the review card compares and `version` has not encoded as they are now.

    These are products with a live label or an open item, by rising id from above `after`; what
    waits for classification anyway is left out.
    """
    here = OuterRef("pk")
    labels = FeedbackLabel.objects.filter(product=here, ended_at=None)
    items = ReviewItem.objects.filter(product=here).exclude(status=ReviewStatus.RESOLVED)
    vectors = ProductEmbedding.objects.filter(
        product=here, model_version=version, input_digest=OuterRef("input_digest")
    )
    waiting = ClassificationRequest.objects.filter(
        product=here, status__in=[RequestStatus.WAITING, RequestStatus.CLAIMED]
    )
    wanted = Product.objects.filter(Q(Exists(labels)) | Q(Exists(items)), pk__gt=after)
    missing = wanted.exclude(Exists(vectors)).exclude(Exists(waiting))
    # Without text and picture there is nothing to encode.
    missing = missing.exclude(designation="", description="", image=None)
    return missing.select_related("image").order_by(F("pk"))[:limit]
