import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from classifier.config import ConfigInvalid
from reviewapp.choices import JobStatus, TrainingStatus
from reviewapp.domain.recipes import RECIPES, Recipe
from reviewapp.domain.snapshots import Filters
from reviewapp.models import DatasetSnapshot, TrainingRun
from reviewapp.selectors.training import checked_config
from reviewapp.services import training
from reviewapp.services.snapshots import request_snapshot
from reviewapp.services.training import Progress
from worker.tasks.snapshots import run_snapshot
from worker.tasks.training import wake_training, work


class Command(BaseCommand):
    help = (
        "Train a model on a snapshot of the labels and the catalogue's own codes, now and here;"
        " its outcome is a candidate. The run is listed on the page of trainings."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        data = parser.add_mutually_exclusive_group()
        data.add_argument("--snapshot", type=int, help="number of a snapshot; default: a new one")
        data.add_argument(
            "--base-only", action="store_true", help="learn only the codes products arrived with"
        )
        data.add_argument("--run", type=int, help="go on with this run, failed or cancelled before")
        parser.add_argument(
            "--labels-only", action="store_true", help="leave out the codes products arrived with"
        )
        parser.add_argument("--recipe", choices=Recipe.values, default=Recipe.HEADS)
        parser.add_argument("--config", type=Path, help="JSON file, in the recipe's place")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--note", default="")
        parser.add_argument(
            "--queue", action="store_true", help="leave it to the training worker and return"
        )
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, **options: Any) -> None:
        run = _resumed(options["run"]) if options["run"] else _requested(options)
        if options["queue"]:
            wake_training(run.pk)
            self.stdout.write(f"Training run {run.pk} waits for the training worker.")
            return
        self._line = ""
        try:
            work(run.pk, self._show)
        except KeyboardInterrupt:
            raise CommandError(
                f"Cancelled. `manage.py train --run {run.pk}` goes on from the checkpoint."
            ) from None
        run.refresh_from_db()
        if run.status != TrainingStatus.DONE or run.model_version is None:
            raise CommandError(run.error or f"Run {run.pk} is with another worker.")
        outcome = {
            "run": run.pk,
            "model": run.model_version.name,
            "manifest_sha256": run.model_version.manifest_sha256,
            "rows_sha256": run.rows_sha256,
            "rows": run.rows,
        }
        self.stdout.write(json.dumps(outcome) if options["json"] else _as_text(run))

    def _show(self, progress: Progress) -> None:
        line = f"{progress.stage} {progress.done}/{progress.total}"
        if line != self._line:
            self._line = line
            self.stderr.write(line)


def _requested(options: dict[str, Any]) -> TrainingRun:
    snapshot, config = None, _config(options["config"], Recipe(options["recipe"]))
    try:
        checked_config(config)
        if not options["base_only"]:
            snapshot = _known(options["snapshot"]) if options["snapshot"] else _frozen()
        return training.request_run(
            snapshot=snapshot,
            has_base=not options["labels_only"],
            config=config,
            seed=options["seed"],
            note=options["note"],
            now=timezone.now(),
        )
    except (ConfigInvalid, training.NothingToTrain) as error:
        raise CommandError(str(error) or "There is nothing to learn.") from error


def _config(file: Path | None, recipe: Recipe) -> dict[str, Any]:
    if file is None:
        return dict(RECIPES[recipe])
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: not a JSON file ({error}).") from error
    if not isinstance(config, dict):
        raise CommandError(f"{file}: expected a JSON object.")
    return config


def _resumed(number: int) -> TrainingRun:
    run = TrainingRun.objects.filter(pk=number).first()
    if run is None:
        raise CommandError(f"There is no training run {number}.")
    if run.is_open:
        return run
    try:
        return training.retry_run(run_id=number)
    except training.RunIsOpen as error:
        raise CommandError(f"Run {number} has ended well: {run.model_version}.") from error
    except training.OtherRunIsOpen as error:
        raise CommandError(
            "Another run that was started automatically is open: wait for its end, or cancel it."
        ) from error


def _frozen() -> DatasetSnapshot:
    snapshot = request_snapshot(filters=Filters(), note="", user=None, now=timezone.now())
    run_snapshot(snapshot.pk)
    snapshot.refresh_from_db()
    if snapshot.status != JobStatus.DONE:
        raise CommandError(snapshot.error or "The snapshot was taken over by a worker.")
    return snapshot


def _known(number: int) -> DatasetSnapshot:
    snapshot = DatasetSnapshot.objects.filter(pk=number, status=JobStatus.DONE).first()
    if snapshot is None:
        raise CommandError(f"There is no finished snapshot {number}.")
    return snapshot


def _as_text(run: TrainingRun) -> str:
    version = run.model_version
    fusion = version.metrics.get("members", {}).get("fusion", {}) if version else {}
    accuracy = fusion.get("accuracy", {}).get("value")
    measured = "" if accuracy is None else f", FUSION right on {accuracy:.1%} of the test part"
    return f"Run {run.pk}: the model {version} is a candidate{measured}."
