"""Two versions on the same test products: how they differ, and which products changed sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.utils.translation import gettext as _

from reviewapp.domain import paired
from reviewapp.domain.paired import Difference, Pair
from reviewapp.domain.policy_effect import Bools
from reviewapp.models import Evaluation, Product
from reviewapp.selectors.evaluations import AnswersGone, answer_sheet
from reviewapp.selectors.pages import Part

_SEED: Final = 0
# Resampling a large test set takes longer and is needed less.
_MOST, _FEWEST, _PRODUCTS = 500, 100, 4_000_000


@dataclass(frozen=True, slots=True)
class CategoryDifference:
    code: int
    name: str
    products: int
    f1: Difference


@dataclass(frozen=True, slots=True)
class FlippedProduct:
    """A product that one version has right and the other wrong; codes and confidences of both."""

    product_id: int
    product: Product | None
    true: int
    old: int
    old_confidence: float
    new: int
    new_confidence: float


@dataclass(frozen=True, slots=True)
class VersionPair:
    """rates: by name of `paired.RATES`; categories: those that lost most first."""

    both: Pair
    rates: Mapping[str, Difference]
    categories: list[CategoryDifference]


@dataclass(eq=False)
class NotComparable(Exception):
    """Two evaluations cannot be held side by side; `words` tell the reader why.

    is_gone: they could, were it not for stored answers that are gone
    """

    words: str
    is_gone: bool = False


def answer_pair(old: Evaluation, new: Evaluation, member: str) -> Pair:
    """Return the answers of one member in two finished evaluations to the same products.

    Products that either may know by heart are left out. Raises NotComparable.
    """
    if old.snapshot_id != new.snapshot_id:
        raise NotComparable(_("Choose two versions measured on the same snapshot."))
    try:
        return paired.pair(*paired.unlearned(answer_sheet(old), answer_sheet(new)), member)
    except paired.NotPaired as error:
        words = _("The two versions were not measured on the same products.")
        raise NotComparable(words) from error
    except AnswersGone as error:
        words = _("The stored answers are gone or have been altered.")
        raise NotComparable(words, is_gone=True) from error
    except KeyError as error:
        raise NotComparable(_("One of the two versions does not have this member.")) from error


def version_pair(both: Pair, names: Mapping[int, str]) -> VersionPair:
    """Compare two versions by their answers to the same products. names: of categories, by code"""
    samples = min(_MOST, max(_FEWEST, _PRODUCTS // len(both)))
    drawn = paired.resample(both, samples=samples, seed=_SEED)
    categories = [
        CategoryDifference(
            int(code), names.get(int(code), ""), int(drawn.support[place]), drawn.category(place)
        )
        for place, code in enumerate(drawn.codes)
        if drawn.support[place]
    ]
    rates = {rate: drawn.difference(rate) for rate in paired.RATES}
    return VersionPair(both, rates, sorted(categories, key=lambda one: one.f1.value))


def flipped_products(both: Pair, wanted: Bools, part: Part) -> list[FlippedProduct]:
    """Return `part` of the products of the mask `wanted` (N,); one query."""
    rows = np.flatnonzero(wanted)[part.start : part.last].tolist()
    products = Product.objects.in_bulk(both.product[rows].tolist())
    return [
        FlippedProduct(
            product_id=int(both.product[row]),
            product=products.get(int(both.product[row])),
            true=int(both.true[row]),
            old=int(both.old.predicted[row]),
            old_confidence=float(both.old.confidence[row]),
            new=int(both.new.predicted[row]),
            new_confidence=float(both.new.confidence[row]),
        )
        for row in rows
    ]
