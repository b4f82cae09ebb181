"""What a seller can appeal against, and who may not answer it."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from reviewapp.choices import AppealStatus, ProductStatus, ReviewReason, RouteOutcome, Verdict
from reviewapp.domain.appeals import WINDOW, AppealFacts, AppealRefusal, appeal_refusal
from reviewapp.models import Appeal, Decision, Product, ReviewItem, Route, TakeDown, User
from reviewapp.selectors.interests import own_interest
from reviewapp.selectors.rechecks import in_force
from reviewapp.selectors.take_downs import standing_take_down

ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)


@dataclass(frozen=True, slots=True)
class Contestable:
    """What put a product where it is (one of `decision`, `route` and `take_down`), and whether it
    can be contested now: until `until`, unless there is a `refusal`."""

    decision: Decision | None
    route: Route | None
    take_down: TakeDown | None
    refusal: AppealRefusal | None = None

    @property
    def decided_at(self) -> datetime | None:
        if self.take_down is not None:
            return self.take_down.taken_down_at
        if self.decision is not None:
            return self.decision.decided_at
        return self.route.created_at if self.route else None

    @property
    def subject(self) -> dict[str, Decision | Route | TakeDown]:
        """What an appeal would be against, by column of Appeal; empty when nothing is decided."""
        all_three = {"decision": self.decision, "route": self.route, "take_down": self.take_down}
        return {name: row for name, row in all_three.items() if row is not None}

    @property
    def until(self) -> datetime | None:
        return self.decided_at + WINDOW if self.decided_at else None


def contestable(*, product: Product, now: datetime) -> Contestable:
    """Say what an appeal of the product's seller would be against, and whether it may be made."""
    taken = standing_take_down(product)
    decision, route = _in_force(product) if taken is None else (None, None)
    found = Contestable(decision, route, taken)
    appeals = Appeal.objects.filter(product=product)
    facts = AppealFacts(
        status=ProductStatus(product.status),
        is_taken_down=taken is not None,
        has_open_appeal=appeals.filter(status=AppealStatus.OPEN).exists(),
        decided_at=found.decided_at,
        is_appealed=bool(found.subject) and appeals.filter(**found.subject).exists(),
        is_final=bool(decision)
        and appeals.filter(answer=decision, status=AppealStatus.DISMISSED).exists(),
    )
    return replace(found, refusal=appeal_refusal(facts, now))


def answers_to(product: Product) -> QuerySet[Decision]:
    """Answers about a product that nobody has undone, newest first; checks of moderators too."""
    return Decision.objects.filter(product=product, verdict__in=ANSWERS, undone_by=None).order_by(
        "-id"
    )


def barred_from(moderator: User) -> Q:
    """Review items that `moderator` may not be handed: as a party to the product, and what
    `barred_by_answers` says. In SQL: `selectors.review.free`."""
    return barred_by_answers(moderator) | own_interest(moderator)


def barred_by_answers(moderator: User) -> Q:
    """Checks of the moderator's own answer, anybody's while demoted, and appeals about a product
    that he or she has decided."""
    own = Decision.objects.filter(
        product=OuterRef("product"), moderator=moderator, verdict__in=ANSWERS, undone_by=None
    )
    is_demoted = Q(Exists(in_force().filter(moderator=moderator)))
    is_appeal = Q(reasons__contains=[ReviewReason.SELLER_APPEAL])
    return (
        Q(not_for=moderator) | (Q(checks__isnull=False) & is_demoted) | (is_appeal & Q(Exists(own)))
    )


def somebody_may_answer(*, barred: set[int], only_leads: bool) -> bool:
    """Say whether an active person who is not `barred` (ids) could answer an appeal.

    only_leads: whether people who may `lead_review` are all that count, or all that do not
    """
    able = User.objects.with_perm("reviewapp.add_decision", include_superusers=only_leads)
    leads = User.objects.with_perm("reviewapp.lead_review").values("pk")
    people = able.filter(is_active=True).exclude(pk__in=barred)
    return (people.filter(pk__in=leads) if only_leads else people.exclude(pk__in=leads)).exists()


def open_appeal(item: ReviewItem) -> Appeal | None:
    """The appeal that `item` is to answer, if it is about one."""
    if ReviewReason.SELLER_APPEAL not in item.reasons:
        return None
    appeals = Appeal.objects.filter(product=item.product_id, status=AppealStatus.OPEN)
    return appeals.select_related("contested_category", "wished_category", "decision").first()


def appeals_on(*, product: Product) -> QuerySet[Appeal]:
    """Every appeal about a product with its outcome, newest first."""
    return (
        Appeal.objects.filter(product=product)
        .select_related("contested_category", "wished_category", "answer__category")
        .order_by("-created_at", "-id")
    )


def _in_force(product: Product) -> tuple[Decision | None, Route | None]:
    """The newer of the standing answer and the route that listed by itself."""
    # An answer that left no label was a check of a moderator, and changed nothing.
    decided = answers_to(product).filter(label__isnull=False)
    decision = decided.select_related("category").first()
    route = (
        Route.objects.filter(product=product, outcome=RouteOutcome.LISTED)
        # Such routes listed nothing: a person's answer stands, or is awaited.
        .exclude(details__has_any_keys=["label", "held"])
        .order_by("-created_at", "-id")
        .first()
    )
    if decision and route:
        return (decision, None) if decision.decided_at >= route.created_at else (None, route)
    return decision, route
