"""The newest arrivals as one model saw them, and what their drift has come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db.models import F, QuerySet
from django.db.models.functions import Length
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from classifier.embedding import PROJECTIONS, project
from reviewapp.choices import DriftTest, MemberChoice, ModelStage
from reviewapp.domain import drift
from reviewapp.domain.drift import Arrivals, Finding
from reviewapp.domain.intervals import Interval, share
from reviewapp.models import (
    Category,
    DriftAlarm,
    DriftReference,
    DriftWindow,
    ModelVersion,
    Prediction,
    ProductEmbedding,
)

SHOWN_WINDOWS: Final = 200
SHOWN_REFERENCES: Final = 10
# Of rare changes of the mix only the largest are worth a line.
_SHOWN_CATEGORIES: Final = 8
# Answers read per product wanted, since some are to a text or picture that has changed since.
_READ: Final = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """Arrivals, newest first, with what FUSION gave each: up to five [code, probability]."""

    arrivals: Arrivals
    top: list[list[list[float]]]

    def __len__(self) -> int:
        return len(self.top)

    @property
    def last_product(self) -> int:
        return self.arrivals.products[0]


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """A category's share in training and among the last arrivals, 0..1."""

    name: str
    trained: float
    now: float


@dataclass(frozen=True, slots=True)
class DriftState:
    """What the page shows. missing: arrivals until there is a reference, or a first window."""

    version: ModelVersion | None
    reference: DriftReference | None
    window: DriftWindow | None
    missing: int
    findings: Sequence[Finding]
    categories: Sequence[CategoryShare]
    names: dict[str, str]
    expected_right: Interval | None
    windows: Sequence[DriftWindow]
    references: Sequence[DriftReference]
    chart: dict[str, Any]


def newest_arrivals(version: ModelVersion, *, most: int, after: int = 0) -> Seen:
    """Return up to `most` of the newest products after product `after` that `version` answered.

    A product that was classified anew keeps the place of its arrival.
    """
    rows = list(
        _current(_answered(version, after)[: _READ * most])
        .annotate(
            title_length=Length("product__designation"),
            description_length=Length("product__description"),
        )
        .values_list(
            "product_id", "category__code", "confidence", "top", "title_length",
            "description_length", "product__language", "product__image_id",
            "product__image__brightness",
        )[:most]
    )  # fmt: skip
    return Seen(_arrivals(version, rows), [row[3] for row in rows])


def count_after(version: ModelVersion, *, product: int, most: int) -> int:
    """Return how many products after `product` `version` has answered, counted up to a little above
    `most`."""
    return _current(_answered(version, product)[: _READ * most]).count()


def reference_in_force(version: ModelVersion | None) -> DriftReference | None:
    """Return what the arrivals of `version` are held against; None before there is anything."""
    return DriftReference.objects.filter(model_version=version, ended_at=None).first()


def drift_state() -> DriftState:
    """Return what is known about the arrivals of the model in service."""
    version = ModelVersion.objects.filter(stage=ModelStage.CHAMPION).first()
    references = _references(version)
    reference = next((one for one in references if one.ended_at is None), None)
    windows = list(
        DriftWindow.objects.filter(reference=reference).order_by("-last_product")[:SHOWN_WINDOWS]
    )
    window = windows[0] if windows else None
    names = {str(one.code): str(one) for one in Category.objects.all()}
    return DriftState(
        version=version,
        reference=reference,
        window=window,
        missing=_missing(version, reference, window),
        findings=[Finding.from_json(one) for one in window.findings] if window else [],
        categories=_categories(reference, window, names),
        names=names,
        expected_right=_expected(window),
        windows=windows,
        references=references,
        chart=_chart(windows[::-1]),
    )


def open_alarms() -> QuerySet[DriftAlarm]:
    """Alarms that nobody has acknowledged, newest first."""
    return _alarms().filter(closed_at=None)


def recent_alarms() -> QuerySet[DriftAlarm]:
    """The last alarms, newest first, acknowledged ones among them."""
    return _alarms()[:10]


def _alarms() -> QuerySet[DriftAlarm]:
    related = ("window__reference__model_version", "closed_by")
    return (
        DriftAlarm.objects.select_related(*related)
        .defer("window__reference__arrivals")
        .order_by("-raised_at", "-pk")
    )


def _references(version: ModelVersion | None) -> list[DriftReference]:
    """References of a model, newest first, ended ones among them."""
    known = DriftReference.objects.filter(model_version=version).defer("arrivals")
    return list(known.select_related("made_by").order_by("-made_at", "-pk")[:SHOWN_REFERENCES])


