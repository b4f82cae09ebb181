from datetime import date, timedelta

import pytest

from reviewapp.choices import JobStatus, Split
from reviewapp.domain.snapshots import Filters
from reviewapp.domain.splits import drawn, group_name
from reviewapp.models import Category, DatasetSnapshot, FeedbackLabel, SplitAssignment
from reviewapp.selectors.exports import stranded
from reviewapp.selectors.snapshots import (
    frozen_rows,
    label_counts,
    snapshot_path,
    training_rows,
)
from reviewapp.selectors.training import labels_after
from reviewapp.services import leases, snapshots
from reviewapp.services.snapshots import write
from tests.concurrency import in_new_connection
from tests.factories import (
    ChampionFactory,
    ListedProductFactory,
    ModeratorFactory,
    PredictionFactory,
    ProductImageFactory,
)
from tests.labels import label, relabel, snapshot
from tests.training_world import request as request_training
from worker.app import app
from worker.tasks.snapshots import ALL_FILTERED, ALL_OUTDATED, NO_LABELS, run_snapshot
from worker.tasks.training import run_training

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_snapshot_keeps_label_and_product_as_they_were(now):
    given = label(
        now, code=2280, product=ListedProductFactory(designation="Un vieux titre", language="fr")
    )
    frozen = snapshot(now)

    relabel(given, now, code=10)
    given.product.designation = "Un autre titre"
    given.product.save()

    [row] = frozen_rows(frozen)
    assert (row.code, row.designation) == (2280, "Un vieux titre")
    assert (frozen.status, frozen.rows_total, frozen.rows_done) == (JobStatus.DONE, 1, 1)
    assert frozen.manifest["counts"]["2280"] == 1
    assert frozen.manifest["languages"] == {"fr": 1}


def test_what_is_labelled_while_rows_are_written_is_newer_than_the_snapshot(now, monkeypatch):
    label(now)
    later = []
    tally = write.Tally

    def tally_while_somebody_labels():
        later.append(in_new_connection(lambda: label(now)))
        return tally()

    monkeypatch.setattr(write, "Tally", tally_while_somebody_labels)
    frozen = snapshot(now)

    assert frozen.rows_total == 1
    assert frozen.last_label < later[0].pk
    assert labels_after(frozen) == 1


def test_the_same_content_has_the_same_digest_and_one_file(now):
    label(now)
    label(now, code=20)

    first, second = snapshot(now), snapshot(now + timedelta(days=400))

    assert first.digest == second.digest
    assert first.file_sha256 == second.file_sha256
    assert [path.name for path in snapshot_path(first.digest).parent.iterdir()] == [
        f"{first.digest}.parquet"
    ]


@pytest.mark.parametrize("change", ["label", "text", "taxonomy", "filters"])
def test_another_content_has_another_digest(now, change):
    given = label(now)
    first = snapshot(now)

    if change == "label":
        relabel(given, now, code=20)
    elif change == "text":
        given.product.designation += " !"
        given.product.save()
    elif change == "taxonomy":
        Category.objects.filter(code=10).update(definition_fr="Autre chose.")
    filters = Filters(sources=("moderator",)) if change == "filters" else Filters()
    second = snapshot(now, filters)

    assert first.digest != second.digest


def test_where_a_label_comes_from_is_kept_without_names(now):
    alice = ModeratorFactory(username="alice")
    champion = ChampionFactory(name="demo-1")
    product = ListedProductFactory(source="shop", external_id="p-1")
    given = label(
        now,
        code=2280,
        product=product,
        moderator=alice,
        model_version=champion,
        reasons=["low_confidence"],
        is_blind=True,
        inclusion_probability=0.05,
    )
    PredictionFactory(product=product, model_version=champion, category=given.category)
    label(now, moderator=alice)
    label(now)

    rows = list(frozen_rows(snapshot(now)))

    assert rows[0].moderator == rows[1].moderator != rows[2].moderator
    assert "alice" not in snapshot_path(DatasetSnapshot.objects.get().digest).read_bytes().decode(
        "latin-1"
    )
    assert (rows[0].is_blind, rows[0].inclusion_probability) == (True, 0.05)
    assert (rows[0].answers, rows[0].agreeing, rows[0].agreement) == (1, 1, 1.0)
    assert (rows[0].predicted_code, rows[0].confidence, rows[0].predicted_by) == (
        2280,
        0.6,
        "demo-1",
    )


