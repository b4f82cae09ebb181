import struct
import zipfile

import numpy as np
import pytest

from reviewapp.domain.images import ImageRefused
from reviewapp.domain.imports import ImportRow, ImportUnreadable
from reviewapp.domain.products import ProductRefused
from reviewapp.models import ProductImage
from reviewapp.services.imports.pictures import PictureMissing, open_pictures
from tests.pictures import as_bytes, jpeg, noise, picture

pytestmark = pytest.mark.django_db


def archive(tmp_path, members, compression=zipfile.ZIP_STORED):
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def stored(row, rows=1, **where):
    sources = {"archive": None, "folder": None, "array": None} | where
    with open_pictures(rows=rows, **sources) as pictures:
        return pictures.store(row)


def named(name):
    return ImportRow(1, external_id="1", image=name)


CHALLENGE_ROW = ImportRow(1, external_id="102", imageid="202")


@pytest.mark.parametrize("folder", ["", "image_train/", "images/image_train/"])
def test_pictures_of_the_challenge_are_found_in_an_archive(tmp_path, folder):
    path = archive(tmp_path, [(f"{folder}image_202_product_102.jpg", jpeg())])

    assert stored(CHALLENGE_ROW, archive=path).width == 64


@pytest.mark.parametrize("folder", ["", "image_train", "images/image_train"])
def test_pictures_of_the_challenge_are_found_in_a_folder(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / "image_202_product_102.jpg").write_bytes(jpeg())

    assert stored(CHALLENGE_ROW, folder=tmp_path).width == 64


def test_a_row_without_picture_has_none(tmp_path):
    path = archive(tmp_path, [("a.jpg", jpeg())])

    assert stored(named(""), archive=path) is None
    assert stored(named(""), folder=tmp_path) is None
    assert stored(CHALLENGE_ROW) is None


def test_a_picture_that_did_not_come_is_missing(tmp_path):
    path = archive(tmp_path, [("a.jpg", jpeg())])

    with pytest.raises(PictureMissing):
        stored(named("b.jpg"), archive=path)
    with pytest.raises(PictureMissing):
        stored(named("b.jpg"), folder=tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "../../x.png",
        "a/../../x.png",
        "..\\..\\x.png",
        "/etc/passwd",
        "C:\\x.png",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://example.org/x.png",
        "x\x00.png",
    ],
)
def test_a_path_outside_and_an_address_are_refused(tmp_path, name):
    root = tmp_path / "deep" / "root"
    root.mkdir(parents=True)
    (tmp_path / "x.png").write_bytes(jpeg())
    path = archive(root, [("../../x.png", jpeg())])

    with pytest.raises(ProductRefused):
        stored(named(name), folder=root)
    with pytest.raises(ProductRefused):
        stored(named(name), archive=path)
    assert not ProductImage.objects.exists()


@pytest.mark.parametrize(
    "name", ["x" * 252 + ".jpg", "é" * 130, "\ud800.jpg", "../\ud800.jpg", "ab/" * 999 + "x.jpg"]
)
def test_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    path = archive(tmp_path, [("a.jpg", jpeg())])

    for where in ({"folder": tmp_path}, {"archive": path}):
        with pytest.raises(ProductRefused) as refused:
            stored(named(name), **where)
        refused.value.message.encode()  # as the report does


@pytest.mark.parametrize("member", ["../../x.png", "/x.png", "..\\x.png"])
def test_a_member_that_lies_outside_is_never_reached_by_its_last_name(tmp_path, member):
    path = archive(tmp_path, [(member, jpeg())])

    with pytest.raises(ProductRefused, match="outside"):
        stored(named("x.png"), archive=path)


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.jpg").symlink_to(tmp_path / "secret.jpg")

    with pytest.raises(ProductRefused, match="outside"):
        stored(named("a.jpg"), folder=root)


def test_a_name_that_stands_for_two_members_is_refused(tmp_path):
    path = archive(tmp_path, [("red/a.jpg", jpeg("red")), ("blue/a.jpg", jpeg("blue"))])

    with pytest.raises(ProductRefused, match="folder"):
        stored(named("a.jpg"), archive=path)
    assert stored(named("red/a.jpg"), archive=path) != stored(named("blue/a.jpg"), archive=path)


