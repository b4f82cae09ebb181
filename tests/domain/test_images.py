import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from reviewapp.domain.images import ImageRefused, encode_picture, encode_pixels
from tests.pictures import as_bytes, huge_png, jpeg, noise, picture, png

LIMITS = {"max_bytes": 2**20, "max_pixels": 50_000_000}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def decoded(data):
    return Image.open(io.BytesIO(data))


def near(pixel, expected):
    return max(abs(a - b) for a, b in zip(pixel, expected, strict=True)) < 12


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP"])
def test_the_three_formats_become_a_jpeg_and_a_thumbnail(picture_format):
    encoded = encode_picture(as_bytes(picture("teal"), picture_format), **LIMITS)

    assert decoded(encoded.jpeg).format == "JPEG"
    assert decoded(encoded.thumbnail).format == "WEBP"
    assert (encoded.width, encoded.height) == (64, 48)
    assert near(decoded(encoded.jpeg).getpixel((30, 20)), (0, 128, 128))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (bytes(2**20 + 1), "too_big"),
        (SVG, "format"),
        (b"<html><script>alert(1)</script></html>", "format"),
        (b"<!--" + jpeg() + b"-->", "format"),
        (b"%PDF-1.4\n" + jpeg(), "format"),
        (as_bytes(picture(), "GIF"), "format"),
        (as_bytes(picture(), "BMP"), "format"),
        (as_bytes(picture(), "TIFF"), "format"),
        (noise()[:-400], "damaged"),
        (png()[:60], "damaged"),
        (b"\xff\xd8\xff" + bytes(500), "damaged"),
        (b"RIFF\x00\x00\x00\x00WEBP", "damaged"),
    ],
)
def test_what_is_no_whole_picture_is_refused_with_a_reason(data, code):
    with pytest.raises(ImageRefused) as refused:
        encode_picture(data, **LIMITS)

    assert refused.value.code == code
    assert refused.value.message


def test_a_decompression_bomb_is_refused_before_it_unfolds():
    bomb = huge_png()
    assert len(bomb) < 2**20

    with pytest.raises(ImageRefused) as refused:
        encode_picture(bomb, **LIMITS)

    assert refused.value.code == "too_many_pixels"


def test_a_picture_just_above_the_limit_of_pixels_is_refused():
    with pytest.raises(ImageRefused) as refused:
        encode_picture(png(size=(100, 101)), max_bytes=2**20, max_pixels=10_000)

    assert refused.value.code == "too_many_pixels"
    assert "100 × 101" in refused.value.message
    assert encode_picture(png(size=(100, 100)), max_bytes=2**20, max_pixels=10_000).width == 100


def test_only_pixels_get_through():
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "SECRET-ARTIST"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 24.0)
    sent = jpeg(exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-ICC" * 20)
    sent += b"<script>SECRET-TAIL</script>"

    encoded = encode_picture(sent, **LIMITS)

    for data in (encoded.jpeg, encoded.thumbnail):
        assert b"SECRET" not in data
        assert not decoded(data).getexif()
        assert "icc_profile" not in decoded(data).info


def test_the_orientation_is_applied_before_it_is_stripped():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned a quarter clockwise

    encoded = encode_picture(jpeg(size=(64, 48), exif=exif), **LIMITS)

    assert (encoded.width, encoded.height) == (48, 64)


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_jpegs_of_other_colour_models_are_converted(mode):
    encoded = encode_picture(jpeg("red", mode=mode), **LIMITS)

    red = (255, 0, 0) if mode == "CMYK" else (76, 76, 76)
    assert near(decoded(encoded.jpeg).convert("RGB").getpixel((30, 20)), red)
    assert decoded(encoded.jpeg).mode == "RGB"


@pytest.mark.parametrize("mode", ["P", "1", "LA", "I;16", "RGBA"])
def test_pngs_of_every_kind_are_taken(mode):
    image = Image.new(mode, (20, 20)) if mode == "I;16" else picture("white", (20, 20), mode)

    assert encode_picture(as_bytes(image), **LIMITS).width == 20


def test_transparency_is_laid_on_white():
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))

    encoded = encode_picture(as_bytes(clear), **LIMITS)

    assert near(decoded(encoded.jpeg).getpixel((10, 10)), (255, 255, 255))


def test_a_large_picture_is_scaled_down_in_proportion():
    encoded = encode_picture(png(size=(4000, 1000)), **LIMITS)

    assert (encoded.width, encoded.height) == (1600, 400)
    assert decoded(encoded.thumbnail).size == (320, 80)


def test_a_sliver_keeps_at_least_one_pixel():
    encoded = encode_picture(png(size=(9000, 1)), **LIMITS)

    assert (encoded.width, encoded.height) == (1600, 1)


def test_the_same_bytes_give_the_same_picture():
    assert encode_picture(noise(), **LIMITS) == encode_picture(noise(), **LIMITS)


def test_pixels_of_an_array_are_encoded():
    pixels = np.zeros((30, 40, 3), dtype=np.uint8)
    pixels[..., 2] = 255

    encoded = encode_pixels(pixels, max_pixels=50_000_000)

    assert (encoded.width, encoded.height) == (40, 30)
    assert near(decoded(encoded.jpeg).getpixel((20, 15)), (0, 0, 254))


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_junk_is_refused_never_an_accident(junk, magic):
    with pytest.raises(ImageRefused):
        encode_picture(magic + junk, **LIMITS)


@pytest.mark.parametrize(("grey", "brightness"), [(0, 0.0), (51, 0.2), (255, 1.0)])
def test_brightness_goes_from_black_to_white(grey, brightness):
    pixels = np.full((40, 60, 3), grey, dtype=np.uint8)

    encoded = encode_pixels(pixels, max_pixels=10_000)

    assert encoded.brightness == pytest.approx(brightness)
