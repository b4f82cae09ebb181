"""Probabilities in words. Pure but for the reader's language."""

import math

from babel.numbers import format_percent
from django.utils.translation import get_language, to_locale


def whole_percent(value: float) -> str:
    """Write a probability in [0, 1] as whole percent in the reader's language.

    Rounded down, so that 0.7996 never reads as having reached a threshold of 80 %, and only 1.0
    reads as certain. The small term undoes the error of binary fractions (0.29 * 100 < 29).
    Raises ValueError outside of [0, 1].
    """
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not {value}")
    share = math.floor(value * 100 + 1e-9) / 100
    return str(format_percent(share, locale=to_locale(get_language() or "en")))
