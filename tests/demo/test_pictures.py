import io

import numpy as np
import pytest
from PIL import Image

from reviewapp.demo.catalogue import generate
from reviewapp.demo.emoji_files import EMOJI_FOLDER, load_emoji
from reviewapp.demo.pictures import JPEG_COMMENT, Picture
from reviewapp.demo.taxonomy import load_taxonomy


def decode(content):
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image


def tiny(content):
    """A picture's blurred greys, as a perceptual hash sees them."""
    return np.asarray(decode(content).convert("L").resize((9, 9)), dtype=float)


@pytest.fixture(scope="module")
def pictures():
    return [product.picture for product in generate(160, seed=11) if product.picture]


def test_a_picture_is_a_jpeg_of_320_to_500_pixels_that_says_it_is_a_demo(pictures):
    for picture in pictures[:60]:
        content = picture.render()
        image = decode(content)
        assert image.format == "JPEG"
        assert image.mode == "RGB"
        assert 320 <= min(image.size) <= max(image.size) <= 500
        assert image.info["comment"] == JPEG_COMMENT
        assert 2_000 < len(content) < 90_000


def test_a_picture_is_drawn_the_same_each_time(pictures):
    again = Picture(pictures[0].emoji, pictures[0].scene_key, pictures[0].camera_key)

    assert again.render() == pictures[0].render()
    assert again.render() == again.render()


def test_the_same_emoji_looks_different_in_another_scene():
    first, second = (tiny(Picture("🧸", (1, place), (1, place)).render()) for place in (1, 2))

    assert np.abs(first - second).mean() > 10


def test_another_camera_sees_the_same_scene():
    for place in range(12):
        first, second = (tiny(Picture("🧸", (1, place), (1, camera)).render()) for camera in (1, 2))
        assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.85


def test_another_camera_saves_another_file():
    files = {Picture("🧸", (1, 1), (1, camera)).render() for camera in range(5)}

    assert len(files) == 5


def test_pictures_are_not_empty(pictures):
    for picture in pictures[:60]:
        assert np.asarray(decode(picture.render())).std() > 3


def test_the_drawings_cover_every_category_and_fit_the_repository():
    files = load_emoji()
    size = sum(path.stat().st_size for path in EMOJI_FOLDER.rglob("*") if path.is_file())

    assert set(files.by_code) == set(load_taxonomy().codes)
    assert len(files.path_of) == 215
    assert set(files.path_of.values()) == set((EMOJI_FOLDER / "images").iterdir())
    assert size < 1_500_000


def test_the_drawings_come_with_their_licence():
    notice = (EMOJI_FOLDER / "NOTICE").read_text(encoding="utf-8")

    assert "Copyright (c) Microsoft Corporation." in notice
    assert "Permission is hereby granted, free of charge" in notice
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in notice
    assert "github.com/microsoft/fluentui-emoji" in notice


def test_a_drawing_that_is_missing_is_named(tmp_path):
    (tmp_path / "mapping.csv").write_text(
        "prdtypecode,unicode,char,image\n10,1f4d5,📕,images/1f4d5.webp\n", encoding="utf-8"
    )

    with pytest.raises(FileNotFoundError, match=r"1f4d5\.webp"):
        load_emoji(tmp_path)