def test_agreement_counts_every_standing_answer(now):
    product = ListedProductFactory()
    relabel(label(now, code=10, product=product), now, code=20)

    [row] = frozen_rows(snapshot(now))

    assert (row.code, row.answers, row.agreeing, row.superseded) == (20, 2, 1, 1)


def test_only_live_labels_for_the_present_text_that_fit_are_held(now):
    kept = label(now, is_blind=True)
    label(now)
    label(now, is_blind=True, created_at=now + timedelta(days=1))
    label(now, is_blind=True, input_digest="d" * 64)
    label(now, ended_at=now)
    filters = Filters(is_blind_only=True, decided_from=now.date(), decided_until=now.date())

    held = snapshot(now, filters)

    assert [row.product_id for row in frozen_rows(held)] == [kept.product_id]
    assert held.left_out == {"outdated": 1, "filtered": 2}


@pytest.mark.parametrize(
    ("make", "filters", "reason"),
    [
        (lambda now: None, Filters(), NO_LABELS),
        (lambda now: label(now, input_digest="d" * 64), Filters(), ALL_OUTDATED),
        (lambda now: label(now), Filters(decided_until=date(2000, 1, 1)), ALL_FILTERED),
    ],
)
def test_an_empty_snapshot_says_why(now, make, filters, reason):
    make(now)

    made = snapshot(now, filters)

    assert (made.status, made.error, made.digest) == (JobStatus.FAILED, reason, "")


def test_a_label_given_while_rows_are_frozen_waits_for_the_next_snapshot(now, tmp_path):
    label(now)
    label(now, code=20)

    def interfere(done, total):
        if not done:
            in_new_connection(lambda: label(now, code=30))

    frozen = snapshots.freeze(
        filters=Filters(), part=tmp_path / "x.part", now=now, on_progress=interfere
    )

    assert frozen.rows == frozen.manifest["rows"] == 2
    assert label_counts(Filters()).selected == 3


def test_a_worker_taken_for_dead_cannot_finish_the_snapshot(now):
    label(now)
    row = snapshots.request_snapshot(filters=Filters(), note="", user=None, now=now)
    slow = snapshots.claim_snapshot(snapshot_id=row.pk, now=now)
    frozen = snapshots.freeze(
        filters=Filters(), part=slow.part, now=now, on_progress=lambda done, total: None
    )
    later = now + timedelta(hours=1)
    assert stranded(DatasetSnapshot, now=later) == [row.pk]
    snapshots.claim_snapshot(snapshot_id=row.pk, now=later)

    with pytest.raises(leases.JobLost):
        snapshots.finish_snapshot(hold=slow, frozen=frozen, now=now)


def test_training_rows_carry_clipped_weights_and_pictures(now, settings):
    image = ProductImageFactory()
    for probability, product in (
        (0.5, ListedProductFactory(image=image)),
        (0.001, ListedProductFactory()),
    ):
        label(now, product=product, inclusion_probability=probability)

    rows = list(training_rows(snapshot(now)))

    assert [row.weight for row in rows] == [2.0, 10.0]
    assert rows[0].image == settings.MEDIA_ROOT / image.path
    assert rows[1].image is None
    assert {row.split for row in rows} <= set(Split)


def keys_in(split):
    return (key for key in range(10_000) if drawn(group_name(key, 0, {})) == split)


