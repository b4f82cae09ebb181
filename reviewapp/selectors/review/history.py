"""Past decisions: a moderator's own, and all about one product."""

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from reviewapp.choices import MemberChoice, ReviewStatus, Verdict
from reviewapp.models import Decision, Prediction, Product, ReviewItem, User
from reviewapp.selectors.pages import Page, page_by_time

PAGE_SIZE = 25
_ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)


def decisions_of(*, moderator: User, cursor: str) -> Page[Decision]:
    """A page of the moderator's own answers, newest first, each with its undo if there is one.

    Each has `tells_fusion`: whether its FUSION answer may be shown. Not while the product awaits a
    blind answer of the moderator's, and never beside a blind item that the moderator passed on: an undo brings it back.
    """
    own = Decision.objects.filter(moderator=moderator).exclude(verdict=Verdict.UNDONE)
    seen = Q(verdict__in=_ANSWERS) | Q(is_blind=False)
    rows = (
        own.annotate(tells_fusion=seen & ~awaits_blind_answer(of=moderator))
        .select_related("product", "undone_by")
        .prefetch_related("category", "suggested_category")
    )
    return page_by_time(rows, field="decided_at", cursor=cursor, size=PAGE_SIZE)


def undoable_ids(*, moderator: User) -> set[int]:
    """Ids among the moderator's last REVIEW_UNDO_LIMIT answers that have not been undone.

    The service may still refuse one, when something newer stands on its product.
    """
    return {decision.pk for decision in _recent(moderator) if not hasattr(decision, "undone_by")}


def latest_undoable(*, moderator: User) -> Decision | None:
    """The moderator's newest standing answer among the last REVIEW_UNDO_LIMIT, if any."""
    return next((d for d in _recent(moderator) if not hasattr(d, "undone_by")), None)


def fusion_confidence(*, decision: Decision) -> float | None:
    """How sure FUSION was of the suggestion that the decision answered."""
    return (
        Prediction.objects.filter(
            product=decision.product_id,
            member=MemberChoice.FUSION,
            model_version=decision.model_version_id,
            category=decision.suggested_category_id,
        )
        .order_by("-created_at")
        .values_list("confidence", flat=True)
        .first()
    )


def _recent(moderator: User) -> QuerySet[Decision]:
    own = Decision.objects.filter(moderator=moderator, adjudication=None)
    own = own.exclude(verdict=Verdict.UNDONE)
    newest = own.order_by("-decided_at", "-id").select_related("undone_by")
    return newest[: settings.REVIEW_UNDO_LIMIT]


def blind_items(*, of: User) -> QuerySet[ReviewItem]:
    """Open items that `of` may be handed to be answered without knowing the models' answers.

    Not a check of the own answer, nor what measures a colleague: the past of such a product is shown
    as ever, or what is hidden would tell that it is being checked.
    """
    open_items = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).filter(is_blind=True)
    mine = Q(only_for=None) | Q(only_for=of)
    return open_items.filter(mine).exclude(not_for=of)


def awaits_blind_answer(*, of: User) -> Exists:
    """Say of each Decision whether `of` may have to answer for its product blindly."""
    return Exists(blind_items(of=of).filter(product=OuterRef("product")))


def is_blind_now(*, product: Product, reader: User) -> bool:
    """True while the reader may be handed the product to answer without the models' answers."""
    return blind_items(of=reader).filter(product=product).exists()


def decisions_on(*, product: Product) -> QuerySet[Decision]:
    """Every decision on a product with who, when, which model and which label, newest first."""
    # Several small statements: one with twelve joins takes longer to plan than all of them to run.
    return (
        Decision.objects.filter(product=product)
        .select_related("undone_by", "label", "adjudication")
        .prefetch_related(
            "moderator",
            "category",
            "suggested_category",
            "model_version",
            "undone_by__moderator",
            "label__category",
            "item__route__policy",
        )
        .order_by("-id")
    )
