"""Labelled products from a folder. No torch here.

Recognised layouts, tried in this order:

1. the Rakuten challenge: `X_train*.csv` (unnamed index, designation, description, productid,
   imageid), `Y_train*.csv` (unnamed index, prdtypecode) and pictures named
   `image_<imageid>_product_<productid>.jpg` in `images/image_train`;
2. `rows.jsonl`, whose rows bring their group, part and weight along;
3. one table, `items.csv`, `products.csv` or `products.yaml`, with a row per picture or product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, overload

from classifier.errors import DataInvalid
from classifier.grouping import group_key, group_products, split
from classifier.tables import Row, csv_rows, jsonl_rows, yaml_rows
from classifier.types import ProductInput

__all__ = ["Dataset", "LabelledProduct", "group_key", "group_products", "read_dataset", "split"]

Progress = Callable[[int, int], None]

# Column names in order of preference.
_CATEGORY: Final = ("prdtypecode", "category", "coarse_name", "label")
_TITLE: Final = ("designation", "name", "title")
_IDENTITY: Final = ("productid", "sku", "id")  # rows that share it are one product
ROWS: Final = "rows.jsonl"
_TABLES: Final = ("items.csv", "products.csv", "products.yaml")
_IMAGE_FOLDERS: Final = ("images/image_train", "image_train", "images")

_HASHING_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class LabelledProduct:
    """A product with its category.

    group: products with the same group must not be divided between training and test
    row: where it came from, for messages
    weight: how many products it stands for in training, above 0
    is_base: one of the catalogue's own codes, not a person's label
    language: as "fr", empty when it is not known; None where the table has no languages
    was_in_training: an earlier model may have learned it, whatever part it is in now
    """

    input: ProductInput
    code: int
    group: str
    row: str
    weight: float = 1.0
    is_base: bool = False
    language: str | None = None
    was_in_training: bool = False


@dataclass(frozen=True)
class Dataset(Sequence[LabelledProduct]):
    """Labelled products in the order of their table.

    names: category name of each code
    official: row indices of each part where the table brings its own split, else empty
    missing_images: rows that name a picture file which is not there; their image is None
    """

    products: tuple[LabelledProduct, ...]
    names: dict[int, str] = field(default_factory=dict)
    official: dict[str, list[int]] = field(default_factory=dict)
    missing_images: int = 0

    @overload
    def __getitem__(self, index: int) -> LabelledProduct: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LabelledProduct, ...]: ...
    def __getitem__(self, index: int | slice) -> LabelledProduct | tuple[LabelledProduct, ...]:
        return self.products[index]

    def __len__(self) -> int:
        return len(self.products)

    @property
    def weights(self) -> list[float] | None:
        """The products' weights (N,), or None when all count alike."""
        weights = [product.weight for product in self.products]
        return weights if len(set(weights)) > 1 else None


@dataclass(frozen=True, slots=True)
class _Item:
    """One row as read, before grouping."""

    row: str
    category: str
    designation: str
    description: str
    identity: str
    part: str
    image: Path | None
    image_is_missing: bool


def read_dataset(
    folder: Path, on_progress: Progress | None = None, *, images: Path | None = None
) -> Dataset:
    """Read labelled products from `folder`, recognising its layout.

    images: where the pictures of a `rows.jsonl` lie, if not in `folder`

    Category names that are no numbers get a code derived from the name, the same in every data
    set. `on_progress` hears (done, total) while pictures are hashed for grouping.

    Raises DataInvalid, naming file and row, when no layout fits or a row is broken.
    """
    if (rows := folder / ROWS).is_file():
        return _read_rows(rows, images or folder)
    items = list(_read_items(folder))
    if not items:
        raise DataInvalid(f"{folder}: the table has no rows.")
    names = _category_names(items)
    codes = {name: code for code, name in names.items()}
    groups = group_products(_hash_all(items, on_progress))
    official: dict[str, list[int]] = {}
    products = []
    for index, (item, group) in enumerate(zip(items, groups, strict=True)):
        if item.part:
            official.setdefault(item.part, []).append(index)
        product = ProductInput(item.row, item.designation, item.description, item.image)
        products.append(LabelledProduct(product, codes[item.category], group, item.row))
    missing = sum(item.image_is_missing for item in items)
    return Dataset(tuple(products), names, official, missing)


def _read_rows(table: Path, images: Path) -> Dataset:
    products: list[LabelledProduct] = []
    official: dict[str, list[int]] = {}
    missing = 0
    for number, row in enumerate(jsonl_rows(table), start=1):
        try:
            product, is_missing = _row_product(row, images)
            official.setdefault(str(row["split"]), []).append(len(products))
        except (KeyError, TypeError, ValueError) as error:
            raise DataInvalid(f"{table}: row {number} is broken ({error!r}).") from error
        products.append(product)
        missing += is_missing
    if not products:
        raise DataInvalid(f"{table}: the table has no rows.")
    names = {code: str(code) for code in sorted({product.code for product in products})}
    return Dataset(tuple(products), names, official, missing)


