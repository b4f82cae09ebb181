import dataclasses
import os
import subprocess
import sys
from collections import Counter
from difflib import SequenceMatcher
from itertools import islice

import pytest

from reviewapp.demo.catalogue import generate, product_at
from reviewapp.demo.plan import BLOCK, block_plan, quotas
from reviewapp.demo.sellers import SELLERS
from reviewapp.demo.taxonomy import load_taxonomy

COUNT = 1200


@pytest.fixture(scope="module", params=[1, 7, 2026])
def products(request):
    return list(generate(COUNT, seed=request.param))


def share(flags):
    flags = list(flags)
    return sum(map(bool, flags)) / len(flags)


def test_a_seed_repeats_its_stream_and_another_seed_does_not():
    first = list(generate(60, seed=3))

    assert list(generate(60, seed=3)) == first
    titles = {product.designation for product in first}
    others = {product.designation for product in generate(60, seed=4)}
    assert len(titles & others) < 6


def test_a_longer_catalogue_begins_with_the_shorter_one_and_can_be_continued():
    long = list(generate(BLOCK + 40, seed=3))

    assert list(generate(50, seed=3)) == long[:50]
    assert list(generate(60, seed=3, start=BLOCK - 20)) == long[BLOCK - 20 : BLOCK + 40]
    assert product_at(BLOCK + 5, seed=3) == long[BLOCK + 5]


def test_another_process_with_another_hash_seed_generates_the_same():
    code = (
        "from reviewapp.demo.catalogue import generate\n"
        "import hashlib, sys\n"
        "text = repr(list(generate(120, seed=5)))\n"
        "sys.stdout.write(hashlib.sha256(text.encode()).hexdigest())"
    )

    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }

    assert len(digests) == 1


def test_every_category_appears_often_enough_to_learn_from(products):
    counts = Counter(product.labelled_code for product in products)

    assert set(counts) == set(load_taxonomy().codes)
    assert min(counts.values()) >= 20
    assert counts.most_common(1)[0][0] == 2583


def test_the_shares_of_a_block_follow_the_challenge_above_the_floor():
    numbers = quotas()

    assert sum(numbers.values()) == BLOCK
    assert numbers[2583] > 1.8 * numbers[1300] > 2.5 * numbers[10]
    assert min(numbers.values()) >= 8


def test_the_shares_of_flaws_are_as_announced(products):
    assert share(not product.description for product in products) == pytest.approx(0.35, abs=0.04)
    assert share(product.picture is None for product in products) == pytest.approx(0.08, abs=0.025)
    assert share(product.picture_kind == "wrong" for product in products) == pytest.approx(
        0.03, abs=0.015
    )
    assert share(
        product.labelled_code != product.true_code for product in products
    ) == pytest.approx(0.03, abs=0.015)
    assert share(product.duplicate_of for product in products) == pytest.approx(0.06, abs=0.02)
    assert 0.04 < share(product.language != "fr" for product in products) < 0.15
    assert 0.05 < share(product.designation.isupper() for product in products) < 0.16
    assert 0.04 < share("<" in product.description for product in products) < 0.2
    assert share(len(product.designation.split()) <= 2 for product in products) > 0.02


def test_titles_are_hardly_ever_the_same(products):
    assert len({product.designation for product in products}) > 0.95 * COUNT


def test_a_near_duplicate_is_the_same_product_listed_again(products):
    by_id = {product.external_id: product for product in products}
    copies = [product for product in products if product.duplicate_of]

    for copy in copies:
        original = by_id[copy.duplicate_of]
        assert original.index < copy.index
        assert original.true_code == copy.true_code
        assert original.duplicate_of is None
        parts = [set(p.designation.casefold().split()) for p in (original, copy)]
        ratio = SequenceMatcher(None, *(p.designation.casefold() for p in (original, copy))).ratio()
        assert ratio > 0.6 or len(parts[0] & parts[1]) >= 2, (original, copy)
    same_emoji = [
        copy.picture.emoji == by_id[copy.duplicate_of].picture.emoji
        for copy in copies
        if copy.picture and by_id[copy.duplicate_of].picture
    ]
    assert share(same_emoji) > 0.6


def test_some_near_duplicates_carry_another_label():
    stream = list(generate(4000, seed=1))
    by_id = {product.external_id: product for product in stream}

    conflicts = [
        product
        for product in stream
        if product.duplicate_of
        and product.labelled_code != by_id[product.duplicate_of].labelled_code
    ]

    assert conflicts


def test_every_product_says_that_it_is_a_demo(products):
    assert all(product.external_id.startswith("demo-") for product in products)
    assert len({product.external_id for product in products}) == COUNT
    assert len({product.product_number for product in products}) == COUNT
    assert len({product.image_number for product in products}) == COUNT


def test_sellers_prices_and_hints_are_varied(products):
    assert {product.seller for product in products} == {seller.key for seller in SELLERS}
    assert {product.price_band for product in products} == {"low", "mid", "high"}
    assert {product.state_hint for product in products} == {
        "waiting",
        "listed",
        "review",
        "decided",
        "reported",
    }
    assert all(product.price_cents > 0 and product.age_minutes > 0 for product in products)


def test_sellers_sell_what_they_are_known_for(products):
    families = {entry.code: entry.family for entry in load_taxonomy().categories}
    known = {seller.key: seller.families for seller in SELLERS}
    for product in products:
        if known[product.seller] and product.duplicate_of is None:
            assert families[product.true_code] in known[product.seller]


def test_a_negative_count_is_refused_before_anything_is_generated():
    with pytest.raises(ValueError, match="must not be negative"):
        generate(-1, seed=1)


def test_products_are_made_lazily():
    assert len(list(islice(generate(10**9, seed=1), 3))) == 3


def test_a_plan_repeats_only_earlier_products_of_the_category():
    plan = block_plan(9, 2)

    for position, original in enumerate(plan.originals):
        if original is not None:
            assert original < position
            assert plan.codes[original] == plan.codes[position]
            assert plan.originals[original] is None


def test_a_product_cannot_be_changed(products):
    with pytest.raises(dataclasses.FrozenInstanceError):
        products[0].true_code = 10
