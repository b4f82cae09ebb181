"""The small faults of real listings: typos, shouting, lost accents, leftovers of HTML."""

import html
import re
import unicodedata

from reviewapp.demo.draw import Draw

STICKERS = ("⭐", "🔥", "✅", "💥", "🎁", "❤️", "✨")
SHOUTS = ("TOP !!", "!!!", "NEUF !!", "PROMO", "*** A SAISIR ***", "RARE")
SENTENCE_END = re.compile(r"(?<=[.!?…]) +")
NAMED_ENTITIES = {
    "é": "&eacute;",
    "è": "&egrave;",
    "à": "&agrave;",
    "ç": "&ccedil;",
    "ê": "&ecirc;",
}


def with_typo(text: str, draw: Draw) -> str:
    """Swap, drop or double one letter of a word of five letters or more."""
    words = text.split(" ")
    long_words = [at for at, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    if not long_words:
        return text
    at = draw.pick(long_words)
    word = words[at]
    place = draw.between(1, len(word) - 3)
    left, first, second, right = word[:place], word[place], word[place + 1], word[place + 2 :]
    words[at] = draw.pick(
        [left + second + first + right, left + second + right, left + first * 2 + second + right]
    )
    return " ".join(words)


def without_accents(text: str) -> str:
    """Replace accented letters by plain ones, as from a hurried keyboard."""
    plain = text.replace("œ", "oe").replace("Œ", "Oe").replace("æ", "ae")
    decomposed = unicodedata.normalize("NFD", plain)
    kept = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", kept)


def with_entities(text: str) -> str:
    """Escape as a careless export does: `l&#39;été` becomes `l&#39;&eacute;t&eacute;`."""
    escaped = html.escape(text).replace("&#x27;", "&#39;")
    return "".join(NAMED_ENTITIES.get(sign, sign) for sign in escaped)


def with_sticker(text: str, draw: Draw) -> str:
    sticker = draw.pick(STICKERS)
    return f"{sticker} {text}" if draw.chance(0.5) else f"{text} {sticker}"


def with_shout(text: str, draw: Draw) -> str:
    return f"{text} {draw.pick(SHOUTS)}"


def with_tags(text: str, draw: Draw) -> str:
    """Lay the sentences out in HTML, in one of four usual ways."""
    parts = SENTENCE_END.split(text)
    layout = draw.between(1, 4)
    if layout == 1:
        return "".join(f"<p>{part}</p>" for part in parts)
    if layout == 2:
        return "<br />".join(parts)
    if layout == 3:
        return "<ul>" + "".join(f"<li>{part}</li>" for part in parts) + "</ul>"
    return f"<p><b>{parts[0]}</b> {' '.join(parts[1:])}</p>".replace(" </p>", "</p>")


def spoil_title(text: str, carelessness: float, draw: Draw) -> str:
    """Apply each fault to a title with its usual chance times `carelessness`."""
    if draw.chance(0.08 * carelessness):
        text = with_typo(text, draw)
    if draw.chance(0.12 * carelessness):
        text = without_accents(text)
    if draw.chance(0.04 * carelessness):
        text = with_shout(text, draw)
    if draw.chance(0.09 * carelessness):
        # Some upper-case texts keep their accents, most do not.
        text = text.upper() if draw.chance(0.4) else without_accents(text).upper()
    elif draw.chance(0.05 * carelessness):
        text = text.lower()
    if draw.chance(0.03 * carelessness):
        text = with_sticker(text, draw)
    return with_entities(text) if draw.chance(0.03) else text


def spoil_description(text: str, carelessness: float, draw: Draw) -> str:
    """Apply typos, lost accents, HTML tags or entities to a description."""
    if draw.chance(0.09 * carelessness):
        text = with_typo(text, draw)
    if draw.chance(0.08 * carelessness):
        text = without_accents(text)
    if draw.chance(0.05 * carelessness):
        text = with_sticker(text, draw)
    if draw.chance(0.08):
        text = with_entities(text)
    return with_tags(text, draw) if draw.chance(0.2) else text


def relist(title: str, draw: Draw) -> str:
    """Change a title as a seller does who puts the same product up again."""
    parts = title.split(" - ")
    way = draw.between(1, 5)
    if way == 1 and len(parts) > 1:
        return " - ".join(reversed(parts))
    if way == 2:
        return f"{title} ({draw.pick(['nouvelle annonce', 'remise en vente', 'dernier prix'])})"
    if way == 3:
        return with_typo(title, draw)
    if way == 4:
        return with_shout(title, draw)
    return title.replace(" - ", ", ") if len(parts) > 1 else title.upper()
