"""Accessibility checks by axe-core, which its package ships; nothing is loaded from elsewhere."""

from typing import NamedTuple

from axe_playwright_python.sync_playwright import Axe

_SCRIPT = Axe().axe_script
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The picture of how long a lease lasts moves for minutes: it is not waited for.
_STILL = """async () => {
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
    const moving = document.getAnimations().map((one) => one.finished);
    const enough = new Promise((resolve) => setTimeout(resolve, 600));
    await Promise.race([enough, Promise.allSettled(moving)]);
}"""
# Only what is told goes to Python: a whole result has a megabyte. Without preload: all style sheets
# are our own, and read where they are.
_RUN = """async ([within, only]) => {
    const found = await axe.run(within || document, {runOnly: only, resultTypes: ["violations"], preload: false});
    return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 120))]);
}"""

# What a theme can change. Every other rule sees the same page as in the first theme of its width.
_COLOURS = ["color-contrast", "link-in-text-block"]


class Look(NamedTuple):
    """rules: ids of those to run, None for all"""

    width: int
    theme: str
    rules: list[str] | None


# Each width, in both themes.
LOOKS = [
    Look(1440, "light", None),
    Look(1440, "dark", _COLOURS),
    Look(360, "dark", None),
    Look(360, "light", _COLOURS),
]


def in_each_look(page):
    """Yield each look with the page as it is there; motion is reduced, so that it is at once."""
    for look in LOOKS:
        page.set_viewport_size({"width": look.width, "height": 900})
        page.emulate_media(color_scheme=look.theme, reduced_motion="reduce")
        yield look


def lasting_violations(page, rules=None):
    """What axe finds twice: a part that is being swapped has no contrast for a moment."""
    if not violations(page, rules=rules):
        return []
    page.wait_for_timeout(500)
    return violations(page, rules=rules)


def violations(page, within=None, rules=None):
    """Return [(rule, [markup])]; empty when axe finds nothing. rules: ids, for these alone.

    Waits for colours that still change: half-way between two themes nothing has contrast.
    """
    page.evaluate(_STILL)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    only = {"type": "tag", "values": _TAGS} if rules is None else {"type": "rule", "values": rules}
    return [(rule, markup) for rule, markup in page.evaluate(_RUN, [within, only])]
