"""A review desk with up to a million open items, filled by SQL, for `bench_review.py`."""

from django.contrib.auth.models import Group
from django.db import connection

from reviewapp.choices import Role
from reviewapp.models import User
from reviewapp.services.accounts import ensure_roles

CATEGORIES = 27
RARE = 100
"""One item in so many is an audit, and blind."""


def fill(items: int, moderators: int) -> None:
    """Empty the tables, then add products in review with the models' answers, and moderators."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE reviewapp_user, reviewapp_categoryfamily, reviewapp_modelversion,"
            " reviewapp_product, reviewapp_productimage, django_session CASCADE"
        )
        # Nothing here is listed or grouped: without triggers and key checks a million take minutes.
        cursor.execute("SET session_replication_role = replica")
        for statement in FILL:
            cursor.execute(statement, {"items": items, "categories": CATEGORIES, "rare": RARE})
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
        # Filling is over when it is on disk: else the first decisions wait for what is left to write.
        cursor.execute("CHECKPOINT")
    ensure_roles()
    group = Group.objects.get(name=Role.MODERATOR.value)
    for number in range(moderators):
        User.objects.create(username=f"bench{number}").groups.add(group)


FILL = [
    """
    INSERT INTO reviewapp_categoryfamily (id, slug, name_fr, name_en, position)
    SELECT n, 'family-' || n, 'Famille ' || n, 'Family ' || n, n FROM generate_series(1, 6) n
    """,
    """
    INSERT INTO reviewapp_category (id, code, family_id, name_fr, name_en, definition_fr,
        definition_en, includes, excludes, synonyms, is_active)
    SELECT n, 10 * n, 1 + n %% 6, 'Catégorie ' || n, 'Category ' || n, 'Définition', 'Definition',
        '{}', '{}', '{}', true
    FROM generate_series(1, %(categories)s) n
    """,
    """
    INSERT INTO reviewapp_modelversion (id, name, manifest_sha256, labels, metrics, stage,
        created_at, promoted_at, is_demo)
    VALUES (1, 'bench', repeat('0', 64), '[]', '{}', 'champion', now(), now(), false)
    """,
    """
    INSERT INTO reviewapp_product (id, source, external_id, designation, description,
        raw_designation, raw_description, language, input_digest, status, arrived_at, updated_at,
        is_demo)
    SELECT n, 'bench', 'p' || n, 'Roman policier ' || n, repeat('Un texte de produit. ', 12),
        'Roman policier ' || n, repeat('Un texte de produit. ', 12), 'fr', md5(n::text),
        'in_review', now(), now(), false
    FROM generate_series(1, %(items)s) n
    """,
    """
    INSERT INTO reviewapp_prediction (product_id, model_version_id, member, input_digest, top,
        category_id, confidence, absence, latency_ms, created_at)
    SELECT n, 1, member, md5(n::text), '[[10, 0.5], [20, 0.2], [30, 0.1], [40, 0.1], [50, 0.1]]',
        1, 0.5, '', 10, now()
    FROM generate_series(1, %(items)s) n, unnest(ARRAY['cnn', 'bert', 'fusion']) member
    """,
    """
    INSERT INTO reviewapp_reviewitem (product_id, reasons, status, is_blind, priority, opened_at,
        family_id, served_by)
    SELECT n, ARRAY[CASE WHEN n %% %(rare)s = 0 THEN 'audit' ELSE 'low_confidence' END], 'pending',
        n %% %(rare)s = 0, 1.2 * random(), now() - random() * interval '10 days', 1 + n %% 6, ''
    FROM generate_series(1, %(items)s) n
    """,
]
