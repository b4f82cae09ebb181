import csv
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from classifier.data import category_code, group_key, group_products, read_dataset, split
from classifier.errors import DataInvalid
from classifier.grouping import difference_hash, title_key


def write_csv(path, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def noise(seed, size=(120, 90)):
    """A smooth picture that differs for each seed."""
    tiny = Image.frombytes("RGB", (6, 5), random.Random(seed).randbytes(90))
    return tiny.resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def challenge(tmp_path):
    write_csv(
        tmp_path / "X_train_update.csv",
        ["", "designation", "description", "productid", "imageid"],
        ["0", "Piscine ronde", "", "11", "101"],
        ["1", "Livre ancien", "Un <b>livre</b>", "12", "102"],
        ["2", "PISCINE, ronde !", "autre", "13", "103"],
    )
    write_csv(
        tmp_path / "Y_train_CVw08PX.csv",
        ["", "prdtypecode"],
        ["2", "2583"],
        ["0", "2583"],
        ["1", "10"],
    )
    images = tmp_path / "images" / "image_train"
    images.mkdir(parents=True)
    noise(1).save(images / "image_101_product_11.jpg")
    noise(2).save(images / "image_102_product_12.jpg")
    return tmp_path


def test_the_challenge_layout_is_joined_by_its_index(challenge):
    dataset = read_dataset(challenge)

    assert [product.code for product in dataset] == [2583, 10, 2583]
    assert dataset[1].input.designation == "Livre ancien"
    assert dataset[1].input.description == "Un <b>livre</b>"
    assert dataset[1].input.image == challenge / "images/image_train/image_102_product_12.jpg"
    assert dataset[2].input.image is None
    assert dataset.missing_images == 1
    assert dataset.names == {10: "10", 2583: "2583"}
    assert dataset[0].group == dataset[2].group != dataset[1].group


def test_a_product_without_a_label_is_refused(challenge):
    write_csv(challenge / "Y_train_CVw08PX.csv", ["", "prdtypecode"], ["2", "2583"], ["0", "2583"])

    with pytest.raises(DataInvalid, match="row 1 has no label"):
        read_dataset(challenge)


def test_a_table_with_names_for_categories_and_a_split(tmp_path):
    noise(3).save(tmp_path / "a.png")
    write_csv(
        tmp_path / "products.csv",
        ["sku", "name", "description", "category", "image", "split"],
        ["S1", "Hoodie", "warm", "Men/Tops", "a.png", "train"],
        ["S1", "Hoodie", "warm", "Men/Tops", "none.png", "test"],
        ["S2", "Bag", "", "Bags", "", "test"],
    )

    dataset = read_dataset(tmp_path)

    assert dataset.names[dataset[0].code] == "Men/Tops"
    assert dataset[0].code == dataset[1].code == category_code("Men/Tops")
    assert dataset[0].group == dataset[1].group != dataset[2].group
    assert dataset.official == {"train": [0], "test": [1, 2]}
    assert dataset.missing_images == 1
    assert [product.input.designation for product in dataset[1:]] == ["Hoodie", "Bag"]


def test_a_yaml_list_of_products(tmp_path):
    (tmp_path / "products.yaml").write_text(
        "- {id: 7, name: Lamp, description: null, category: home}\n", encoding="utf-8"
    )

    (product,) = read_dataset(tmp_path)

    assert (product.input.designation, product.input.description) == ("Lamp", "")
    assert product.code == category_code("home")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,category\nLamp\n", "row 1 has too many or too few cells"),
        ("name,category\nLamp,home,more\n", "row 1 has too many or too few cells"),
        ("name,price\nLamp,3\n", "row 1 has no category"),
        ("name,category\n", "no rows"),
        ("name,category,image\nLamp,home,../secret.png\n", "must stay inside"),
        ("name,category\nL\u00e9o,home\n".encode("latin-1"), "not a UTF-8 CSV"),
    ],
)
def test_a_broken_table_is_refused(tmp_path, content, message):
    raw = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "products.csv").write_bytes(raw)

    with pytest.raises(DataInvalid, match=message):
        read_dataset(tmp_path)


def test_a_folder_without_a_known_table_is_refused(tmp_path):
    with pytest.raises(DataInvalid, match="no data set here"):
        read_dataset(tmp_path)
    write_csv(tmp_path / "X_train.csv", ["", "designation"])
    with pytest.raises(DataInvalid, match=r"no Y_train"):
        read_dataset(tmp_path)
    write_csv(tmp_path / "Y_train.csv", ["", "prdtypecode"])
    with pytest.raises(DataInvalid, match="no column description, productid, imageid"):
        read_dataset(tmp_path)


