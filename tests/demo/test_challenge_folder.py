import csv

import pytest

from classifier.data import read_dataset
from reviewapp.demo.__main__ import main
from reviewapp.demo.catalogue import generate
from reviewapp.demo.challenge_folder import FolderSummary, write_challenge_folder

COUNT, SEED = 90, 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "catalogue"
    write_challenge_folder(out, COUNT, SEED)
    return out


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_tables_hold_the_stream_in_the_challenge_layout(folder):
    products = rows(folder / "X_train_demo.csv")
    labels = rows(folder / "Y_train_demo.csv")
    expected = list(generate(COUNT, SEED))

    assert list(products[0]) == ["", "designation", "description", "productid", "imageid"]
    assert list(labels[0]) == ["", "prdtypecode"]
    assert [row[""] for row in products] == [row[""] for row in labels]
    assert [row["designation"] for row in products] == [p.designation for p in expected]
    assert [row["description"] for row in products] == [p.description for p in expected]
    assert [int(row["prdtypecode"]) for row in labels] == [p.labelled_code for p in expected]


def test_the_pictures_are_named_after_their_products(folder):
    expected = {product.image_name: product for product in generate(COUNT, SEED)}
    expected.pop(None)

    found = {path.name for path in (folder / "images" / "image_train").iterdir()}

    assert found == set(expected)
    name, product = next(iter(expected.items()))
    assert (folder / "images" / "image_train" / name).read_bytes() == product.image()


def test_the_record_tells_what_the_generator_knows(folder):
    record = rows(folder / "demo_record.csv")
    expected = list(generate(COUNT, SEED))

    assert [int(row["true_code"]) for row in record] == [p.true_code for p in expected]
    assert [row["duplicate_of"] for row in record] == [p.duplicate_of or "" for p in expected]


def test_the_classifier_reads_the_folder(folder):
    dataset = read_dataset(folder)

    without = sum(product.picture is None for product in generate(COUNT, SEED))
    assert len(dataset) == COUNT
    assert dataset.missing_images == without
    assert [item.code for item in dataset] == [p.labelled_code for p in generate(COUNT, SEED)]


def test_the_folder_says_that_nothing_is_for_sale(folder):
    text = (folder / "README.txt").read_text(encoding="utf-8")

    assert "rien n'est à vendre" in text
    assert "nothing is for sale" in text
    assert "MIT licence" in text


def test_a_folder_with_something_in_it_is_refused(folder):
    before = sorted(path.name for path in folder.iterdir())

    with pytest.raises(FileExistsError, match="not an empty folder"):
        write_challenge_folder(folder, 1, 1)

    assert sorted(path.name for path in folder.iterdir()) == before


def test_progress_and_summary_count_what_was_written(tmp_path):
    heard = []

    summary = write_challenge_folder(tmp_path / "out", 12, SEED, heard.append)

    pictures = list((tmp_path / "out" / "images" / "image_train").iterdir())
    assert heard == list(range(1, 13))
    assert summary == FolderSummary(
        12, len(pictures), sum(path.stat().st_size for path in pictures)
    )


def test_the_command_writes_a_folder_and_says_so(tmp_path, capsys):
    status = main([str(tmp_path / "out"), "--count", "5", "--seed", "2"])

    assert status == 0
    assert "5 invented products" in capsys.readouterr().out
    assert len(rows(tmp_path / "out" / "X_train_demo.csv")) == 5


def test_the_command_refuses_a_full_folder_with_an_explanation(folder, capsys):
    assert main([str(folder)]) == 1
    assert "choose another one" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-3", "many"])
def test_the_command_refuses_a_senseless_count(tmp_path, count):
    with pytest.raises(SystemExit) as refusal:
        main([str(tmp_path / "out"), "--count", count])

    assert refusal.value.code == 2
