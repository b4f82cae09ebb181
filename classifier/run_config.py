"""Configuration of a training run: heads, fine-tuning before them, and how much of it replays.

Plain values without torch: the site checks a configuration before it asks for a run.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final, Literal, Self, get_args, get_origin, get_type_hints

from classifier.config import ConfigInvalid, EncoderConfig, StackOn, TrainConfig
from classifier.errors import ClassifierError
from classifier.finetune.config import FinetuneConfig
from classifier.types import Member

Kind = Literal["text", "image"]
KINDS: Final[tuple[Kind, ...]] = ("text", "image")
_MOST_PROCESSES: Final = 64
# A larger share dilutes poisoned labels until the gate lets them through (`scripts/bench_gate.py`).
MOST_ELDER_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that decides a run's result besides its rows.

    finetune: backbones to train as a whole, before the heads are fitted on their features
    replay: share of the catalogue's own rows of the training part that are seen again; each kept
        row then weighs 1 / replay, so that sums over them stay what they were on average
    elder: sha256 of the manifest of the version that keeps a share of FUSION's vote, so that fewer
        right answers are lost (`classifier.elder`); empty for none
    elder_share: its share, in logarithms, at most 0.3
    processes: processes of one fine-tuning, one for each GPU; above 1 `torchrun` starts them
    threads: torch threads of each process; another number may give another model
    """

    training: TrainConfig = field(default_factory=TrainConfig)
    finetune: dict[Kind, FinetuneConfig] = field(default_factory=dict)
    replay: float = 1.0
    elder: str = ""
    elder_share: float = MOST_ELDER_SHARE
    processes: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        _check_types(self)
        checks = {
            "replay must lie above 0 and not above 1": 0 < self.replay <= 1,
            "elder must be the sha256 of a manifest, or empty": not self.elder
            or bool(re.fullmatch("[0-9a-f]{64}", self.elder)),
            f"elder_share must lie between 0 and {MOST_ELDER_SHARE}": 0
            <= self.elder_share
            <= MOST_ELDER_SHARE,
            f"processes must lie between 1 and {_MOST_PROCESSES}": 1
            <= self.processes
            <= _MOST_PROCESSES,
            "threads must be at least 1": self.threads >= 1,
            "processes above 1 need something to fine-tune": self.processes == 1
            or bool(self.finetune),
        }
        if broken := [message for message, holds in checks.items() if not holds]:
            raise ConfigInvalid(f"Run configuration: {'; '.join(broken)}.")

    @property
    def uses_networks(self) -> bool:
        """Whether torch is needed: the lexical member alone does without."""
        return bool(self.finetune) or set(self.training.members) != {Member.LEXICAL}

    def with_seed(self, seed: int) -> RunConfig:
        """Return the configuration with this seed for everything random."""
        return replace(
            self,
            training=replace(self.training, seed=seed),
            finetune={kind: replace(one, seed=seed) for kind, one in self.finetune.items()},
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` reads back."""
        return asdict(self) | {"training": self.training.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the configuration; absent keys take their default.

        Raises ConfigInvalid for unknown keys, wrong types and impossible values.
        """
        _check_names(cls, values, "Run configuration")
        read = dict(values)
        training = TrainConfig.from_json(_object(read.pop("training", {}), "training"))
        for one in (training, training.text, training.image):
            _check_types(one)
        tuned = _object(read.pop("finetune", {}), "finetune")
        if unknown := set(tuned) - set(KINDS):
            raise ConfigInvalid(f"finetune: unknown {', '.join(sorted(unknown))}.")
        finetune = {kind: _finetune(kind, tuned[kind]) for kind in KINDS if kind in tuned}
        return cls(training=training, finetune=finetune, **read)


def tuned_training(training: TrainConfig, directories: dict[Kind, str]) -> TrainConfig:
    """Return the heads' configuration for backbones that were fine-tuned into `directories`."""
    if not directories:
        return training
    changed = replace(training, stack_on=StackOn.CALIBRATION)
    for kind, directory in directories.items():
        encoder: EncoderConfig = getattr(training, kind)
        tuned = replace(encoder, backbone=directory, is_bundled=True)
        changed = replace(changed, text=tuned) if kind == "text" else replace(changed, image=tuned)
    return changed


def _finetune(kind: Kind, values: Any) -> FinetuneConfig:
    given = _object(values, f"finetune.{kind}")
    _check_names(FinetuneConfig, given, f"finetune.{kind}")
    try:
        config = FinetuneConfig(**{**given, "kind": kind})
    except (ClassifierError, TypeError) as error:
        raise ConfigInvalid(f"finetune.{kind}: {error}") from error
    _check_types(config)
    return config


def _object(values: Any, name: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ConfigInvalid(f"{name} must be an object.")
    return values


def _check_names(kind: type[Any], values: dict[str, Any], name: str) -> None:
    known = [one.name for one in fields(kind)]
    if unknown := set(values) - set(known):
        raise ConfigInvalid(
            f"{name}: unknown {', '.join(sorted(unknown))}; known are {', '.join(known)}."
        )


def _check_types(config: Any) -> None:
    """Raise ConfigInvalid for a number, text, flag or choice of another type than declared."""
    for name, hint in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if not _fits(value, hint):
            raise ConfigInvalid(f"{type(config).__name__}: {name} cannot be {value!r}.")


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and value == value
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint in {str, bool}:
        return isinstance(value, hint)
    return True
