"""Trainings by the worker's own code, with the real program as its child."""

import json
import threading

import pytest

from reviewapp.choices import TrainingOrigin, TrainingStatus
from reviewapp.models import ModelVersion, SplitAssignment, TrainingPoint, TrainingRun
from reviewapp.selectors.model_versions import champion
from reviewapp.selectors.training import learned_by
from reviewapp.services import training
from reviewapp.services.promotions import promote
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ListedProductFactory,
    ModelVersionFactory,
    ProductImageFactory,
    SnapshotFactory,
)
from tests.labels import label, relabel, snapshot
from tests.training_world import LEXICAL, catalogue, claim, expired, fresh, request, stages
from tests.waiting import eventually
from worker.environment import code_version
from worker.tasks.snapshots import SNAPSHOT_ALTERED
from worker.tasks.training import ROWS_MISSING, SNAPSHOT_GONE, run_training, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def media(settings):
    return settings.MEDIA_ROOT


def rows_of(run):
    path = training.run_folder(run.pk) / "rows.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def freeze(run, now):
    hold = claim(run, now)
    training.freeze_rows(hold=hold, now=now, on_progress=lambda done, total: None)
    return hold


def test_a_run_ends_in_a_candidate_and_never_more(now, media):
    catalogue(now, media)
    run = request(now, snapshot(now))

    run_training(run.pk)

    run = fresh(run)
    assert (run.status, run.error) == (TrainingStatus.DONE, "")
    assert run.rows["labels"] == 20
    assert run.rows["base"] == 40
    assert set(run.rows["categories"]) == {"10", "40", "1280", "2583"}
    assert run.code_version == code_version()
    assert run.environment["torch"]
    assert run.model_version.name == f"run-{run.pk}"
    assert stages() == ["candidate"]
    assert set(run.points.values_list("curve", flat=True)) == {"lexical/log_loss_by_strength"}
    assert {path.name for path in training.run_folder(run.pk).iterdir()} == {
        "rows.jsonl",
        "config.json",
        "lock",
    }


def test_the_same_rows_and_seed_give_the_same_model_which_is_known_then(now, media):
    catalogue(now, media)
    frozen = snapshot(now)
    first, second, other = (request(now, frozen, seed=seed) for seed in (0, 0, 1))

    for run in (first, second, other):
        work(run.pk)

    first, second, other = map(fresh, (first, second, other))
    assert first.rows_sha256 == second.rows_sha256 == other.rows_sha256
    assert first.model_version == second.model_version
    assert first.model_version != other.model_version
    assert ModelVersion.objects.count() == 2


def test_a_champion_is_the_elder_of_what_comes_after_only_where_it_is_named(now, media):
    catalogue(now, media)
    first = request(now)
    work(first.pk)
    promote(version=fresh(first).model_version, now=now)

    elder = fresh(first).model_version.manifest_sha256
    second, alone = request(now, config={**LEXICAL, "elder": elder}), request(now)
    work(second.pk)

    second = fresh(second)
    assert (second.status, second.config["elder"], alone.config["elder"]) == ("done", elder, "")
    # Too few products of the validation to fit the vote.
    assert second.model_version.metrics["elder"] == {"sha256": elder, "share": 0.3, "kept": False}


def test_a_run_whose_elder_is_gone_fails_with_the_way_out(now, media):
    catalogue(now, media, labelled=4, base=16)
    run = request(now)
    TrainingRun.objects.filter(pk=run.pk).update(config={**run.config, "elder": "a" * 64})

    work(run.pk)

    assert fresh(run).status == TrainingStatus.FAILED
    assert '"elder": ""' in fresh(run).error


