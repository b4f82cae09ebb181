"""What the pages of an evaluation show, made of its metrics and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import GroupKind, MemberChoice
from reviewapp.domain.answers import AnswerSheet
from reviewapp.domain.evaluation import SLICES
from reviewapp.domain.fairness import ERROR
from reviewapp.domain.gate_result import GateResult, GroupShare
from reviewapp.domain.model_report import Rate
from reviewapp.domain.policy_effect import Bools
from reviewapp.models import Category, CategoryFamily, Product
from reviewapp.selectors.pages import Part

# The baseline's place in tables: what every other member must beat.
_BASELINE: Final = MemberChoice.LEXICAL
_SLICE_TITLES: Final = {
    "missing": _("By missing input"),
    "language": _("By language"),
    "seller": _("By size of the seller"),
    "audit": _("Blind random audits"),
}
_SLICE_NAMES: Final = {
    ("missing", ""): _("Text and picture"),
    ("missing", "image"): _("Without a picture"),
    ("missing", "text"): _("Without text"),
    ("missing", "image,text"): _("With neither"),
    ("language", ""): _("Unknown"),
    ("seller", "small"): _("Fewer than 10 products"),
    ("seller", "medium"): _("10 to 99 products"),
    ("seller", "large"): _("100 products or more"),
    ("seller", "feed"): _("no account (imported)"),
    ("audit", "audit"): _("Decided in a blind random audit"),
    ("audit", "other"): _("All others"),
}

_PRESENCES: Final = {
    ("picture", "missing"): _("Without a picture"),
    ("picture", "present"): _("With a picture"),
    ("text", "missing"): _("Without text"),
    ("text", "present"): _("With text"),
    ("description", "missing"): _("Without a description"),
    ("description", "present"): _("With a description"),
}


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member's headline numbers. certified: coverage with the promise, None without one."""

    member: MemberChoice
    rows: int
    accuracy: Rate
    macro_f1: Rate
    weighted_f1: Rate
    ece: Rate
    aurc: float
    certified: float | None

    @property
    def is_baseline(self) -> bool:
        return self.member == _BASELINE


@dataclass(frozen=True, slots=True)
class CategoryRow:
    code: int
    name: str
    rows: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """Products of category `true` that were taken for `predicted`; share: of those of `true`."""

    true: int
    true_name: str
    predicted: int
    predicted_name: str
    products: int
    share: float


@dataclass(frozen=True, slots=True)
class SliceRow:
    name: str
    rows: int
    accuracy: Rate
    confidence: float


@dataclass(frozen=True, slots=True)
class AnsweredProduct:
    """A test product with what was said of it. product: None when it has been deleted since."""

    product_id: int
    product: Product | None
    true: int
    predicted: int
    confidence: float


def category_names() -> dict[int, str]:
    """Return the names of all categories in the reader's language, by code."""
    return {category.code: category.name for category in Category.objects.all()}


def family_names() -> dict[str, str]:
    """Return the names of all category families in the reader's language, by slug."""
    return {family.slug: family.name for family in CategoryFamily.objects.all()}


def member_rows(metrics: Mapping[str, Any]) -> list[MemberRow]:
    """Return the members that answered, FUSION last."""
    members = metrics["members"]
    return [
        _member_row(choice, members[choice])
        for choice in MemberChoice
        if members.get(choice, {}).get("rows")
    ]


def category_rows(numbers: Mapping[str, Any], names: Mapping[int, str]) -> list[CategoryRow]:
    """Return one member's categories, the worst first."""
    rows = [
        CategoryRow(code=int(code), name=names.get(int(code), ""), **one)
        for code, one in numbers["categories"].items()
    ]
    return sorted(rows, key=lambda row: row.f1)


def confusion_rows(numbers: Mapping[str, Any], names: Mapping[int, str]) -> list[ConfusionRow]:
    """Return which categories are taken for which, the most frequent first."""
    support = {int(code): one["rows"] for code, one in numbers["categories"].items()}
    rows = [
        ConfusionRow(
            true, names.get(true, ""), said, names.get(said, ""), products, products / support[true]
        )
        for true, said, products in numbers["confusion"]
        if true != said
    ]
    return sorted(rows, key=lambda row: -row.products)


def slice_tables(numbers: Mapping[str, Any]) -> list[tuple[str, list[SliceRow]]]:
    """Return the accuracy by what is known of the products, one titled table for each."""
    tables = []
    for kind in SLICES:
        if kind not in numbers["slices"]:
            continue
        rows = [
            SliceRow(
                name=str(_SLICE_NAMES.get((kind, value), value)),
                rows=int(one["rows"]),
                accuracy=Rate(one["value"], one["low"], one["high"]),
                confidence=one["confidence"],
            )
            for value, one in numbers["slices"][kind].items()
        ]
        tables.append((str(_SLICE_TITLES[kind]), sorted(rows, key=lambda row: -row.rows)))
    return tables


def group_name(stored: str, families: Mapping[str, str]) -> str:
    """Return a group of the gate's fairness tests, as "error:language:fr", in words.

    families: names by slug
    """
    harm, kind, value = stored.split(":", 2)
    what = _("error") if harm == ERROR else _("share of reviews")
    name = families.get(value, value) if kind == GroupKind.FAMILY else _group_value(kind, value)
    return f"{name} ({what})"


def group_rows(result: GateResult, fewest: int) -> list[tuple[GroupShare, bool, bool]]:
    """Return a test's groups, the worst off first: whether it fails, whether it is judged."""
    rows = [(one, one.name in result.failed, one.rate.sample >= fewest) for one in result.groups]
    return sorted(rows, key=lambda row: (not row[2], -row[0].ratio))


def _group_value(kind: str, value: str) -> str:
    if value in ("missing", "present"):
        return str(_PRESENCES[kind, value])
    if kind == GroupKind.LANGUAGE:
        code = _("unknown") if value in ("", "unknown") else value
        return str(_("Language “%(code)s”") % {"code": code})
    return str(_SLICE_NAMES.get((kind, value), value))


def answered_products(
    sheet: AnswerSheet, member: str, wanted: Bools, part: Part
) -> list[AnsweredProduct]:
    """Return `part` of the products of the mask `wanted` (N,); one query."""
    answers = sheet.members[member]
    rows = np.flatnonzero(wanted)[part.start : part.last].tolist()
    ids: Sequence[int] = sheet.product[rows].tolist()
    products = Product.objects.select_related("image").in_bulk(ids)
    return [
        AnsweredProduct(
            product_id=product_id,
            product=products.get(product_id),
            true=int(sheet.true[row]),
            predicted=int(answers.predicted[row]),
            confidence=float(answers.confidence[row]),
        )
        for row, product_id in zip(rows, ids, strict=True)
    ]


def _member_row(member: MemberChoice, numbers: Mapping[str, Any]) -> MemberRow:
    certified = numbers["certified"]
    return MemberRow(
        member=member,
        rows=numbers["rows"],
        accuracy=Rate(**numbers["accuracy"]),
        macro_f1=Rate(**numbers["macro_f1"]),
        weighted_f1=Rate(**numbers["weighted_f1"]),
        ece=Rate(**numbers["ece"]),
        aurc=numbers["aurc"],
        certified=certified["coverage"] if certified else None,
    )
