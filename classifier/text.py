"""Cleaning of product texts. Standard library only: the web application uses it too.

Every function takes time linear in its input, whatever the input holds.
"""

from __future__ import annotations

import html
import re
import unicodedata

MODEL_TEXT_CHARS = 8_000
"""Longest text a model sees; 512 tokens, the longest any backbone reads, are about 2,500."""

_RAW_CHARS = 4 * MODEL_TEXT_CHARS  # room for mark-up before it is stripped

# "[^<>]*" stops at the next "<", so a text of nothing but "<a" is scanned once, not n times.
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<[!?][^<>]*>")
_HIDDEN_BLOCK = re.compile(r"<(script|style)\b[^<>]*>", re.IGNORECASE)
_NESTED_AMPERSAND = re.compile(r"&(?:amp;)+", re.IGNORECASE)
_SURROGATE = re.compile(r"[\ud800-\udfff]")

# Invisible characters that change how a title looks or compares, never what it says: soft
# hyphen, zero-width space, direction marks and overrides, byte order mark. The joiners
# U+200C and U+200D stay: emoji and several scripts need them.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)

# Unicode's stream-safe limit (UAX 15, 30 non-starters). Longer runs are never language, and
# canonical ordering sorts a run in quadratic time.
_MAX_COMBINING = 30


def clean_text(raw: str) -> str:
    """Return `raw` as one line of plain text.

    Strips tags, comments, scripts and styles, resolves HTML entities (also doubly escaped
    ones), removes control characters, lone surrogates and invisible marks, normalises to NFC
    and collapses white space. A "<" that opens no tag stays: "a < b" is text.
    """
    text = _strip_markup(_join_surrogates(raw))
    text = html.unescape(_NESTED_AMPERSAND.sub("&", text))
    # Sellers paste escaped HTML: "&lt;br&gt;" is a tag only now.
    text = _INVISIBLE.sub("", _strip_markup(text))
    return " ".join(unicodedata.normalize("NFC", _limit_combining(text)).split())


def model_text(designation: str, description: str) -> str:
    """Join title and description into the one cleaned text that the models read.

    At most `MODEL_TEXT_CHARS` long. A description that repeats the title takes its place.
    """
    title = clean_text(designation[:_RAW_CHARS])
    body = clean_text(description[:_RAW_CHARS])
    if not title or body.casefold().startswith(title.casefold()):
        joined = body
    elif not body:
        joined = title
    else:
        joined = f"{title}{' ' if title[-1] in '.!?:;,' else '. '}{body}"
    return joined[:MODEL_TEXT_CHARS].rstrip()


def _join_surrogates(text: str) -> str:
    """Turn surrogate pairs into the character they stand for and drop lone ones."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _strip_markup(text: str) -> str:
    if "<" not in text:
        return text
    return _TAG.sub(" ", _drop_hidden_blocks(_drop_comments(text)))


def _drop_comments(text: str) -> str:
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        kept.append(text[position:start])
        position = end + 3
    return " ".join([*kept, text[position:]])


def _drop_hidden_blocks(text: str) -> str:
    """Remove scripts and styles with their content; an unclosed one runs to the end."""
    kept, position = [], 0
    while opening := _HIDDEN_BLOCK.search(text, position):
        kept.append(text[position : opening.start()])
        closing = re.compile(f"</{opening[1]}", re.IGNORECASE).search(text, opening.end())
        if closing is None:
            return " ".join(kept)
        end = text.find(">", closing.end())
        position = len(text) if end < 0 else end + 1
    return " ".join([*kept, text[position:]])


def _limit_combining(text: str) -> str:
    # Few different characters make a text, and hardly one has a combining mark: look at each once.
    if not any(map(unicodedata.combining, set(text))):
        return text
    kept, run = [], 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= _MAX_COMBINING:
            kept.append(char)
    return "".join(kept)
