import json
from itertools import combinations

import pytest

from reviewapp.demo.emoji_files import category_picture
from reviewapp.demo.taxonomy import TAXONOMY_PATH, TaxonomyError, load_taxonomy

CODES = {
    10, 40, 50, 60, 1140, 1160, 1180, 1280, 1281, 1300, 1301, 1302, 1320, 1560, 1920, 1940, 2060,
    2220, 2280, 2403, 2462, 2522, 2582, 2583, 2585, 2705, 2905,
}  # fmt: skip
HARD_GROUPS = [
    (10, 2705, 2403, 2280),
    (40, 2462, 50, 60, 2905),
    (1280, 1281, 1140, 1180),
    (2583, 2582, 2585),
    (1300, 1302),
    (1301, 1320),
    (1560, 1920, 2060, 2582),
]
NOT_CONFUSED = {frozenset((2705, 2280)), frozenset((60, 2905))}


@pytest.fixture(scope="module")
def taxonomy():
    return load_taxonomy()


@pytest.fixture
def changed(tmp_path):
    """Save the taxonomy with one change made to its raw JSON, and return the path."""

    def save(change):
        raw = json.loads(TAXONOMY_PATH.read_text(encoding="utf-8"))
        change(raw)
        path = tmp_path / "taxonomy.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        return path

    return save


def test_the_taxonomy_has_exactly_the_27_codes(taxonomy):
    assert set(taxonomy.codes) == CODES
    assert len(taxonomy.codes) == len(CODES)


def test_every_category_is_written_in_both_languages(taxonomy):
    for entry in taxonomy.categories:
        for name in ("name", "definition", "includes", "excludes", "synonyms"):
            french, english = getattr(entry, f"{name}_fr"), getattr(entry, f"{name}_en")
            assert french, (entry.code, name)
            assert french != english, (entry.code, name)
        for pair in entry.confusable:
            assert pair.question_fr.endswith(" ?"), (entry.code, pair.code)
            assert pair.question_en.endswith("?"), (entry.code, pair.code)


def test_rules_of_exclusion_name_only_codes_that_exist(taxonomy):
    for entry in taxonomy.categories:
        for rule in entry.excludes_fr + entry.excludes_en:
            named = {
                int(word)
                for part in rule.split("(")[1:]
                for word in part.rstrip(")").replace(",", " ").split()
                if word.isdigit()
            }
            assert named <= CODES - {entry.code}, (entry.code, rule)


@pytest.mark.parametrize("group", HARD_GROUPS)
def test_hard_neighbours_have_a_deciding_question_on_both_sides(taxonomy, group):
    for first, second in combinations(group, 2):
        if frozenset((first, second)) in NOT_CONFUSED:
            continue
        questions = {pair.code: pair.question_fr for pair in taxonomy.category(first).confusable}
        mirrored = {pair.code: pair.question_fr for pair in taxonomy.category(second).confusable}
        assert questions[second] == mirrored[first]
        assert str(first) in questions[second]
        assert str(second) in questions[second]


def test_every_category_has_a_drawing(taxonomy):
    for entry in taxonomy.categories:
        assert category_picture(entry.picture).is_file()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda raw: raw["categories"].append(raw["categories"][0]),
            "category code 10 stands twice",
        ),
        (lambda raw: raw["families"].append(raw["families"][0]), "family 'books' stands twice"),
        (lambda raw: raw["categories"][0].update(family="cars"), "unknown family 'cars'"),
        (lambda raw: raw["categories"][0].pop("name_en"), "category 10: 'name_en'"),
        (
            lambda raw: raw["categories"][0].update(definition_fr=" "),
            "category 10: 'definition_fr'",
        ),
        (lambda raw: raw["categories"][0].update(synonyms_en=[]), "category 10: 'synonyms_en'"),
        (lambda raw: raw["categories"][0].update(code="10"), "'code' must be a whole number"),
        (
            lambda raw: raw["categories"][0]["confusable"][0].update(code=7),
            "category 10: confusable code 7",
        ),
        (
            lambda raw: raw["categories"][0]["confusable"][0].pop("question_fr"),
            "confusable 2705: 'question_fr'",
        ),
        (
            lambda raw: raw["categories"][1]["confusable"].append(
                {"code": 10, "question_fr": "a", "question_en": "b"}
            ),
            "the pair with 10 is written twice",
        ),
        (lambda raw: raw.pop("categories"), "'categories' must be a list"),
    ],
)
def test_a_faulty_taxonomy_is_refused_by_name(changed, change, message):
    with pytest.raises(TaxonomyError) as refusal:
        load_taxonomy(changed(change))

    assert message in str(refusal.value)


@pytest.mark.parametrize("content", ["{", "[1]", '"text"'])
def test_a_file_that_is_no_taxonomy_is_refused(tmp_path, content):
    path = tmp_path / "taxonomy.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(TaxonomyError, match="taxonomy"):
        load_taxonomy(path)


def test_a_missing_file_is_refused_with_its_path(tmp_path):
    with pytest.raises(TaxonomyError, match=r"nowhere\.json"):
        load_taxonomy(tmp_path / "nowhere.json")
