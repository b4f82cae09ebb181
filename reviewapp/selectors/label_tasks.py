"""Products that nobody has decided yet, as Label Studio tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from reviewapp.choices import MemberChoice, ReviewStatus
from reviewapp.domain.label_studio import choice_result
from reviewapp.domain.routing import MODELS_REASONS
from reviewapp.models import Category, Prediction, ReviewItem

MOST_TASKS: Final = 10_000
_BATCH: Final = 500


def undecided() -> QuerySet[ReviewItem]:
    """Open items that only hold the models' doubts and that nobody has in hand, most urgent first.

    What has to be answered blindly, or by a certain person, stays here.
    """
    free = ReviewItem.objects.filter(
        status=ReviewStatus.PENDING,
        reasons__contained_by=sorted(MODELS_REASONS),
        is_blind=False,
        escalated_at=None,
        not_for=None,
        only_for=None,
        assigned_to=None,
    )
    return free.order_by("-rank", "id")


def undecided_tasks() -> Iterator[str]:
    """Yield one JSON array of at most MOST_TASKS tasks in pieces, in constant memory.

    FUSION's answer stands as the prediction; annotations are what the other tool adds.
    """
    names = dict(Category.objects.values_list("code", "name_fr"))
    items = undecided().select_related("product__image")[:MOST_TASKS]
    rows = items.iterator(chunk_size=_BATCH)
    before = "["
    while batch := list(islice(rows, _BATCH)):
        yield f"{before}\n{_written(batch, names)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _written(items: Sequence[ReviewItem], names: dict[int, str]) -> str:
    said = {
        (row.product_id, row.input_digest): row
        for row in Prediction.objects.filter(
            product__in=[item.product_id for item in items], member=MemberChoice.FUSION
        )
        .exclude(category=None)
        .select_related("category", "model_version")
        .order_by("created_at", "id")
    }
    tasks = [
        _task(item, said.get((item.product_id, item.product.input_digest)), names) for item in items
    ]
    return ",\n".join(json.dumps(task, ensure_ascii=False, allow_nan=False) for task in tasks)


def _task(item: ReviewItem, said: Prediction | None, names: dict[int, str]) -> dict[str, Any]:
    product = item.product
    # Label Studio takes a relative address for one of its own.
    image = f"{settings.PUBLIC_URL}{product.image.url}" if product.image else None
    task: dict[str, Any] = {
        "id": product.pk,
        "data": {
            "product_id": product.pk,
            "source": product.source,
            "external_id": product.external_id,
            "designation": product.designation,
            "description": product.description,
            "language": product.language,
            "input_digest": product.input_digest,
            "reasons": item.reasons,
            "image": image,
        },
        "annotations": [],
        "predictions": [],
    }
    if said is not None and said.category is not None:
        code = said.category.code
        task["predictions"] = [
            {
                "model_version": said.model_version.name,
                "score": said.confidence,
                "result": [choice_result(f"prediction-{product.pk}", code, names)],
            }
        ]
    return task