def test_a_label_stands_for_its_products_and_the_catalogues_code_for_the_rest(now, media):
    catalogue(now, media, labelled=4, base=4)
    wrong = ListedProductFactory(given_code=10)
    label(now, code=40, product=wrong)
    frozen = snapshot(now)
    later = ListedProductFactory(given_code=10)
    label(now, code=40, product=later)
    ListedProductFactory(given_code=999_999)
    run = request(now, frozen)

    freeze(run, now)

    rows = {int(row["key"]): row for row in rows_of(run)}
    assert len(rows) == 9
    assert (rows[wrong.pk]["code"], rows[wrong.pk]["base"]) == (40, False)
    assert later.pk not in rows
    assert sorted({row["weight"] for row in rows.values()}) == [1.0, 4.0]
    assert list(rows) == sorted(rows)
    splits = dict(SplitAssignment.objects.values_list("product_id", "split"))
    assert {pk: row["split"] for pk, row in rows.items()} == {pk: splits[pk] for pk in rows}


def test_rows_stay_as_the_first_attempt_froze_them(now, media):
    catalogue(now, media, labelled=4, base=4)
    run = request(now, snapshot(now))
    freeze(run, now)
    before = rows_of(run), fresh(run).rows_sha256
    ListedProductFactory(given_code=10)

    freeze(run, expired(now))

    assert (rows_of(run), fresh(run).rows_sha256) == before


def test_a_near_duplicate_of_a_tested_product_is_not_trained_on(now):
    key = next(key for key in range(10_000) if training_split(key) == "test")
    tested = label(now, product=ListedProductFactory(group_key=key, title_hash=key)).product
    frozen = snapshot(now)
    twin = ListedProductFactory(group_key=key, title_hash=key, given_code=10)

    run = request(now, frozen)
    freeze(run, now)

    assert {row["key"]: row["split"] for row in rows_of(run)} == {
        str(tested.pk): "test",
        str(twin.pk): "test",
    }


def test_what_ties_a_tested_product_to_a_trained_one_takes_both_into_the_test(now):
    test, train = (
        next(key for key in range(10_000) if training_split(key) == split)
        for split in ("test", "train")
    )
    look = ProductImageFactory(look=99)
    first = label(now, product=ListedProductFactory(group_key=train, title_hash=train)).product
    tested = label(
        now, product=ListedProductFactory(group_key=test, title_hash=test, image=look)
    ).product
    other = label(now, product=ListedProductFactory(group_key=train + 10_000)).product
    frozen = snapshot(now)
    # Of the one group by its title, with the picture of the other.
    bridge = ListedProductFactory(group_key=train, title_hash=train, image=look, given_code=10)

    run = request(now, frozen)
    freeze(run, now)

    rows = {int(row["key"]): row for row in rows_of(run)}
    assert {rows[one.pk]["split"] for one in (first, tested, bridge)} == {"test"}
    assert len({rows[one.pk]["group"] for one in (first, tested, bridge)}) == 1
    assert rows[other.pk]["group"] != rows[bridge.pk]["group"]
    assert dict(SplitAssignment.objects.values_list("product_id", "split"))[first.pk] == "test"


def test_a_base_row_learned_before_leaves_the_training_with_its_tested_twin(now):
    test, train = (
        next(key for key in range(10_000) if training_split(key) == split)
        for split in ("test", "train")
    )
    CategoryFactory(code=10)
    look = ProductImageFactory(look=99)
    base = ListedProductFactory(group_key=train, given_code=10)
    first = request(now)
    freeze(first, now)
    tested = label(now, product=ListedProductFactory(group_key=test, image=look)).product
    snapshot(now)
    base.image = look
    base.save()

    earlier = ModelVersionFactory(created_at=now)
    TrainingRun.objects.filter(pk=first.pk).update(
        status="done", lease_expires_at=None, finished_at=now, model_version=earlier
    )
    run = request(now, snapshot(now))
    freeze(run, now)

    assert {int(row["key"]): row["split"] for row in rows_of(run)} == {
        base.pk: "test",
        tested.pk: "test",
    }
    was_in_training = {int(row["key"]): row["was_in_training"] for row in rows_of(run)}
    assert was_in_training == {base.pk: True, tested.pk: False}
    assert list(learned_by(earlier)) == [base]


