import pytest

from tests.factories import ModeratorFactory


@pytest.fixture
def moderator():
    return ModeratorFactory(language="en")


@pytest.fixture
def signed_in(client, moderator):
    client.force_login(moderator)
    return client
