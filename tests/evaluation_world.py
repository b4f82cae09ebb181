"""Snapshots with test products, and measured versions, for tests."""

import numpy as np

from reviewapp.choices import JobStatus
from reviewapp.domain.evaluation import evaluation_metrics
from reviewapp.models import DatasetSnapshot, Evaluation, SplitAssignment
from reviewapp.services.evaluations import (
    claim_evaluation,
    finish_evaluation,
    keep_chunk,
    request_evaluation,
)
from tests.answer_sheets import sheet, world
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ListedProductFactory,
    ModelVersionFactory,
)
from tests.labels import label, snapshot


def snapshot_of_tests(now, products=6):
    """A snapshot of which every product but one is a test product."""
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    for number in range(products + 1):
        word = "twenty" if number % 2 else "ten"
        product = ListedProductFactory(designation=f"{word} {number}")
        label(now, code=20 if number % 2 else 10, product=product)
        split = "test" if number < products else "train"
        SplitAssignment.objects.create(product=product, split=split, assigned_at=now)
    return snapshot(now)


def bare_snapshot(now, products):
    """A finished snapshot's row without a file, said to hold so many test products."""
    return DatasetSnapshot.objects.create(
        status=JobStatus.DONE,
        digest="d" * 64,
        file_sha256="f" * 64,
        rows_total=products + 1,
        manifest={"splits": {"test": {"10": products}, "train": {}, "validation": {}}},
        created_at=now,
        finished_at=now,
    )


def measured(
    version, snapshot_row, now, *, sharpness=3.0, products=1500, signal_factor=1.0, **columns
):
    """A finished evaluation with invented answers of the given quality.

    signal_factor: one number or (N,), how noisy the evidence is
    """
    row = request_evaluation(version=version, snapshot=snapshot_row, user=None, now=now)
    hold = claim_evaluation(evaluation_id=row.pk, now=now)
    true, signal = world(products=products)
    signal = signal * np.reshape(signal_factor, (-1, 1))
    answers = sheet(true, signal, sharpness=sharpness, **columns)
    keep_chunk(hold=hold, number=0, sheet=answers)
    metrics = evaluation_metrics(answers, 0.02)
    finish_evaluation(hold=hold, sheet=answers, metrics=metrics, now=now)
    return Evaluation.objects.get(pk=row.pk)


def measured_pair(now):
    """Champion and candidate, measured on the same invented products."""
    for code in range(10, 100, 10):
        CategoryFactory(code=code)
    row = bare_snapshot(now, products=400)
    versions = (ChampionFactory(name="old-1"), ModelVersionFactory(name="new-1"))
    return [
        measured(version, row, now, sharpness=sharpness, products=400)
        for version, sharpness in zip(versions, (2.0, 2.6), strict=True)
    ]
