import pytest

from reviewapp.settings.env import broker_url, redis_database


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


@pytest.mark.parametrize(
    ("redis_url", "moved"),
    [
        ("redis://:secret@localhost:6379/3", "redis://:secret@localhost:6379/5"),
        ("redis://localhost", "redis://localhost/5"),
        ("unix://:secret@/run/redis.sock", "unix://:secret@/run/redis.sock?db=5"),
        ("unix:///run/redis.sock?db=3", "unix:///run/redis.sock?db=5"),
    ],
)
def test_another_database_of_the_same_redis(redis_url, moved):
    assert redis_database(redis_url, 5) == moved
