"""A shift at the desk by keyboard alone: 50 products, and what the hand and the clock say of it."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

# Fewest keys that make each category the first match of the search, in English; then Enter.
SEARCHES = {
    10: "k", 2705: "n", 2403: "a", 2280: "m", 40: "v", 50: "ac", 60: "g", 2462: "/u", 2905: "p",
    1140: "f", 1160: "t", 1180: "r", 1280: "bl", 1281: "b", 1300: "cl", 1301: "al", 1302: "o",
    1320: "ab", 1560: "i", 1920: "h", 2060: "de", 1940: "af", 2220: "aq", 2522: "ah", 2582: "gs",
    2583: "po", 2585: "d",
}  # fmt: skip
SUGGESTED = (1280, 1300, 1281, 1302, 1140)
LOOK_MS = 270
"""A card answers only after it has been on the screen for 250 ms."""


@dataclass(frozen=True)
class Turn:
    """One answer: what was meant, the keys it took, and the item it was given to."""

    item: int
    kind: str  # confirm, digit, search
    code: int
    keys: int
    seconds: float


def script() -> list[tuple[str, int, list[str]]]:
    """Return 50 turns, mixed: 13 confirmations, 10 digits, each of the 27 categories by search."""
    searches = [("search", code, [*typed, "Enter"]) for code, typed in SEARCHES.items()]
    digits = [
        ("digit", code, [f"Digit{place}"])
        for place, code in list(enumerate(SUGGESTED, start=1)) * 2
    ]
    confirms = [("confirm", SUGGESTED[0], ["Enter"])] * 13
    mixed = [turn for three in zip(searches, digits, confirms, strict=False) for turn in three]
    return mixed + searches[10:] + confirms[10:]


def play(page, turns) -> list[Turn]:
    """Answer card after card; waits only for what a person would wait for."""
    played = []
    for kind, code, keys in turns:
        page.wait_for_timeout(LOOK_MS)
        shown = page.locator("#desk-stage article").get_attribute("data-item")
        began = page.evaluate("performance.now()")
        for key in keys:
            page.keyboard.press(key)
        page.locator(f'#desk-stage article[data-item]:not([data-item="{shown}"])').wait_for()
        seconds = (page.evaluate("performance.now()") - began + LOOK_MS) / 1000
        played.append(Turn(int(shown), kind, code, len(keys), seconds))
    return played


def paints(page) -> list[float]:
    """Milliseconds from each answer to the next card on the screen."""
    return page.evaluate(
        "performance.getEntriesByName('desk:answer-to-paint').map((m) => m.duration)"
    )


def told(played, times) -> str:
    """Return the session's figures in words, for `pytest -s`."""
    by_kind = defaultdict(list)
    for turn in played:
        by_kind[turn.kind].append(turn)
    lines = [
        f"{kind}: {len(turns)} turns, {min(t.keys for t in turns)} to {max(t.keys for t in turns)}"
        f" keys, median {median(t.seconds for t in turns):.2f} s"
        for kind, turns in by_kind.items()
    ]
    return "\n".join([*lines, f"answer to next card painted: median {median(times):.0f} ms"])
