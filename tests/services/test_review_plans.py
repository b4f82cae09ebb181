"""What the database does to hand out an item: by an index, whatever the queue."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviewapp.choices import ReportStatus, ReviewReason, SkillKind
from reviewapp.domain.queues import EVERYTHING, REASONS, ReviewQueue
from reviewapp.models import (
    CategoryFamily,
    MisclassificationReport,
    ModeratorSkill,
    Product,
    ReviewItem,
)
from reviewapp.selectors.review import out_of_reach, queue_state
from reviewapp.services import review
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    CategoryFamilyFactory,
    ModeratorFactory,
    ProductFactory,
)

AUDIT = ReviewReason.AUDIT
CHECKS = [AUDIT, ReviewReason.SECOND_OPINION, ReviewReason.GOLD]
RARE_REASONS = [AUDIT.value, *(r.value for r in ReviewReason if r not in (AUDIT, REASONS[0]))]
QUEUES = {
    "everything": (EVERYTHING, {"review_item_queue"}),
    "family": (ReviewQueue(family="rare"), {"review_item_family"}),
    "age": (ReviewQueue(days=1), {"review_item_age"}),
    "value": (ReviewQueue(is_high=True), {"review_item_value"}),
    "assignee": (ReviewQueue(is_assigned=True), {"review_item_assigned"}),
}
# Whoever asks for audits gets whatever is blind: that has an index of its own.
INDEX_OF_REASON = {
    reason: "review_item_blind" if reason is AUDIT else f"review_item_{reason.value}"
    for reason in REASONS
}


def claim(moderator=None, **kwargs):
    return review.claim_next(moderator=moderator or ModeratorFactory(), now=NOW, **kwargs)


def plan_of(queue, moderator=None):
    """The plan of the statement that found the item."""
    return plan(statement_of(queue, moderator))


def statement_of(queue, moderator=None, **kwargs):
    """The statement that found the item."""
    with CaptureQueriesContext(connection) as seen:
        assert claim(moderator, queue=queue, **kwargs) is not None
    return [q["sql"] for q in seen.captured_queries if "SKIP LOCKED" in q["sql"]][-1]


def thrown_away(node):
    """How many rows a plan that has run read for nothing."""
    own = node.get("Rows Removed by Filter", 0) * node.get("Actual Loops", 1)
    return own + sum(thrown_away(child) for child in node.get("Plans", []))


def plan(statement):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("name", QUEUES)
def test_an_index_hands_the_item_out_whatever_the_queue(name):
    queue, indexes = QUEUES[name]
    _crowd(6000)
    moderator = ModeratorFactory()
    if queue.is_assigned:
        chosen = ReviewItem.objects.filter(pk__in=ReviewItem.objects.values("pk")[:20])
        chosen.update(assigned_to=moderator, assigned_until=NOW + timedelta(days=1))

    found = plan_of(queue, moderator)

    assert any(f"using {index} " in found for index in indexes), found
    assert "Seq Scan on reviewapp_reviewitem item" not in found
    assert "Sort" not in found


@pytest.mark.django_db
def test_each_reason_is_read_by_its_own_index_and_all_that_is_blind_by_one():
    _crowd(6000)

    for reason, index in INDEX_OF_REASON.items():
        found = plan_of(ReviewQueue(reason))
        # Most items are of low confidence: the common order finds one as soon.
        ways = {index} | ({"review_item_queue"} if reason is REASONS[0] else set())
        assert any(f"using {way} " in found for way in ways), found
        assert "Sort" not in found, found
    kinds = {tuple(item.reasons) for item in ReviewItem.objects.filter(reasons__overlap=CHECKS)}
    assert len(kinds) == 3


@pytest.mark.django_db
def test_the_families_of_a_limited_moderator_are_each_read_by_their_index():
    _crowd(6000)
    moderator = ModeratorFactory()
    for family in CategoryFamily.objects.filter(slug__in=["rare", "common"]):
        ModeratorSkill.objects.create(moderator=moderator, family=family, kind=SkillKind.ONLY)

    found = plan_of(EVERYTHING, moderator)

    assert "review_item_family" in found, found
    assert "Seq Scan on reviewapp_reviewitem item" not in found


@pytest.mark.django_db
def test_thousands_of_questions_to_leads_do_not_slow_the_claim():
    _crowd(6000)
    # Every second one has been passed on: on top of each order, oldest, and of the rare family.
    asked = list(ReviewItem.objects.order_by("-rank").values_list("pk", flat=True))[::2]
    ReviewItem.objects.filter(pk__in=asked).update(
        escalated_at=NOW,
        priority=3.0,
        family=CategoryFamily.objects.get(slug="rare"),
        opened_at=NOW - timedelta(days=9),
    )
    _analyze()

    for name in ("everything", "family", "age", "value"):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement_of(QUEUES[name][0])}")
            found = cursor.fetchone()[0][0]["Plan"]
        assert thrown_away(found) < 50, (name, found)


@pytest.mark.django_db
def test_a_lead_takes_what_was_asked_by_an_index_of_its_own():
    _crowd(6000)
    ReviewItem.objects.filter(pk__in=ReviewItem.objects.values("pk")[:20]).update(escalated_at=NOW)

    found = plan_of(EVERYTHING, AdminFactory())

    assert "review_item_escalated" in found, found


@pytest.mark.django_db
def test_the_next_blind_item_is_found_by_its_index():
    _crowd(6000)
    first = ReviewItem.objects.order_by("-rank").values("pk")[:20]
    ReviewItem.objects.filter(pk__in=first).update(is_blind=True)
    _analyze()

    with CaptureQueriesContext(connection) as seen:
        assert claim(queue=QUEUES["family"][0], draw=lambda: 0.0) is not None
    share, found = [
        plan(q["sql"])
        for q in seen.captured_queries
        if "SKIP LOCKED" in q["sql"] or "next.is_blind" in q["sql"]
    ][-2:]

    assert "review_item_queue" in share, share
    assert "review_item_blind" in found, found
    assert "Seq Scan on reviewapp_reviewitem item" not in found, found


@pytest.mark.django_db
def test_what_a_moderator_sells_and_has_reported_is_passed_over_by_the_same_index():
    _crowd(6000)
    ann, crowd = ModeratorFactory(), Product.objects.order_by("pk")
    crowd.filter(pk__in=crowd.values("pk")[:500]).update(seller=ann, category=CategoryFactory())
    MisclassificationReport.objects.bulk_create(
        MisclassificationReport(
            product=product,
            reporter=ann,
            reported_category_id=product.category_id,
            status=ReportStatus.EXPIRED,
            resolved_at=NOW,
            created_at=NOW,
        )
        for product in crowd[:400]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reviewapp_product, reviewapp_misclassificationreport")

    found = plan_of(EVERYTHING, ann)

    assert "using review_item_queue " in found, found
    assert "Sort" not in found
    assert "Seq Scan on reviewapp_product" not in found
    assert "Seq Scan on reviewapp_misclassificationreport" not in found


@pytest.mark.django_db
def test_filters_together_read_no_more_than_an_index():
    _crowd(6000)
    rare = ReviewReason.DISAGREEMENT
    ReviewItem.objects.filter(reasons__contains=[rare]).update(
        family=CategoryFamily.objects.get(slug="rare"), opened_at=NOW - timedelta(days=2)
    )

    found = plan_of(ReviewQueue(rare, family="rare", days=1))

    assert "Seq Scan on reviewapp_reviewitem item" not in found, found


@pytest.mark.django_db
def test_an_index_draws_the_lot(settings):
    settings.REVIEW_EXPLORATION = 1.0
    _crowd(6000)
    with CaptureQueriesContext(connection) as seen:
        assert claim() is not None
    statements = [q["sql"] for q in seen.captured_queries if "draw >=" in q["sql"]]

    for statement in statements:
        assert "review_item_draw" in plan(statement), plan(statement)
    assert len(statements) == 2


def _crowd(count):
    """Enough open items for the planner to care. Each reason but low confidence, one family, high value and age are rare."""
    common, rare = CategoryFamilyFactory(slug="common"), CategoryFamilyFactory(slug="rare")
    first = ProductFactory(external_id="crowd-0")
    columns = [
        f.column for f in Product._meta.concrete_fields if f.column not in ("id", "external_id")
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            # The columns are the model's own.
            f"INSERT INTO reviewapp_product (external_id, {', '.join(columns)})"  # noqa: S608
            f" SELECT 'crowd-' || n, {', '.join(columns)}"
            " FROM reviewapp_product, generate_series(1, %s) n WHERE id = %s",
            [count - 1, first.pk],
        )
        cursor.execute(
            """
            INSERT INTO reviewapp_reviewitem (product_id, reasons, status, is_blind, family_id,
                priority, served_by, opened_at)
            SELECT id, ARRAY[coalesce((%(reasons)s)[1 + mod(n, 200)], 'low_confidence')],
                'pending', coalesce((%(reasons)s)[1 + mod(n, 200)] = ANY(%(blind)s), false),
                CASE WHEN mod(n, 200) = 199 THEN %(rare)s ELSE %(common)s END,
                (mod(n * 37, 1000)) / 1000.0 + (mod(n, 100) = 1)::int, '',
                %(now)s::timestamptz - interval '3 days' * (mod(n, 100) = 2)::int
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM reviewapp_product) AS numbered
            """,
            {
                "rare": rare.pk,
                "common": common.pk,
                "now": NOW,
                "reasons": RARE_REASONS,
                "blind": CHECKS,
            },
        )
    _analyze()


def _analyze():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reviewapp_reviewitem")


@pytest.mark.django_db
@pytest.mark.parametrize("person", [ModeratorFactory, AdminFactory])
def test_the_numbers_above_the_card_are_read_by_indexes(person):
    _crowd(6000)
    moderator = person()
    with CaptureQueriesContext(connection) as seen:
        queue_state(moderator=moderator, now=NOW)
        out_of_reach(moderator=moderator, now=NOW)
    statements = [q["sql"] for q in seen.captured_queries if '"reviewapp_reviewitem"' in q["sql"]]

    plans = [plan(statement) for statement in statements]

    used = "\n".join(plans)
    assert "review_item_escalated" in used, used
    assert "review_item_held" in used, used
    # Only the free ones, of which a limited number is counted, may be read in the table's order.
    assert sum("Seq Scan on reviewapp_reviewitem" in found for found in plans) <= 1, used
