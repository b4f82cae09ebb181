import io

import numpy as np
from PIL import Image, ImageDraw

from reviewapp.domain import groups


def photo(seed=1, size=(320, 240)):
    """A picture with soft shapes, as photographs have."""
    draw = np.random.default_rng(seed)
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = draw.integers(0, size[0]), draw.integers(0, size[1])
        r, colour = draw.integers(20, 80), tuple(int(c) for c in draw.integers(0, 256, 3))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    return picture


def compressed(picture, quality):
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def test_most_pictures_keep_their_look_when_scaled_and_compressed_again():
    pictures = [photo(seed) for seed in range(40)]

    again = [compressed(picture.resize((200, 150)), quality=60) for picture in pictures]

    pairs = zip(map(groups.fingerprint, pictures), map(groups.fingerprint, again), strict=True)
    kept = sum(two in groups.near_fingerprints(one) for one, two in pairs)
    assert kept / len(pictures) >= 0.85


def test_different_pictures_lie_far_apart():
    prints = [groups.fingerprint(photo(seed)) for seed in range(20)]

    far = [groups.distance(a, b) for i, a in enumerate(prints) for b in prints[:i]]

    assert min(far) > 2 * groups.NEAR_BITS


def test_near_fingerprints_are_those_within_two_bits_and_fit_a_bigint():
    near = groups.near_fingerprints(-1)

    assert len(set(near)) == 1 + 64 + 64 * 63 // 2
    assert max(groups.distance(-1, other) for other in near) == groups.NEAR_BITS
    assert -(2**63) <= min(near) <= max(near) < 2**63


def test_case_accents_and_punctuation_make_no_other_title():
    assert groups.title_hash("Éléphant, GRIS !") == groups.title_hash("elephant gris")
    assert groups.title_hash("elephant gris") != groups.title_hash("elephant rose")
    assert groups.title_hash("…") is None


def test_an_arrival_joins_by_title_first_then_by_look_and_merges_nothing():
    by_title, by_look = {1: 100}, {7: 700}

    assert groups.join_group(1, 7, by_title, by_look) == 100
    assert groups.join_group(2, 7, by_title, by_look) == 700
    assert groups.join_group(3, 8, by_title, by_look) == 3
    assert groups.join_group(None, 8, by_title, by_look) == 3
    assert groups.join_group(None, None, by_title, by_look) is None
