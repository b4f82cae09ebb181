"""The invented sellers of the demo catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Tier = Literal["pro", "private", "new"]
MOSTLY_FRENCH: Mapping[str, float] = {"fr": 0.95, "en": 0.035, "de": 0.015}
ABROAD: Mapping[str, float] = {"fr": 0.5, "en": 0.33, "de": 0.17}


@dataclass(frozen=True, slots=True)
class Seller:
    """A shop or a private seller; none of them exists.

    size: relative number of listings
    families: families of categories it sells; empty means all
    carelessness: multiplies the share of typos, shouting and missing accents; 1 is average
    """

    key: str
    name: str
    tier: Tier
    size: int
    families: tuple[str, ...]
    carelessness: float
    languages: Mapping[str, float]


SELLERS = (
    Seller(
        "librairie-du-canal", "Librairie du Canal (démo)", "pro", 14, ("books",), 0.2, MOSTLY_FRENCH
    ),
    Seller(
        "jeux-de-minuit", "Jeux de minuit (démo)", "pro", 10, ("video_games",), 0.5, MOSTLY_FRENCH
    ),
    Seller(
        "caverne-aux-jouets",
        "La Caverne aux jouets (démo)",
        "pro",
        12,
        ("toys", "childhood", "leisure"),
        0.4,
        MOSTLY_FRENCH,
    ),
    Seller("maison-rivage", "Maison Rivage (démo)", "pro", 12, ("home",), 0.3, MOSTLY_FRENCH),
    Seller(
        "jardin-direct",
        "Jardin et piscine en direct (démo)",
        "pro",
        14,
        ("garden", "leisure"),
        0.4,
        MOSTLY_FRENCH,
    ),
    Seller(
        "petit-comptoir", "Le Petit Comptoir (démo)", "pro", 10, ("everyday",), 0.2, MOSTLY_FRENCH
    ),
    Seller("grand-deballage", "Le Grand Déballage (démo)", "pro", 4, (), 2.0, MOSTLY_FRENCH),
    Seller("import-horizon", "Import Horizon (démo)", "new", 3, (), 1.2, ABROAD),
    Seller("vide-grenier", "Vide-grenier de Brumeval (démo)", "private", 6, (), 1.8, MOSTLY_FRENCH),
    Seller(
        "brocante-des-tilleuls",
        "Brocante des Tilleuls (démo)",
        "private",
        8,
        ("books", "home", "toys", "garden"),
        0.8,
        MOSTLY_FRENCH,
    ),
    Seller(
        "coin-du-collectionneur",
        "Le Coin du collectionneur (démo)",
        "private",
        8,
        ("books", "toys", "video_games"),
        0.7,
        MOSTLY_FRENCH,
    ),
    Seller(
        "grenier-en-famille",
        "Grenier en famille (démo)",
        "private",
        7,
        ("childhood", "toys", "leisure", "home", "garden", "everyday"),
        1.6,
        MOSTLY_FRENCH,
    ),
)


def sellers_of(family: str, *, private: bool) -> Mapping[str, float]:
    """The sellers of a family's products, private people or shops, with their weights."""
    return {
        entry.key: entry.size
        for entry in SELLERS
        if (entry.tier == "private") == private and (not entry.families or family in entry.families)
    }


def seller(key: str) -> Seller:
    """The seller called `key`; KeyError when there is none."""
    for entry in SELLERS:
        if entry.key == key:
            return entry
    raise KeyError(key)
