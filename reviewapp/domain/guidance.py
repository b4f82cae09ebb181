"""How alike two products are, and how strongly a word spoke, in a moderator's terms. Pure."""

from __future__ import annotations

from collections.abc import Sequence
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


# Evidence (log-odds) below which nothing has moved anything.
_LEAST: Final = 0.1
_SHARES: Final = (0.1, 0.33, 0.66)


def steps(evidence: Sequence[float]) -> list[int]:
    """Return for each evidence its strength beside the strongest: -3 against .. 0 .. 3 for."""
    strongest = max((abs(value) for value in evidence), default=0.0)
    if strongest < _LEAST:
        return [0] * len(evidence)
    return [_step(value / strongest) for value in evidence]


def _step(share: float) -> int:
    size = sum(abs(share) >= least for least in _SHARES)
    return size if share > 0 else -size
