"""Text cells that a spreadsheet must not take for a formula. Pure, and undone without loss.

A cell that opens with one of these characters is run as a formula by Excel and its like, full-width
forms included (OWASP, "CSV Injection").
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
GUARD = "'"


def guarded(text: str) -> str:
    """Put an apostrophe before `text` if it could be a formula, or opens with one already."""
    return GUARD + text if text.startswith((GUARD, *_FORMULA)) else text


def unguarded(text: str) -> str:
    """Return what `guarded` was given: one leading apostrophe goes."""
    return text.removeprefix(GUARD)
