"""Labels that people gave in another tool: read task by task, each with its own fate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db import transaction
from django.utils.translation import gettext_noop as _

from reviewapp.choices import LabelSource
from reviewapp.domain.label_studio import (
    Annotated,
    TaskRefused,
    TasksUnreadable,
    read_task,
    split_tasks,
)
from reviewapp.domain.priority import AUDIT
from reviewapp.domain.reasons import Reason
from reviewapp.models import Category, FeedbackLabel, LabelImport, Product, User
from reviewapp.selectors.snapshots import pseudonym
from reviewapp.services.suspects import ask_about_label

_BATCH = 500
# Refusals and contests kept on the row; the counts hold all of them.
_REPORTED = 200


class _Outcome(Enum):
    CREATED = "created"
    CONTESTED = "contested"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class _Task:
    number: int
    read: Annotated


@dataclass(frozen=True, slots=True)
class _World:
    """What the tasks of one batch are held against; the products are locked."""

    products: dict[tuple[str, str], Product]
    live: dict[int, FeedbackLabel]
    categories: dict[int, Category]


def import_labels(
    *, content: bytes, file_name: str, source: str, user: User | None, now: datetime
) -> LabelImport:
    """Take Label Studio's choices as labels of the source IMPORTED; return the report.

    source: of products whose task names none. A choice that is the product's label already changes
    nothing, whoever gave it. Against a label of this house's own people it is kept beside, as one that
    is not live, and a colleague here decides, told of neither answer. Batches are committed one by
    one. Raises TasksUnreadable when the file is no list of tasks.
    """
    text = _decoded(content)
    job = LabelImport.objects.create(
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        requested_by=user,
        created_at=now,
    )
    seen: set[tuple[str, str]] = set()
    try:
        for batch in _batches(text):
            _take(job, batch, source, seen, now)
    except TasksUnreadable as error:
        if not job.tasks_count:
            job.delete()
            raise
        _refuse(job, 0, error.reason)
        job.save()
    return job


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TasksUnreadable(_("The file is not UTF-8 text.")) from error


def _batches(text: str) -> Iterator[list[tuple[int, str]]]:
    """Yield numbered tasks; those before the place where the list breaks off as well."""
    batch: list[tuple[int, str]] = []
    try:
        for number, task in enumerate(split_tasks(text), start=1):
            batch.append((number, task))
            if len(batch) == _BATCH:
                yield batch
                batch = []
    except TasksUnreadable:
        yield batch
        raise
    yield batch


@transaction.atomic
def _take(
    job: LabelImport,
    batch: list[tuple[int, str]],
    source: str,
    seen: set[tuple[str, str]],
    now: datetime,
) -> None:
    tasks = []
    for number, text in batch:
        try:
            tasks.append(_Task(number, read_task(text, source)))
        except TaskRefused as refused:
            _refuse(job, number, refused.reason)
    world = _world(tasks)
    for task in tasks:
        try:
            outcome = _store(job, task, world, seen, now)
        except TaskRefused as refused:
            _refuse(job, task.number, refused.reason)
        else:
            job.contested_count += outcome is _Outcome.CONTESTED
            job.created_count += outcome is _Outcome.CREATED
            job.unchanged_count += outcome is _Outcome.UNCHANGED
    job.save()


def _world(tasks: list[_Task]) -> _World:
    rows = Product.objects.select_for_update(no_key=True).filter(
        source__in={task.read.source for task in tasks},
        external_id__in={task.read.external_id for task in tasks},
    )
    products = {(row.source, row.external_id): row for row in rows.order_by("pk")}
    live = FeedbackLabel.objects.filter(product__in=products.values(), ended_at=None)
    live = live.select_related("category")
    return _World(
        products=products,
        live={label.product_id: label for label in live},
        categories={category.code: category for category in Category.objects.all()},
    )


def _store(
    job: LabelImport, task: _Task, world: _World, seen: set[tuple[str, str]], now: datetime
) -> _Outcome:
    """Make the task's choice the product's live label, or contest the present one by it.

    Raises TaskRefused.
    """
    read = task.read
    product, category = _product(read, world, seen), _category(read, world)
    before = world.live.get(product.pk)
    if before is not None and (before.category_id, before.input_digest) == (
        category.pk,
        product.input_digest,
    ):
        return _Outcome.UNCHANGED
    label = _label(job, read, product, category, now)
    if before is not None and before.source != LabelSource.IMPORTED:
        if before.input_digest == product.input_digest:
            return _contest(job, task.number, before, label, now)
        if not read.input_digest:
            words = _(
                "A moderator here has decided this product for an earlier text or picture, and the"
                " task does not tell by its input_digest which one it is about."
            )
            raise TaskRefused(words)
    if before is not None:
        before.ended_at = now
        before.save(update_fields=["ended_at"])
    label.save()
    if before is not None:
        before.superseded_by = label
        before.save(update_fields=["superseded_by"])
    return _Outcome.CREATED


def _label(
    job: LabelImport, read: Annotated, product: Product, category: Category, now: datetime
) -> FeedbackLabel:
    return FeedbackLabel(
        product=product,
        category=category,
        source=LabelSource.IMPORTED,
        label_import=job,
        annotation=read.annotation,
        annotator=pseudonym(f"annotator {read.annotator or f'of import {job.pk}'}"),
        # Nobody here knows how the other tool chose: the row counts once.
        inclusion_probability=1.0,
        input_digest=product.input_digest,
        created_at=now,
    )


def _contest(
    job: LabelImport, number: int, before: FeedbackLabel, label: FeedbackLabel, now: datetime
) -> _Outcome:
    """Keep the choice as a label that is not live, and ask a colleague of whoever decided here.

    The same choice is contested once for one decision, however often its file is read.
    """
    same = {"category": label.category, "input_digest": label.input_digest}
    earlier = FeedbackLabel.objects.filter(
        product=label.product, source=LabelSource.IMPORTED, created_at__gte=before.created_at
    )
    if earlier.filter(**same).exists():
        return _Outcome.UNCHANGED
    label.ended_at = now
    label.save()
    ask_about_label(product=label.product, author_id=before.moderator_id, priority=AUDIT, now=now)
    words = _(
        "A moderator here has decided %(here)s, the file says %(there)s: that is kept beside, and"
        " a colleague is asked."
    )
    codes = {"here": before.category.code, "there": label.category.code}
    _report(job, number, Reason(words, codes))
    return _Outcome.CONTESTED


def _product(read: Annotated, world: _World, seen: set[tuple[str, str]]) -> Product:
    key = (read.source, read.external_id)
    product = world.products.get(key)
    if product is None:
        named = {"source": read.source[:60], "id": read.external_id[:80]}
        raise TaskRefused(_("There is no product “%(id)s” of the source “%(source)s”."), named)
    if key in seen:
        raise TaskRefused(_("The product stands in the file twice; its first task counts."))
    seen.add(key)
    if read.input_digest and read.input_digest != product.input_digest:
        raise TaskRefused(_("The product's text or picture has changed since it was labelled."))
    return product


def _category(read: Annotated, world: _World) -> Category:
    category = world.categories.get(read.code)
    if category is None or not category.is_active:
        raise TaskRefused(_("There is no category %(code)s."), {"code": read.code})
    return category


def _refuse(job: LabelImport, number: int, reason: Reason) -> None:
    job.refused_count += 1
    _report(job, number, reason)


def _report(job: LabelImport, number: int, reason: Reason) -> None:
    if len(job.report) < _REPORTED:
        job.report.append([number, *reason.as_json()])
