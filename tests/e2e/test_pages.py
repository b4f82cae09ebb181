"""Every page of the site, as every role: clean to axe, whole at any width, in both themes."""

import pytest
from django.db import transaction
from django.urls import URLResolver, get_resolver

from tests.e2e.axe import in_each_look, lasting_violations
from tests.e2e.site_pages import NO_PAGES, ROLES

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.__name__)
def test_every_page_is_whole_and_axe_finds_nothing(page, live_server, sign_in, faults, role):
    person, pages = role()
    if person is not None:
        sign_in(person)
    found = []

    for one in pages:
        response = page.goto(live_server.url + one.address)
        assert response.status == 200, one
        # What is folded must be whole, too.
        page.evaluate("document.querySelectorAll('main details').forEach((one) => one.open = true)")
        for look in in_each_look(page):
            found += [(one.name, look, *what) for what in lasting_violations(page, look.rules)]
            overflow = page.evaluate("document.documentElement.scrollWidth") - look.width
            assert overflow <= 0, (one, look)

    assert (found, faults) == ([], [])


def test_no_page_is_forgotten():
    seen = {page.name for role in ROLES for page in _pages_of(role)}
    site = {name for name in _names(get_resolver()) if not name.startswith(("api:", "admin:"))}

    assert site - NO_PAGES - seen == set()
    assert site >= NO_PAGES


def _pages_of(role):
    """The pages of a role; what it has written is forgotten, so that roles do not meet."""
    with transaction.atomic():
        pages = role()[1]
        transaction.set_rollback(True)
    return pages


def _names(resolver, space=""):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _names(entry, inner)
        elif entry.name:
            yield space + entry.name
