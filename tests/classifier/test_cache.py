import multiprocessing

import numpy as np
import pytest
from PIL import Image

from classifier.cache import SHARD_ROWS, FeatureCache, encode_cached, input_key
from classifier.errors import InputUnreadable


class CountingEncoder:
    """Features from the text's own letters; remembers what it was asked to compute."""

    name, digest, dim = "counting", "d" * 64, 3

    def __init__(self, fail_after=None):
        self.asked = []
        self.fail_after = fail_after

    def encode(self, items, batch_size=8, on_progress=None):
        if self.fail_after is not None and len(self.asked) >= self.fail_after:
            raise KeyboardInterrupt
        self.asked.extend(items)
        if on_progress is not None:
            on_progress(len(items), len(items))
        rows = [[len(item), sum(map(ord, item)), 1] for item in items]
        return np.array(rows, dtype=np.float32).reshape(-1, 3)


def test_each_distinct_input_is_computed_once(tmp_path):
    encoder = CountingEncoder()

    features = encode_cached(encoder, ["a", "bb", "a"], FeatureCache(tmp_path))
    again = encode_cached(encoder, ["bb", "ccc"], FeatureCache(tmp_path))

    assert encoder.asked == ["a", "bb", "ccc"]
    np.testing.assert_array_equal(features, CountingEncoder().encode(["a", "bb", "a"]))
    np.testing.assert_array_equal(again, CountingEncoder().encode(["bb", "ccc"]))


def test_another_encoder_shares_nothing(tmp_path):
    encode_cached(CountingEncoder(), ["a"], FeatureCache(tmp_path))
    other = CountingEncoder()
    other.digest = "e" * 64

    encode_cached(other, ["a"], FeatureCache(tmp_path))

    assert other.asked == ["a"]


def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    texts = [f"text {i}" for i in range(3 * SHARD_ROWS)]
    killed = CountingEncoder(fail_after=2 * SHARD_ROWS)
    with pytest.raises(KeyboardInterrupt):
        encode_cached(killed, texts, FeatureCache(tmp_path))

    resumed = CountingEncoder()
    features = encode_cached(resumed, texts, FeatureCache(tmp_path))

    assert resumed.asked == texts[2 * SHARD_ROWS :]
    np.testing.assert_array_equal(features, CountingEncoder().encode(texts))


def half_written(folder):
    index = next(folder.glob("*.json"))
    index.unlink()


def cut_short(folder):
    array = next(folder.glob("*.npy"))
    array.write_bytes(array.read_bytes()[:-2])


def flipped(folder):
    array = next(folder.glob("*.npy"))
    raw = bytearray(array.read_bytes())
    raw[-1] ^= 1
    array.write_bytes(raw)


def broken_index(folder):
    next(folder.glob("*.json")).write_text('{"keys": [', encoding="utf-8")


def array_gone(folder):
    next(folder.glob("*.npy")).unlink()


@pytest.mark.parametrize("harm", [half_written, cut_short, flipped, broken_index, array_gone])
def test_a_damaged_shard_is_computed_again(tmp_path, harm):
    encode_cached(CountingEncoder(), ["a", "b"], FeatureCache(tmp_path))
    harm(tmp_path / CountingEncoder.digest)

    again = CountingEncoder()
    features = encode_cached(again, ["a", "b"], FeatureCache(tmp_path))

    assert again.asked == ["a", "b"]
    np.testing.assert_array_equal(features, CountingEncoder().encode(["a", "b"]))


def test_an_array_with_pickled_objects_is_never_loaded(tmp_path):
    encode_cached(CountingEncoder(), ["a"], FeatureCache(tmp_path))
    folder = tmp_path / CountingEncoder.digest
    array = next(folder.glob("*.npy"))
    np.save(array, np.array([{"x": 1}], dtype=object), allow_pickle=True)
    index = next(folder.glob("*.json"))
    index.write_text(
        f'{{"keys": ["{input_key("a")}"], "sha256": "{input_key(array)}"}}', encoding="utf-8"
    )

    assert FeatureCache(tmp_path).get(CountingEncoder.digest, input_key("a")) is None


def test_progress_counts_what_is_already_known(tmp_path):
    cache, heard = FeatureCache(tmp_path), []
    encode_cached(CountingEncoder(), ["a"], cache)

    encode_cached(
        CountingEncoder(), ["a", "b", "c"], cache, lambda done, total: heard.append((done, total))
    )

    assert heard == [(1, 3), (3, 3)]


def write_shards(directory, start):
    cache = FeatureCache(directory)
    for number in range(start, start + 20):
        features = np.full((2, 3), number, dtype=np.float32)
        cache.put("d" * 64, [f"{number}-0", f"{number}-1"], features)


def test_processes_write_side_by_side(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_shards, args=(tmp_path, start)) for start in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    cache = FeatureCache(tmp_path)

    for number in [*range(20), *range(100, 120)]:
        assert cache.get("d" * 64, f"{number}-1").tolist() == [number] * 3


def test_keys_follow_content(tmp_path):
    red = Image.new("RGB", (4, 4), "red")
    red.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())

    assert input_key(tmp_path / "a.png") == input_key(tmp_path / "b.png")
    assert input_key(red) == input_key(red.copy()) != input_key(Image.new("RGB", (4, 4), "blue"))
    assert input_key(red) != input_key(Image.new("RGB", (2, 8), "red"))
    assert input_key("a") != input_key("b")
    assert input_key("\ud800") != input_key("")
    with pytest.raises(InputUnreadable, match=r"none\.png"):
        input_key(tmp_path / "none.png")
    with pytest.raises(TypeError, match="int"):
        input_key(3)
