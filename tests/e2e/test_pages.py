"""Every page of the site, as every role: clean to axe, whole at any width, in both themes."""

import pytest
from django.db import transaction
from django.urls import URLResolver, get_resolver

from tests.e2e.axe import violations
from tests.e2e.site_pages import NO_PAGES, ROLES

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# What width and theme can change; everything else is the same markup.
LOOKS = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.__name__)
def test_every_page_is_whole_and_axe_finds_nothing(page, live_server, sign_in, faults, role):
    person, pages = role()
    if person is not None:
        sign_in(person)
    found = []
    # Colours change at once.
    page.emulate_media(reduced_motion="reduce")

    for one in pages:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 900})
        response = page.goto(live_server.url + one.address)
        assert response.status == 200, one
        # Each width and each theme once: colours do not depend on the width.
        for width, theme, rules in [(1440, "light", None), (360, "dark", LOOKS)]:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            found += [(one.name, width, theme, *what) for what in _lasting(page, rules)]
            overflow = page.evaluate("document.documentElement.scrollWidth") - width
            assert overflow <= 0, one

    assert (found, faults) == ([], [])


def _lasting(page, rules):
    """What axe finds twice: a part that is being swapped has no contrast for a moment."""
    if not violations(page, rules=rules):
        return []
    page.wait_for_timeout(500)
    return violations(page, rules=rules)


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
