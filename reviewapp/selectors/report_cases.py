"""Reports as evidence: records of reporters, and what the open ones of a product weigh."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from reviewapp.choices import CaseStatus, MemberChoice, ReportStatus, RingStatus
from reviewapp.domain.weight import (
    ANSWERS_COUNTED,
    ModelView,
    Outcome,
    Record,
    Voice,
    every_answer,
    record_of,
)
from reviewapp.models import Category, MisclassificationReport, Prediction, Product, ReportCase
from reviewapp.selectors.take_downs import standing_take_down

SPEAKERS_SHOWN = 10
CASES_SHOWN = 100
# Of people without an upheld report so many are listened to, who come first: they weigh next to
# nothing together, and each report weighs its case anew, so that a flood would cost ever more.
MOST_WITHOUT_RECORD = 100
_A_DAY = timedelta(days=1)
# A reporter, and the seller about whose product he or she speaks; None when nobody's. Ids.
Witness = tuple[int, int | None]
# A report in a ring that nobody has cleared.
HELD = Q(ring__isnull=False) & ~Q(ring__status=RingStatus.RELEASED)


def open_case(product: Product) -> ReportCase | None:
    return ReportCase.objects.filter(product=product).exclude(status=CaseStatus.CLOSED).first()


def collecting() -> list[ReportCase]:
    """Return the heaviest cases that collect, at most CASES_SHOWN, each with its open reports."""
    cases = ReportCase.objects.filter(status=CaseStatus.COLLECTING)
    counted = cases.select_related("product__category").annotate(
        report_count=Count("reports", filter=Q(reports__status=ReportStatus.OPEN))
    )
    return list(counted.order_by("-score", "due_at")[:CASES_SHOWN])


def counting_reports(product: Product) -> QuerySet[MisclassificationReport]:
    """Open reports that nobody holds, about the `listed_category`."""
    return MisclassificationReport.objects.filter(
        ~HELD,
        product=product,
        status=ReportStatus.OPEN,
        reported_category=listed_category(product),
    ).order_by("created_at", "id")


def heard_reports(product: Product) -> tuple[list[MisclassificationReport], int]:
    """Return the counting reports that are weighed, and how many others there are.

    Weighed are all by people with an upheld report, and the earliest MOST_WITHOUT_RECORD by others.
    """
    upheld = MisclassificationReport.objects.filter(
        ~HELD, reporter=OuterRef("reporter"), status=ReportStatus.UPHELD
    )
    counting = counting_reports(product)
    reports = counting.select_related("suggested_category").annotate(has_upheld=Exists(upheld))
    heard = list(reports.filter(has_upheld=True))
    others = list(reports.filter(has_upheld=False)[: MOST_WITHOUT_RECORD + 1])
    if len(others) <= MOST_WITHOUT_RECORD:
        unheard = 0
    else:
        unheard = counting.count() - len(heard) - MOST_WITHOUT_RECORD
    heard += others[:MOST_WITHOUT_RECORD]
    return sorted(heard, key=lambda report: (report.created_at, report.pk)), unheard


def listed_category(product: Product) -> Category | None:
    """Return the category the product has, or was taken out of by reports."""
    taken = standing_take_down(product)
    return taken.category if taken else product.category


def voices(
    *,
    reports: Iterable[MisclassificationReport],
    seller: int | None,
    half_life_days: float,
    now: datetime,
) -> list[Voice]:
    """Return each report as a voice, with its reporter's record at `now`; anonymous ones have none.

    seller: of the product that they are about (id)
    """
    found = list(reports)
    reporters = {report.reporter_id for report in found if report.reporter_id is not None}
    asked = {(reporter, seller) for reporter in reporters}
    known = records(asked=asked, half_life_days=half_life_days, now=now)
    return [
        Voice(
            record=known.get((report.reporter_id or 0, seller), Record()),
            category=report.suggested_category.code if report.suggested_category else None,
            network=report.network,
        )
        for report in found
    ]


def records(
    *, asked: Collection[Witness], half_life_days: float, now: datetime
) -> dict[Witness, Record]:
    """Return the record of each reporter about each seller in `asked`, if there is an answer.

    Read from the reports themselves, so that an undone decision, a held or a voided report leaves
    no trace, and without those about the reporter's own products. Only the last ANSWERS_COUNTED
    answers about each seller count.
    """
    found = _outcomes({reporter for reporter, _seller in asked}, now)
    return {
        (reporter, seller): record_of(others, half_life_days, about=seller)
        for reporter, seller in asked
        if (others := [one for one in found.get(reporter, []) if one.seller != reporter])
    }


def answers_of(*, reporter: int, half_life_days: float, now: datetime) -> Record:
    """Return a reporter's (id) answers, the last ANSWERS_COUNTED about each seller, one by one."""
    found = _outcomes([reporter], now)
    return every_answer(found.get(reporter, []), half_life_days)