def grouped(key, **values):
    return ListedProductFactory(group_key=key, title_hash=key, **values)


def splits():
    return dict(SplitAssignment.objects.values_list("product_id", "split"))


def test_near_duplicates_share_a_split_and_the_draw_follows_the_shares(now):
    twins = [label(now, product=grouped(7)).product_id for _ in range(3)]

    snapshot(now)

    assert len({splits()[product_id] for product_id in twins}) == 1
    drawn_of = [drawn(group_name(key, 0, {})) for key in range(4000)]
    assert drawn_of.count(Split.TEST) == pytest.approx(400, abs=60)
    assert drawn_of.count(Split.TRAIN) == pytest.approx(3200, abs=100)


def test_once_test_always_test_when_groups_merge(now):
    test, train = next(keys_in(Split.TEST)), next(keys_in(Split.TRAIN))
    image = ProductImageFactory(look=99)
    tested = label(now, product=grouped(test, image=image)).product_id
    trained = label(now, product=grouped(train)).product_id
    snapshot(now)
    before = splits()

    # Its title is that of the one group, its picture that of the other.
    bridge = label(now, product=grouped(train, image=image)).product_id
    frozen = snapshot(now)

    assert (before[tested], before[trained]) == (Split.TEST, Split.TRAIN)
    assert set(splits().values()) == {Split.TEST}
    rows = {row.product_id: row for row in frozen_rows(frozen)}
    assert len({rows[key].group for key in (tested, trained, bridge)}) == 1
    assert {row.split for row in rows.values()} == {Split.TEST}


def test_what_a_run_has_learned_without_a_label_ties_groups_as_well(now):
    test, train = next(keys_in(Split.TEST)), next(keys_in(Split.TRAIN))
    image = ProductImageFactory(look=99)
    tested = label(now, product=grouped(test, image=image)).product_id
    trained = label(now, product=grouped(train)).product_id
    snapshot(now)
    # A base row of an earlier run: of the one group by its title, with the picture of the other.
    bridge = grouped(train, image=image)
    SplitAssignment.objects.create(product=bridge, split=Split.TRAIN, assigned_at=now)

    rows = {row.product_id: row for row in frozen_rows(snapshot(now))}

    assert {row.split for row in rows.values()} == {Split.TEST}
    assert rows[tested].group == rows[trained].group


def test_a_product_stays_in_the_test_when_its_title_changes(now):
    test, train = next(keys_in(Split.TEST)), next(keys_in(Split.TRAIN))
    moved = label(now, product=grouped(test)).product
    neighbour = label(now, product=grouped(train)).product_id
    snapshot(now)

    moved.group_key = moved.title_hash = train
    moved.save()
    snapshot(now)

    assert splits() == {moved.pk: Split.TEST, neighbour: Split.TEST}


def test_growing_data_moves_no_product(now):
    for key in range(30):
        label(now, product=grouped(key))
    label(now)  # tied to nothing
    snapshot(now)
    before = splits()

    for key in range(20, 60):
        label(now, product=grouped(key))
    snapshot(now)

    assert before.items() <= splits().items()
    assert FeedbackLabel.objects.count() == len(splits())


@pytest.mark.parametrize("has_labels", [True, False])
def test_a_training_that_waits_for_it_is_woken_as_soon_as_it_has_ended(
    now, monkeypatch, has_labels
):
    woken = []

    def send(name, args, *_, **options):
        woken.append((name, args, options["expires"]))

    monkeypatch.setattr(app, "send_task", send)
    if has_labels:
        label(now)
    row, other = (
        snapshots.request_snapshot(filters=Filters(), note="", user=None, now=now) for _ in "ab"
    )
    request_training(now, other)
    run = request_training(now, row)

    run_snapshot(row.pk)

    row.refresh_from_db()
    assert row.status == (JobStatus.DONE if has_labels else JobStatus.FAILED)
    assert woken == [(run_training.name, (run.pk,), 30)]