def test_a_name_with_a_folder_never_takes_another_folders_picture(tmp_path):
    path = archive(tmp_path, [("blue/1.jpg", jpeg("blue")), ("images/red/2.jpg", jpeg("red"))])

    with pytest.raises(PictureMissing):
        stored(named("red/1.jpg"), archive=path)
    assert stored(named("1.jpg"), archive=path) is not None
    assert stored(named("red/2.jpg"), archive=path) is not None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (bytes(5_000_000), "bomb"),
        (b"<svg/>", "format"),
        (noise()[:-300], "damaged"),
    ],
)
def test_a_bad_member_is_refused_by_itself(tmp_path, data, code):
    members = [("bad.jpg", data), ("good.jpg", jpeg())]
    path = archive(tmp_path, members, zipfile.ZIP_DEFLATED)

    with pytest.raises(ImageRefused) as refused:
        stored(named("bad.jpg"), archive=path)

    assert refused.value.code == code
    assert stored(named("good.jpg"), archive=path) is not None


def test_a_member_whose_header_lies_about_its_size_is_refused(tmp_path, settings):
    settings.IMAGE_MAX_BYTES = 100_000
    data = as_bytes(picture(size=(400, 400)), "BMP")
    path = archive(tmp_path, [("a.jpg", data)], zipfile.ZIP_DEFLATED)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(len(data).to_bytes(4, "little"), (99).to_bytes(4, "little")))

    with pytest.raises(ImageRefused):
        stored(named("a.jpg"), archive=path)


def test_a_damaged_member_is_refused_by_itself(tmp_path):
    path = archive(tmp_path, [("a.jpg", noise()), ("b.jpg", jpeg())])
    raw = bytearray(path.read_bytes())
    raw[500] ^= 0xFF
    path.write_bytes(raw)

    with pytest.raises(ImageRefused, match="archive"):
        stored(named("a.jpg"), archive=path)
    assert stored(named("b.jpg"), archive=path) is not None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no end", b"Rar!" * 99])
def test_a_broken_archive_fails_the_import(tmp_path, content):
    path = tmp_path / "images.zip"
    path.write_bytes(content)

    with pytest.raises(ImportUnreadable, match="ZIP"):
        stored(named("a.jpg"), archive=path)


@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("size_in_short_record", [0, 2**32 - 1])
def test_a_list_of_contents_beyond_all_memory_is_refused_unread(
    tmp_path, zip64, size_in_short_record
):
    size = 2**26 + 1
    short = size_in_short_record if zip64 else size
    path = tmp_path / "images.zip"
    with path.open("wb") as file:
        file.truncate(size)  # a hole: takes no room on the disk
        file.seek(size)
        if zip64:
            file.write(struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, 0))
            file.write(struct.pack("<4sLQL", b"PK\6\7", 0, size, 1))
        file.write(struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, short, 0, 0))

    with pytest.raises(ImportUnreadable, match="split"):
        stored(named("a.jpg"), archive=path)


def test_pictures_of_an_array_follow_the_rows(tmp_path):
    pixels = np.zeros((3, 20, 30, 3), dtype=np.uint8)
    pixels[1] = 255
    np.save(tmp_path / "x.npy", pixels)

    images = [
        stored(ImportRow(number, external_id="1"), rows=3, array=tmp_path / "x.npy")
        for number in (1, 2, 3)
    ]

    assert images[0] == images[2] != images[1]
    assert (images[0].width, images[0].height) == (30, 20)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 20, 30, 3), dtype=np.float32),
        np.zeros((2, 20, 30), dtype=np.uint8),
        np.zeros((2, 20, 30, 4), dtype=np.uint8),
        np.zeros((3, 20, 30, 3), dtype=np.uint8),
    ],
)
def test_an_array_of_another_shape_fails_the_import(tmp_path, pixels):
    np.save(tmp_path / "x.npy", pixels)

    with pytest.raises(ImportUnreadable):
        stored(CHALLENGE_ROW, rows=2, array=tmp_path / "x.npy")


def test_an_array_of_objects_is_not_unpickled(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)

    with pytest.raises(ImportUnreadable, match="NPY"):
        stored(CHALLENGE_ROW, array=path)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"junk" * 50])
def test_a_broken_array_fails_the_import(tmp_path, content):
    path = tmp_path / "x.npy"
    path.write_bytes(content)

    with pytest.raises(ImportUnreadable):
        stored(CHALLENGE_ROW, array=path)
