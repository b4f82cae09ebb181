"""Many products in one request: each has its own fate."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework import status
from rest_framework.exceptions import ValidationError

from reviewapp.api.errors import field_errors, refusal
from reviewapp.api.serializers.catalog import ProductInputSerializer
from reviewapp.domain.images import ImageRefused
from reviewapp.domain.products import EXTERNAL_ID_CHARS, Outcome, ProductRefused, seller_source
from reviewapp.models import User
from reviewapp.services.catalog import Picture, ProductDraft, draft_product, ingest_batch
from reviewapp.services.images import store_image
from reviewapp.services.suggestions import record_claims

BULK_MAX_ITEMS = 500
_STATUS = {
    Outcome.CREATED: status.HTTP_201_CREATED,
    Outcome.UPDATED: status.HTTP_200_OK,
    Outcome.UNCHANGED: status.HTTP_200_OK,
    Outcome.REFUSED: status.HTTP_400_BAD_REQUEST,
}


def ingest_items(
    *, seller: User, items: Sequence[Any], codes: frozenset[int], now: datetime
) -> dict[str, Any]:
    """Take in what can be taken of `items`; return the answer's body, a result for each."""
    prepared = [_prepare(item, codes) for item in items]
    arrived = ingest_batch(
        source=seller_source(seller.pk),
        seller=seller,
        drafts=[draft for draft in prepared if isinstance(draft, ProductDraft)],
        now=now,
    )
    record_claims(seller=seller, products=[one.product for one in arrived], now=now)
    stored = iter(arrived)
    results = [
        _taken(index, one.external_id, next(stored).outcome)
        if isinstance(one, ProductDraft)
        else _refused(index, items[index], one)
        for index, one in enumerate(prepared)
    ]
    counts = Counter(result["outcome"] for result in results)
    return {outcome.value: counts[outcome.value] for outcome in Outcome} | {"results": results}


def _prepare(item: Any, codes: frozenset[int]) -> ProductDraft | ValidationError:
    form = ProductInputSerializer(data=item, context={"codes": codes})
    try:
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        image = fields.pop("image", Picture.KEEP)
        draft = draft_product(**fields)
        if image is None:
            return draft.with_image(Picture.REMOVE)
        return draft.with_image(image if image is Picture.KEEP else store_image(data=image))
    except (ImageRefused, ProductRefused) as refused:
        return refusal(refused)
    except ValidationError as error:
        return error


def _taken(index: int, external_id: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "index": index,
        "external_id": external_id,
        "status": _STATUS[outcome],
        "outcome": outcome.value,
    }


def _refused(index: int, item: Any, error: ValidationError) -> dict[str, Any]:
    given = item.get("external_id") if isinstance(item, dict) else None
    # Only what could be an id is sent back; half a character would break the answer's encoding.
    is_id = isinstance(given, str) and len(given) <= EXTERNAL_ID_CHARS and _is_whole(given)
    return {
        "index": index,
        "external_id": given if is_id else None,
        "status": _STATUS[Outcome.REFUSED],
        "outcome": Outcome.REFUSED.value,
        "errors": list(field_errors(error)),
    }


def _is_whole(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
