"""A look ahead: what the models would say of a draft. Asked by a seller, answered by a worker.

The draft is kept until it is answered, the answer for an hour, and neither anywhere else.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from classifier.types import PredictionResult
from reviewapp.choices import JobStatus
from reviewapp.domain import images, routing
from reviewapp.domain.previews import NO_AUDIT, evidence
from reviewapp.domain.products import clean_texts, input_digest
from reviewapp.models import CategoryPreview, ModelVersion, ProductImage, User
from reviewapp.selectors import model_versions
from reviewapp.services.policies import current_policy, rules

KEEP = timedelta(hours=1)
# An answer takes a fraction of a second; a worker silent for this long has died.
_LEASE = timedelta(seconds=20)
# A draft that has killed its worker twice is not given to a third.
_MAX_ATTEMPTS = 2
_NO_DRAFT = {"designation": "", "description": "", "picture": b""}


@dataclass(frozen=True, slots=True)
class _Picture:
    jpeg: bytes = b""
    sha256: str = ""


@transaction.atomic
def request_preview(
    *,
    seller: User,
    designation: str,
    description: str,
    now: datetime,
    image: bytes | None = None,
    kept_image: ProductImage | None = None,
    replaces: uuid.UUID | None = None,
) -> tuple[CategoryPreview, bool]:
    """Store a draft for the models and return its row, and whether a worker must be told.

    image: a picture file as it was sent; kept_image: the product's own, where none was sent
    replaces: the form's draft before this one, dropped with its answer
    The same draft asked of the same model is answered from the row that is there. Raises
    ProductRefused for the texts and ImageRefused for the picture.
    """
    texts = clean_texts(designation, description, settings.DESCRIPTION_MAX_CHARS)
    picture = _sent(image) if image is not None else _kept(kept_image)
    digest = input_digest(texts.designation, texts.description, picture.sha256)
    known = _known(seller, digest, now)
    if known is not None:
        return known, False
    if replaces is not None:
        CategoryPreview.objects.filter(pk=replaces, seller=seller).delete()
    row = CategoryPreview.objects.create(
        seller=seller,
        designation=texts.designation,
        description=texts.description,
        picture=picture.jpeg,
        input_digest=digest,
        asked_at=now,
    )
    return row, True


@transaction.atomic
def claim_preview(*, now: datetime) -> CategoryPreview | None:
    """Take the oldest draft that waits, or whose worker has died; None when there is none.

    One by one, so that a draft that fails or kills its worker sinks no other.
    """
    free = Q(status=JobStatus.WAITING) | Q(status=JobStatus.RUNNING, lease_expires_at__lte=now)
    row = (
        CategoryPreview.objects.select_for_update(skip_locked=True)
        .filter(free, asked_at__gt=now - KEEP)
        .order_by("asked_at")
        .first()
    )
    if row is None:
        return None
    if row.attempts >= _MAX_ATTEMPTS:
        _end(row, JobStatus.FAILED, now, error="The workers died of it.")
        return claim_preview(now=now)
    row.status, row.lease_expires_at = JobStatus.RUNNING, now + _LEASE
    row.attempts += 1
    row.save(update_fields=["status", "lease_expires_at", "attempts"])
    return row


@transaction.atomic
def finish_preview(
    *, preview: CategoryPreview, result: PredictionResult, version: ModelVersion, now: datetime
) -> None:
    """Keep the answer, say where the policy would send such a product, and drop the draft.

    Does nothing when the row is gone or another worker has answered.
    """
    policy = current_policy(now=now)
    seen = evidence(
        result,
        has_text=bool(preview.designation.strip() or preview.description.strip()),
        has_image=bool(preview.picture),
    )
    decision = routing.route(seen, NO_AUDIT, rules(policy))
    _end(
        preview,
        JobStatus.DONE,
        now,
        model_version=version,
        top=[[score.code, score.probability] for score in result.fusion.top],
        policy=policy,
        outcome=decision.outcome,
        reasons=list(decision.reasons),
    )


def fail_preview(*, preview: CategoryPreview, error: str, now: datetime) -> None:
    """Note why there is no answer, and drop the draft."""
    _end(preview, JobStatus.FAILED, now, error=error)


def forget_previews(*, now: datetime) -> int:
    """Delete drafts and answers of more than an hour ago; return how many."""
    deleted, _per_model = CategoryPreview.objects.filter(asked_at__lte=now - KEEP).delete()
    return deleted


def _end(row: CategoryPreview, status: JobStatus, now: datetime, **values: object) -> None:
    held = CategoryPreview.objects.filter(
        pk=row.pk, status=JobStatus.RUNNING, attempts=row.attempts
    )
    held.update(status=status, finished_at=now, lease_expires_at=None, **_NO_DRAFT, **values)


def _known(seller: User, digest: str, now: datetime) -> CategoryPreview | None:
    """The seller's own draft just like it that waits, or that the present model has answered."""
    answered = Q(status=JobStatus.DONE, model_version=model_versions.champion())
    same = CategoryPreview.objects.filter(seller=seller, input_digest=digest)
    recent = same.filter(asked_at__gt=now - KEEP / 2)
    return recent.filter(answered | Q(status=JobStatus.WAITING)).order_by("-asked_at").first()


def _sent(image: bytes) -> _Picture:
    encoded = images.encode_picture(
        image, max_bytes=settings.IMAGE_MAX_BYTES, max_pixels=settings.IMAGE_MAX_PIXELS
    )
    return _Picture(encoded.jpeg, encoded.sha256)


def _kept(image: ProductImage | None) -> _Picture:
    if image is None:
        return _Picture()
    try:
        return _Picture((Path(settings.MEDIA_ROOT) / image.path).read_bytes(), image.sha256)
    except OSError:  # the file is lost: the models would see none either
        return _Picture(sha256=image.sha256)
