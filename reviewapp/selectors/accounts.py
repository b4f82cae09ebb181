"""What the start page tells each role."""

from datetime import datetime

from django.utils import timezone

from reviewapp.choices import ProductStatus, ReportStatus, ReviewStatus, Verdict
from reviewapp.models import Decision, MisclassificationReport, Product, ReviewItem, User


def shop_counts() -> dict[str, int]:
    """Products by state."""
    return {
        "listed": Product.objects.filter(status=ProductStatus.LISTED).count(),
        "in_review": Product.objects.filter(status=ProductStatus.IN_REVIEW).count(),
        "waiting": Product.objects.filter(status=ProductStatus.WAITING).count(),
    }


def open_review_count() -> int:
    return ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).count()


def decided_today(*, moderator: User, now: datetime) -> int:
    """Answers that the moderator has given since midnight and not taken back."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return Decision.objects.filter(
        moderator=moderator,
        decided_at__gte=midnight,
        verdict__in=[Verdict.CONFIRMED, Verdict.CORRECTED],
        undone_by=None,
    ).count()


def open_report_count(*, reporter: User) -> int:
    return MisclassificationReport.objects.filter(
        reporter=reporter, status=ReportStatus.OPEN
    ).count()
