"""Feedback labels: the ground truth that decisions leave. Rows are added and ended, never edited."""

from datetime import datetime

from reviewapp.choices import LabelSource
from reviewapp.domain.review import label_inclusion
from reviewapp.models import Category, Decision, FeedbackLabel, Product, Route
from reviewapp.services.embeddings import mirror_label


def record_label(
    *,
    product: Product,
    decision: Decision,
    category: Category,
    route: Route | None,
    now: datetime,
) -> FeedbackLabel:
    """Make `decision` the product's live label; the one before is superseded.

    Call it in the decision's transaction with the product locked. The label is bound to the
    product's present text and picture, and carries the probability that `route` had of asking.
    """
    # The decision has noted which label was live, under the same lock.
    before = FeedbackLabel.objects.filter(pk=decision.before["label_id"])
    is_change = decision.before["label_id"] is not None
    if is_change:
        before.update(ended_at=now)
    mirror_label(product_id=product.pk, category_id=category.pk)
    label = FeedbackLabel.objects.create(
        product=product,
        category=category,
        decision=decision,
        moderator=decision.moderator,
        model_version_id=decision.model_version_id,
        reasons=decision.reasons,
        is_blind=decision.is_blind,
        inclusion_probability=label_inclusion(route.inclusion_probability if route else None),
        input_digest=product.input_digest,
        created_at=now,
    )
    if is_change:
        before.update(superseded_by=label)
    return label


def retract(
    *, product: Product, undo: Decision, restore_id: int | None, now: datetime
) -> FeedbackLabel | None:
    """End the product's live label and put back the one before it, `restore_id`; return that.

    A label once ended stays ended. The restored truth is a new row with the old provenance
    (moderator, model version, reasons, input), tied to the undo that brought it back.
    Call it in the undo's transaction with the product locked.
    """
    _end_live(product, now)
    if restore_id is None:
        mirror_label(product_id=product.pk, category_id=None)
        return None
    old = FeedbackLabel.objects.get(pk=restore_id)
    is_own = old.source != LabelSource.IMPORTED
    mirror_label(product_id=product.pk, category_id=old.category_id if is_own else None)
    return FeedbackLabel.objects.create(
        product=product,
        category_id=old.category_id,
        decision=undo,
        source=old.source,
        moderator_id=old.moderator_id,
        label_import_id=old.label_import_id,
        annotation=old.annotation,
        annotator=old.annotator,
        model_version_id=old.model_version_id,
        reasons=old.reasons,
        is_blind=old.is_blind,
        inclusion_probability=old.inclusion_probability,
        input_digest=old.input_digest,
        created_at=now,
    )


def suspend(*, product: Product, now: datetime) -> None:
    """End the product's live label while people differ on it: it is nobody's truth until then.

    `retract` puts it back. Call it with the product locked.
    """
    if _end_live(product, now) is not None:
        mirror_label(product_id=product.pk, category_id=None)


def _end_live(product: Product, now: datetime) -> FeedbackLabel | None:
    live = FeedbackLabel.objects.filter(product=product, ended_at=None).first()
    if live is not None:
        live.ended_at = now
        live.save(update_fields=["ended_at"])
    return live
