import shutil
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.choices import Queue
from reviewapp.demo.challenge_folder import write_challenge_folder
from reviewapp.management.training import TrainingFailed, train_model
from reviewapp.models import ModelVersion
from reviewapp.selectors.model_versions import champion
from reviewapp.selectors.workers import DEMO_TRAINER
from reviewapp.services import model_versions, workers
from reviewapp.services.model_versions import ModelRefused
from reviewapp.services.promotions import promote
from worker.tasks.classify import wake_workers

_NAME = "demo-1"
_PRODUCTS = 800
# Another stream than the shop's: what the model has learned from must not be what it classifies.
_SEED = 1
_BEAT_SECONDS = 5.0


class Command(BaseCommand):
    help = (
        "Train the demo's models on invented products, or on a folder in the challenge layout, and"
        " let them classify where no other model does. Does nothing where the model is there."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default=_NAME, help="name of the model (default %(default)s)")
        parser.add_argument("--data", type=Path, help="a labelled folder instead of the demo's")
        parser.add_argument("--count", type=int, default=_PRODUCTS, help="invented products")

    def handle(self, *, name: str, data: Path | None, count: int, **options: Any) -> None:
        self._shown = self._beaten = 0.0
        out = Path(settings.MODELS_ROOT) / name
        try:
            if not self._is_whole(out):
                self._train(out, data, count)
            version = model_versions.register_model(
                directory=out, now=timezone.now(), is_demo=data is None
            )
            if champion() in (None, version):
                promote(version=version, now=timezone.now())
        except (ModelRefused, TrainingFailed, OSError) as error:
            raise CommandError(str(error)) from error
        wake_workers()
        self.stdout.write(self._summary(version))

    def _is_whole(self, out: Path) -> bool:
        if not out.exists():
            return False
        try:
            model_versions.check_artifact(out)
        except ModelRefused as refused:
            aside = out.with_name(f"{out.name}.broken-{int(time.time())}")
            out.rename(aside)
            self.stderr.write(f"{refused} It was put aside as {aside.name}.")
            return False
        return True

    def _train(self, out: Path, data: Path | None, count: int) -> None:
        out.parent.mkdir(parents=True, exist_ok=True)
        name = f"{DEMO_TRAINER}@{out.name}"
        try:
            folder = data or self._invented(count)
            train_model(
                data=folder,
                out=out,
                cache=Path(settings.VAR_DIR),
                on_progress=lambda stage, done, total: self._progress(name, stage, done, total),
            )
        finally:
            workers.retire(name=name)

    def _invented(self, count: int) -> Path:
        folder = Path(settings.VAR_DIR) / "demo-data" / f"{count}-{_SEED}"
        if folder.exists():
            return folder
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        write_challenge_folder(
            part,
            count,
            _SEED,
            lambda done: self._progress(f"{DEMO_TRAINER}@data", "drawing", done, count),
        )
        workers.retire(name=f"{DEMO_TRAINER}@data")
        return part.rename(folder)

    def _progress(self, name: str, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._beaten >= _BEAT_SECONDS:
            # While this row is fresh, products wait for the model instead of going to review.
            workers.beat(name=name, queue=Queue.TRAINING, now=timezone.now())
            self._beaten = now
        is_terminal = sys.stdout.isatty()
        if done == total or now - self._shown >= (0.1 if is_terminal else 1.0):
            self._shown = now
            line = f"{stage} {done}/{total}"
            self.stdout.write(
                f"\r{line:<40}" if is_terminal else line, ending="" if is_terminal else "\n"
            )
            self.stdout.flush()

    def _summary(self, version: ModelVersion) -> str:
        members = version.metrics.get("members", {})
        scores = ", ".join(
            f"{name} {numbers['accuracy']['value']:.1%}"
            for name, numbers in members.items()
            if numbers.get("rows")
        )
        in_service = champion()
        does = (
            "classifies"
            if in_service == version
            else f"is a candidate beside {in_service}, which classifies"
        )
        return f"\nModel {version.name} {does}. Accuracy on held-out products: {scores}."
