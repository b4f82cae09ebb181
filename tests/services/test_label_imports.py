import json
import re

import pytest
from django.utils import translation

from reviewapp.choices import (
    ExportFormat,
    LabelSource,
    ProductStatus,
    ReviewReason,
    ReviewStatus,
)
from reviewapp.domain.label_studio import TasksUnreadable, split_tasks
from reviewapp.models import FeedbackLabel, LabelImport, ReviewItem
from reviewapp.selectors.exports import export_path
from reviewapp.selectors.label_tasks import undecided_tasks
from reviewapp.selectors.snapshots import frozen_rows
from reviewapp.services.feedback import record_label, retract
from reviewapp.services.label_imports import import_labels
from reviewapp.services.predictions.results import live_labels
from reviewapp.services.review import claim_next
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    DecisionFactory,
    ModeratorFactory,
    PredictionFactory,
    ProductFactory,
    ReviewItemFactory,
)
from tests.labels import export, label, snapshot

pytestmark = pytest.mark.django_db


def task(external_id="p-1", choices=("10 Livres",), **values):
    return {
        "id": 7,
        "data": {"external_id": external_id, "source": "shop"},
        "annotations": [
            {
                "id": 70,
                "completed_by": {"id": 3, "email": "ann@example.org"},
                "result": [
                    {
                        "from_name": "category",
                        "to_name": "designation",
                        "type": "choices",
                        "value": {"choices": list(choices)},
                    }
                ],
            }
        ],
        **values,
    }


def read(content, now, source=""):
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    content = content.encode() if isinstance(content, str) else content
    return import_labels(content=content, file_name="tasks.json", source=source, user=None, now=now)


@pytest.fixture
def product():
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    return ProductFactory(source="shop", external_id="p-1")


def test_a_choice_becomes_a_label_of_a_source_of_its_own(product, now):
    job = read([task()], now)

    given = FeedbackLabel.objects.get()
    assert (job.created_count, job.unchanged_count, job.refused_count) == (1, 0, 0)
    assert (given.source, given.category.code) == (LabelSource.IMPORTED, 10)
    assert (given.label_import, given.annotation) == (job, "task 7, annotation 70")
    assert (given.decision, given.moderator, given.is_blind) == (None, None, False)
    assert len(given.annotator) == 16
    assert "ann" not in given.annotator
    product.refresh_from_db()
    assert product.category is None


def test_reading_the_file_again_changes_nothing_and_a_new_choice_supersedes(product, now):
    read([task()], now)

    again = read([task()], now)
    changed = read([task(choices=["20 Jeux"])], now)

    assert (again.created_count, again.unchanged_count) == (0, 1)
    assert changed.created_count == 1
    old, new = FeedbackLabel.objects.order_by("pk")
    assert (old.superseded_by, new.ended_at, new.category.code) == (new, None, 20)


def of(given, choice, **values):
    """A task on the labelled product with that choice."""
    data = {"external_id": given.product.external_id, "source": given.product.source, **values}
    return {**task(choices=[choice]), "data": data}


def test_another_choice_than_ours_is_kept_beside_and_a_colleague_is_asked(now):
    CategoryFactory(code=10)
    ModeratorFactory()
    given = label(now, code=20)

    job = read([of(given, "10 Livres")], now)

    assert (job.created_count, job.contested_count, job.refused_count) == (0, 1, 0)
    assert {"10", "20"} <= set(re.findall(r"\d+", str(job.reasons[0][1])))
    kept = FeedbackLabel.objects.get(source=LabelSource.IMPORTED)
    assert (kept.category.code, kept.ended_at, kept.superseded_by) == (10, now, None)
    assert (kept.label_import, kept.annotation) == (job, "task 7, annotation 70")
    given.refresh_from_db()
    assert given.ended_at is None
    item = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).get()
    assert (item.product, item.reasons, item.not_for) == (
        given.product,
        [ReviewReason.SUSPECT_LABEL],
        given.moderator,
    )


def test_a_contested_product_is_taken_from_whoever_decided_it(now):
    CategoryFactory(code=10)
    ModeratorFactory()
    given = label(now, code=20)
    item = ReviewItemFactory(product=given.product, assigned_to=given.moderator, assigned_until=now)
    assert claim_next(moderator=given.moderator, now=now) == item.pk

    read([of(given, "10 Livres")], now)

    item.refresh_from_db()
    assert (item.status, item.claimed_by, item.assigned_to) == (ReviewStatus.PENDING, None, None)
    assert item.not_for == given.moderator


