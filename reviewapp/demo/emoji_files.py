"""The drawings behind the demo's pictures: which emoji belong to which category."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

EMOJI_FOLDER = Path(__file__).with_name("emoji")


@dataclass(frozen=True, slots=True)
class EmojiFiles:
    """by_code: the emoji of each category; path_of: the file of each emoji."""

    by_code: Mapping[int, tuple[str, ...]]
    path_of: Mapping[str, Path]


@cache
def load_emoji(folder: Path = EMOJI_FOLDER) -> EmojiFiles:
    """Read mapping.csv. Raises FileNotFoundError when it, or a picture it names, is missing."""
    by_code: dict[int, list[str]] = {}
    path_of: dict[str, Path] = {}
    with (folder / "mapping.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            path = folder / row["image"]
            if not path.is_file():
                raise FileNotFoundError(f"{path} is named in mapping.csv but is not there")
            by_code.setdefault(int(row["prdtypecode"]), []).append(row["char"])
            path_of[row["char"]] = path
    return EmojiFiles({code: tuple(chars) for code, chars in by_code.items()}, path_of)


def category_picture(char: str) -> Path:
    """The drawing that stands for a category; KeyError when `char` is none of the emoji."""
    return load_emoji().path_of[char]
