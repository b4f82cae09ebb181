"""Working through an import in batches: each one stored, reported and counted together."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from reviewapp import correlation
from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.domain import imports as rules
from reviewapp.domain.images import ImageRefused
from reviewapp.domain.imports import ImportRow, ImportUnreadable
from reviewapp.domain.products import Outcome, ProductRefused
from reviewapp.models import CatalogueImport, Category
from reviewapp.services.catalog import Picture, ProductDraft, draft_product, ingest_batch
from reviewapp.services.imports import files, jobs
from reviewapp.services.imports.jobs import Hold
from reviewapp.services.imports.labels import Labels, read_labels
from reviewapp.services.imports.pictures import PictureMissing, Pictures, open_pictures
from reviewapp.services.imports.report import ReportLine, append_lines, cut_report
from reviewapp.services.imports.seen_ids import SeenIds
from reviewapp.services.imports.tables import Table, open_table

_BATCH = 500
# Decoding a picture takes a hundred times as long as its row.
_BATCH_WITH_PICTURES = 50
# Rows counted between two signs of life, a second or so.
_COUNT_STEP = 100_000
# Seconds; with as many to get to its first row, it stays below the task's time limit.
_LONGEST_SLICE = 200.0

Clock = Callable[[], datetime]
Step = Callable[[CatalogueImport], None]


@dataclass(frozen=True, slots=True)
class _Sources:
    table: Table
    labels: Labels | None
    pictures: Pictures
    codes: frozenset[int]
    seen: SeenIds
    batch: int


@dataclass(frozen=True, slots=True)
class _Prepared:
    row: ImportRow
    draft: ProductDraft | None
    reason: str


def run_import(
    *, import_id: int, clock: Clock, on_batch: Step, seconds: float | None = None
) -> JobStatus | None:
    """Work on an import for about `seconds` (None: to its end); return its status afterwards.

    None when there is nothing to do: it is done, or another worker has it. Goes on from the row
    where the last run ended, whatever ended it. `on_batch` is called after each commit. A file that
    cannot be used fails the import with a reason; a row that cannot only gets a line in the report.
    """
    hold = jobs.claim_import(import_id=import_id, now=clock())
    if hold is None:
        return None
    language = translation.override(jobs.language_of(hold.job))
    with language, correlation.bound(correlation_id=hold.job.correlation_id):
        try:
            is_whole = _work(hold, clock, on_batch, seconds)
        except ImportUnreadable as error:
            jobs.finish(hold, now=clock(), error=error.message)
        except jobs.ImportLost:
            return None
        else:
            if is_whole:
                jobs.finish(hold, now=clock())
            else:
                jobs.release(hold, now=clock())
    return JobStatus(hold.job.status)


def _work(hold: Hold, clock: Clock, on_batch: Step, seconds: float | None) -> bool:
    """Handle batches for a slice's time; say whether none is left."""
    started = time.monotonic()
    with _sources(hold, clock) as sources:
        cut_report(files.report_path(hold.job), hold.job.rows_done)
        rows = _rows_left(hold, sources, clock)
        deadline = None if seconds is None else _deadline(started, seconds)
        while batch := list(islice(rows, sources.batch)):
            prepared = [_prepare(row, sources) for row in batch]
            _store(hold, prepared, clock())
            on_batch(hold.job)
            if deadline is not None and time.monotonic() >= deadline:
                return False
        _note_unnamed(hold, sources, clock)
    return True


def _note_unnamed(hold: Hold, sources: _Sources, clock: Clock) -> None:
    """Say how many pictures no row names: their names are wrong, or their rows are missing."""
    names = sources.pictures.unnamed(_counted(hold, sources.table.rows(), clock))
    if names:
        jobs.note_unnamed(hold, count=len(names), example=names[0], now=clock())


def _deadline(started: float, seconds: float) -> float:
    """Return when a slice ends (monotonic seconds).

    It works as long as it took to get to its first row: else a large table would be parsed again
    and again for a batch each.
    """
    now = time.monotonic()
    return now + max(seconds, min(now - started, _LONGEST_SLICE))


def _rows_left(hold: Hold, sources: _Sources, clock: Clock) -> Iterator[ImportRow]:
    """Go past the rows that are done, with signs of life and an eye on their ids; give the others."""
    rows, done = sources.table.rows(), hold.job.rows_done
    for count, row in enumerate(islice(rows, done), start=1):
        if not row.problem:
            sources.seen.is_new(row.external_id)
        if count % _COUNT_STEP == 0 or count == done:
            _still_here(hold, clock)
    return rows


