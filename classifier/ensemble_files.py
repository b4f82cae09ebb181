"""An ensemble, with its elder, as JSON values and arrays: how `classifier.artifact` keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from classifier.arrays import AnyArray
from classifier.calibration import Calibrator
from classifier.ensemble import Elder, Ensemble
from classifier.fusion import PATTERNS, Fusion
from classifier.logistic import Linear
from classifier.members.base import MemberState
from classifier.members.registry import MEMBERS
from classifier.types import Member

_ELDER = "elder/"


@dataclass(frozen=True)
class Parts:
    """structure, settings: JSON values; tensors: arrays by name"""

    structure: dict[str, Any]
    settings: dict[str, Any]
    tensors: dict[str, AnyArray]


def parts_of(ensemble: Ensemble) -> Parts:
    """Return the ensemble without its labels as plain data."""
    states = {member: one.save() for member, one in ensemble.members.items()}
    parts = Parts(
        _structure(ensemble),
        {"members": {str(member): state.settings for member, state in states.items()}},
        _ensemble_tensors(ensemble, states),
    )
    elder = ensemble.elder
    if elder is None:
        return parts
    theirs = parts_of(elder.ensemble)
    labels = list(elder.ensemble.labels)
    structure = {**theirs.structure, "codes": labels, "share": elder.share}
    tensors = {**theirs.tensors, "inverse_temperature": elder.inverse_temperature}
    return Parts(
        {**parts.structure, "elder": structure},
        {**parts.settings, "elder": theirs.settings},
        parts.tensors | {_ELDER + name: value for name, value in tensors.items()},
    )


def ensemble_of(codes: list[int], parts: Parts) -> Ensemble:
    """Read back what `parts_of` gave.

    Raises KeyError, IndexError, TypeError, ValueError or ArtifactInvalid when it does not fit together.
    """
    whole = _read_ensemble(codes, parts.structure, parts.settings["members"], parts.tensors)
    elder = parts.structure.get("elder")
    if elder is None:
        return whole
    own = {
        name.removeprefix(_ELDER): value
        for name, value in parts.tensors.items()
        if name.startswith(_ELDER)
    }
    inverse = own.pop("inverse_temperature")
    theirs = ensemble_of(elder["codes"], Parts(elder, parts.settings["elder"], own))
    return replace(whole, elder=Elder(theirs, float(elder["share"]), inverse))


def _structure(ensemble: Ensemble) -> dict[str, Any]:
    return {
        "members": [str(member) for member in ensemble.members],
        "fusion": {
            "members": [str(member) for member in ensemble.fusion.members],
            "patterns": [str(pattern) for pattern in PATTERNS],
        },
    }


def _ensemble_tensors(
    ensemble: Ensemble, states: Mapping[Member, MemberState]
) -> dict[str, AnyArray]:
    fusion = ensemble.fusion
    tensors: dict[str, AnyArray] = {
        "fusion/weights": fusion.weights,
        "fusion/inverse_temperature": fusion.inverse_temperature,
        "fusion/prior": fusion.prior,
    }
    if fusion.correction is not None:
        tensors["fusion/coef"] = fusion.correction.coef
        tensors["fusion/intercept"] = fusion.correction.intercept
    for member, state in states.items():
        calibrator = ensemble.calibrators[member]
        tensors[f"{member}/calibration_scale"] = calibrator.scale
        tensors[f"{member}/calibration_bias"] = calibrator.bias
        tensors |= {f"{member}/{name}": value for name, value in state.tensors.items()}
    return {name: np.ascontiguousarray(value) for name, value in sorted(tensors.items())}


def _read_ensemble(
    codes: list[int],
    config: dict[str, Any],
    settings: dict[str, Any],
    tensors: dict[str, AnyArray],
) -> Ensemble:
    members, calibrators = {}, {}
    for name in config["members"]:
        own = {
            key.removeprefix(f"{name}/"): value
            for key, value in tensors.items()
            if key.startswith(f"{name}/")
        }
        member = Member(name)
        scale, bias = own.pop("calibration_scale"), own.pop("calibration_bias")
        calibrators[member] = Calibrator(scale, bias)
        state = MemberState(settings[name], own)
        members[member] = MEMBERS[member].load(codes, state)
    if config["fusion"]["patterns"] != [str(pattern) for pattern in PATTERNS]:
        raise ValueError("config.json: the fusion's patterns are not those of this version")
    names = tuple(Member(name) for name in config["fusion"]["members"])
    coef = tensors.get("fusion/coef")
    fusion = Fusion(
        members=names,
        modalities=tuple(members[name].source.modality for name in names),
        weights=tensors["fusion/weights"],
        inverse_temperature=tensors["fusion/inverse_temperature"],
        prior=tensors["fusion/prior"],
        correction=None if coef is None else Linear(coef, tensors["fusion/intercept"]),
    )
    return Ensemble(tuple(codes), members, calibrators, fusion)
