"""A small labelled catalogue that trainings learn within seconds, and runs on it."""

from datetime import timedelta

from PIL import Image

from reviewapp.domain.splits import drawn, group_name
from reviewapp.models import ModelVersion, TrainingRun
from reviewapp.services import training
from tests.factories import CategoryFactory, ListedProductFactory, ProductImageFactory
from tests.labels import label

WORDS = {10: "roman livre", 40: "manette jeu", 1280: "poupée jouet", 2583: "piscine pompe"}
COLOURS = {10: "navy", 40: "black", 1280: "pink", 2583: "cyan"}
LEXICAL = {"training": {"members": ["lexical"], "folds": 2, "bootstrap_samples": 20}}


def catalogue(now, media, *, labelled=20, base=40):
    """Products of four categories: some decided by people, some only with the code they came with.

    Their groups are chosen such that every category has rows of each split.
    """
    keys = _keys()
    pictures = {code: _picture(media, colour) for code, colour in COLOURS.items()}
    for code in WORDS:
        CategoryFactory(code=code)
    for index in range(labelled + base):
        code = list(WORDS)[index % len(WORDS)]
        product = ListedProductFactory(
            designation=f"{WORDS[code]} numéro {index}",
            image=pictures[code],
            group_key=next(keys),
            given_code=code,
            input_digest=f"{index:064x}",
        )
        if index < labelled:
            label(
                now,
                code=code,
                product=product,
                input_digest=product.input_digest,
                inclusion_probability=0.25,
            )


def _keys():
    """Group keys whose splits come eight times in training, once in validation, once in test."""
    wanted = ["train"] * 8 + ["validation", "test"]
    place = 0
    for key in range(100_000):
        # Four in a row, so that each category gets one of each.
        if drawn(group_name(key, 0, {})) == wanted[place // 4 % len(wanted)]:
            place += 1
            yield key


def _picture(media, colour):
    image = ProductImageFactory()
    path = media / image.path
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 32), colour).save(path, "JPEG")
    return image


def request(now, snapshot=None, config=LEXICAL, **values):
    return training.request_run(
        snapshot=snapshot,
        has_base=values.pop("has_base", True),
        config=config,
        seed=values.pop("seed", 0),
        now=now,
        **values,
    )


def claim(run, now):
    return training.claim_run(run_id=run.pk, code_version="x", environment={}, now=now)


def fresh(run):
    return TrainingRun.objects.get(pk=run.pk)


def expired(now):
    """A moment at which a lease taken `now` is over."""
    return now + timedelta(hours=1)


def stages():
    return list(ModelVersion.objects.order_by("id").values_list("stage", flat=True))
