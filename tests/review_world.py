"""A review desk with something on it, for tests of the page and for looking at it."""

from PIL import Image, ImageDraw

from reviewapp.choices import AbsenceChoice, MemberChoice, ReviewReason, RouteOutcome
from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.models import Category, Prediction, Route
from reviewapp.services.taxonomy import apply_taxonomy
from tests.factories import (
    NOW,
    ChampionFactory,
    ProductFactory,
    ProductImageFactory,
    ReviewItemFactory,
    RoutingPolicyFactory,
)

TITLES = [
    ("fr", "Voiture télécommandée Buggy 1/10 tout-terrain 4x4 brushless"),
    ("fr", "Peluche éléphant gris très doux, cadeau de naissance"),
    ("de", "Modellbahn Güterwagen Spur H0, guter Zustand"),
    ("fr", "Figurine articulée Chevalier d'argent édition limitée 18 cm"),
    ("en", "Board game The Lost Harbour, complete, ages 8 and up"),
]
TEXT = (
    "Livrée avec deux batteries et une télécommande 2,4 GHz. Portée de 80 mètres, vitesse de "
    "pointe de 45 km/h. Suspension réglable, châssis en aluminium.\n\nConvient à partir de 14 ans. "
    "Quelques traces d'usage, photos non contractuelles."
)


def load_categories():
    apply_taxonomy(taxonomy=load_taxonomy())


def picture(media_root, number):
    """A stored picture with its two files."""
    image = ProductImageFactory(width=900, height=700)
    drawn = Image.new("RGB", (900, 700), (235, 240, 244))
    pen = ImageDraw.Draw(drawn)
    pen.rounded_rectangle((180, 260, 720, 480), 60, fill=(40 * number % 256, 90, 160))
    for x in (290, 610):
        pen.ellipse((x - 80, 400, x + 80, 560), fill=(30, 30, 34))
    for path, form in ((image.path, "JPEG"), (image.thumbnail_path, "WEBP")):
        target = media_root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(target, form)
    return image


def doubtful_item(media_root=None, number=0, codes=(1280, 1300, 1281, 1302, 1140), **kwargs):
    """An item with a picture, all three models' answers, and the route that sent it here."""
    language, title = TITLES[number % len(TITLES)]
    product = ProductFactory(
        designation=f"{title} ({number})",
        raw_designation=f"{title} ({number})",
        description=TEXT,
        raw_description=f"<p>{TEXT}</p>",
        language=language,
        status="in_review",
        image=picture(media_root, number) if media_root else None,
    )
    version = ChampionFactory._meta.model.objects.filter(stage="champion").first()
    version = version or ChampionFactory(name="fusion-demo")
    fusion = predict(product, version, MemberChoice.FUSION, codes, 0.62)
    predict(product, version, MemberChoice.BERT, codes, 0.64)
    if media_root:
        predict(product, version, MemberChoice.CNN, (codes[1], codes[0], *codes[2:]), 0.71)
    else:
        predict(product, version, MemberChoice.CNN, (), None)
    reasons = kwargs.pop("reasons", [ReviewReason.LOW_CONFIDENCE, ReviewReason.DISAGREEMENT])
    route = Route.objects.create(
        product=product,
        prediction=fusion,
        policy=RoutingPolicyFactory(),
        outcome=RouteOutcome.REVIEW,
        reasons=reasons,
        inclusion_probability=1.0,
        created_at=NOW,
    )
    given = {"priority": 0.9 - number / 1000, "opened_at": NOW, **kwargs}
    return ReviewItemFactory(product=product, route=route, reasons=reasons, **given)


def predict(product, version, member, codes, confidence):
    rest = (
        [] if confidence is None else [(1 - confidence) * share for share in (0.5, 0.2, 0.1, 0.05)]
    )
    return Prediction.objects.create(
        product=product,
        model_version=version,
        member=member,
        input_digest=product.input_digest,
        top=[[code, p] for code, p in zip(codes, [confidence, *rest], strict=False)],
        category=Category.objects.get(code=codes[0]) if codes else None,
        confidence=confidence,
        absence="" if codes else AbsenceChoice.NO_IMAGE,
        latency_ms=10,
        created_at=NOW,
    )
