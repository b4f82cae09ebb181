"""Who is asking, and what the start page tells each role."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db.models import TextField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from reviewapp.choices import ProductStatus, ReportStatus, ReviewStatus
from reviewapp.models import MisclassificationReport, Product, ReviewItem, User
from reviewapp.selectors.standing import answers_since

# As SQL: Django takes longer to write this than the database to answer it.
_PERMISSION_NAMES = RawSQL(
    """
    ARRAY(SELECT about.app_label || '.' || permission.codename
          FROM auth_permission permission
          JOIN django_content_type about ON about.id = permission.content_type_id
          WHERE permission.id IN (
              SELECT own.permission_id FROM reviewapp_user_user_permissions own
              WHERE own.user_id = reviewapp_user.id
              UNION ALL
              SELECT granted.permission_id FROM auth_group_permissions granted
              JOIN reviewapp_user_groups member ON member.group_id = granted.group_id
              WHERE member.user_id = reviewapp_user.id
          ))
    """,
    (),
    ArrayField(TextField()),
)


def person_of_session(*, user_id: int) -> User | None:
    """Return the person, with `permission_names` of his or her own and of the groups, or None."""
    return User.objects.filter(pk=user_id).annotate(permission_names=_PERMISSION_NAMES).first()


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
    return answers_since(midnight).filter(moderator=moderator).count()


def open_report_count(*, reporter: User) -> int:
    return MisclassificationReport.objects.filter(
        reporter=reporter, status=ReportStatus.OPEN
    ).count()
