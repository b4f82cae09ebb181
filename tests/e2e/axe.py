"""Accessibility checks by axe-core, which its package ships; nothing is loaded from elsewhere."""

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

# Each width, in both themes.
LOOKS = [(1440, "light"), (1440, "dark"), (360, "dark"), (360, "light")]


def in_each_look(page):
    """Yield (width, theme) with the page as it is there; motion is reduced, so that it is at once."""
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        yield width, theme


def lasting_violations(page):
    """What axe finds twice: a part that is being swapped has no contrast for a moment."""
    if not violations(page):
        return []
    page.wait_for_timeout(500)
    return violations(page)


def violations(page, within=None, rules=None):
    """Return [(rule, [markup])]; empty when axe finds nothing. rules: ids, for these alone.

    Waits for colours that still change: half-way between two themes nothing has contrast.
    """
    page.evaluate(_STILL)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    only = {"type": "tag", "values": _TAGS} if rules is None else {"type": "rule", "values": rules}
    return [(rule, markup) for rule, markup in page.evaluate(_RUN, [within, only])]