def test_category_codes_are_the_numbers_themselves_or_stable():
    assert category_code("2583") == 2583
    assert category_code("Men/Tops") == 1_759_851_011


def test_progress_reaches_the_total(challenge):
    heard = []

    read_dataset(challenge, on_progress=lambda done, total: heard.append((done, total)))

    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_titles_compare_without_case_accents_and_punctuation():
    assert title_key("  Été &amp; Hiver – <b>Promo</b>!") == "ete hiver promo"
    assert title_key("!!!") is None


def test_the_picture_hash_survives_scaling_and_recompression(tmp_path):
    original = noise(4)
    framed = Image.new("RGB", (400, 300), "white")
    framed.paste(original, (140, 105))
    brighter = ImageEnhance.Brightness(original).enhance(1.05)
    original.resize((600, 450)).save(tmp_path / "a.jpg", quality=60)

    expected = difference_hash(original)

    with Image.open(tmp_path / "a.jpg") as recompressed:
        assert (difference_hash(recompressed.convert("RGB")) ^ expected).bit_count() <= 2
    assert (difference_hash(brighter) ^ expected).bit_count() <= 2
    assert (difference_hash(framed) ^ expected).bit_count() <= 2
    assert (difference_hash(noise(5)) ^ expected).bit_count() > 10
    assert difference_hash(Image.new("RGB", (50, 50), "white")) is None


def test_an_unreadable_picture_ties_to_nothing(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"")

    assert group_key("Lampe", tmp_path / "bad.jpg", "7") == ("id:7", "title:lampe")


def test_products_that_share_any_key_share_a_group():
    groups = group_products([["t:a", "i:1"], ["t:b", "i:2"], ["t:c", "i:1"], ["t:b"], []])

    assert groups[0] == groups[2]
    assert groups[1] == groups[3]
    assert len(set(groups)) == 3


def test_chains_of_shared_keys_are_one_group():
    groups = group_products([["a"], ["b"], ["c"], ["a", "b"], ["b", "c"]])

    assert len(set(groups)) == 1


KEYS = st.lists(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=3), max_size=30)


@given(KEYS, KEYS)
def test_a_group_keeps_its_name_when_rows_are_appended(before, after):
    old, new = group_products(before), group_products(before + after)

    for name in set(old) & set(new):
        members = [i for i, group in enumerate(old) if group == name]
        assert len({new[i] for i in members}) == 1
    assert set(new[: len(old)]) <= set(old)


SHARES = {"train": 0.6, "calibration": 0.2, "test": 0.2}


@given(st.lists(st.sampled_from([f"g{i}" for i in range(40)]), max_size=200), st.integers(0, 5))
def test_a_split_divides_every_row_once_and_no_group(groups, seed):
    parts = split(groups, SHARES, seed, codes=[int(group[1:]) % 7 for group in groups])

    assert sorted(index for rows in parts.values() for index in rows) == list(range(len(groups)))
    seen = [{groups[index] for index in rows} for rows in parts.values()]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_shares_are_about_right_and_depend_on_the_seed():
    groups = [f"g{i}" for i in range(5_000)]

    one, other = split(groups, SHARES, 1), split(groups, SHARES, 2)

    assert len(one["train"]) == pytest.approx(3_000, rel=0.05)
    assert len(one["test"]) == pytest.approx(1_000, rel=0.1)
    assert one != other


def test_added_rows_move_no_other_row():
    groups = [f"g{i}" for i in range(500)]
    before = split(groups, SHARES, 0)
    after = split([*groups, *(f"new{i}" for i in range(500))], SHARES, 0)

    for part, rows in before.items():
        assert rows == [index for index in after[part] if index < 500]


def test_a_small_category_reaches_every_part():
    groups = [f"g{i}" for i in range(30)]
    codes = [i // 3 for i in range(30)]

    parts = split(groups, SHARES, 0, codes=codes)

    assert all({codes[index] for index in rows} == set(range(10)) for rows in parts.values())
    assert any(
        {codes[index] for index in rows} != set(range(10))
        for rows in split(groups, SHARES, 0).values()
    )


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.0, "b": 0.0}, {"a": 1.2, "b": -0.2}])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(DataInvalid, match="sum to 1"):
        split(["g"], shares, 0)
