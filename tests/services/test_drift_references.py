"""What arrivals are held against: products kept out of training, and a new normal."""

import pytest
from django.db import IntegrityError, transaction

from reviewapp.choices import DriftTest
from reviewapp.domain.drift import Finding
from reviewapp.models import DriftAlarm, DriftReference
from reviewapp.services.drift import measure_drift
from reviewapp.services.drift_references import ReferenceRefused, go_back, take_as_normal
from tests.drift_rows import arrive, champion_of_two, drifted, know_more, shrink
from tests.factories import NOW, AdminFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def champion(monkeypatch):
    shrink(monkeypatch)
    return champion_of_two()


def test_what_the_model_says_is_held_against_products_kept_out_of_training(champion):
    know_more(champion)
    arrive(champion, 300)
    measure_drift(now=NOW)
    arrive(champion, 200, seed=1)

    window = measure_drift(now=NOW)

    reference = DriftReference.objects.get()
    findings = {one["test"]: Finding.from_json(one) for one in window.findings}
    assert len(reference.arrivals["numbers"]["confidence"]) == 400
    assert sum(reference.arrivals["counts"]["category"].values()) == 400
    assert reference.arrivals["counts"]["picture"] == {"missing": 400}
    assert sum(reference.arrivals["counts"]["language"].values()) == 300
    assert findings[DriftTest.MIX].p_value is not None
    assert findings[DriftTest.RIGHT].before == reference.accuracy


def test_a_mix_that_moved_raises_an_alarm(champion):
    know_more(champion)
    arrive(champion, 300)
    measure_drift(now=NOW)
    arrive(champion, 200, seed=1, share=0.95)

    measure_drift(now=NOW)

    assert DriftTest.MIX in DriftAlarm.objects.get().tests


def test_the_newest_arrivals_become_the_normal_with_a_reason(champion):
    drifted(champion)
    admin, before = AdminFactory(), DriftReference.objects.get()

    taken = take_as_normal(by=admin, reason="A new supplier", now=NOW)
    arrive(champion, 200, described=0.2, seed=5)
    window = measure_drift(now=NOW)

    before.refresh_from_db()
    assert (taken.before, taken.made_by, taken.reason) == (before, admin, "A new supplier")
    assert before.ended_at == NOW
    assert (window.reference, window.drifted) == (taken, [])
    assert taken.normal["size"] == 200


def test_the_reference_before_can_be_had_back(champion):
    drifted(champion)
    before = DriftReference.objects.get()
    take_as_normal(by=AdminFactory(), reason="A slip", now=NOW)

    assert go_back(now=NOW) == before
    arrive(champion, 50, described=0.2, seed=6)
    window = measure_drift(now=NOW)

    assert window.reference == before
    assert DriftTest.DESCRIPTION in window.drifted
    assert DriftReference.objects.filter(ended_at=None).count() == 1


def test_what_is_not_there_cannot_be_taken_or_had_back(champion):
    with pytest.raises(ReferenceRefused):
        take_as_normal(by=AdminFactory(), reason="Too early", now=NOW)
    arrive(champion, 300)
    measure_drift(now=NOW)

    with pytest.raises(ReferenceRefused):
        go_back(now=NOW)


def test_the_database_keeps_one_reference_in_force_and_a_reason_for_each_taken(champion):
    drifted(champion)
    first = DriftReference.objects.get()

    for own in ({}, {"before": first, "ended_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            DriftReference.objects.create(
                model_version=champion, last_product=1, arrivals={}, made_at=NOW, **own
            )
