"""An explanation as the card shows it: how strongly each word and patch spoke, in steps."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from reviewapp.choices import JobStatus
from reviewapp.domain.guidance import steps
from reviewapp.models import Category, Explanation, ModelVersion, Product, ProductImage

_SIDE = 1000.0  # of the drawing's longer side, in its own units
_ROWS = (_("top"), _("middle"), _("bottom"))
_COLUMNS = (_("left"), _("centre"), _("right"))
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """One word or group of words. step: -3 (strongly against) .. 3 (strongly for)."""

    text: str
    step: int


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch of the picture, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    step: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture with its patches. strongest: where the strongest patch for it lies, in words."""

    url: str
    width: float
    height: float
    patches: list[Patch]
    strongest: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved FUSION towards `category`."""

    category: Category | None
    confidence: float
    pieces: list[Piece]
    strongest_for: list[str]
    strongest_against: list[str]
    drawing: Drawing | None


def explanation_of(*, product: Product, version: ModelVersion) -> Explanation | None:
    """The explanation of the product's present input by `version`, if one was asked for."""
    return Explanation.objects.filter(
        product=product, model_version=version, input_digest=product.input_digest
    ).first()


def moved(*, explanation: Explanation, image: ProductImage | None) -> Moved | None:
    """Return a finished explanation in a form to show; None while it is not finished."""
    if explanation.status != JobStatus.DONE:
        return None
    result = explanation.result
    texts = [text for text, _evidence in result["words"]]
    evidence = [value for _text, value in result["words"]]
    ranked = sorted(zip(steps(evidence), evidence, texts, strict=True), key=lambda row: -row[1])
    return Moved(
        category=Category.objects.filter(code=result["code"]).first(),
        confidence=result["confidence"],
        pieces=[Piece(text, step) for text, step in zip(texts, steps(evidence), strict=True)],
        strongest_for=[text for step, _value, text in ranked if step > 0][:_NAMED],
        strongest_against=[text for step, _value, text in reversed(ranked) if step < 0][:_NAMED],
        drawing=_drawing(result, image) if image and result["patches"] else None,
    )


def _drawing(result: dict[str, list[float]], image: ProductImage) -> Drawing:
    scale = _SIDE / max(image.width, image.height)
    width, height = image.width * scale, image.height * scale
    values = result["patches"]
    side = round(len(values) ** 0.5)
    left, top, right, bottom = result["box"]
    cell = (right - left) * width / side, (bottom - top) * height / side
    patches = [
        Patch(
            round(left * width + place % side * cell[0], 1),
            round(top * height + place // side * cell[1], 1),
            round(cell[0], 1),
            round(cell[1], 1),
            step,
        )
        for place, step in enumerate(steps(values))
    ]
    best = max(range(len(values)), key=values.__getitem__)
    where = (str(_ROWS[best // side * 3 // side]), str(_COLUMNS[best % side * 3 // side]))
    return Drawing(
        image.url, round(width), round(height), patches, where if patches[best].step > 0 else None
    )
