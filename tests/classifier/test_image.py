import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from classifier.errors import InputUnreadable
from classifier.image import crop_border, open_rgb, preprocess

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def close(pixel, expected, tolerance=12):
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, expected, strict=True))


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.gif", "a.bmp"])
def test_common_formats_open_whatever_their_ending(tmp_path, name):
    Image.new("RGB", (40, 30), RED).save(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "picture.dat")

    picture = open_rgb(tmp_path / "picture.dat")

    assert picture.mode == "RGB"
    assert picture.size == (40, 30)
    assert close(picture.getpixel((20, 15)), RED)


def test_a_cmyk_jpeg_keeps_its_colour(tmp_path):
    Image.new("CMYK", (40, 30), (0, 255, 255, 0)).save(tmp_path / "cmyk.jpg")

    assert close(open_rgb(tmp_path / "cmyk.jpg").getpixel((5, 5)), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(tmp_path, mode):
    picture = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (10, 0, 20, 20))
    picture.convert(mode).save(tmp_path / "a.png")

    opened = open_rgb(tmp_path / "a.png")

    assert opened.getpixel((2, 2)) == WHITE
    assert opened.getpixel((15, 15)) == (0, 0, 0)


def test_16_bit_grey_is_scaled_and_not_clipped(tmp_path):
    Image.fromarray(np.array([[0, 32768, 65535]] * 3, dtype=np.uint16)).save(tmp_path / "a.png")

    assert [open_rgb(tmp_path / "a.png").getpixel((x, 0))[0] for x in range(3)] == [0, 127, 255]


def test_the_exif_orientation_is_applied(tmp_path):
    picture = Image.new("RGB", (40, 20), RED)
    picture.paste(BLUE, (20, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    picture.save(tmp_path / "a.jpg", exif=exif, quality=95)

    opened = open_rgb(tmp_path / "a.jpg")

    assert opened.size == (20, 40)
    assert close(opened.getpixel((10, 5)), RED)
    assert close(opened.getpixel((10, 35)), BLUE)


def test_a_large_jpeg_is_decoded_at_a_smaller_scale(tmp_path):
    Image.new("RGB", (4000, 3000), GREEN).save(tmp_path / "a.jpg")

    assert open_rgb(tmp_path / "a.jpg").size == (1000, 750)


def png_header(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def jpeg_bytes(tmp_path):
    Image.effect_noise((200, 200), 90).save(tmp_path / "whole.jpg")
    return (tmp_path / "whole.jpg").read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        lambda _: b"",
        lambda _: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        lambda _: b"%PDF-1.4 not a picture",
        lambda path: jpeg_bytes(path)[:-4000],
        lambda _: png_header(20_000, 20_000),
        lambda _: png_header(10_000, 10_000),
        lambda _: png_header(10, 10),
    ],
    ids=["empty", "svg", "pdf", "truncated", "bomb", "large", "no pixels"],
)
def test_an_unreadable_picture_is_refused_by_name(tmp_path, content):
    (tmp_path / "bad.jpg").write_bytes(content(tmp_path))

    with pytest.raises(InputUnreadable, match=r"bad\.jpg"):
        open_rgb(tmp_path / "bad.jpg")


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    with pytest.raises(InputUnreadable, match="no such file"):
        open_rgb(tmp_path / "none.jpg")
    with pytest.raises(InputUnreadable, match="no such file"):
        open_rgb(tmp_path)


def test_the_limit_of_pixels_is_an_argument(tmp_path):
    Image.new("RGB", (100, 100)).save(tmp_path / "a.png")

    with pytest.raises(InputUnreadable, match="limit of 9999"):
        open_rgb(tmp_path / "a.png", max_pixels=9_999)


def framed(border, inner=RED):
    picture = Image.new("RGB", (200, 100), border)
    picture.paste(inner, (80, 30, 120, 70))
    return picture


@pytest.mark.parametrize("border", [WHITE, (0, 0, 0), (250, 250, 245)])
def test_a_uniform_border_is_cropped_to_a_margin(border):
    assert crop_border(framed(border)).size == (44, 44)


def test_a_scene_and_a_blank_picture_are_not_cropped():
    scene = framed(WHITE)
    scene.paste(BLUE, (0, 0, 200, 20))
    blank = Image.new("RGB", (50, 40), WHITE)

    assert crop_border(scene).size == (200, 100)
    assert crop_border(blank).size == (50, 40)


def test_preprocessing_keeps_proportions_and_range():
    pixels = preprocess(framed(WHITE, inner=RED), 32)

    assert pixels.shape == (3, 32, 32)
    assert pixels.dtype == np.float32
    assert pixels.flags.c_contiguous
    assert pixels[:, 16, 16] == pytest.approx([1, 0, 0])
    assert pixels.min() >= 0
    assert pixels.max() <= 1


def test_a_wide_picture_is_padded_not_stretched():
    wide = Image.new("RGB", (64, 16), RED)
    wide.paste(BLUE, (32, 0, 64, 16))

    pixels = preprocess(wide, 32)

    assert pixels[:, 16, 4] == pytest.approx([1, 0, 0])
    assert pixels[:, 16, 28] == pytest.approx([0, 0, 1])
    assert pixels[:, 0, 28] == pytest.approx([1, 0, 0])  # padding has the border's colour
