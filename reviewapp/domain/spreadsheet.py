"""Text cells that a spreadsheet must not take for a formula. Pure.

A cell that opens with one of these characters is run as a formula by Excel and its like, full-width
forms included (OWASP, "CSV Injection").
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
GUARD = "'"


def guarded(text: str) -> str:
    """Put an apostrophe before `text` if it could be a formula, or opens with one already.

    Whoever drops one leading apostrophe has the text back without loss.
    """
    return GUARD + text if text.startswith((GUARD, *_FORMULA)) else text
