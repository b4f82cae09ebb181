"""A shift at the desk by keyboard alone: 50 products, and what the hand and the clock say of it."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

# Fewest keys that make each category the first match of the search, each the beginning of a word of
# its own name or synonyms; then Enter. The slash opens the search before a letter that has a
# meaning of its own at the desk.
SEARCHES = {
    "en": {
        10: "/s", 2705: "n", 2403: "l", 2280: "m", 40: "v", 50: "ac", 60: "g", 2462: "/u",
        2905: "p", 1140: "f", 1160: "t", 1180: "r", 1280: "to", 1281: "b", 1300: "mo", 1301: "da",
        1302: "o", 1320: "ba", 1560: "i", 1920: "h", 2060: "de", 1940: "a", 2220: "pe",
        2522: "/st", 2582: "gar", 2583: "po", 2585: "d",
    },
    "fr": {
        10: "l", 2705: "n", 2403: "lo", 2280: "m", 40: "j", 50: "a", 60: "c", 2462: "/sa",
        2905: "pc", 1140: "f", 1160: "ca", 1180: "ro", 1280: "jo", 1281: "/so", 1300: "t",
        1301: "ch", 1302: "/s", 1320: "p", 1560: "in", 1920: "lin", 2060: "d", 1940: "al",
        2220: "an", 2522: "pa", 2582: "am", 2583: "pi", 2585: "b",
    },
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
    searches = [("search", code, [*typed, "Enter"]) for code, typed in SEARCHES["en"].items()]
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
