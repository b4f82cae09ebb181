import pytest
from django.conf import settings
from django.test import Client


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
