"""The demo catalogue: an endless, repeatable stream of invented listings."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reviewapp.demo.draw import Draw
from reviewapp.demo.emoji_files import load_emoji
from reviewapp.demo.listings import Listing, relist, write_listing
from reviewapp.demo.pictures import Picture
from reviewapp.demo.plan import BLOCK, BlockPlan, block_plan
from reviewapp.demo.sellers import Seller, seller, sellers_of
from reviewapp.demo.taxonomy import Taxonomy, load_taxonomy
from reviewapp.demo.vocabulary import CategoryTexts, load_vocabulary

WRONG_LABEL = 0.03
NO_PICTURE = 0.08
WRONG_PICTURE = 0.03
SAME_SCENE = 0.65  # of the near-duplicates: the same photograph, saved again
MINUTES_PER_DAY = 24 * 60

PictureKind = Literal["own", "neighbour", "wrong"]
PriceBand = Literal["low", "mid", "high"]
StateHint = Literal["waiting", "listed", "review", "decided", "reported"]


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """One invented listing, with what its inventor knows about it.

    language: ISO 639-1 code of the designation
    labelled_code, true_code: what the seller says and what it is; they differ for wrong labels
    seller: key of an entry of `reviewapp.demo.sellers.SELLERS`
    duplicate_of: external_id of the earlier listing of the same product, or None
    picture, picture_kind: None without a picture; "neighbour" shows something of a category that
        sells alike, "wrong" something unrelated
    state_hint, age_minutes: a state and an age for a lively seeded shop; nothing depends on them
    """

    index: int
    external_id: str
    product_number: int
    image_number: int
    designation: str
    description: str
    language: str
    labelled_code: int
    true_code: int
    seller: str
    price_cents: int
    duplicate_of: str | None
    picture: Picture | None
    picture_kind: PictureKind | None
    state_hint: StateHint
    age_minutes: int

    @property
    def price_band(self) -> PriceBand:
        if self.price_cents < 1500:
            return "low"
        return "mid" if self.price_cents < 6000 else "high"

    @property
    def image_name(self) -> str | None:
        """File name in the challenge layout, or None without a picture."""
        if self.picture is None:
            return None
        return f"image_{self.image_number}_product_{self.product_number}.jpg"

    def image(self) -> bytes | None:
        """Draw the picture (a few milliseconds) and return its JPEG, or None without one."""
        return None if self.picture is None else self.picture.render()


def generate(count: int, seed: int, start: int = 0) -> Iterator[DemoProduct]:
    """Yield the products `start` to `start + count - 1` of the stream `seed`.

    The same seed always gives the same stream, and a longer request begins with the shorter one.
    Raises ValueError for a negative count or start.
    """
    if count < 0 or start < 0:
        raise ValueError(f"count and start must not be negative, got {count} and {start}")
    return (product_at(index, seed) for index in range(start, start + count))


def product_at(index: int, seed: int) -> DemoProduct:
    """Return one product of the stream `seed`."""
    plan, position = block_plan(seed, index // BLOCK), index % BLOCK
    code, original = plan.codes[position], _original(plan, position, index)
    draw = Draw(seed, index, "product")
    listing, shop = _listing(seed, index, code, original)
    labelled = _label(code, draw)
    picture, kind = _picture(seed, index, code, original, listing.pictures)
    return DemoProduct(
        index=index,
        external_id=external_id(index, seed),
        product_number=900_000_000 + index,
        image_number=1_900_000_000 + index,
        designation=listing.designation,
        description=listing.description,
        language=listing.language,
        labelled_code=labelled,
        true_code=code,
        seller=shop.key,
        price_cents=_price(listing.price, draw),
        duplicate_of=None if original is None else external_id(original, seed),
        picture=picture,
        picture_kind=kind,
        state_hint=_state(labelled != code, draw),
        age_minutes=int(draw.uniform() ** 2 * 21 * MINUTES_PER_DAY) + 1,
    )


def external_id(index: int, seed: int) -> str:
    return f"demo-{seed}-{index:06d}"


def _original(plan: BlockPlan, position: int, index: int) -> int | None:
    repeated = plan.originals[position]
    return None if repeated is None else index - position + repeated


def _listing(seed: int, index: int, code: int, original: int | None) -> tuple[Listing, Seller]:
    draw = Draw(seed, index, "listing")
    if original is None:
        shop = _shop(code, draw)
        return write_listing(load_vocabulary()[code], shop, draw), shop
    listing, first_shop = _listing(seed, original, code, None)
    shop = first_shop if draw.chance(0.6) else _shop(code, draw)
    return relist(listing, draw), shop


def _shop(code: int, draw: Draw) -> Seller:
    family = _taxonomy().category(code).family
    private = draw.chance(load_vocabulary()[code].private)
    return seller(draw.weighted(sellers_of(family, private=private)))


def _label(code: int, draw: Draw) -> int:
    if not draw.chance(WRONG_LABEL):
        return code
    neighbours = [pair.code for pair in _taxonomy().category(code).confusable]
    others = [other for other in _taxonomy().codes if other != code]
    return draw.pick(neighbours) if neighbours and draw.chance(0.75) else draw.pick(others)


def _picture(
    seed: int, index: int, code: int, original: int | None, emoji: tuple[str, ...]
) -> tuple[Picture | None, PictureKind | None]:
    camera = (seed, index)
    if original is not None and Draw(seed, index, "same").chance(SAME_SCENE):
        return _shown(seed, original, code, emoji, camera)
    return _shown(seed, index, code, emoji, camera)


def _shown(
    seed: int, scene: int, code: int, emoji: tuple[str, ...], camera: tuple[int, ...]
) -> tuple[Picture | None, PictureKind | None]:
    draw = Draw(seed, scene, "picture")
    if draw.chance(NO_PICTURE):
        return None, None
    if draw.chance(WRONG_PICTURE):
        related = {code, *load_vocabulary()[code].pictures_from}
        other = draw.pick([key for key in load_emoji().by_code if key not in related])
        return Picture(draw.pick(load_emoji().by_code[other]), (seed, scene), camera), "wrong"
    borrowed = _neighbour(load_vocabulary()[code], draw)
    if borrowed is not None:
        chosen = draw.pick(load_emoji().by_code[borrowed])
        return Picture(chosen, (seed, scene), camera), "neighbour"
    return Picture(draw.pick(emoji), (seed, scene), camera), "own"


def _neighbour(texts: CategoryTexts, draw: Draw) -> int | None:
    rest = draw.uniform()
    for code, share in texts.pictures_from.items():
        rest -= share
        if rest < 0:
            return code
    return None


def _price(usual: tuple[float, float], draw: Draw) -> int:
    low, high = (math.log(bound) for bound in usual)
    euros = math.exp(draw.uniform(low, high))
    # Shops end prices on ,99 and ,90; private people on whole euros.
    return int(euros) * 100 + draw.pick([0, 0, 50, 90, 99])


def _state(is_mislabelled: bool, draw: Draw) -> StateHint:
    reported = 0.25 if is_mislabelled else 0.04
    weights: dict[StateHint, float] = {
        "waiting": 0.05,
        "listed": 0.55,
        "review": 0.2,
        "decided": 0.16,
        "reported": reported,
    }
    return draw.weighted(weights)


@lru_cache(maxsize=1)
def _taxonomy() -> Taxonomy:
    return load_taxonomy()
