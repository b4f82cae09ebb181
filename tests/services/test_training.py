"""The life of a training run on its row, and the schedule."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from classifier.config import ConfigInvalid
from reviewapp.choices import JobStatus, ProductStatus, TrainingOrigin, TrainingStatus
from reviewapp.models import DatasetSnapshot, TrainingRun, TrainingSchedule
from reviewapp.selectors.training import base_products, stranded_runs
from reviewapp.services import training
from reviewapp.services.versions import VersionOutdated
from tests.concurrency import in_new_connection
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ListedProductFactory,
    ProductFactory,
    SellerFactory,
    SnapshotFactory,
)
from tests.labels import label
from tests.training_world import claim, expired, fresh, request

pytestmark = pytest.mark.django_db(transaction=True)


def report(hold, now):
    return training.report_run(hold=hold, progress=None, points=[], now=now)


def fail(*, run_id, now):
    hold = training.claim_run(run_id=run_id, code_version="x", environment={}, now=now)
    if hold is None:  # its snapshot waits, and will fail
        DatasetSnapshot.objects.update(status=JobStatus.FAILED, error="full", finished_at=now)
        training.claim_run(run_id=run_id, code_version="x", environment={}, now=now)
    else:
        training.fail_run(hold=hold, error="too few", now=now)


def set_schedule(now, **changes):
    current = training.current_schedule(now=now)
    return training.set_schedule(changes=changes, based_on=current.version, author=None, now=now)


def test_a_row_is_one_workers_until_its_lease_ends(now):
    run = request(now)
    first = claim(run, now)

    assert claim(run, now) is None
    second = claim(run, expired(now))

    assert (first.attempt, second.attempt) == (1, 2)
    assert first.part != second.part
    with pytest.raises(training.RunLost):
        report(first, now)
    assert fresh(run).deaths == 1


def test_two_workers_at_the_same_moment_get_it_once(now):
    run = request(now)

    with transaction.atomic():
        mine = claim(run, now)
        theirs = in_new_connection(lambda: claim(run, now))

    assert mine is not None
    assert theirs is None


def test_a_worker_taken_for_dead_changes_nothing_any_more(now):
    run = request(now)
    slow = claim(run, now)
    claim(run, expired(now))

    training.fail_run(hold=slow, error="late", now=now)
    training.end_cancelled(hold=slow, now=now)
    training.release_run(hold=slow, has_died=True, now=now)
    with pytest.raises(training.RunLost):
        training.finish_run(hold=slow, now=now)

    assert (fresh(run).status, fresh(run).attempt) == (TrainingStatus.RUNNING, 2)


def test_a_run_that_kills_its_workers_is_given_up_and_may_be_tried_again(now, settings):
    settings.TRAINING_MAX_DEATHS = 2
    run = request(now)
    for death in range(2):
        claim(run, now + timedelta(hours=death))

    assert claim(run, now + timedelta(hours=5)) is None
    assert fresh(run).status == TrainingStatus.FAILED
    assert "died again and again" in fresh(run).error

    training.retry_run(run_id=run.pk)
    assert claim(run, now) is not None


def test_a_worker_that_ends_in_order_gives_the_run_back_at_once(now):
    run = request(now)

    training.release_run(hold=claim(run, now), has_died=False, now=now)

    assert (fresh(run).status, fresh(run).deaths) == (TrainingStatus.WAITING, 0)
    assert claim(run, now).attempt == 2


def test_a_waiting_run_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(now):
    waiting, running = request(now), request(now)
    hold = claim(running, now)

    training.cancel_run(run_id=waiting.pk, now=now)
    training.cancel_run(run_id=running.pk, now=now)

    assert fresh(waiting).status == TrainingStatus.CANCELLED
    assert report(hold, now) is True
    training.end_cancelled(hold=hold, now=now)
    with pytest.raises(training.RunHasEnded):
        training.cancel_run(run_id=running.pk, now=now)


def test_only_a_failed_or_cancelled_run_is_tried_again(now):
    run = request(now)

    with pytest.raises(training.RunIsOpen):
        training.retry_run(run_id=run.pk)


def test_a_run_waits_for_its_snapshot_and_fails_with_it(now):
    frozen = SnapshotFactory(status=JobStatus.WAITING)
    run = request(now, frozen)
    assert claim(run, now) is None
    assert stranded_runs(now=expired(now)) == []

    DatasetSnapshot.objects.filter(pk=frozen.pk).update(status=JobStatus.FAILED)
    assert stranded_runs(now=expired(now)) == [run.pk]
    claim(run, now)

    assert fresh(run).status == TrainingStatus.FAILED
    assert "snapshot" in fresh(run).error


def test_the_sweeper_finds_what_no_message_reached_and_what_a_dead_worker_left(now):
    lost, dead, held = request(now), request(now), request(now)
    claim(dead, now)
    claim(held, expired(now))

    assert stranded_runs(now=now) == []
    assert stranded_runs(now=now + timedelta(minutes=5)) == [lost.pk, dead.pk]


@translation.override("en")
def test_impossible_wishes_are_refused(now):
    with pytest.raises(ConfigInvalid):
        request(now, config={"training": {"folds": 0}})
    for elder in ("a" * 64, ChampionFactory().manifest_sha256):  # unknown; not trained here
        with pytest.raises(ConfigInvalid, match=f"trained here has the manifest {elder[:12]}"):
            request(now, config={"elder": elder})
        with pytest.raises(ConfigInvalid):
            set_schedule(now, config={"elder": elder})
    with pytest.raises(training.NothingToTrain):
        request(now, has_base=False)
    with pytest.raises(training.NothingToTrain):
        request(now, SnapshotFactory(status=JobStatus.FAILED))


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "running"},
        {"status": "done", "finished_at": "now"},
        {"status": "failed", "finished_at": "now"},
        {"status": "cancelled"},
        {"finished_at": "now"},
        {"has_base": False},
        {"promoted_at": "now"},
    ],
)
def test_the_database_refuses_what_can_never_be(now, broken):
    run = request(now)
    values = {name: now if value == "now" else value for name, value in broken.items()}

    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingRun.objects.filter(pk=run.pk).update(**values)


def test_base_rows_are_the_marketplaces_own_codes_never_a_sellers_word():
    CategoryFactory(code=10)
    known = {"given_code": 10, "group_key": None}
    fed, demo, in_review = (
        ListedProductFactory(**known),
        ListedProductFactory(**known, seller=SellerFactory(), is_demo=True),
        ProductFactory(**known, status=ProductStatus.IN_REVIEW),
    )
    ListedProductFactory(**known, seller=SellerFactory())
    ProductFactory(**known)  # waits for the models
    ListedProductFactory(given_code=999_999)

    assert set(base_products()) == {fed, demo, in_review}


def test_nothing_is_trained_by_itself_before_there_are_enough_labels_in_each_category(now):
    for code in (10, 20):
        CategoryFactory(code=code)
    set_schedule(now, first_labels=3, first_per_category=1)
    product = ListedProductFactory(category__code=10)
    label(now, code=10, product=product)
    label(now, code=10, product=ListedProductFactory(category=product.category))
    label(now, code=10, product=ListedProductFactory(category=product.category))
    assert training.follow_schedule(now=now) is None

    label(now, code=20, product=ListedProductFactory(category=product.category))
    run = training.follow_schedule(now=now)

    assert (run.origin, run.snapshot.status) == (TrainingOrigin.COLD_START, JobStatus.WAITING)
    assert training.follow_schedule(now=now) is None
    training.cancel_run(run_id=run.pk, now=now)
    # One try: a person looks at what went wrong, or changes the schedule.
    assert training.follow_schedule(now=now) is None


def test_a_model_is_due_after_enough_new_labels(now):
    ChampionFactory()
    set_schedule(now, every_labels=2)
    label(now, created_at=now)
    assert training.follow_schedule(now=now) is None

    label(now, created_at=now)
    run = training.follow_schedule(now=now + timedelta(minutes=1))

    assert (run.origin, run.has_base) == (TrainingOrigin.SCHEDULE, True)
    assert training.follow_schedule(now=now + timedelta(minutes=2)) is None


def test_a_model_is_due_after_enough_days_if_there_is_anything_new(now):
    ChampionFactory()
    set_schedule(now, every_days=7)
    week = now + timedelta(days=7)
    assert training.follow_schedule(now=week) is None

    label(now, created_at=now + timedelta(days=1))

    assert training.follow_schedule(now=week - timedelta(minutes=1)) is None
    assert training.follow_schedule(now=week) is not None


@pytest.mark.parametrize("end", [fail, training.cancel_run])
def test_a_scheduled_run_that_ended_badly_has_had_its_occasion(now, end):
    ChampionFactory()
    set_schedule(now, every_labels=2, every_days=7)
    for _ in range(2):
        label(now, created_at=now)
    run = training.follow_schedule(now=now)
    end(run_id=run.pk, now=now)

    assert training.follow_schedule(now=now + timedelta(minutes=1)) is None
    assert DatasetSnapshot.objects.count() == 1
    label(now, created_at=now + timedelta(hours=1))
    assert training.follow_schedule(now=now + timedelta(days=6)) is None
    assert training.follow_schedule(now=now + timedelta(days=7)) is not None


def test_a_persons_failed_run_does_not_put_the_schedule_off(now):
    ChampionFactory()
    set_schedule(now, every_labels=1)
    label(now, created_at=now)
    fail(run_id=request(now + timedelta(minutes=1), SnapshotFactory()).pk, now=now)

    assert training.follow_schedule(now=now + timedelta(minutes=2)) is not None


def test_a_scheduled_run_is_not_tried_again_beside_another_one(now):
    first = request(now, SnapshotFactory(), origin=TrainingOrigin.SCHEDULE)
    fail(run_id=first.pk, now=now)
    second = request(now, SnapshotFactory(), origin=TrainingOrigin.SCHEDULE)

    with pytest.raises(training.OtherRunIsOpen):
        training.retry_run(run_id=first.pk)

    assert fresh(first).status == TrainingStatus.FAILED
    training.cancel_run(run_id=second.pk, now=now)
    assert training.retry_run(run_id=first.pk).status == TrainingStatus.WAITING


def test_two_beats_at_once_ask_for_one_run(now):
    ChampionFactory()
    set_schedule(now, every_labels=1)
    label(now)

    with transaction.atomic():
        run = training.follow_schedule(now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        request(now, run.snapshot, origin=TrainingOrigin.SCHEDULE)

    assert TrainingRun.objects.count() == 1


def test_a_schedule_is_versioned_and_a_stale_form_is_refused(now):
    first = training.current_schedule(now=now)
    set_schedule(now, every_labels=100)

    with pytest.raises(VersionOutdated):
        training.set_schedule(
            changes={"every_days": 1}, based_on=first.version, author=None, now=now
        )
    with pytest.raises(ConfigInvalid):
        set_schedule(now, config={"x": 1})

    assert list(TrainingSchedule.objects.values_list("version", "every_labels")) == [
        (1, None),
        (2, 100),
    ]
