"""Names of languages, in the reader's own."""

from babel import Locale, UnknownLocaleError
from django import template
from django.utils.translation import get_language, to_locale

register = template.Library()


@register.filter
def language_name(code: str) -> str:
    """Return what the language `code` (ISO 639) is called; the code itself when nobody knows it."""
    reader = Locale.parse(to_locale(get_language() or "en"))
    try:
        name = Locale.parse(code, sep="-").get_language_name(reader)
    except (UnknownLocaleError, ValueError):
        name = None
    return (name or code).capitalize()
