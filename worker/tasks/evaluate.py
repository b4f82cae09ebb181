"""Evaluations, one per message, chunk by chunk; and the gate's judgement after the last one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from classifier.types import Member, ProductInput
from reviewapp.choices import ReviewReason
from reviewapp.domain.answers import (
    AnswerSheet,
    joined,
    member_answers,
    missing_inputs,
    seller_size,
)
from reviewapp.domain.evaluation import evaluation_metrics
from reviewapp.domain.snapshots import SnapshotRow
from reviewapp.models import Evaluation, GateReport, ModelVersion, ProductImage
from reviewapp.selectors import evaluations as selectors
from reviewapp.selectors.training import learned_among
from reviewapp.services import evaluations
from reviewapp.services.policies import current_policy
from worker import candidates, inference
from worker.app import app
from worker.tasks import jobs
from worker.tasks.snapshots import checked

CHUNK = 128

# Stored in English and translated where it is shown.
ALL_LEARNED = gettext_noop(
    "The model may have learned every test product of this snapshot: they had been in the training"
    " before their near duplicates took them into the test."
)


def wake_evaluation(evaluation_id: int) -> None:
    """Tell a worker of an evaluation, once the present transaction is committed."""
    jobs.wake(run_evaluation, evaluation_id)


def wake_gate(report: GateReport) -> None:
    """Tell workers of what a report needs, once the present transaction is committed."""
    for evaluation_id in (report.champion_id, report.candidate_id):
        wake_evaluation(evaluation_id)
    transaction.on_commit(partial(jobs.send, judge_gates), robust=True)


@app.task(soft_time_limit=jobs.SOFT_LIMIT, time_limit=jobs.HARD_LIMIT)
def run_evaluation(evaluation_id: int) -> None:
    """Measure a version. Safe to repeat: who does not get the row does nothing."""
    hold = evaluations.claim_evaluation(evaluation_id=evaluation_id, now=timezone.now())
    if hold is None:
        return

    def measure(note: jobs.OnProgress) -> None:
        row = Evaluation.objects.select_related("model_version", "snapshot").get(pk=evaluation_id)
        sheet = joined(list(_chunks(hold, row, note)))
        if not len(sheet.unlearned()):
            raise jobs.JobRefused(ALL_LEARNED)
        target = current_policy(now=timezone.now()).target_error
        metrics = evaluation_metrics(sheet, target)
        evaluations.finish_evaluation(hold=hold, sheet=sheet, metrics=metrics, now=timezone.now())

    try:
        jobs.work(hold, measure)
    finally:
        judge_gates()


@app.task(soft_time_limit=900, time_limit=960)
def judge_gates() -> None:
    """Judge every report whose two versions are measured. Safe to repeat."""
    for report_id in selectors.open_gates():
        evaluations.judge(report_id=report_id, now=timezone.now())


def _chunks(
    hold: evaluations.EvaluationHold, row: Evaluation, note: jobs.OnProgress
) -> Iterator[AnswerSheet]:
    """Yield the answers to the test products; what an earlier attempt has measured is read."""
    checked(row.snapshot)
    total, done = selectors.test_products(row.snapshot), 0
    sellers = selectors.products_by_seller(row.snapshot)
    rows = selectors.test_rows(row.snapshot)
    for number in itertools.count():
        if not (chunk := list(itertools.islice(rows, CHUNK))):
            return
        path = selectors.chunk_path(row.pk, number)
        if not path.exists():
            candidates.let_arrivals_pass()
            sheet = _measured(_predictor(row), row.model_version, chunk, sellers)
            evaluations.keep_chunk(hold=hold, number=number, sheet=sheet)
        yield _marked(row.model_version, selectors.read_sheet(path))
        done += len(chunk)
        note(done, total)


def _predictor(row: Evaluation) -> inference.Predictor:
    try:
        return candidates.predictor_of(row.model_version)
    except inference.ModelUnusable as problem:
        raise jobs.JobRefused(str(problem)) from problem


def _measured(
    predictor: inference.Predictor,
    version: ModelVersion,
    rows: Sequence[SnapshotRow],
    sellers: Counter[str],
) -> AnswerSheet:
    said = predictor.distributions([_input(row) for row in rows])
    codes = np.array(version.labels, dtype=np.int64)
    return AnswerSheet(
        labels=codes,
        product=np.array([row.product_id for row in rows], dtype=np.int64),
        true=np.array([row.code for row in rows], dtype=np.int64),
        group=np.array([row.group for row in rows]),
        missing=np.array([_missing(row) for row in rows]),
        language=np.array([row.language for row in rows]),
        seller=np.array([seller_size(sellers[row.source]) for row in rows]),
        is_audit=np.array([row.is_blind and ReviewReason.AUDIT in row.reasons for row in rows]),
        latency_ms=said[Member.FUSION].latency_ms,
        members={
            str(member): member_answers(one.proba, one.known, codes) for member, one in said.items()
        },
    )


def _marked(version: ModelVersion, sheet: AnswerSheet) -> AnswerSheet:
    """Note what the version has learned by now: a chunk may be from before some of it was known."""
    ids = sheet.product.tolist()
    learned = learned_among(version, ids)
    return replace(sheet, is_learned=np.array([product in learned for product in ids]))


def _missing(row: SnapshotRow) -> str:
    has_text = bool(row.designation.strip() or row.description.strip())
    return missing_inputs(has_image=row.image_sha256 is not None, has_text=has_text)


def _input(row: SnapshotRow) -> ProductInput:
    picture = ProductImage(sha256=row.image_sha256).path if row.image_sha256 else None
    return ProductInput(
        key=str(row.product_id),
        designation=row.designation,
        description=row.description,
        image=Path(settings.MEDIA_ROOT) / picture if picture else None,
    )
