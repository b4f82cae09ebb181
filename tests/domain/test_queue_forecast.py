from datetime import UTC, datetime, timedelta

import pytest

from reviewapp.domain.queue_forecast import Observation, forecast

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def seen(hours_ago=0, *, open, answered=60, people=3, is_more=False):
    return Observation(NOON - timedelta(hours=hours_ago), open, is_more, answered, people)


def test_the_queue_is_empty_when_the_pace_of_the_last_hour_has_worked_it_off():
    found = forecast(seen(1, open=120), seen(open=80), NOON)

    assert (found.arrivals, found.answers, found.people) == (20, 60, 3)
    assert found.empty_at == NOON + timedelta(hours=2)


@pytest.mark.parametrize(
    ("before", "last", "now", "why"),
    [
        (None, seen(open=5), NOON, "unmeasured"),
        (seen(1, open=9), seen(open=5), NOON + timedelta(hours=1), "stale"),
        (seen(1, open=9), seen(open=5, is_more=True), NOON, "many"),
        (seen(1, open=9), seen(open=5, answered=0, people=0), NOON, "nobody"),
        (seen(1, open=5), seen(open=9), NOON, "growing"),
        (seen(1, open=9001), seen(open=9000), NOON, "far"),
    ],
)
def test_what_cannot_be_told_is_not_told(before, last, now, why):
    found = forecast(before, last, now)

    assert (found.empty_at, found.why) == (None, why)


def test_an_empty_queue_is_empty_now():
    assert forecast(seen(1, open=0), seen(open=0, people=0, answered=0), NOON).empty_at == NOON