def test_an_escalated_product_stays_with_the_only_lead_who_decided_it(now):
    CategoryFactory(code=10)
    ModeratorFactory()
    lead = AdminFactory()
    given = label(now, code=20, moderator=lead)
    item = ReviewItemFactory(product=given.product, escalated_at=now)
    assert claim_next(moderator=lead, now=now) == item.pk

    read([of(given, "10 Livres")], now)

    item.refresh_from_db()
    assert (item.claimed_by, item.not_for) == (lead, None)


def test_the_same_choice_contests_a_decision_once(now):
    CategoryFactory(code=10)
    given = label(now, code=20)
    read([of(given, "10 Livres")], now)

    again = read([of(given, "10 Livres")], now)
    third = read([of(given, "10 Livres"), of(given, "10 Livres")], now)

    assert (again.contested_count, again.unchanged_count) == (0, 1)
    assert (third.unchanged_count, third.refused_count) == (1, 1)
    assert FeedbackLabel.objects.filter(source=LabelSource.IMPORTED).count() == 1


def test_a_choice_for_the_present_text_takes_the_place_of_a_decision_on_an_earlier_one(now):
    CategoryFactory(code=10)
    given = label(now, code=20, input_digest="e" * 64)

    untold = read([of(given, "10 Livres")], now)
    told = read([of(given, "10 Livres", input_digest=given.product.input_digest)], now)

    assert (untold.refused_count, told.created_count) == (1, 1)
    given.refresh_from_db()
    assert given.superseded_by.category.code == 10
    assert not ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).exists()


@pytest.mark.django_db(transaction=True)
def test_our_own_export_with_one_choice_changed_contests_that_one(now):
    label(now, code=10)
    changed = label(now, code=20)
    tasks = json.loads(export_path(export(ExportFormat.LABEL_STUDIO, now)).read_text("utf-8"))
    tasks[1]["annotations"][0]["result"][0]["value"]["choices"] = ["10 Livres"]

    job = read(tasks, now)

    assert (job.unchanged_count, job.contested_count, job.report[0][0]) == (1, 1, 2)
    assert FeedbackLabel.objects.filter(ended_at=None).count() == 2
    assert ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).get().product == changed.product


def test_undecided_products_go_out_as_tasks_and_come_back_as_labels(now):
    CategoryFactory(code=10, name_fr="Livres")
    product = ProductFactory(source="shop", external_id="p-1", status=ProductStatus.IN_REVIEW)
    answer = PredictionFactory(product=product, category=CategoryFactory(code=20), confidence=0.4)
    ReviewItemFactory(product=product)
    for kept_here in ({"is_blind": True}, {"reasons": [ReviewReason.BUYER_REPORT]}):
        ReviewItemFactory(**kept_here)

    [sent] = json.loads("".join(undecided_tasks()))
    sent["annotations"] = task()["annotations"]
    job = read([sent], now)

    assert sent["predictions"][0]["score"] == answer.confidence
    assert sent["predictions"][0]["result"][0]["value"]["choices"][0].startswith("20 ")
    assert job.created_count == 1
    assert FeedbackLabel.objects.get().category.code == 10


def test_without_undecided_products_the_list_of_tasks_is_empty():
    assert json.loads("".join(undecided_tasks())) == []


def test_an_imported_label_lists_nothing_and_a_decision_replaces_it(product, now):
    read([task()], now)
    assert live_labels({product.pk: product}) == {}
    live = FeedbackLabel.objects.get().pk
    decision = DecisionFactory(item__product=product, before={"label_id": live})

    record_label(
        product=product, decision=decision, category=decision.category, route=None, now=now
    )

    old, new = FeedbackLabel.objects.order_by("pk")
    assert (old.superseded_by, new.source) == (new, LabelSource.MODERATOR)
    back = retract(
        product=product, undo=DecisionFactory(item=decision.item), restore_id=old.pk, now=now
    )
    assert (back.source, back.label_import, back.annotator) == (
        LabelSource.IMPORTED,
        old.label_import,
        old.annotator,
    )


