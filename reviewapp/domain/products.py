"""What makes a product's input: its cleaned texts, their limits and their digest. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from classifier.text import clean_text

EXTERNAL_ID_CHARS = 120
DESIGNATION_CHARS = 1_000
RAW_TEXT_BYTES = 200_000
"""Longest raw text that is kept, in bytes of UTF-8; the cleaned form is cut far shorter."""
LARGEST_CODE = 2**31 - 1

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Outcome(StrEnum):
    """What an arriving product came to; the words of import reports and of the API."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(eq=False)
class ProductRefused(Exception):
    """The product cannot be taken; `message` says to the sender which `field` to change, how."""

    field: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class ProductTexts:
    """A product's texts as they came (less what PostgreSQL cannot hold) and cleaned."""

    raw_designation: str
    raw_description: str
    designation: str
    description: str


def seller_source(seller_id: int) -> str:
    """Return the source of what a seller sends in: sellers cannot touch each other's products."""
    return f"seller-{seller_id}"


def check_external_id(raw: str) -> str:
    """Return the id without white space around it.

    Raises ProductRefused when it is empty, too long, or holds control characters.
    """
    external_id = raw.strip()
    if not external_id:
        raise ProductRefused("external_id", _("The product has no id."))
    if len(external_id) > EXTERNAL_ID_CHARS:
        raise ProductRefused(
            "external_id",
            _("The id is longer than %(limit)s characters.") % {"limit": EXTERNAL_ID_CHARS},
        )
    if _CONTROL.search(external_id):
        raise ProductRefused("external_id", _("The id holds control characters; leave them out."))
    return external_id


def clean_texts(designation: str, description: str, description_chars: int) -> ProductTexts:
    """Clean both texts; the cleaned ones are cut to what the catalogue shows.

    Raises ProductRefused when a raw text is above `RAW_TEXT_BYTES`.
    """
    raw_designation = _storable("designation", designation)
    raw_description = _storable("description", description)
    return ProductTexts(
        raw_designation=raw_designation,
        raw_description=raw_description,
        designation=_cut(clean_text(raw_designation), DESIGNATION_CHARS),
        description=_cut(clean_text(raw_description), description_chars),
    )


def input_digest(designation: str, description: str, picture_sha256: str) -> str:
    """Return the sha256, in hex, of what a model sees: cleaned texts and stored picture."""
    # JSON keeps the borders between the parts: ("ab", "c") differs from ("a", "bc").
    parts = json.dumps([designation, description, picture_sha256], ensure_ascii=False)
    return hashlib.sha256(parts.encode("utf-8")).hexdigest()


def _storable(field: str, raw: str) -> str:
    if len(raw) > RAW_TEXT_BYTES:  # before the costlier look at the bytes
        raise _too_long(field)
    text = _UNSTORABLE.sub("", _joined(raw)) if _UNSTORABLE.search(raw) else raw
    if not text.isascii() and len(text.encode("utf-8")) > RAW_TEXT_BYTES:
        raise _too_long(field)
    return text


def _cut(text: str, limit: int) -> str:
    """Cut to `limit` characters, between two words where the last word is not a giant."""
    if len(text) <= limit:
        return text
    head, space, tail = text[: limit + 1].rpartition(" ")
    return head if space and len(tail) < limit // 10 else text[:limit]


def _joined(raw: str) -> str:
    """Turn surrogate pairs, which some JSON writers leave apart, into the character meant."""
    return raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _too_long(field: str) -> ProductRefused:
    message = _("The text is longer than %(limit)s kB; shorten it.")
    return ProductRefused(field, message % {"limit": RAW_TEXT_BYTES // 1000})
