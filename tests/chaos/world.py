"""Open items and signed-in moderators for a site under fire; prints the sessions as JSON.

Run on the site's own settings: `supervisor attach -- python -m tests.chaos.world 50 3000`.
"""

import json
import sys

import django

# Written by the database itself, so that nobody's clock but its own counts: a claim of a row whose
# lease another moderator still holds.
_WITNESS = """
CREATE TABLE chaos_theft (item_id bigint, held_by bigint, taken_by bigint, at timestamptz);
CREATE FUNCTION chaos_witness() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_theft VALUES (OLD.id, OLD.claimed_by_id, NEW.claimed_by_id, clock_timestamp());
    RETURN NEW;
END $$;
CREATE TRIGGER chaos_witness BEFORE UPDATE ON reviewapp_reviewitem FOR EACH ROW
WHEN (OLD.status = 'claimed' AND NEW.status = 'claimed' AND OLD.claimed_by_id <> NEW.claimed_by_id
      AND OLD.claim_expires_at > clock_timestamp())
EXECUTE FUNCTION chaos_witness();
"""


def main(moderators: int, items: int) -> None:
    django.setup()
    from django.db import connection

    from reviewapp.services.accounts import ensure_roles

    ensure_roles()
    with connection.cursor() as cursor:
        cursor.execute(_WITNESS)
    codes = _open_items(items)
    sys.stdout.write(json.dumps({"sessions": _sessions(moderators), "codes": codes}) + "\n")


def _open_items(count: int) -> list[int]:
    from django.utils import timezone

    from reviewapp.choices import ProductStatus, ReviewReason
    from reviewapp.models import Category, CategoryFamily, Product, ReviewItem

    family = CategoryFamily.objects.create(slug="all", name_fr="Tout", name_en="All")
    codes = list(range(10, 280, 10))
    Category.objects.bulk_create(
        Category(code=code, family=family, name_fr=f"C{code}", name_en=f"C{code}") for code in codes
    )
    now = timezone.now()
    products = Product.objects.bulk_create(
        Product(
            source="chaos",
            external_id=str(number),
            designation=f"Roman {number}",
            raw_designation=f"Roman {number}",
            input_digest=f"{number:064d}",
            status=ProductStatus.IN_REVIEW,
            arrived_at=now,
        )
        for number in range(count)
    )
    ReviewItem.objects.bulk_create(
        ReviewItem(
            product=product, reasons=[ReviewReason.LOW_CONFIDENCE], priority=0.5, opened_at=now
        )
        for product in products
    )
    return codes


def _sessions(count: int) -> list[str]:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import Group
    from django.contrib.sessions.backends.db import SessionStore

    from reviewapp.choices import Role
    from reviewapp.models import User

    group = Group.objects.get(name=Role.MODERATOR.value)
    keys = []
    for number in range(count):
        user = User.objects.create(username=f"chaos{number}")
        user.groups.add(group)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        keys.append(str(session.session_key))
    return keys


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
