"""The headline numbers of a model's metrics.json, as the models page shows them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reviewapp.choices import MemberChoice


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, 0..1, with its 95 % interval where one was computed."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class MemberReport:
    """One member on the held-out test products. None: not measured.

    ece: expected calibration error
    coverage, selective_accuracy: share of products at or above `threshold`, and how many of those
        are right
    """

    member: MemberChoice
    rows: int
    accuracy: Rate | None
    macro_f1: Rate | None
    weighted_f1: Rate | None
    ece_before: Rate | None
    ece_after: Rate | None
    threshold: float | None
    coverage: float | None
    selective_accuracy: float | None


def member_reports(metrics: Mapping[str, Any]) -> list[MemberReport]:
    """Return what `metrics` says of each member, FUSION last; members it does not know are left out."""
    members = metrics.get("members", {})
    return [
        _report(choice, members[choice.value])
        for choice in MemberChoice
        if members.get(choice.value, {}).get("rows")
    ]


def _report(member: MemberChoice, numbers: Mapping[str, Any]) -> MemberReport:
    ece = numbers.get("ece", {})
    at = numbers.get("at_threshold", {})
    return MemberReport(
        member=member,
        rows=numbers["rows"],
        accuracy=_rate(numbers.get("accuracy")),
        macro_f1=_rate(numbers.get("macro_f1")),
        weighted_f1=_rate(numbers.get("weighted_f1")),
        ece_before=_rate(ece.get("before")),
        ece_after=_rate(ece.get("after")),
        threshold=at.get("threshold"),
        coverage=at.get("coverage"),
        selective_accuracy=at.get("accuracy"),
    )


def _rate(number: Mapping[str, float] | float | None) -> Rate | None:
    if number is None:
        return None
    if isinstance(number, int | float):
        return Rate(float(number))
    return Rate(number["value"], number.get("low"), number.get("high"))
