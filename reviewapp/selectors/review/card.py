"""Everything one review card shows, read in a handful of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from reviewapp.choices import (
    FailureCode,
    MemberChoice,
    ReportStatus,
    ReviewReason,
    ServedBy,
    Verdict,
)
from reviewapp.domain.queues import EVERYTHING, ReviewQueue
from reviewapp.domain.review import CHECK_LIKE, reasons_to_show
from reviewapp.models import (
    Appeal,
    Category,
    Decision,
    MisclassificationReport,
    Prediction,
    Product,
    ReviewItem,
    SuspectLabel,
    User,
)
from reviewapp.selectors.appeals import open_appeal
from reviewapp.selectors.report_cases import HELD, ReportEvidence, evidence
from reviewapp.selectors.review.bulk import near_duplicates
from reviewapp.selectors.review.free import is_held
from reviewapp.selectors.review.queue import held_in_queue
from reviewapp.selectors.review.urgency import Urgency, urgency
from reviewapp.selectors.suggestions import SellerSays, seller_says
from reviewapp.selectors.suspects import suspicion

# Of a flood of reports a card reads so many: nobody reads more.
_REPORTS_READ = 200
_ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)
_MEMBER_ORDER = [MemberChoice.CNN, MemberChoice.BERT, MemberChoice.LEXICAL]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One of FUSION's first categories; `digit` is the key that picks it."""

    digit: int
    category: Category
    confidence: float


@dataclass(frozen=True, slots=True)
class MemberSaid:
    """A member's first answer, or why it has none. `is_apart`: not what FUSION says."""

    prediction: Prediction
    is_apart: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """Where reporters want a product; no category when they only say that it is wrong."""

    category: Category | None
    reporters: int
    comments: list[str]


@dataclass(frozen=True, slots=True)
class Card:
    """A review item as its holder sees it. A blind one carries nothing that a model said.

    reports: the first of the `report_count` open ones; is_second_look: the reader has answered it blind
    and taken that back, and so knows by now what the models said
    """

    item: ReviewItem
    product: Product
    reasons: list[ReviewReason]
    threshold: float | None = None
    suggestions: list[Suggestion] = field(default_factory=list)
    members: list[MemberSaid] = field(default_factory=list)
    fusion: Prediction | None = None
    reports: list[MisclassificationReport] = field(default_factory=list)
    report_count: int = 0
    evidence: ReportEvidence | None = None
    escalation: Decision | None = None
    is_check: bool = False
    failure: str = ""
    urgency: Urgency | None = None
    near_duplicates: int = 0
    appeal: Appeal | None = None
    seller_says: SellerSays | None = None
    suspicion: SuspectLabel | None = None
    is_second_look: bool = False

    @property
    def listed_in(self) -> Category | None:
        """Where the product stands, as far as its holder is to know: not where that would lead.

        Somebody else's choice in another tool asks for an answer of its own, not for a yes.
        """
        is_second_word = (
            ReviewReason.SUSPECT_LABEL in self.reasons
            and not self.suspicion
            and not self.is_contested
        )
        if self.item.is_blind or self.is_check or is_second_word:
            return None
        return self.product.category

    @property
    def is_contested(self) -> bool:
        """Whether the card says in so many words that buyers, seller or models doubt the listing."""
        against = {report.reported_category_id for report in self.reports}
        if self.appeal:
            against.add(self.appeal.contested_category_id)
        if self.suspicion:
            against.add(self.suspicion.given_id)
        return self.product.category_id in against

    @property
    def by_member(self) -> dict[str, Prediction]:
        """Each member's prediction under its name, for the sentences of the reasons."""
        return {said.prediction.member: said.prediction for said in self.members}

    @property
    def wishes(self) -> list[Wish]:
        """What the reporters want, the most wanted first."""
        by_category: dict[Category | None, list[str]] = defaultdict(list)
        for report in self.reports:
            by_category[report.suggested_category].append(report.comment)
        wishes = [
            Wish(category, len(comments), [comment for comment in comments if comment])
            for category, comments in by_category.items()
        ]
        return sorted(wishes, key=lambda wish: -wish.reporters)

    @property
    def first(self) -> Suggestion | None:
        return self.suggestions[0] if self.suggestions else None


def held_item_id(*, moderator: User, now: datetime, queue: ReviewQueue = EVERYTHING) -> int | None:
    """The most urgent item that the moderator holds at `now` and no browser page shows yet, if
    any. Takes nothing."""
    held = ReviewItem.objects.filter(is_held(now), claimed_by=moderator, claim_page=None).exclude(
        served_by=ServedBy.BULK
    )
    found = held_in_queue(held, queue, moderator=moderator, now=now).order_by("-rank", "id")
    return found.values_list("pk", flat=True).first()


