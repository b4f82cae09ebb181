"""What a seller sees of the own products: where each stands, why, and what the models said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery

from reviewapp.choices import (
    FailureCode,
    MemberChoice,
    ProductStatus,
    RequestStatus,
    ReviewReason,
    ReviewStatus,
)
from reviewapp.domain.products import seller_source
from reviewapp.domain.search import MOST_WORDS
from reviewapp.models import (
    Category,
    ClassificationRequest,
    FeedbackLabel,
    Prediction,
    Product,
    Route,
    TakeDown,
    User,
)
from reviewapp.selectors.pages import Page, page_by_time

PAGE_SIZE = 25
SHOWN_MEMBERS = (MemberChoice.CNN, MemberChoice.BERT, MemberChoice.FUSION)
_OPEN = (RequestStatus.WAITING, RequestStatus.CLAIMED)


@dataclass(frozen=True, slots=True)
class Guess:
    """One of a member's first categories. `category` is None for a code that is gone."""

    code: int
    category: Category | None
    probability: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One member's answer to the product's present input; `guesses` is empty when absent."""

    prediction: Prediction
    guesses: list[Guess]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a product stands. `failure` says why it could not be classified."""

    product: Product
    is_being_classified: bool
    reasons: list[ReviewReason]
    route: Route | None = None
    failure: str = ""
    # A person has put it where it is listed; buyers' reports have taken it out of the shop.
    is_decided: bool = False
    is_taken_down: bool = False
    # When the models were first asked about its present text and picture.
    asked_at: datetime | None = None
    # From the arrival to the first answer of the models, however often it was asked again.
    classified_after: timedelta | None = None
    answers: dict[MemberChoice, Answer] = field(default_factory=dict)

    @property
    def listed_after(self) -> timedelta | None:
        """From the arrival, or the edit that held it back, to the day since when buyers find it."""
        listed_at, asked_at = self.product.listed_at, self.asked_at
        if listed_at is None:
            return None
        if asked_at is None or asked_at > listed_at:  # edited since, and still in the shop
            return listed_at - self.product.arrived_at
        return listed_at - asked_at

    @property
    def members(self) -> list[Answer]:
        return list(self.answers.values())

    @property
    def fusion(self) -> Answer | None:
        return self.answers.get(MemberChoice.FUSION)


def products_of(seller: User) -> QuerySet[Product]:
    """A seller's own products, whatever way they came in."""
    return Product.objects.filter(seller=seller).select_related("category__family", "image")


def page_of(*, seller: User, status: str = "", text: str = "", cursor: str = "") -> Page[Product]:
    """One page of the seller's products, newest first. Raises pages.CursorInvalid.

    text: words that all stand in the title, accents or not, or a part of the reference
    """
    products = with_route(products_of(seller))
    if status:
        products = products.filter(status=status)
    if text:
        products = products.filter(_named_by(text))
    return page_by_time(products, field="arrived_at", cursor=cursor, size=PAGE_SIZE)


def _named_by(text: str) -> Q:
    in_title = Q()
    for word in text.split()[:MOST_WORDS]:
        in_title &= Q(designation__unaccent__icontains=word)
    return in_title | Q(external_id__icontains=text)


def with_route(products: QuerySet[Product]) -> QuerySet[Product]:
    """Bring along each product's newest route, when it had its first, its open request, what a person
    has decided, and whether reports have taken it down."""
    first = Route.objects.filter(product=OuterRef("pk")).order_by("created_at", "id")
    live = FeedbackLabel.objects.filter(product=OuterRef("pk"), ended_at=None)
    take_downs = TakeDown.objects.filter(product=OuterRef("pk"), restored_at=None)
    requests = ClassificationRequest.objects.filter(
        product=OuterRef("pk"), input_digest=OuterRef("input_digest")
    )
    products = products.annotate(
        asked_at=Subquery(requests.order_by("requested_at").values("requested_at")[:1]),
        first_routed_at=Subquery(first.values("created_at")[:1]),
        decided_category=Subquery(live.values("category")[:1]),
        is_taken_down=Exists(take_downs.exclude(item__status=ReviewStatus.RESOLVED)),
    )
    return products.prefetch_related(
        Prefetch(
            "routes",
            Route.objects.select_related("policy").order_by("-created_at", "-id")[:1],
            to_attr="newest_routes",
        ),
        Prefetch(
            "requests",
            ClassificationRequest.objects.filter(status__in=_OPEN),
            to_attr="open_requests",
        ),
    )


def with_answers(products: QuerySet[Product]) -> QuerySet[Product]:
    """Bring along, besides, the members' answers to each product's present input."""
    answers = (
        Prediction.objects.filter(member__in=SHOWN_MEMBERS, input_digest=F("product__input_digest"))
        .select_related("model_version")
        .order_by("-created_at", "-id")
    )
    return with_route(products).prefetch_related(
        Prefetch("predictions", answers, to_attr="present_answers")
    )


def named(*, seller: User, external_id: str) -> Product | None:
    """The seller's product of that id with its answers; the one sent in under it comes first."""
    found = list(with_answers(products_of(seller)).filter(external_id=external_id)[:20])
    own = seller_source(seller.pk)
    return min(found, key=lambda product: (product.source != own, -product.pk), default=None)


def standing(product: Product, categories: Mapping[int, Category]) -> Standing:
    """Put together what `with_route` or `with_answers` brought along; asks the database nothing."""
    routes: Sequence[Route] = product.newest_routes  # type: ignore[attr-defined]
    route = routes[0] if routes else None
    is_listed = product.status == ProductStatus.LISTED
    by_person = product.decided_category == product.category_id  # type: ignore[attr-defined]
    return Standing(
        product=product,
        is_decided=is_listed and by_person,
        is_taken_down=product.is_taken_down,  # type: ignore[attr-defined]
        is_being_classified=bool(product.open_requests),  # type: ignore[attr-defined]
        reasons=[ReviewReason(reason) for reason in route.reasons] if route else [],
        route=route,
        failure=_failure(route.details.get("failure", "")) if route else "",
        asked_at=product.asked_at,  # type: ignore[attr-defined]
        classified_after=_delay(product),
        answers=_answers(getattr(product, "present_answers", ()), categories),
    )


def standings(products: Iterable[Product]) -> list[Standing]:
    """Put together each of a page of products that `with_route` has read."""
    return [standing(product, {}) for product in products]


def categories_by_code() -> dict[int, Category]:
    return {category.code: category for category in Category.objects.select_related("family")}


def _answers(
    predictions: Sequence[Prediction], categories: Mapping[int, Category]
) -> dict[MemberChoice, Answer]:
    """The newest model version's answers, in the order of SHOWN_MEMBERS."""
    if not predictions:
        return {}
    version = predictions[0].model_version_id
    by_member = {p.member: p for p in reversed(predictions) if p.model_version_id == version}
    return {
        member: Answer(
            by_member[member],
            [
                Guess(code, categories.get(code), probability)
                for code, probability in by_member[member].top
            ],
        )
        for member in SHOWN_MEMBERS
        if member in by_member
    }


def _delay(product: Product) -> timedelta | None:
    first: datetime | None = product.first_routed_at  # type: ignore[attr-defined]
    return first - product.arrived_at if first else None


def _failure(code: str) -> str:
    return str(FailureCode(code).label) if code in FailureCode.values else code
