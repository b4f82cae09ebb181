"""Searches for suspect labels, one per message, on the queue of the trainings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext_noop

from classifier.errors import DataInvalid
from classifier.text import model_text
from reviewapp.models import ModelVersion, SuspectSearch
from reviewapp.selectors import model_versions
from reviewapp.selectors.suspects import LabelledProduct, labelled_products, vectors
from reviewapp.services import suspects
from worker.app import app
from worker.tasks import jobs

# Stored in English and translated where it is shown.
TOO_FEW = gettext_noop(
    "There are too few labels: it takes two categories with five products each, near duplicates"
    " counted once."
)
# With vectors of fewer products the others' missing ones would say more than the vectors.
_LEAST_WITH_VECTOR = 0.5


def wake_search(search_id: int) -> None:
    """Tell a worker of a search, once the present transaction is committed."""
    jobs.wake(run_search, search_id)


@app.task(soft_time_limit=jobs.SOFT_LIMIT, time_limit=jobs.HARD_LIMIT)
def run_search(search_id: int) -> None:
    """Search all labels. Safe to repeat: who does not get the row does nothing."""
    hold = suspects.claim_search(search_id=search_id, now=timezone.now())
    if hold is None:
        return

    def search(note: jobs.OnProgress) -> None:
        # scikit-learn: only the worker that searches pays for it.
        from classifier.suspects import LabelledRows, find_suspects

        rows = labelled_products()
        note(0, len(rows))
        version, found = _vectors(rows)
        labelled = LabelledRows(
            [model_text(row.designation, row.description) for row in rows],
            [row.code for row in rows],
            [row.group for row in rows],
            found,
            np.array([row.by_drifting for row in rows]),
        )
        seed = SuspectSearch.objects.values_list("seed", flat=True).get(pk=search_id)
        try:
            findings = find_suspects(labelled, seed=seed)
        except DataInvalid as error:
            raise jobs.JobRefused(TOO_FEW) from error
        suspects.finish_search(
            hold=hold,
            rows=rows,
            suspects=findings.suspects,
            judged=findings.judged,
            version=version,
            now=timezone.now(),
        )

    jobs.work(hold, search)


def _vectors(
    rows: Sequence[LabelledProduct],
) -> tuple[ModelVersion | None, np.ndarray | None]:
    """Return the champion's vectors (N, D), zeros where there is none; none when few have any."""
    champion = model_versions.champion()
    if champion is None:
        return None, None
    known = vectors(version=champion, ids=[row.product_id for row in rows])
    if len(known) < max(1, _LEAST_WITH_VECTOR * len(rows)):
        return None, None
    blank = [0.0] * len(next(iter(known.values())))
    table = np.array([known.get(row.product_id, blank) for row in rows], dtype=np.float32)
    return champion, table