def _outcomes(reporters: Collection[int], now: datetime) -> dict[int, list[Outcome]]:
    answered = (
        MisclassificationReport.objects.filter(
            ~HELD,
            reporter__in=reporters,
            resolved_at__isnull=False,
            status__in=[ReportStatus.UPHELD, ReportStatus.DISMISSED],
        )
        .annotate(
            nth=Window(
                RowNumber(),
                # Many answers about one seller's products must not displace those about others'.
                partition_by=["reporter", "product__seller"],
                order_by=[F("resolved_at").desc(), F("id").desc()],
            )
        )
        .filter(nth__lte=ANSWERS_COUNTED)
        .values_list("reporter", "status", "resolved_at", "product__seller")
    )
    outcomes: dict[int, list[Outcome]] = defaultdict(list)
    for reporter, status, resolved_at, seller in answered:
        age = (now - (resolved_at or now)) / _A_DAY
        outcomes[reporter].append(Outcome(status == ReportStatus.UPHELD, age, seller))
    return dict(outcomes)


def model_view(product: Product) -> ModelView | None:
    """What FUSION says of the product's present text and picture; its newest answer."""
    newest = (
        Prediction.objects.filter(
            product=product, member=MemberChoice.FUSION, input_digest=product.input_digest
        )
        .order_by("-created_at", "-id")
        .first()
    )
    if newest is None or newest.confidence is None:
        return None
    return ModelView(code=newest.top[0][0], confidence=newest.confidence, top=dict(newest.top))


@dataclass(frozen=True, slots=True)
class Speaker:
    """One reporter of a case as a moderator sees it: a number, no name."""

    number: int
    category: int | None
    upheld: float
    dismissed: float
    is_proven: bool
    weight: float
    counted: float


@dataclass(frozen=True, slots=True)
class ReportEvidence:
    """The arithmetic of a case, for moderators. Numbers as in `domain.weight.CaseScore`.

    unheard: reports by people without a record beyond those that are weighed
    """

    speakers: list[Speaker]
    lead: int | None
    agreement: float
    weight: float
    doubt: float
    is_alternative: bool
    score: float
    bar: float
    is_human: bool
    is_by_lot: bool
    model_code: int | None
    model_confidence: float | None
    policy: int
    unheard: int

    @property
    def proven(self) -> int:
        return sum(speaker.is_proven for speaker in self.speakers)

    @property
    def unproven(self) -> int:
        return len(self.speakers) - self.proven

    @property
    def proven_for_lead(self) -> int:
        return sum(one.is_proven and one.category == self.lead for one in self.speakers)

    @property
    def unproven_for_lead(self) -> int:
        return sum(not one.is_proven and one.category == self.lead for one in self.speakers)

    @property
    def loudest(self) -> list[Speaker]:
        """The speakers that count most; hundreds in one table would help nobody."""
        return sorted(self.speakers, key=lambda one: (-one.counted, one.number))[:SPEAKERS_SHOWN]

    @property
    def not_shown(self) -> int:
        return max(len(self.speakers) - SPEAKERS_SHOWN, 0)


def evidence(product: Product) -> ReportEvidence | None:
    """Return what the product's open case weighs, or None when nothing has been weighed."""
    case = (
        ReportCase.objects.filter(product=product)
        .exclude(status=CaseStatus.CLOSED)
        .select_related("policy")
        .first()
    )
    return None if case is None or not case.arithmetic else _evidence(case)


def _evidence(case: ReportCase) -> ReportEvidence:
    stored = case.arithmetic
    model = stored["model"] or {}
    return ReportEvidence(
        speakers=[Speaker(number, **one) for number, one in enumerate(stored["voices"], start=1)],
        lead=stored["lead"],
        agreement=stored["agreement"],
        weight=stored["weight"],
        doubt=stored["doubt"],
        is_alternative=stored["is_alternative"],
        score=stored["score"],
        bar=stored["bar"],
        is_human=stored["is_human"],
        is_by_lot=case.is_by_lot,
        model_code=model.get("code"),
        model_confidence=model.get("confidence"),
        policy=case.policy.version,
        unheard=stored.get("unheard", 0),
    )
