"""Configuration of a training run: plain values, kept in the artifact."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from classifier.errors import ClassifierError
from classifier.types import Member


class ConfigInvalid(ClassifierError):
    """A configuration value is unknown or out of range."""


class StackOn(StrEnum):
    """Which products teach calibration and fusion."""

    OUT_OF_FOLD = "out_of_fold"  # training products, each answered by heads that never saw it
    # A fine-tuned backbone has seen every training product, so only others can teach.
    CALIBRATION = "calibration"


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Which frozen network turns inputs into vectors.

    backbone: a known name ("e5-small") or a local folder or file
    precision: "fp32", "bf16", "int8" (texts only), or "auto": the fastest that this CPU
    computes in hardware, found when training starts and kept in the artifact
    max_tokens: longest text, for the text encoder
    is_bundled: copy the backbone into the artifact (a fine-tuned one exists nowhere else)
    """

    backbone: str
    precision: str = "auto"
    max_tokens: int | None = None
    is_bundled: bool = False


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides a training run's result besides the data.

    calibration_share, test_share: shares of the product groups kept away from training
    folds: cross-validation folds inside the training part
    threshold: confidence at which metrics report coverage and accuracy
    """

    seed: int = 0
    members: tuple[Member, ...] = (Member.CNN, Member.BERT, Member.LEXICAL)
    text: EncoderConfig = field(default_factory=lambda: EncoderConfig("e5-small", max_tokens=96))
    image: EncoderConfig = field(default_factory=lambda: EncoderConfig("efficientnet-lite0"))
    calibration_share: float = 0.15
    test_share: float = 0.15
    folds: int = 5
    stack_on: StackOn = StackOn.OUT_OF_FOLD
    threshold: float = 0.80
    bootstrap_samples: int = 1000

    def __post_init__(self) -> None:
        kept = 1 - self.calibration_share - self.test_share
        checks = {
            "members must name at least one of cnn, bert, lexical": bool(self.members)
            and Member.FUSION not in self.members,
            "members must not repeat": len(set(self.members)) == len(self.members),
            "calibration_share and test_share must be above 0 and leave a training part": min(
                self.calibration_share, self.test_share, kept
            )
            > 0,
            "folds must be at least 2": self.folds >= 2,
            "threshold must lie between 0 and 1": 0 <= self.threshold <= 1,
            "bootstrap_samples must be at least 20": self.bootstrap_samples >= 20,
        }
        if broken := [message for message, holds in checks.items() if not holds]:
            raise ConfigInvalid(f"Training configuration: {'; '.join(broken)}.")

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` reads back."""
        return asdict(self) | {"members": [str(member) for member in self.members]}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the configuration; absent keys take their default.

        Raises ConfigInvalid for unknown keys and impossible values.
        """
        unknown = set(values) - {one.name for one in fields(cls)}
        if unknown:
            raise ConfigInvalid(
                f"Training configuration: unknown {', '.join(sorted(unknown))};"
                f" known are {', '.join(one.name for one in fields(cls))}."
            )
        read = dict(values)
        try:
            if "members" in read:
                read["members"] = tuple(Member(name) for name in read["members"])
            if "stack_on" in read:
                read["stack_on"] = StackOn(read["stack_on"])
            for name in ("text", "image"):
                if name in read:
                    read[name] = EncoderConfig(**read[name])
            return cls(**read)
        except (TypeError, ValueError) as error:
            raise ConfigInvalid(f"Training configuration: {error}.") from error
