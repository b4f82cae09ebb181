from pathlib import Path

import pytest
from django.test import Client

from reviewapp.services.images import store_image
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def image():
    return store_image(data=jpeg())


def get(client, path):
    answer = client.get(path)
    body = b"".join(answer.streaming_content)
    answer.close()
    return answer, body


def test_a_picture_is_sent_once_and_for_all(client, image):
    answer, body = get(client, image.url)

    assert answer.status_code == 200
    assert body[:3] == b"\xff\xd8\xff"
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert int(answer["Content-Length"]) == image.size_bytes


def test_a_thumbnail_is_webp(client, image):
    assert get(client, image.thumbnail_url)[0]["Content-Type"] == "image/webp"


def test_a_browser_that_has_it_gets_nothing(client, image):
    etag = get(client, image.url)[0]["ETag"]

    again = client.get(image.url, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_only_reading_is_allowed(client, image):
    assert client.post(image.url).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/media/",
        "/media/images/",
        f"/media/images/aa/{'a' * 64}.jpg",
        f"/media/images/aa/{'a' * 64}.svg",
        "/media/images/aa/../../secret.txt",
        "/media/images/aa/..%2f..%2fsecret.txt",
        "/media/images/%2e%2e/secret.txt",
        "/media//etc/passwd",
        "/media/imports/1/report.csv",
        "/media/images/aa/a%00.jpg",
    ],
)
def test_nothing_else_is_sent(settings, path):
    secret = Path(settings.MEDIA_ROOT) / "secret.txt"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text("secret")

    answer = Client().get(path)

    assert answer.status_code == 404
