"""Search over the shipped demo catalogue: what people type is not what sellers wrote."""

import pytest
from django.db import connection

from reviewapp.demo.catalogue import external_id, generate
from reviewapp.selectors.facets import Filters
from reviewapp.selectors.search import search
from reviewapp.services.demo import SHOP_SEED
from tests.conftest import NOW
from tests.selectors.demo_shop import PRODUCTS, fill_shop

pytestmark = pytest.mark.django_db

WANTED = 36
# What was typed, and the place of the product that was meant in the demo's stream.
QUERIES = {
    "tracteur minature jaune": 2,
    "peluche our caramel": 9,
    "ferme en foli": 6,
    "tarot divinatoire arkamis": 8,
    "loto des animeaux": 12,
    "moto radiocomandee rose": 16,
    "zombi parade orbix": 20,
    "console portable maron": 24,
    "yoyo luminneux": 26,
    "galette de chaize": 32,
    "masque et tuba enfan": 44,
    "cerf volant acrobatique": 39,
    "matelas a langer petit nuage": 198,
    "toboggan pechalack": 96,
    "panier a linge": 98,
    "train electrique echelle n": 102,
    "echelle telescopique": 108,
    "cartouche filtre aqualiro": 114,
    "pyramides echec": 116,
    "claquete de piscine": 118,
    "voile d'ombrage polyestere": 138,
    "thermometre canard": 240,
    "bache hivernage": 172,
    "baignoire bebe savanne": 166,
    "armoire violete": 186,
    "barriere de securite calinou": 200,
    "raquetes ping pong": 165,
    "hache a fendre": 228,
    "tente camping instantanee": 244,
    "fontaine de jardin casade": 252,
    "tomme de montage": 256,
    "clavier mecanique retroeclaire": 280,
    "stylo plume rouge clasipro": 298,
    "tuyaux flottant gris 38 mm": 392,
    "fauteuil similicuire": 354,
    "poupee gigogne": 396,
    "cacahuete grillee": 378,
    "os a macher felinia": 390,
    "outdor balls kids": 348,
    "baby sleeping bags white": 156,
}


@pytest.fixture(scope="module", autouse=True)
def _demo_shop(django_db_setup, django_db_blocker):
    """Fill the shop once for all tests of this file, and take it away again."""
    with django_db_blocker.unblock():
        fill_shop()
        yield
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE reviewapp_product, reviewapp_categoryfamily, reviewapp_catalogueword,"
                " reviewapp_cataloguerollup CASCADE"
            )


def _same_product(stream):
    """For each product the first listing of the same one."""
    return {one.external_id: one.duplicate_of or one.external_id for one in stream}


def test_the_right_product_is_among_the_first_five_despite_typos_and_missing_accents():
    same = _same_product(generate(PRODUCTS, SHOP_SEED))
    missed = []
    for typed, place in QUERIES.items():
        first = search(text=typed, filters=Filters(now=NOW)).products[:5]
        if same[external_id(place, SHOP_SEED)] not in {same[one.external_id] for one in first}:
            missed.append((typed, [one.designation for one in first]))

    assert len(QUERIES) == 40
    assert len(QUERIES) - len(missed) >= WANTED, missed
    assert not missed
