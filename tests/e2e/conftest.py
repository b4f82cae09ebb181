import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from tests.e2e.desk_hand import LOOK_MS
from tests.factories import ModeratorFactory
from tests.review_world import load_categories

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _content_policy_holds(page):
    """No page of any journey tries what our own content policy refuses."""
    refused = []
    page.on(
        "console",
        lambda message: (
            refused.append(message.text) if "Content Security Policy" in message.text else ""
        ),
    )
    yield
    assert refused == []


@pytest.fixture
def faults(page):
    """What the browser's console complained about, a refusal of the content policy for example."""
    seen = []
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else "")
    page.on("pageerror", lambda error: seen.append(str(error)))
    return seen


@pytest.fixture
def sign_in(page, live_server):
    """Return a function that gives the browser a person's session without the log-in page."""

    def sign_in(person):
        client = Client()
        client.force_login(person)
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": live_server.url,
                }
            ]
        )

    return sign_in


@pytest.fixture
def moderator():
    load_categories()
    return ModeratorFactory(username="mona", language="en")


@pytest.fixture
def desk(page, live_server, moderator, settings):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{live_server.url}/login/?next=/review/")
    page.get_by_label(re.compile("Username|Nom d")).fill("mona")
    page.get_by_label(re.compile("Password|Mot de passe")).fill(PASSWORD)

    def sit_down():
        page.get_by_role("button", name=re.compile("Sign in|Se connecter")).click()
        expect(page.locator("article[data-item]").first).to_be_visible()
        page.wait_for_timeout(LOOK_MS)
        return page

    yield sit_down
    # The database is emptied next: no request, not even the farewell beacon, may be under way.
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")
    page.wait_for_timeout(500)