def _row_product(row: Mapping[str, Any], images: Path) -> tuple[LabelledProduct, bool]:
    image, is_missing = _locate(images, row["image"] or "")
    weight = float(row["weight"])
    if not 0 < weight < float("inf"):
        raise ValueError(f"weight {weight}")
    key = str(row["key"])
    given = ProductInput(key, row["designation"], row["description"], image)
    labelled = LabelledProduct(
        given,
        int(row["code"]),
        str(row["group"]),
        key,
        weight,
        is_base=bool(row["base"]),
        language=row.get("language"),
        was_in_training=bool(row.get("was_in_training", False)),
    )
    return labelled, is_missing


def category_code(name: str) -> int:
    """Return the number that `name` spells, or a 31-bit code derived from the name."""
    if name.isascii() and name.isdecimal():
        return int(name)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1


def _category_names(items: Sequence[_Item]) -> dict[int, str]:
    names: dict[int, str] = {}
    for item in items:
        known = names.setdefault(category_code(item.category), item.category)
        if known != item.category:
            raise DataInvalid(
                f"Categories {known!r} and {item.category!r} get the same code; rename one."
            )
    return dict(sorted(names.items()))


def _hash_all(items: Sequence[_Item], on_progress: Progress | None) -> list[tuple[str, ...]]:
    keys = []
    # Pillow decodes without holding the interpreter lock.
    with ThreadPoolExecutor(_HASHING_THREADS) as pool:
        hashed = pool.map(lambda i: group_key(i.designation, i.image, i.identity), items)
        for done, key in enumerate(hashed, start=1):
            keys.append(key)
            if on_progress is not None:
                on_progress(done, len(items))
    return keys


def _read_items(folder: Path) -> Iterator[_Item]:
    if (products := _only(folder, "X_train*.csv")) is not None:
        labels = _only(folder, "Y_train*.csv")
        if labels is None:
            raise DataInvalid(f"{folder}: {products.name} is there but no Y_train*.csv beside it.")
        return _challenge_items(folder, products, labels)
    for name in _TABLES:
        if (table := folder / name).is_file():
            return _table_items(folder, table)
    raise DataInvalid(
        f"{folder}: no data set here. Expected X_train*.csv with Y_train*.csv, or one of"
        f" {', '.join(_TABLES)}."
    )


def _only(folder: Path, pattern: str) -> Path | None:
    found = sorted(folder.glob(pattern))
    if len(found) > 1:
        listed = ", ".join(path.name for path in found)
        raise DataInvalid(f"{folder}: {listed} all match {pattern}; keep one.")
    return found[0] if found else None


def _challenge_items(folder: Path, products: Path, labels: Path) -> Iterator[_Item]:
    codes = {row[""]: row["prdtypecode"] for row in csv_rows(labels, "", "prdtypecode")}
    images = next((folder / name for name in _IMAGE_FOLDERS if (folder / name).is_dir()), folder)
    for row in csv_rows(products, "", "designation", "description", "productid", "imageid"):
        index = row[""]
        if index not in codes:
            raise DataInvalid(f"{products.name}: row {index} has no label in {labels.name}.")
        name = f"image_{row['imageid']}_product_{row['productid']}.jpg"
        image, is_missing = _locate(images, name if row["imageid"] else "")
        yield _Item(
            row=index,
            category=codes[index],
            designation=row["designation"],
            description=row["description"],
            identity=row["productid"],
            part="",
            image=image,
            image_is_missing=is_missing,
        )


def _table_items(folder: Path, table: Path) -> Iterator[_Item]:
    rows = yaml_rows(table) if table.suffix == ".yaml" else csv_rows(table)
    for number, row in enumerate(rows, start=1):
        category = _first(row, _CATEGORY)
        if not category:
            raise DataInvalid(
                f"{table}: row {number} has no category; expected a value in one of the columns"
                f" {', '.join(_CATEGORY)}."
            )
        image, is_missing = _locate(folder, row.get("image", ""))
        yield _Item(
            row=str(number),
            category=category,
            designation=_first(row, _TITLE),
            description=row.get("description", ""),
            identity=_first(row, _IDENTITY),
            part=row.get("split", ""),
            image=image,
            image_is_missing=is_missing,
        )


def _first(row: Row, columns: Sequence[str]) -> str:
    return next((row[column].strip() for column in columns if row.get(column)), "")


def _locate(folder: Path, name: str) -> tuple[Path | None, bool]:
    """Return the picture's path, or None and whether it was named but is not there."""
    if not name:
        return None, False
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataInvalid(f"{name}: a picture's path must stay inside {folder}.")
    return (path, False) if path.is_file() else (None, True)
