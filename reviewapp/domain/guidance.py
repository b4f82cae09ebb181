"""How alike two products are, in a moderator's words. Pure."""

from __future__ import annotations

from typing import Final

from reviewapp.choices import Likeness

# Cosines of `classifier.embedding` on the demo's 800 products: any two from different categories
# lie at 0.61 in the median and 0.79 in the top percent; the nearest of the same category at 0.83.
_STEPS: Final = (
    (0.95, Likeness.NEARLY_THE_SAME),
    (0.82, Likeness.VERY_ALIKE),
    (0.72, Likeness.ALIKE),
)


def likeness(cosine: float) -> Likeness:
    """Put the cosine of two products' unit vectors, -1..1, into words."""
    return next((word for least, word in _STEPS if cosine >= least), Likeness.LITTLE_ALIKE)
