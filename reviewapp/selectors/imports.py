"""Imports: whose they are, and which wait for a worker."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from reviewapp.choices import JobStatus
from reviewapp.models import CatalogueImport, User
from reviewapp.selectors.pages import Page, page_by_time

PAGE_SIZE = 20

# A fresh import has its message under way; only after this long has it got lost.
_MESSAGE_DUE = timedelta(seconds=30)


def imports_of(user: User) -> QuerySet[CatalogueImport]:
    """The imports a person may see: an admin all, a seller the own ones."""
    imports = CatalogueImport.objects.select_related("seller")
    return imports if sees_all(user) else imports.filter(seller=user)


def sees_all(user: User) -> bool:
    return user.has_perm("reviewapp.view_product")


def page_of(user: User, *, cursor: str = "") -> Page[CatalogueImport]:
    """One page of the imports a person may see. Raises pages.CursorInvalid."""
    return page_by_time(imports_of(user), field="created_at", cursor=cursor, size=PAGE_SIZE)


def stranded(*, now: datetime) -> list[int]:
    """Imports that nobody works on: their message was lost, or their worker has died."""
    return list(
        CatalogueImport.objects.filter(
            Q(
                status=JobStatus.WAITING,
                lease_expires_at=None,
                created_at__lte=now - _MESSAGE_DUE,
            )
            | Q(
                status__in=[JobStatus.WAITING, JobStatus.RUNNING],
                lease_expires_at__lte=now,
            )
        )
        .order_by("id")
        .values_list("id", flat=True)
    )