def _answered(version: ModelVersion, after: int) -> QuerySet[Prediction]:
    """The index `prediction_fusion_newest` gives them from the newest product on."""
    return Prediction.objects.filter(
        model_version=version,
        member=MemberChoice.FUSION,
        absence="",
        product_id__gt=after,
    ).order_by("-product_id")


def _current(newest: QuerySet[Prediction]) -> QuerySet[Prediction]:
    """Those of `newest` that answer their product's input of today, from the newest on.

    Two steps: joined in one, PostgreSQL takes the digests to be independent, expects next to no
    row, and reads the whole catalogue.
    """
    keys = list(newest.values_list("pk", flat=True))
    return Prediction.objects.filter(pk__in=keys, input_digest=F("product__input_digest")).order_by(
        "-product_id"
    )


def _arrivals(version: ModelVersion, rows: list[tuple[Any, ...]]) -> Arrivals:
    products = [row[0] for row in rows]
    vectors, vector_products = _vectors(version, products)
    return Arrivals(
        products=products,
        numbers={
            DriftTest.CONFIDENCE: _numbers(row[2] for row in rows),
            DriftTest.TITLE_LENGTH: _numbers(row[4] for row in rows),
            DriftTest.DESCRIPTION_LENGTH: _numbers(row[5] or None for row in rows),
            DriftTest.BRIGHTNESS: _numbers(row[8] for row in rows),
        },
        words={
            DriftTest.CATEGORY: [str(row[1]) for row in rows],
            DriftTest.DESCRIPTION: ["present" if row[5] else "missing" for row in rows],
            DriftTest.LANGUAGE: [row[6] or "unknown" for row in rows],
            DriftTest.PICTURE: ["present" if row[7] else "missing" for row in rows],
        },
        vectors=vectors,
        vector_products=vector_products,
    )


def _numbers(values: Any) -> npt.NDArray[np.float64]:
    return np.array(list(values), dtype=np.float64)  # None becomes NaN


def _vectors(
    version: ModelVersion, products: list[int]
) -> tuple[npt.NDArray[np.float64], list[int]]:
    rows = ProductEmbedding.objects.filter(
        model_version=version,
        product_id__in=products,
        input_digest=F("product__input_digest"),
    ).values_list("product_id", "vector")
    found = list(rows)
    if not found:
        return np.empty((0, PROJECTIONS)), []
    stacked = np.array([vector for _product, vector in found], dtype=np.float64)
    return project(stacked), [product for product, _vector in found]


def _missing(
    version: ModelVersion | None, reference: DriftReference | None, window: DriftWindow | None
) -> int:
    if version is None or window is not None:
        return 0
    needed = drift.WINDOW if reference else drift.REFERENCE
    after = reference.last_product if reference else 0
    return max(0, needed - count_after(version, product=after, most=needed))


def _categories(
    reference: DriftReference | None, window: DriftWindow | None, names: dict[str, str]
) -> list[CategoryShare]:
    if reference is None or window is None or not window.priors:
        return []
    shares = [
        CategoryShare(names.get(code, code), reference.priors.get(code, 0.0), now)
        for code, now in window.priors.items()
    ]
    return sorted(shares, key=lambda one: -abs(one.now - one.trained))[:_SHOWN_CATEGORIES]


def _expected(window: DriftWindow | None) -> Interval | None:
    if window is None or window.expected_right is None:
        return None
    return share(window.expected_right * window.size, window.size)


def _chart(windows: Sequence[DriftWindow]) -> dict[str, Any]:
    """Return expected accuracy and distance of the mix, as `static/js/charts.js` draws them."""
    known = [one for one in windows if one.expected_right is not None]
    when = [localtime(one.measured_at).isoformat() for one in known]
    return {
        "x": {"title": _("Measured at"), "type": "date"},
        "y": {"title": _("Expected to be right"), "format": ".0%"},
        "y2": {"title": _("Distance of the mix"), "from": 0},
        "series": [
            {
                "kind": "line",
                "name": _("Expected to be right"),
                "x": when,
                "y": [one.expected_right for one in known],
                "tone": "accent",
            },
            {
                "kind": "line",
                "name": _("Distance of the mix from training"),
                "x": when,
                "y": [one.prior_distance for one in known],
                "tone": "warning",
                "axis": "y2",
            },
        ],
    }
