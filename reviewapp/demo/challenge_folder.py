"""Write a catalogue in the layout of the Rakuten France multimodal challenge."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reviewapp.demo import DEMO_NOTICE_EN, DEMO_NOTICE_FR
from reviewapp.demo.catalogue import DemoProduct, generate

PRODUCTS_FILE = "X_train_demo.csv"
LABELS_FILE = "Y_train_demo.csv"
RECORD_FILE = "demo_record.csv"
IMAGES_FOLDER = Path("images", "image_train")
# An unnamed index column comes first, as pandas writes it.
PRODUCTS_HEADER = ("", "designation", "description", "productid", "imageid")
LABELS_HEADER = ("", "prdtypecode")
RECORD_HEADER = (
    "productid",
    "external_id",
    "true_code",
    "labelled_code",
    "duplicate_of",
    "picture_kind",
    "language",
    "seller",
    "price_cents",
)

README = f"""{DEMO_NOTICE_FR}
{DEMO_NOTICE_EN}

{PRODUCTS_FILE}, {LABELS_FILE} and {IMAGES_FOLDER.as_posix()}/ have the layout of the challenge's
training folder; about 3 % of the labels are wrong on purpose and about 8 % of the products have no
picture. {RECORD_FILE} says what the generator knows: the true code, near-duplicates, the kind of
picture. The pictures are composed from Microsoft Fluent Emoji (MIT licence).
No accuracy measured on this folder says anything about real products.
"""


@dataclass(frozen=True, slots=True)
class FolderSummary:
    products: int
    pictures: int
    picture_bytes: int


def write_challenge_folder(
    out: Path, count: int, seed: int, on_product: Callable[[int], None] | None = None
) -> FolderSummary:
    """Write `count` products of the stream `seed` below `out`, one at a time.

    on_product: told the number of products written so far, for a progress display.
    Raises FileExistsError when `out` already holds something: two catalogues must not be mixed.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is not an empty folder; choose another one or empty it")
    images = out / IMAGES_FOLDER
    images.mkdir(parents=True)
    (out / "README.txt").write_text(README, encoding="utf-8")
    pictures = picture_bytes = 0
    with (
        (out / PRODUCTS_FILE).open("w", encoding="utf-8", newline="") as products_file,
        (out / LABELS_FILE).open("w", encoding="utf-8", newline="") as labels_file,
        (out / RECORD_FILE).open("w", encoding="utf-8", newline="") as record_file,
    ):
        tables = [
            csv.writer(file, lineterminator="\n")
            for file in (products_file, labels_file, record_file)
        ]
        for table, header in zip(
            tables, (PRODUCTS_HEADER, LABELS_HEADER, RECORD_HEADER), strict=True
        ):
            table.writerow(header)
        for done, product in enumerate(generate(count, seed), start=1):
            for table, row in zip(tables, _rows(product), strict=True):
                table.writerow(row)
            size = _write_image(product, images)
            pictures += size > 0
            picture_bytes += size
            if on_product is not None:
                on_product(done)
    return FolderSummary(count, pictures, picture_bytes)


def _rows(product: DemoProduct) -> tuple[tuple[object, ...], ...]:
    number = product.product_number
    return (
        (
            product.index,
            product.designation,
            product.description,
            number,
            product.image_number,
        ),
        (product.index, product.labelled_code),
        (
            number,
            product.external_id,
            product.true_code,
            product.labelled_code,
            product.duplicate_of or "",
            product.picture_kind or "",
            product.language,
            product.seller,
            product.price_cents,
        ),
    )


def _write_image(product: DemoProduct, folder: Path) -> int:
    """Write the product's picture and return its size in bytes, 0 without a picture."""
    content, name = product.image(), product.image_name
    if content is None or name is None:
        return 0
    (folder / name).write_bytes(content)
    return len(content)
