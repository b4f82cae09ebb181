import threading
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import connection

from reviewapp.domain import images as domain
from reviewapp.domain.images import ImageRefused
from reviewapp.models import ProductImage
from reviewapp.services.images import store_image, store_pixels
from tests.pictures import huge_png, jpeg, png

pytestmark = pytest.mark.django_db


def media(path):
    return Path(settings.MEDIA_ROOT) / path


def test_a_picture_is_stored_by_the_hash_of_its_content():
    image = store_image(data=jpeg())

    assert media(image.path).read_bytes()[:3] == b"\xff\xd8\xff"
    assert media(image.path).stat().st_size == image.size_bytes
    assert media(image.thumbnail_path).read_bytes()[8:12] == b"WEBP"
    assert image.path == f"images/{image.sha256[:2]}/{image.sha256}.jpg"


def test_the_same_bytes_again_cost_no_decoding(monkeypatch):
    image = store_image(data=jpeg())
    monkeypatch.setattr(domain, "encode_picture", lambda *args, **kwargs: pytest.fail("decoded"))

    assert store_image(data=jpeg()) == image


def test_two_files_with_the_same_pixels_share_one_picture():
    plain = store_image(data=png())

    assert store_image(data=png() + b"trailing bytes") == plain
    assert ProductImage.objects.count() == 1


def test_a_picture_whose_files_were_lost_is_written_again():
    image = store_image(data=jpeg())
    media(image.thumbnail_path).unlink()
    media(image.path).unlink()

    assert store_image(data=jpeg()) == image
    assert media(image.path).is_file()
    assert media(image.thumbnail_path).is_file()


@pytest.mark.parametrize("data", [b"", b"<svg/>", huge_png()])
def test_a_refused_picture_leaves_nothing_behind(data):
    with pytest.raises(ImageRefused):
        store_image(data=data)

    assert not ProductImage.objects.exists()
    assert not media("").exists()


def test_a_file_above_the_limit_is_refused(settings):
    settings.IMAGE_MAX_BYTES = 100

    with pytest.raises(ImageRefused) as refused:
        store_image(data=jpeg())

    assert refused.value.code == "too_big"


def test_no_draft_stays_when_the_disk_is_full(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))

    with pytest.raises(OSError, match="disk full"):
        store_image(data=jpeg())

    assert not [path for path in media("").rglob("*") if path.is_file()]
    assert not ProductImage.objects.exists()


def test_pixels_of_an_array_are_stored_once():
    pixels = np.full((20, 30, 3), 200, dtype=np.uint8)

    assert store_pixels(pixels=pixels) == store_pixels(pixels=pixels.copy())
    assert store_pixels(pixels=pixels.reshape(30, 20, 3)) != store_pixels(pixels=pixels)


@pytest.mark.django_db(transaction=True)
def test_the_same_upload_twice_at_once_is_one_picture():
    barrier = threading.Barrier(4)
    stored = []

    def upload():
        barrier.wait()
        try:
            stored.append(store_image(data=jpeg()).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=upload) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stored) == 4
    assert len(set(stored)) == 1
