"""Who reported what, and from where, leaves the site in no file and no answer."""

import zipfile

import pyarrow.parquet
import pytest
from django.urls import reverse

from reviewapp.choices import ExportFormat, JobStatus, ReviewStatus
from reviewapp.selectors.exports import export_path
from reviewapp.services import reports
from tests.factories import (
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    ReviewItemFactory,
)
from tests.labels import export

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ("quiet-reporter", "quiet@example.org", "My neighbour sells this")


@pytest.fixture
def report(now):
    """A report that was upheld, of a product that is exported."""
    buyer = BuyerFactory(
        username="quiet-reporter",
        email="quiet@example.org",
        wants_mail=True,
        confirmed_email="quiet@example.org",
    )
    product = ListedProductFactory()
    report = reports.submit_report(
        product=product,
        reporter=buyer,
        suggested_category=None,
        comment="My neighbour sells this",
        address="192.0.2.7",
        now=now,
    )
    item = ReviewItemFactory(product=product, status=ReviewStatus.RESOLVED, resolved_at=now)
    label = FeedbackLabelFactory(decision=DecisionFactory(item=item, category=CategoryFactory()))
    reports.close_reports(product=product, decision=label.decision, now=now)
    report.refresh_from_db()
    assert report.network
    return report


def contents(path):
    """The file, its rows if it is a Parquet file, and if it is an archive the files in it."""
    yield (whole := path.read_bytes())
    if whole.startswith(b"PAR1"):
        yield str(pyarrow.parquet.read_table(path).to_pydict()).encode()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name.encode() + archive.read(name)


@pytest.mark.parametrize("export_format", ExportFormat.values)
def test_no_export_names_a_reporter(report, now, export_format):
    row = export(export_format, now)

    assert row.status == JobStatus.DONE, row.error
    for part in contents(export_path(row)):
        for secret in (*SECRETS, report.network):
            assert secret.encode() not in part
            assert "".join(f"{letter}\0\0\0" for letter in secret).encode() not in part  # NPY text


def test_a_reporter_never_sees_the_arithmetic(report, client):
    client.force_login(report.reporter)

    page = client.get(reverse("reports:mine")).content.decode()
    (answer,) = client.get("/api/v1/reports").json()["results"]

    assert report.network not in page
    assert not {"weight", "score", "case", "ring", "network", "arithmetic"} & set(answer)
    for word in ("weight", "score", "proven", "poids", "éprouvé"):
        assert word not in page.lower()
