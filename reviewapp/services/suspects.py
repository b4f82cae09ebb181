"""Suspect labels: searched for by a worker, opened for review by a person, decided by people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from classifier.types import Suspect
from reviewapp.choices import JobStatus, ReviewReason
from reviewapp.models import (
    Category,
    ModelVersion,
    Product,
    ReviewItem,
    SuspectLabel,
    SuspectSearch,
    User,
)
from reviewapp.selectors.appeals import somebody_may_answer
from reviewapp.selectors.suspects import LabelledProduct, openable
from reviewapp.services import checks, leases
from reviewapp.services.review import give_up, open_item

SearchHold = leases.Hold[SuspectSearch]
_BATCH = 2000


@transaction.atomic
def request_search(*, user: User | None, now: datetime, seed: int = 0) -> SuspectSearch:
    """Note that labels are to be searched; the one under way comes back instead of a second."""
    SuspectSearch.objects.bulk_create(
        [SuspectSearch(seed=seed, requested_by=user, created_at=now)], ignore_conflicts=True
    )
    return SuspectSearch.objects.filter(seed=seed).latest("pk")


def claim_search(*, search_id: int, now: datetime) -> SearchHold | None:
    """Take a search that waits or whose worker has died; see `leases.claim`."""
    folder = Path(settings.PRIVATE_ROOT) / "suspects"
    return leases.claim(SuspectSearch, job_id=search_id, folder=folder, now=now)


def finish_search(
    *,
    hold: SearchHold,
    rows: Sequence[LabelledProduct],
    suspects: Sequence[Suspect],
    judged: int,
    version: ModelVersion | None,
    now: datetime,
) -> SuspectSearch:
    """Store the ranked suspects among `rows`; all or none. Raises leases.JobLost.

    A label that was given because it had been suspected is not suspected again.
    """
    fresh = [one for one in suspects if not rows[one.row].is_cleared]
    category = dict(Category.objects.values_list("code", "pk"))

    def complete(search: SuspectSearch) -> None:
        SuspectLabel.objects.bulk_create(
            [
                _suspect(search, place, rows[one.row], one, category)
                for place, one in enumerate(fresh, start=1)
            ],
            batch_size=_BATCH,
        )
        search.rows_total = search.rows_done = len(rows)
        search.judged, search.found, search.model_version = judged, len(fresh), version

    return leases.finish(hold, complete=complete, now=now)


@transaction.atomic
def open_suspects(*, search_id: int, most: int, now: datetime) -> int:
    """Ask people about the first `most` suspects that nobody has been asked about; return how many.

    Products stay listed, labels live. Left out is what has changed since the search, and what is
    in review anyway. Who gave the label is not asked, if anybody else is there. Locks the
    products, in the order of their ids.
    """
    search = SuspectSearch.objects.select_for_update(no_key=True).get(
        pk=search_id, status=JobStatus.DONE
    )
    ids = openable(search).values_list("product_id", flat=True)[:most]
    products = Product.objects.filter(pk__in=list(ids)).order_by("pk")
    locked = {product.pk: product for product in products.select_for_update(no_key=True)}
    # Read again under the locks: a decision or an edit may have come in between.
    chosen = openable(search).filter(product__in=locked).select_related("label")
    opened = list(chosen)
    for suspect in opened:
        suspect.item = ask_about_label(
            product=locked[suspect.product_id],
            author_id=suspect.label.moderator_id if suspect.label else None,
            priority=suspect.doubt,
            now=now,
        )
    SuspectLabel.objects.bulk_update(opened, ["item"])
    return len(opened)


def ask_about_label(
    *, product: Product, author_id: int | None, priority: float, now: datetime
) -> ReviewItem:
    """Open an item on a label in doubt, not for its author if anybody else may answer it.

    An open item that it joins is taken from the author. Call it with the product locked; the label
    stays live until somebody answers.
    """
    item = open_item(
        product=product, reasons=[ReviewReason.SUSPECT_LABEL], priority=priority, now=now
    )
    if author_id is not None and _has_other(item, author_id):
        item.not_for_id = author_id
        item.save(update_fields=["not_for"])
        if author_id in (item.claimed_by_id, item.assigned_to_id):
            give_up(product=product, party=User.objects.get(pk=author_id))
            item.refresh_from_db()
    return item


def _has_other(item: ReviewItem, author_id: int) -> bool:
    if item.escalated_at is not None:  # leads only
        return somebody_may_answer(barred={author_id}, only_leads=True)
    return checks.has_colleague(author_id)


def _suspect(
    search: SuspectSearch,
    place: int,
    row: LabelledProduct,
    one: Suspect,
    category: dict[int, int],
) -> SuspectLabel:
    return SuspectLabel(
        search=search,
        product_id=row.product_id,
        label_id=row.label_id,
        input_digest=row.input_digest,
        place=place,
        signals=list(one.signals),
        given_id=category[one.given],
        suggested_id=category[one.suggested],
        p_given=one.p_given,
        p_suggested=one.p_suggested,
        duplicates=one.duplicates,
        given_votes=one.given_votes,
        suggested_votes=one.suggested_votes,
        doubt=one.doubt,
    )
