"""Which category each product of the catalogue belongs to, and which ones repeat another.

The catalogue is an endless stream cut into blocks. Every block holds the categories in the same
shares, so that the first thousand products of a stream are the same however many are asked for, and
no category is ever missing from a small catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from reviewapp.demo.draw import Draw
from reviewapp.demo.vocabulary import load_vocabulary

BLOCK = 400  # products
# The challenge's rarest category has 0.9 %; fewer than about 2 % leaves too few to learn from.
LOWEST_SHARE = 0.022
NEAR_DUPLICATE = 0.068


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """The categories of a block, and for near-duplicates the position of what they repeat."""

    codes: tuple[int, ...]
    originals: tuple[int | None, ...]


@lru_cache(maxsize=16)
def block_plan(seed: int, block: int) -> BlockPlan:
    """Plan the products `block * BLOCK` to `(block + 1) * BLOCK - 1` of the stream `seed`."""
    draw = Draw(seed, "block", block)
    ordered = [code for code, number in quotas().items() for _ in range(number)]
    codes = tuple(draw.shuffled(ordered))
    originals: list[int | None] = []
    for position, code in enumerate(codes):
        earlier = [at for at in range(position) if codes[at] == code and originals[at] is None]
        repeats = bool(earlier) and draw.chance(NEAR_DUPLICATE)
        originals.append(draw.pick(earlier) if repeats else None)
    return BlockPlan(codes, tuple(originals))


def quotas() -> Mapping[int, int]:
    """Products of each category in a block: the challenge's shares, raised to the lowest share."""
    counts = {code: texts.count for code, texts in load_vocabulary().items()}
    total = sum(counts.values())
    raised = {code: max(count / total, LOWEST_SHARE) for code, count in counts.items()}
    scale = BLOCK / sum(raised.values())
    exact = {code: share * scale for code, share in raised.items()}
    numbers = {code: int(value) for code, value in exact.items()}
    left = BLOCK - sum(numbers.values())
    by_remainder = sorted(exact, key=lambda code: exact[code] - numbers[code], reverse=True)
    for code in by_remainder[:left]:
        numbers[code] += 1
    return numbers
