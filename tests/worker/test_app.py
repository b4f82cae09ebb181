"""The Celery app's own promises."""

import importlib

import pytest

from worker.app import VISIBILITY_SECONDS, app
from worker.tasks import classify, sweep


def test_only_json_goes_over_the_broker():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == app.conf.result_serializer == "json"


@pytest.mark.parametrize("entry", app.conf.beat_schedule.values(), ids=app.conf.beat_schedule)
def test_beat_sends_only_what_there_is_and_lets_it_expire(entry):
    module, _, name = entry["task"].rpartition(".")

    task = getattr(importlib.import_module(module), name)

    assert task.name == entry["task"]
    assert entry["options"]["expires"] <= entry["schedule"]


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        (classify.drain, "inference"),
        (sweep.sweep_requests, "inference"),
        (sweep.sweep_jobs, "default"),
        (sweep.forget_heartbeats, "default"),
    ],
)
def test_each_task_goes_to_the_workers_that_do_its_work(task, queue):
    assert app.amqp.router.route({}, task.name)["queue"].name == queue


def test_a_running_classification_is_never_handed_out_twice():
    assert app.conf.task_time_limit < VISIBILITY_SECONDS
    assert app.conf.broker_transport_options["visibility_timeout"] == VISIBILITY_SECONDS
    assert app.conf.task_soft_time_limit > classify.BUDGET_SECONDS
