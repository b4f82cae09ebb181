from django.db import migrations
from django.db.models import F, Index, Q

_OPEN = ~Q(status="resolved")
_IN_QUEUE = _OPEN & Q(escalated_at=None)
_BY_RANK = (F("rank").desc(), "id")
_REASONS = [
    "low_confidence",
    "disagreement",
    "missing_input",
    "buyer_report",
    "audit",
    "suspect_label",
    "seller_appeal",
    "second_opinion",
    "gold",
    "failed",
]
_AUDIT_LIKE = Q(reasons__overlap=["audit", "second_opinion", "gold"])

NEW = [
    Index(
        *_BY_RANK,
        condition=_IN_QUEUE & Q(is_blind=True),
        name="review_item_blind",
    )
]
CHANGED = [
    Index(*_BY_RANK, condition=_IN_QUEUE, name="review_item_queue"),
    Index("draw", condition=_IN_QUEUE, name="review_item_draw"),
    Index("family", *_BY_RANK, condition=_IN_QUEUE, name="review_item_family"),
    *[
        Index(
            *_BY_RANK,
            condition=_IN_QUEUE & Q(reasons__contains=[reason]),
            name=f"review_item_{reason}",
        )
        for reason in _REASONS
    ],
    Index(*_BY_RANK, condition=_IN_QUEUE & Q(priority__gte=1.0), name="review_item_value"),
    Index("opened_at", "id", condition=_IN_QUEUE, name="review_item_age"),
    Index(
        *_BY_RANK,
        condition=_OPEN & Q(escalated_at__isnull=False),
        name="review_item_escalated",
    ),
    Index(*_BY_RANK, condition=_IN_QUEUE & _AUDIT_LIKE, name="review_item_audit_like"),
]


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0047_comparison_bands")]

    operations = [
        *[migrations.RemoveIndex("reviewitem", index.name) for index in CHANGED],
        *[migrations.AddIndex("reviewitem", index) for index in CHANGED + NEW],
    ]
