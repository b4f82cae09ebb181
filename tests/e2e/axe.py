"""Accessibility checks by axe-core, which its package ships; nothing is loaded from elsewhere."""

from axe_playwright_python.sync_playwright import Axe

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


def violations(page, within=None):
    """Return [(rule, [markup])]; empty when axe finds nothing."""
    found = Axe().run(page, context=within, options=RULES).response["violations"]
    return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
