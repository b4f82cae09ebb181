import pytest

from reviewapp.settings.env import broker_url


@pytest.mark.parametrize(
    ("redis_url", "celerys"),
    [
        ("redis://localhost:6379/3", "redis://localhost:6379/3"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
        ("unix://:secret@/run/redis.sock", "redis+socket://:secret@/run/redis.sock"),
    ],
)
def test_celery_hears_of_the_database_in_its_own_words(redis_url, celerys):
    assert broker_url(redis_url) == celerys
