import pytest

from tests.supervisor import small_project
from tests.supervisor.support import Running


@pytest.fixture
def project(tmp_path):
    return small_project.create(tmp_path / "project")


@pytest.fixture
def start(project):
    """Start the supervisor in the small project; whatever is left at the end is ended."""
    started = []

    def start_one(*words, **options):
        started.append(Running(project, *words, **options))
        return started[-1]

    yield start_one
    for one in started:
        one.end()
