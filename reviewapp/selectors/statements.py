"""What happened to a product and why, in its seller's words.

Read from what is append-only anyway (routes, decisions, take-downs) and from the appeals, so that the
history cannot say anything else than what was done.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from reviewapp.choices import MemberChoice, ReviewReason, RouteOutcome, Verdict
from reviewapp.domain.statements import (
    DecisionGrounds,
    RouteGrounds,
    Said,
    StatementKind,
    decision_sentences,
    route_sentences,
    take_down_sentences,
)
from reviewapp.models import (
    Appeal,
    Category,
    CategoryConfusion,
    Decision,
    Product,
    Route,
    TakeDown,
)
from reviewapp.selectors.statement_titles import decided, upholds

_SHOWN_MEMBERS = (MemberChoice.CNN, MemberChoice.BERT, MemberChoice.FUSION)


@dataclass(frozen=True, slots=True)
class Statement:
    """One entry of a product's history.

    reference: names it for good; is_automatic: nobody but the program was involved; None when it
    is the seller's own doing; model, policy: name and version of what the entry rests on
    """

    reference: str
    at: datetime
    kind: StatementKind
    title: str
    is_automatic: bool | None = None
    grounds: list[str] = field(default_factory=list)
    category: Category | None = None
    model: str = ""
    policy: int | None = None
    comment: str = ""


def history(*, product: Product, categories: Mapping[int, Category]) -> list[Statement]:
    """Everything that happened to a product, newest first. categories: all, by code."""
    appeals = Appeal.objects.filter(product=product).select_related(
        "contested_category", "wished_category"
    )
    by_pk = {category.pk: category for category in categories.values()}
    taken = TakeDown.objects.filter(product=product).select_related("policy")
    reader = _Reader(
        product,
        by_pk,
        categories,
        list(appeals.order_by("created_at", "id")),
        list(taken.order_by("taken_down_at", "id")),
    )
    arrived = Statement("arrival", product.arrived_at, StatementKind.ARRIVED, _("It arrived."))
    entries = [arrived, *reader.routes(), *reader.take_downs()]
    entries += [*reader.decisions(), *reader.appeals()]
    # Stable: what happened in one transaction keeps the order in which it was read.
    return sorted(entries, key=lambda entry: entry.at)[::-1]


@dataclass(frozen=True, slots=True)
class _Reader:
    product: Product
    by_pk: Mapping[int, Category]
    by_code: Mapping[int, Category]
    appealed: list[Appeal]
    taken_down: list[TakeDown]

    def routes(self) -> Iterator[Statement]:
        rows = Route.objects.filter(product=self.product).select_related(
            "policy", "prediction__model_version"
        )
        for route in rows.order_by("created_at", "id"):
            yield self._route(route)

    def decisions(self) -> Iterator[Statement]:
        rows = (
            # An answer that left no label was a check of a moderator, and changed nothing.
            Decision.objects.filter(
                Q(verdict__in=[Verdict.CONFIRMED, Verdict.CORRECTED], label__isnull=False)
                | Q(undoes__label__isnull=False),
                product=self.product,
            )
            .select_related("model_version", "undoes__category")
            .annotate(report_count=Count("reports"))
            .order_by("decided_at", "id")
        )
        found = list(rows)
        questions = _questions(found)
        withdrawn = {decision.undoes_id for decision in found}
        for decision in found:
            if decision.verdict == Verdict.UNDONE:
                yield _withdrawn(decision)
            else:
                appeal = self._answered(decision, is_withdrawn=decision.pk in withdrawn)
                yield self._decision(decision, appeal, questions)

    def take_downs(self) -> Iterator[Statement]:
        for taken in self.taken_down:
            category = self.by_pk[taken.category_id]
            yield Statement(
                f"take-down-{taken.pk}",
                taken.taken_down_at,
                StatementKind.TAKEN_DOWN,
                _("It was taken out of the shop until a moderator has decided."),
                is_automatic=True,
                grounds=take_down_sentences(
                    taken.report_count, category.name, taken.policy.version
                ),
                category=category,
            )
            if taken.restored_at is not None:
                yield Statement(
                    f"take-down-{taken.pk}-end",
                    taken.restored_at,
                    StatementKind.RESTORED,
                    _("It is back in the shop: the reports against it were set aside."),
                    is_automatic=False,
                    category=category,
                )

    def _taken_from(self, decision: Decision) -> int | None:
        """Where reports had taken the product from that `decision` is about."""
        found = [
            taken.category_id
            for taken in self.taken_down
            if taken.item_id == decision.item_id and taken.taken_down_at <= decision.decided_at
        ]
        return found[-1] if found else None

    def appeals(self) -> Iterator[Statement]:
        for appeal in self.appealed:
            names = {"name": appeal.contested_category.name}
            wish = appeal.wished_category
            title = _("You appealed against “%(name)s”.")
            if appeal.take_down_id is not None:
                title = _("You appealed against its being taken out of “%(name)s”.")
            yield Statement(
                f"appeal-{appeal.pk}",
                appeal.created_at,
                StatementKind.APPEALED,
                title % names,
                grounds=[_("You said: “%(name)s”.") % {"name": wish.name}] if wish else [],
                category=wish,
                comment=appeal.comment,
            )

    def _answered(self, decision: Decision, *, is_withdrawn: bool) -> Appeal | None:
        """The appeal that a decision answered, also after its undo: what was said stays said."""
        for one in self.appealed:
            if one.answer_id == decision.pk:
                return one
        if not is_withdrawn or ReviewReason.SELLER_APPEAL not in decision.reasons:
            return None
        earlier = [one for one in self.appealed if one.created_at <= decision.decided_at]
        if not earlier or (
            decision.is_blind and not upholds(earlier[-1], decision.category_id or 0)
        ):
            return None  # a blind answer hardly ever dismisses an appeal, and its undo forgets
        return earlier[-1]

    def _route(self, route: Route) -> Statement:
        kind, title, category = self._routed(route)
        model = route.prediction.model_version.name if route.prediction else ""
        grounds = route_sentences(
            RouteGrounds(
                outcome=RouteOutcome(route.outcome),
                reasons=[ReviewReason(reason) for reason in route.reasons],
                said=self._said(route),
                accept_at=route.threshold,
                failure=route.details.get("failure", ""),
                absent=_absent(route),
            )
        )
        return Statement(
            f"route-{route.pk}",
            route.created_at,
            kind,
            title,
            is_automatic=True,
            grounds=[] if kind is StatementKind.KEPT else grounds,
            category=category,
            model=model,
            policy=route.policy.version,
        )

    def _routed(self, route: Route) -> tuple[StatementKind, str, Category | None]:
        if route.details.get("held"):
            title = _("It was looked at again; a moderator has it in hand and decides.")
            return StatementKind.HELD, title, None
        if route.outcome == RouteOutcome.REVIEW:
            title = _("It was held back until a moderator has looked at it.")
            return StatementKind.HELD, title, None
        if "label" in route.details:
            title = _("It was looked at again; the moderator's answer stands.")
            return StatementKind.KEPT, title, None
        fusion = route.prediction
        category = self.by_pk.get(fusion.category_id or 0) if fusion else None
        title = _("It was listed automatically.")
        if category is not None:
            title = _("It was listed automatically under “%(name)s”.") % {"name": category.name}
        return StatementKind.LISTED, title, category

    def _said(self, route: Route) -> list[Said]:
        members = route.details.get("members", {})
        return [
            Said(member, self._name(said["code"]), said["confidence"])
            for member in _SHOWN_MEMBERS
            if "confidence" in (said := members.get(member, {}))
        ]

    def _name(self, code: int) -> str:
        category = self.by_code.get(code)
        return category.name if category else str(code)

    def _decision(
        self, decision: Decision, appeal: Appeal | None, questions: "_Questions"
    ) -> Statement:
        """appeal: the one that the decision answered"""
        category = self.by_pk[decision.category_id or 0]
        was_in = _category_before(decision) or self._taken_from(decision)
        before = self.by_pk.get(was_in or 0)
        suggested = self.by_pk.get(decision.suggested_category_id or 0)
        kind, title = decided(category, before, appeal)
        grounds = DecisionGrounds(
            reasons=[ReviewReason(reason) for reason in decision.reasons],
            reports=decision.report_count,  # type: ignore[attr-defined]
            suggested=suggested.name if suggested else "",
            contested=appeal.contested_category.name if appeal and not appeal.take_down_id else "",
            category=category.name,
            definition=category.definition,
            question=questions.get((category.pk, _other_id(category, before, suggested)), ""),
        )
        return Statement(
            f"decision-{decision.pk}",
            decision.decided_at,
            kind,
            title,
            is_automatic=False,
            grounds=decision_sentences(grounds),
            category=category,
            model=decision.model_version.name if decision.model_version else "",
        )


_Questions = Mapping[tuple[int, int], str]


def _questions(decisions: Iterable[Decision]) -> _Questions:
    """What tells each decided category from the ones it may be mixed up with."""
    rows = CategoryConfusion.objects.filter(
        category__in={decision.category_id for decision in decisions if decision.category_id}
    )
    return {(row.category_id, row.neighbour_id): row.question for row in rows}


def _other_id(category: Category, before: Category | None, suggested: Category | None) -> int:
    """The category that the decision spoke against: where the product was, or what FUSION said."""
    others = (one.pk for one in (before, suggested) if one is not None and one.pk != category.pk)
    return next(others, 0)


def _category_before(decision: Decision) -> int | None:
    product: dict[str, int | None] = decision.before.get("product", {})
    return product.get("category_id")


def _withdrawn(undo: Decision) -> Statement:
    category = undo.undoes.category if undo.undoes else None
    title = _("The moderator withdrew the answer “%(name)s”; the product is looked at again.")
    return Statement(
        f"decision-{undo.pk}",
        undo.decided_at,
        StatementKind.WITHDRAWN,
        title % {"name": category.name if category else ""},
        is_automatic=False,
    )


def _absent(route: Route) -> frozenset[MemberChoice]:
    members = route.details.get("members", {})
    return frozenset(one for one in MemberChoice if "absence" in members.get(one.value, {}))
