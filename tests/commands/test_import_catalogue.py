import csv
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from reviewapp.models import CatalogueImport, Product
from tests.factories import CategoryFactory, SellerFactory
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def challenge(tmp_path):
    """A folder in the challenge layout with three products; the last one's picture is broken."""
    CategoryFactory(code=10)
    (tmp_path / "X_train.csv").write_text(
        ",designation,description,productid,imageid\n"
        "0,Roman,,101,201\n"
        "1,Poupée,,102,202\n"
        "2,Lampe,,103,203\n"
    )
    (tmp_path / "Y_train.csv").write_text(",prdtypecode\n0,10\n1,10\n2,10\n")
    images = tmp_path / "images"
    images.mkdir()
    for imageid, productid in ((201, 101), (202, 102)):
        (images / f"image_{imageid}_product_{productid}.jpg").write_bytes(jpeg())
    (images / "image_203_product_103.jpg").write_bytes(b"")
    return tmp_path


def run(folder, *args):
    out = StringIO()
    call_command("import_catalogue", str(folder / "X_train.csv"), *args, stdout=out)
    return out.getvalue()


def test_a_folder_of_the_challenge_is_imported(challenge):
    seller = SellerFactory()
    args = ["--labels", str(challenge / "Y_train.csv"), "--images", str(challenge / "images")]

    out = run(challenge, *args, "--source", "challenge", "--seller", seller.username)

    assert "3 rows: 2 created, 0 updated, 0 unchanged, 1 refused." in out
    product = Product.objects.get(external_id="101")
    assert (product.source, product.seller, product.given_code) == ("challenge", seller, 10)
    assert product.image is not None
    report = out.rpartition("Report: ")[2].strip()
    with Path(report).open(encoding="utf-8-sig", newline="") as file:
        assert [line["outcome"] for line in csv.DictReader(file)] == [
            "created",
            "created",
            "refused",
        ]


def test_importing_again_changes_nothing(challenge):
    args = ["--images", str(challenge / "images"), "--source", "challenge"]
    run(challenge, *args)

    assert "0 created, 0 updated, 2 unchanged, 1 refused" in run(challenge, *args)


def test_pictures_come_from_an_array(challenge):
    path = challenge / "x.npy"
    np.save(path, np.zeros((3, 8, 8, 3), dtype=np.uint8))

    assert "3 created" in run(challenge, "--npy", str(path), "--source", "challenge")
    assert Product.objects.filter(image=None).count() == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", "a,b\n1,2\n", "no column"),
        ("t.csv", "", "empty"),
        ("t.parquet", "junk", "Parquet"),
        ("t.docx", "junk", "must end in"),
    ],
)
def test_a_table_that_cannot_be_read_ends_with_an_error(tmp_path, name, content, words):
    (tmp_path / name).write_text(content)

    with pytest.raises(CommandError, match=words):
        call_command("import_catalogue", str(tmp_path / name), "--source", "x")


def test_a_missing_table_ends_with_an_error(tmp_path):
    with pytest.raises(CommandError, match="not there"):
        call_command("import_catalogue", str(tmp_path / "none.csv"), "--source", "x")

    assert CatalogueImport.objects.get().status == "failed"


@pytest.mark.parametrize("args", [["--seller", "nobody"], ["--source", "a b"]])
def test_wrong_arguments_are_named(challenge, args):
    with pytest.raises(CommandError):
        run(challenge, "--source", "x", *args)