def card(*, item_id: int, reader: User) -> Card:
    """Read the card of one item for its holder. Raises ReviewItem.DoesNotExist.

    For a blind item the models' answers are not even read, so that no template can leak them.
    """
    items = ReviewItem.objects.select_related("product__image", "route__policy")
    item = items.annotate(is_second_look=_is_second_look(reader)).get(pk=item_id)
    # An audit and a check look alike, too, when the answer has been taken back and is given anew.
    is_check = set(item.reasons) <= CHECK_LIKE
    reasons = reasons_to_show([ReviewReason(r) for r in item.reasons], is_blind=item.is_blind)
    escalation = _escalation(item)
    if item.is_blind:
        return Card(item, item.product, reasons, escalation=escalation)
    said = _newest_answers(item.product)
    fusion = said.pop(MemberChoice.FUSION, None)
    route = item.route
    is_reported, reported = ReviewReason.BUYER_REPORT in reasons, _open_reports(item.product)
    return Card(
        item,
        item.product,
        reasons,
        threshold=route.threshold if route else None,
        suggestions=_suggestions(fusion),
        members=_members(said, fusion),
        fusion=fusion,
        reports=list(reported[:_REPORTS_READ]) if is_reported else [],
        report_count=reported.count() if is_reported else 0,
        evidence=evidence(item.product) if is_reported else None,
        escalation=escalation,
        is_check=is_check,
        failure=_failure(route.details.get("failure", "")) if route else "",
        urgency=None if is_check else urgency(item),
        near_duplicates=0 if is_check else near_duplicates(item),
        appeal=open_appeal(item),
        suspicion=suspicion(item),
        seller_says=None if is_check else seller_says(item.product),
        is_second_look=item.is_second_look,
    )


def _is_second_look(reader: User) -> Exists:
    undone = Decision.objects.filter(item=OuterRef("pk"), moderator=reader, verdict=Verdict.UNDONE)
    return Exists(undone.filter(is_blind=True, undoes__verdict__in=_ANSWERS))


def models_said(*, product: Product) -> tuple[list[Suggestion], list[MemberSaid]]:
    """FUSION's first categories and each member's answer to the product as it is; for leads."""
    said = _newest_answers(product)
    fusion = said.pop(MemberChoice.FUSION, None)
    return _suggestions(fusion), _members(said, fusion)


def _newest_answers(product: Product) -> dict[str, Prediction]:
    """The newest model version's answers to the product's present text and picture."""
    rows = list(
        Prediction.objects.filter(product=product, input_digest=product.input_digest)
        .select_related("category")
        .order_by("-created_at", "-id")
    )
    if not rows:
        return {}
    version = rows[0].model_version_id
    return {row.member: row for row in reversed(rows) if row.model_version_id == version}


def _suggestions(fusion: Prediction | None) -> list[Suggestion]:
    if fusion is None:
        return []
    codes = [code for code, _probability in fusion.top]
    known = {
        category.code: category
        for category in Category.objects.filter(code__in=codes, is_active=True)
    }
    offered = [(known[code], probability) for code, probability in fusion.top if code in known]
    return [
        Suggestion(digit, category, probability)
        for digit, (category, probability) in enumerate(offered, start=1)
    ]


def _members(said: dict[str, Prediction], fusion: Prediction | None) -> list[MemberSaid]:
    present: Iterable[Prediction] = (said[member] for member in _MEMBER_ORDER if member in said)
    return [
        MemberSaid(
            prediction,
            is_apart=bool(
                fusion and prediction.category_id and prediction.category_id != fusion.category_id
            ),
        )
        for prediction in present
    ]


def _failure(code: str) -> str:
    """The failure in words; a code that this version does not know stays as it is."""
    return str(FailureCode(code).label) if code in FailureCode.values else code


def _open_reports(product: Product) -> QuerySet[MisclassificationReport]:
    reports = MisclassificationReport.objects.filter(
        ~HELD, product=product, status=ReportStatus.OPEN
    )
    return reports.select_related("suggested_category").order_by("created_at", "pk")


def _escalation(item: ReviewItem) -> Decision | None:
    if item.escalated_at is None:
        return None
    asked = Decision.objects.filter(item=item, verdict=Verdict.ESCALATED, undone_by=None)
    return asked.select_related("moderator").order_by("-id").first()
