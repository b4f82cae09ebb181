"""Evaluations: what is measured of a version, and the answers behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db.models import F, QuerySet

from reviewapp.choices import JobStatus, Split
from reviewapp.domain import gate_fairness
from reviewapp.domain.answers import AnswerSheet
from reviewapp.domain.policy_effect import Bools
from reviewapp.domain.snapshots import SnapshotRow
from reviewapp.models import Category, DatasetSnapshot, Evaluation, GateReport, ModelVersion
from reviewapp.selectors.snapshots import file_sha256, frozen_columns, frozen_rows


def evaluations() -> QuerySet[Evaluation]:
    """All evaluations, newest first, with version and snapshot."""
    rows = Evaluation.objects.select_related("model_version", "snapshot", "requested_by")
    return rows.defer("snapshot__manifest", "model_version__metrics").order_by("-id")


def listed_evaluations() -> QuerySet[Evaluation]:
    """The same for lists, without the metrics, which are large: of these `products` and `macro_f1`
    of FUSION alone."""
    return (
        evaluations()
        .annotate(
            products=F("metrics__products"),
            macro_f1=F("metrics__members__fusion__macro_f1__value"),
        )
        .defer("metrics")
    )


def finished(version: ModelVersion) -> QuerySet[Evaluation]:
    """Return the finished evaluations of a version, newest first."""
    return evaluations().filter(model_version=version, status=JobStatus.DONE)


def gate_reports() -> QuerySet[GateReport]:
    """All reports of the gate, newest first, with both versions."""
    rows = GateReport.objects.select_related(
        "candidate__model_version", "champion__model_version", "requested_by", "policy"
    )
    sides = ("candidate", "champion")
    large = [f"{side}__{name}" for side in sides for name in ("metrics", "model_version__metrics")]
    return rows.defer(*large).order_by("-id")


def open_gates() -> list[int]:
    """Return the reports whose two evaluations have ended, so that they can be judged."""
    ended = (JobStatus.DONE, JobStatus.FAILED)
    rows = GateReport.objects.filter(judged_at=None, candidate__status__in=ended)
    return list(rows.filter(champion__status__in=ended).order_by("pk").values_list("pk", flat=True))


def test_products(snapshot: DatasetSnapshot) -> int:
    """Return how many rows of a finished snapshot lie in its test split."""
    return sum(snapshot.manifest.get("splits", {}).get(Split.TEST, {}).values())


def test_rows(snapshot: DatasetSnapshot) -> Iterator[SnapshotRow]:
    """Yield the rows of the test split by product id, in constant memory.

    Raises FileNotFoundError when the snapshot's file has been removed from the disk.
    """
    return (row for row in frozen_rows(snapshot) if row.split == Split.TEST)


def products_by_seller(snapshot: DatasetSnapshot) -> Counter[str]:
    """Return how many rows of the snapshot each source has."""
    return Counter(source for (source,) in frozen_columns(snapshot, ("source",)))


def declared_groups(snapshot: DatasetSnapshot, sheet: AnswerSheet) -> dict[str, Bools]:
    """Return the declared groups of the sheet's products as masks (N,).

    Descriptions are those of the snapshot; without its file nothing is said of them.
    """
    families = dict(Category.objects.values_list("code", "family__slug"))
    try:
        rows = frozen_columns(snapshot, ("product_id", "description"))
        undescribed = np.isin(sheet.product, [product for product, text in rows if not text])
    except FileNotFoundError:
        return gate_fairness.declared_groups(sheet, families, None)
    return gate_fairness.declared_groups(sheet, families, undescribed)


def answers_folder() -> Path:
    return Path(settings.PRIVATE_ROOT) / "evaluations"


def answers_path(evaluation_id: int) -> Path:
    """Return where the answers of a finished evaluation lie."""
    return answers_folder() / f"{evaluation_id}.npz"


def chunk_path(evaluation_id: int, number: int) -> Path:
    """Return where a running evaluation keeps its answers to one chunk of products."""
    return answers_folder() / f"{evaluation_id}.{number:06d}.npz"


class AnswersGone(Exception):
    """The file of answers has been removed from the disk, or is not the one that was measured."""


def answer_sheet(evaluation: Evaluation) -> AnswerSheet:
    """Return the answers of a finished evaluation. Raises AnswersGone."""
    check_answers(evaluation)
    return read_sheet(answers_path(evaluation.pk))


def check_answers(evaluation: Evaluation) -> None:
    """Hash the file of answers before it is relied on. Raises AnswersGone.

    Answers from before a sha256 was kept do not say either which products the version had learned:
    they are as good as gone, and measured anew when they are asked for.
    """
    try:
        found = file_sha256(answers_path(evaluation.pk))
    except FileNotFoundError as error:
        raise AnswersGone from error
    if evaluation.answers_sha256 != found:
        raise AnswersGone


def read_sheet(path: Path) -> AnswerSheet:
    """Read a file of answers; nothing in it is ever run."""
    with np.load(path, allow_pickle=False) as file:
        return AnswerSheet.from_arrays(dict(file))
