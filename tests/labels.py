"""Labels, snapshots and exports for tests."""

from PIL import Image

from reviewapp.choices import ReviewStatus
from reviewapp.domain.snapshots import Filters
from reviewapp.services.exports import request_export
from reviewapp.services.snapshots import request_snapshot
from tests.factories import (
    CategoryFactory,
    DecisionFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProductImageFactory,
)
from worker.tasks.exports import run_export
from worker.tasks.snapshots import run_snapshot


def label(now, code=10, product=None, **values):
    product = product or ListedProductFactory()
    moderator = values.pop("moderator", None) or ModeratorFactory()
    decision = DecisionFactory(
        item__product=product,
        item__status=ReviewStatus.RESOLVED,
        item__resolved_at=now,
        moderator=moderator,
        category=CategoryFactory(code=code),
    )
    return FeedbackLabelFactory(decision=decision, **values)


def relabel(old, now, code):
    """Supersede a label, as a later decision does."""
    old.ended_at = now
    old.save(update_fields=["ended_at"])
    new = label(now, code=code, product=old.product, input_digest=old.input_digest)
    old.superseded_by = new
    old.save(update_fields=["superseded_by"])
    return new


def picture(media, colour, size):
    image = ProductImageFactory()
    path = media / image.path
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, "JPEG", quality=95)
    return image


def snapshot(now, filters=None):
    row = request_snapshot(filters=filters or Filters(), note="", user=None, now=now)
    run_snapshot(row.pk)
    row.refresh_from_db()
    return row


def export(export_format, now, of=None):
    row = request_export(
        snapshot=of or snapshot(now), export_format=export_format, user=None, now=now
    )
    run_export(row.pk)
    row.refresh_from_db()
    return row
