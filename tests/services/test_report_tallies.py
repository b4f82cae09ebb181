from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from reviewapp.choices import GroupKind, ReportStatus
from reviewapp.domain.delays import bucket
from reviewapp.models import MisclassificationReport, ReportChange, ReportTally, Route
from reviewapp.services import reports
from reviewapp.services.report_tallies import rebuild_reports, roll_up_reports
from tests.factories import (
    NOW,
    CategoryFactory,
    DecisionFactory,
    ListedProductFactory,
    ModelVersionFactory,
    PredictionFactory,
    ReportFactory,
    RoutingPolicyFactory,
)

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(hours=2)


def count():
    while roll_up_reports():
        pass


def tallies(kind=GroupKind.SELLER):
    return sorted(
        ReportTally.objects.filter(kind=kind).values_list("day", "status", "bucket", "reports"),
        key=str,
    )


def answered(report, category):
    """A person's answer to the product of `report`, two hours later."""
    decision = DecisionFactory(item__product=report.product, category=category)
    reports.answer_reports(report_ids=[report.pk], decision=decision, now=SOON)
    return decision


def test_an_answer_moves_a_report_to_where_it_belongs():
    report, other = ReportFactory(), ReportFactory()
    count()
    before = tallies()

    answered(report, CategoryFactory())
    count()

    day = NOW.date()
    assert before == [(day, "open", None, 2)]
    assert tallies() == [(day, "open", None, 1), (day, "upheld", bucket(2 * 3600), 1)]
    assert other.status == ReportStatus.OPEN


def test_an_undone_answer_leaves_nothing_behind():
    report = ReportFactory()
    decision = answered(report, CategoryFactory())
    count()

    reports.reopen_reports(decision=decision, now=SOON)
    count()

    for kind in (GroupKind.ALL, GroupKind.CATEGORY, GroupKind.SELLER, GroupKind.PAIR):
        assert tallies(kind) == [(NOW.date(), "open", None, 1)]


def test_a_removed_report_is_counted_no_more():
    report = ReportFactory()
    ReportFactory(created_at=NOW - timedelta(days=1))
    count()

    report.delete()
    count()

    assert [row[0] for row in tallies()] == [NOW.date() - timedelta(days=1)]


def test_a_report_counts_for_the_model_whose_answer_was_shown_then():
    product = ListedProductFactory()
    for name, minutes in (("before", -60), ("after", 60)):
        prediction = PredictionFactory(
            product=product, model_version=ModelVersionFactory(name=name)
        )
        Route.objects.create(
            product=product, prediction=prediction, policy=RoutingPolicyFactory(),
            outcome="listed", inclusion_probability=0.2, stratum="far",
            created_at=NOW + timedelta(minutes=minutes),
        )  # fmt: skip
    ReportFactory(product=product)

    count()

    rows = ReportTally.objects.values_list("kind", "group", "model_version__name", "reports")
    code = str(product.category.code)
    assert sorted(rows) == [
        ("all", "", "before", 1),
        ("category", code, "before", 1),
        ("description", "missing", "before", 1),
        ("family", "books", "before", 1),
        ("language", "unknown", "before", 1),
        ("pair", f"{code}/feed", "before", 1),
        ("picture", "missing", "before", 1),
        ("seller", "feed", "before", 1),
    ]


def test_only_days_that_changed_are_counted_anew():
    ReportFactory()
    count()
    MisclassificationReport.objects.update(network="", comment="changed")

    assert not ReportChange.objects.exists()
    assert not roll_up_reports()


def test_a_rebuild_finds_the_same_reports():
    answered(ReportFactory(), CategoryFactory())
    ReportFactory(created_at=NOW - timedelta(days=40))
    count()
    before = tallies()

    rebuild_reports()
    count()

    assert len(before) == 2
    assert tallies() == before


def test_the_database_refuses_an_answer_without_its_delay():
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportTally.objects.create(
            day=NOW.date(), kind=GroupKind.SELLER, group="few", status=ReportStatus.UPHELD,
            reports=1,
        )  # fmt: skip
