"""Cells that a spreadsheet shows and does not run. Pure."""

# What Excel, LibreOffice and Google Sheets take for the start of a formula, also after blanks.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """Return `text` with an apostrophe before it where a spreadsheet would take it for a formula.

    OWASP, "CSV injection". White space before the sign does not protect: it is cut on import.
    """
    if text.startswith(_FORMULA_START) or text.lstrip().startswith(_FORMULA_START):
        return f"'{text}"
    return text