@contextmanager
def _sources(hold: Hold, clock: Clock) -> Iterator[_Sources]:
    job = hold.job
    table_path, labels_path = files.path_of(job, files.TABLE), files.path_of(job, files.LABELS)
    if table_path is None:
        raise ImportUnreadable(_("The import has no table."))
    table = open_table(table_path, ImportFormat(job.format), job.files.get("encoding", ""))
    labels = read_labels(labels_path, partial(_still_here, hold, clock)) if labels_path else None
    if job.rows_total is None:
        rows = _first_look(_counted(hold, table.rows(), clock), labels)
        jobs.note_table(hold, rows=rows, encoding=table.encoding, now=clock())
    archive, folder, array = (
        files.path_of(job, kind) for kind in (files.ARCHIVE, files.FOLDER, files.ARRAY)
    )
    with open_pictures(
        archive=archive, folder=folder, array=array, rows=job.rows_total or 0
    ) as pictures:
        yield _Sources(
            table=table,
            labels=labels,
            pictures=pictures,
            codes=frozenset(Category.objects.values_list("code", flat=True)),
            seen=SeenIds(),
            batch=_BATCH_WITH_PICTURES if archive or folder or array else _BATCH,
        )


def _first_look(rows: Iterable[ImportRow], labels: Labels | None) -> int:
    """Count the rows. Raises ImportUnreadable when the file of labels is about other rows."""
    count = matched = 0
    for row in rows:
        count += 1
        if labels is None:
            continue
        if row.index is None and not row.problem and not labels.counts_rows:
            raise ImportUnreadable(
                _("The table has no index column, and the indexes of the labels are not 0, 1, 2 …")
            )
        matched += labels.code(row.place) is not None
    if labels is not None and count and not matched:
        raise ImportUnreadable(_("No row of the table has an index that the labels have."))
    return count


def _counted(hold: Hold, rows: Iterator[ImportRow], clock: Clock) -> Iterator[ImportRow]:
    """Give the rows, with a sign of life now and then."""
    for count, row in enumerate(rows, start=1):
        if count % _COUNT_STEP == 0:
            _still_here(hold, clock)
        yield row


def _still_here(hold: Hold, clock: Clock) -> None:
    jobs.still_here(hold, now=clock())


def _prepare(row: ImportRow, sources: _Sources) -> _Prepared:
    """Clean a row and store its picture; a row that cannot be taken gets the reason instead."""
    if row.problem:
        return _Prepared(row, None, row.problem)
    if row.external_id.strip() and not sources.seen.is_new(row.external_id):
        return _Prepared(row, None, _("An earlier row of this file has the same id; it counts."))
    raw_code = _raw_code(row, sources)
    notes = [] if raw_code is not None else [_no_label(row)]
    try:
        draft = draft_product(
            external_id=row.external_id,
            designation=row.designation,
            description=row.description,
            given_code=_code(raw_code, sources),
            language=rules.language(row.language),
        )
        image = sources.pictures.store(row)
    except (ProductRefused, ImageRefused) as error:
        return _Prepared(row, None, error.message)
    except PictureMissing:
        name = {"name": row.picture_name[:200]}
        image = None
        notes.append(_("Taken without its picture: no “%(name)s”.") % name)
    return _Prepared(row, draft.with_image(image or Picture.KEEP), " ".join(notes))


def _no_label(row: ImportRow) -> str:
    message = _("Taken without a code: the file of labels has no index “%(index)s”.")
    return message % {"index": row.place[:40]}


def _raw_code(row: ImportRow, sources: _Sources) -> str | None:
    """Return what stands for the row's code; None when the file of labels has no such row."""
    return sources.labels.code(row.place) if sources.labels else row.given_code


def _code(raw: str | None, sources: _Sources) -> int | None:
    code = rules.given_code(raw or "")
    if code is not None and code not in sources.codes:
        message = _("There is no category %(code)s.") % {"code": code}
        raise ProductRefused("given_code", message)
    return code


@transaction.atomic
def _store(hold: Hold, prepared: list[_Prepared], now: datetime) -> None:
    """Store a batch, its report and its count: all, or after a crash none of them."""
    jobs.renew(hold, now)
    job = hold.job
    stored = iter(
        ingest_batch(
            source=job.source,
            drafts=[one.draft for one in prepared if one.draft is not None],
            seller=job.seller,
            now=now,
        )
    )
    lines = [
        ReportLine(
            one.row.number,
            one.row.external_id,
            next(stored).outcome if one.draft is not None else Outcome.REFUSED,
            one.reason,
        )
        for one in prepared
    ]
    # Before the commit: lines too many are cut off at the next start, missing ones could not be
    # made up for.
    append_lines(files.report_path(job), lines)
    jobs.count_rows(hold, Counter(line.outcome for line in lines))