BAD = {
    "unknown category": task(choices=["99 Rien"]),
    "no code": task(choices=["Livres"]),
    "two choices": task(choices=["10 Livres", "20 Jeux"]),
    "no choice": task(choices=[]),
    "unknown product": task(external_id="nobody"),
    "no id": task(external_id=""),
    "id of a wrong type": task(external_id=["p-1"]),
    "null result": task(annotations=[{"result": None}]),
    "result of a wrong type": task(annotations=[{"result": "10"}]),
    "no annotation": task(annotations=[]),
    "skipped": task(annotations=[{"was_cancelled": True, "result": []}]),
    "two opinions": task(
        annotations=[*task()["annotations"], *task(choices=["20 Jeux"])["annotations"]]
    ),
    "score as text": task(predictions=[{"score": "high"}]),
    "negative score": task(predictions=[{"score": -1}]),
    "NUL": task(external_id="p-1\x00"),
    "NUL in a choice": task(choices=["a\x00b"]),
    "NUL in a name": {**task(), "id": "\x00"},
    "lone surrogate": task(external_id="p-\ud800"),
    "changed since": task(data={"external_id": "p-1", "source": "shop", "input_digest": "e" * 64}),
    "data of a wrong type": task(data=[1]),
    "no object": 12,
}
RAW = {
    "1e400": json.dumps(task(predictions=[{"score": "S"}])).replace('"S"', "1e400"),
    "1e400 anywhere": json.dumps(task(meta="S")).replace('"S"', "1e400"),
    "NaN": json.dumps(task(meta="S")).replace('"S"', "NaN"),
    "nested brackets": "[" * 50_000 + "]" * 50_000,
    "nested objects": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "no JSON": "{nothing}",
    "number without end": json.dumps(task(meta="S")).replace('"S"', "9" * 5_000),
}


@pytest.mark.parametrize("trap", [*BAD, *RAW])
def test_a_bad_task_is_refused_with_a_reason_and_sinks_no_other(product, now, trap):
    good = ProductFactory(source="shop", external_id="good")
    bad = RAW[trap] if trap in RAW else json.dumps(BAD[trap])

    job = read(f"[{bad}, {json.dumps(task(external_id=good.external_id))}]", now)

    assert (job.created_count, job.refused_count) == (1, 1)
    assert FeedbackLabel.objects.get().product == good
    [(number, reason)] = LabelImport.objects.get().reasons
    assert number == 1
    assert str(reason)
    with translation.override("fr"):
        assert str(reason) not in {"", reason.words}


def test_a_reason_is_kept_in_no_language_and_old_ones_as_they_were(product, now):
    with translation.override("fr"):
        job = read([task(choices=["99 Lune"])], now)

    with translation.override("en"):
        assert str(job.reasons[0][1]) == "There is no category 99."
    with translation.override("fr"):
        assert str(job.reasons[0][1]) == "La catégorie 99 n’existe pas."
    job.report = [[3, "Zu groß."]]
    assert [(number, str(reason)) for number, reason in job.reasons] == [(3, "Zu groß.")]


def test_the_same_product_twice_counts_once(product, now):
    job = read([task(), task(choices=["20 Jeux"])], now)

    assert (job.created_count, job.refused_count) == (1, 1)
    assert FeedbackLabel.objects.get().category.code == 10


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"\xff\xfe[", b"x"])
def test_a_file_that_is_no_list_is_refused_as_a_whole(now, content):
    with pytest.raises(TasksUnreadable):
        read(content, now)

    assert not LabelImport.objects.exists()


def test_a_file_that_breaks_off_keeps_what_came_before(product, now):
    job = read(json.dumps([task()])[:-1] + ", {", now)

    assert (job.created_count, job.refused_count) == (1, 1)


def test_an_empty_list_is_an_import_of_nothing(now):
    job = read([], now)

    assert (job.created_count, job.refused_count) == (0, 0)


def test_tasks_are_divided_without_being_parsed():
    text = ' [ {"a": "],[\\\\\\"]"}, [1,[2]] ,3] '

    assert [json.loads(part) for part in split_tasks(text)] == [{"a": '],[\\"]'}, [1, [2]], 3]


@pytest.mark.django_db(transaction=True)
def test_our_own_export_comes_back(now):
    given = label(now, code=2280)
    made = export(ExportFormat.LABEL_STUDIO, now)
    FeedbackLabel.objects.update(ended_at=now)

    job = read(export_path(made).read_bytes(), now)

    assert job.created_count == 1
    [row] = frozen_rows(snapshot(now))
    assert (row.product_id, row.code, row.label_source) == (given.product_id, 2280, "imported")
    assert row.agreement == 1.0
