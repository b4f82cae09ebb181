"""A training run in a folder of its own: frozen rows and configuration in, an artifact out.

    rows.jsonl      the labelled products, as `classifier.data` reads them
    config.json     `RunConfig`
    lock            held by the one process that works on the run, and its id
    tuned-<kind>/   a fine-tuned backbone, and `tuned-<kind>.run/` with its checkpoints until then

Started again after a kill, it goes on from the feature cache and the newest checkpoint, and ends
on one machine with the same artifact, byte by byte, as a run that was never interrupted.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from classifier.artifact import load_artifact, verify_artifact
from classifier.backbones.directory import read_json
from classifier.data import Dataset, read_dataset
from classifier.elder import Before
from classifier.encoding import Stages
from classifier.errors import ArtifactInvalid, ClassifierError, DataInvalid
from classifier.replay import replayed
from classifier.run_config import Kind, RunConfig, tuned_training
from classifier.threads import set_threads
from classifier.train import CALIBRATION, TRAIN, Points, Trained, divide, train
from classifier.types import Member

CONFIG: Final = "config.json"
LOCK: Final = "lock"
Relay = Callable[[str], None]  # hears lines of a process that fine-tunes


@dataclass(frozen=True)
class Run:
    """Where a run lies and what it uses.

    images: where the pictures of the rows lie
    backbones, features: caches, shared with other runs
    elder: the artifact of the version that keeps a share of the vote, where the configuration names one
    """

    folder: Path
    images: Path
    backbones: Path
    features: Path
    elder: Path | None = None

    def config(self) -> RunConfig:
        return RunConfig.from_json(read_json(self.folder / CONFIG))

    def dataset(self, config: RunConfig) -> Dataset:
        """Return the rows to learn. Raises DataInvalid as `read_dataset` does, and when most of the
        pictures have gone: a store that is not mounted would give a model that sees nothing."""
        whole = read_dataset(self.folder, images=self.images)
        gone = whole.missing_images
        named = gone + sum(one.input.image is not None for one in whole)
        if Member.CNN in config.training.members and gone > named / 2:
            raise DataInvalid(
                f"{gone} of {named} pictures are not in {self.images}; put them back, or train"
                ' without "cnn".'
            )
        return replayed(whole, config.replay, config.training.seed)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process works on the run; the kernel frees the lock of a dead one."""
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_abandoned(folder: Path, holder: int) -> bool:
    """Return whether the process `holder` no longer has the run's lock; another one may have it."""
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            # Empty for an instant while somebody else writes.
            return lock.read() not in {"", str(holder)}
    return True


def execute(run: Run, out: Path, on_stage: Stages, on_point: Points, relay: Relay) -> Trained:
    """Do what is left of the run and write the artifact to the new directory `out`.

    relay: hears the event lines of processes that fine-tune for it
    Raises ClassifierError as `train` and `finetune` do. The caller holds `alone`.
    """
    config = run.config()
    if config.uses_networks:
        set_threads(config.threads)
    dataset = run.dataset(config)
    directories: dict[Kind, str] = {}
    for kind in config.finetune:
        directories[kind] = f"tuned-{kind}"
        if (run.folder / directories[kind]).exists():
            continue
        if config.processes > 1:
            _torchrun(run, kind, config.processes, relay)
        else:
            tune(run, kind, config, dataset, on_stage, on_point)
    # The artifact names fine-tuned backbones as seen from the folder: where that lies on this
    # machine must not change the artifact's hash.
    with chdir(run.folder):
        return train(
            dataset,
            out,
            tuned_training(config.training, directories),
            on_stage,
            backbone_cache=run.backbones,
            feature_cache=run.features,
            on_point=on_point,
            before=_before(run, config),
        )


def _before(run: Run, config: RunConfig) -> Before | None:
    """Return the version that keeps a share of the vote. Raises ArtifactInvalid for another one."""
    if not config.elder or not config.elder_share:
        return None
    if run.elder is None or verify_artifact(run.elder) != config.elder:
        raise ArtifactInvalid(
            f"The model {config.elder[:12]}, which is to keep a share of the vote, is not there; put it"
            ' back, or train with "elder": "".'
        )
    return Before(load_artifact(run.elder), config.elder, config.elder_share)


def tune(
    run: Run, kind: Kind, config: RunConfig, dataset: Dataset, on_stage: Stages, on_point: Points
) -> None:
    """Fine-tune one backbone on the training part; the calibration part chooses the epoch."""
    from classifier.finetune.loop import finetune
    from classifier.finetune.samples import labelled
    from classifier.loading import backbone_directory
    from classifier.members.base import Modality

    modality = Modality(kind)
    parts = divide(dataset, config.training)
    finetune(
        labelled(dataset, parts[TRAIN], modality),
        backbone_directory(getattr(config.training, kind), modality, run.backbones),
        run.folder / f"tuned-{kind}",
        config.finetune[kind],
        labelled(dataset, parts[CALIBRATION], modality),
        lambda done, total: on_stage(f"tune_{kind}", done, total),
        lambda curve, x, y: on_point(f"{kind}/{curve}", x, y),
    )


def _torchrun(run: Run, kind: Kind, processes: int, relay: Relay) -> None:
    """Fine-tune with several processes of this machine; the first one's events are relayed."""
    command: list[Any] = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), "-m", "classifier", "run", run.folder]
    command += ["--images", run.images, "--backbones", run.backbones]
    command += ["--features", run.features, "--tune", kind, "--parent", str(os.getpid())]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:  # noqa: S603
        for line in process.stdout or ():
            relay(line)
    if process.returncode:
        raise ClassifierError(f"torchrun ended with {process.returncode}; see its output above.")
