import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError

from reviewapp.services import workers
from tests.waiting import eventually
from worker import heartbeat


@pytest.mark.parametrize("error", [DataError, IntegrityError, InterfaceError, OperationalError])
def test_no_error_of_the_database_ends_the_beats(monkeypatch, caplog, error):
    beats = []

    def refuse(**_values):
        beats.append(1)
        raise error("refused")

    monkeypatch.setattr(workers, "beat", refuse)
    monkeypatch.setattr(workers, "retire", lambda **_values: None)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    heart = heartbeat.Heart("test", ("default",))
    heart.start()
    try:
        assert eventually(lambda: len(beats) > 2, 5)
    finally:
        heart.stop()

    assert "No heartbeat" in caplog.text
