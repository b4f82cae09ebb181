"""Charts of one member's measured quality, as `static/js/charts.js` draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def reliability_chart(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return accuracy by confidence, with the line on which confidences hold exactly."""
    bins = numbers["reliability"]
    return {
        "x": {"title": _("Confidence"), "format": ".0%"},
        "y": {"title": _("Right"), "format": ".0%", "from": 0},
        "series": [
            {
                "kind": "line",
                "name": _("Measured"),
                "x": [one["confidence"] for one in bins],
                "y": [one["accuracy"] for one in bins],
                "low": [one["low"] for one in bins],
                "high": [one["high"] for one in bins],
                "tone": "accent",
            },
            {
                "kind": "line",
                "name": _("As confident as right"),
                "x": [0, 1],
                "y": [0, 1],
                "tone": "info",
            },
        ],
    }


def risk_coverage_chart(numbers: Mapping[str, Any], target: float) -> dict[str, Any]:
    """Return the share of wrong answers among the surest, by how many are taken."""
    points = numbers["curve"]
    return {
        "x": {"title": _("Listed by itself"), "format": ".0%", "from": 0},
        "y": {"title": _("Wrong among listed"), "format": ".1%", "from": 0},
        "series": [
            {
                "kind": "line",
                "name": _("Wrong among listed"),
                "x": [one["coverage"] for one in points],
                "y": [one["error"] for one in points],
                "tone": "danger",
            }
        ],
        "marks": [{"y": target, "text": _("Target")}],
    }


def confusion_chart(numbers: Mapping[str, Any], link: str) -> dict[str, Any]:
    """Return the confusion matrix by true and predicted code, as shares of the true category.

    link: address of the products, to which "&true=..&predicted=.." is added
    """
    cells = {(true, said): products for true, said, products in numbers["confusion"]}
    codes = sorted({code for pair in cells for code in pair})
    support = {code: max(sum(cells.get((code, one), 0) for one in codes), 1) for code in codes}
    names = [str(code) for code in codes]
    return {
        "x": {"title": _("Predicted"), "type": "category"},
        "y": {"title": _("True"), "type": "category"},
        "series": [
            {
                "kind": "heatmap",
                "name": "",
                "x": names,
                "y": names,
                "z": [
                    [cells.get((true, said), 0) / support[true] for said in codes] for true in codes
                ],
                "links": [
                    [
                        f"{link}&true={true}&predicted={said}" if (true, said) in cells else None
                        for said in codes
                    ]
                    for true in codes
                ],
                "hover": "%{y} → %{x}: %{z:.1%}<extra></extra>",
                "tone": "accent",
            }
        ],
    }