def test_a_twin_of_what_was_learned_without_a_label_is_no_test_product(now):
    test, train = (
        next(key for key in range(10_000) if training_split(key) == split)
        for split in ("test", "train")
    )
    CategoryFactory(code=10)
    look = ProductImageFactory(look=99)
    ListedProductFactory(group_key=train, image=look, given_code=10)
    freeze(request(now), now)
    twin = label(now, product=ListedProductFactory(group_key=test, image=look)).product

    snapshot(now)

    assert SplitAssignment.objects.get(product=twin).split == "train"


def training_split(key):
    from reviewapp.domain.splits import drawn, group_name

    return drawn(group_name(key, 0, {}))


def test_a_run_whose_data_are_gone_or_empty_says_why(now):
    nothing, altered = request(now), request(now, snapshot_with_another_file(now))
    given = label(now)
    frozen = snapshot(now)
    gone = request(now, frozen)
    relabel(given, now, code=20)
    from reviewapp.selectors.snapshots import snapshot_path

    snapshot_path(frozen.digest).unlink()

    for run in (nothing, altered, gone):
        work(run.pk)

    assert (fresh(nothing).status, fresh(nothing).error) == ("failed", ROWS_MISSING)
    assert (fresh(altered).status, fresh(altered).error) == ("failed", SNAPSHOT_ALTERED)
    assert (fresh(gone).status, fresh(gone).error) == ("failed", SNAPSHOT_GONE)


def snapshot_with_another_file(now):
    from reviewapp.selectors.snapshots import snapshot_path

    frozen = SnapshotFactory()
    path = snapshot_path(frozen.digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PAR1")
    return frozen


def test_the_programs_own_words_say_why_a_training_failed(now, media):
    catalogue(now, media, labelled=0, base=2)
    run = request(now)

    work(run.pk)

    assert fresh(run).status == TrainingStatus.FAILED
    assert "too few" in fresh(run).error


def test_a_cancelled_run_stops_and_goes_on_when_it_is_tried_again(now, media):
    catalogue(now, media)
    run = request(now, snapshot(now))
    worker = threading.Thread(target=work, args=(run.pk,))
    worker.start()
    assert eventually(lambda: fresh(run).status == TrainingStatus.RUNNING, 20)

    training.cancel_run(run_id=run.pk, now=now)
    worker.join(timeout=20)

    assert fresh(run).status == TrainingStatus.CANCELLED
    training.retry_run(run_id=run.pk)
    work(run.pk)
    assert fresh(run).status == TrainingStatus.DONE


def test_the_cold_starts_model_classifies_at_once_and_only_when_none_does(now, media):
    catalogue(now, media)
    frozen = snapshot(now)
    run = request(now, frozen, origin=TrainingOrigin.COLD_START)

    work(run.pk)

    assert champion() == fresh(run).model_version
    assert fresh(run).promoted_at is not None


def test_a_cold_starts_model_comes_too_late_when_another_classifies(now, media):
    catalogue(now, media)
    run = request(now, snapshot(now), origin=TrainingOrigin.COLD_START)
    other = ChampionFactory()

    work(run.pk)

    assert champion() == other
    assert fresh(run).promoted_at is None
    assert fresh(run).status == TrainingStatus.DONE


def test_points_told_again_are_kept_once(now):
    run = request(now)
    hold = claim(run, now)

    for y in (0.5, 0.7):
        point = TrainingPoint(run=run, curve="text/training_loss", x=1, y=y)
        training.report_run(hold=hold, progress=None, points=[point], now=now)

    assert list(TrainingPoint.objects.values_list("y", flat=True)) == [0.5]


def test_a_configuration_is_stored_whole_with_its_seed(now):
    run = request(now, config=LEXICAL, seed=7)

    assert run.config["training"]["seed"] == 7
    assert run.config["threads"] == 1
