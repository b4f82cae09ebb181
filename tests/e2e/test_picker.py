"""The search of categories: few keys, in French and in English, by names and synonyms of both."""

import pytest
from playwright.sync_api import expect

from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.domain.keys import DEFAULT_KEYS
from tests.e2e.desk_session import SEARCHES
from tests.review_world import doubtful_item

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
# The page's own search over the page's own list.
FOUND = """async (queries) => {
    const { readOption } = await import("/static/js/lib/combobox.js");
    const { fold, ranked } = await import("/static/js/lib/text.js");
    const listed = document.getElementById("picker-options").content.querySelectorAll("option");
    const options = [...listed].map(readOption);
    return queries.map((query) => ranked(options, fold(query)).map((option) => Number(option.value)));
}"""


@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_category_is_found_in_four_keys_and_by_any_of_its_names(desk, moderator, language):
    moderator.language = language
    moderator.save()
    doubtful_item()
    page = desk()
    keys = SEARCHES[language]
    names = {
        name: category.code
        for category in load_taxonomy().categories
        for name in (
            category.name_fr, category.name_en, *category.synonyms_fr, *category.synonyms_en,
        )
    }  # fmt: skip

    by_keys = [first for first, *_others in page.evaluate(FOUND, [*map(_bare, keys.values())])]
    by_name = [first for first, *_others in page.evaluate(FOUND, list(names))]
    by_other_words = page.evaluate(FOUND, ["mangue", "console", "mgzns"])
    page.keyboard.type(keys[2462])

    assert dict(zip(keys, by_keys, strict=True)) == {code: code for code in keys}
    assert max(len(typed) + len(["Enter"]) for typed in keys.values()) == 4
    assert not [
        typed for typed in keys.values() if typed[0] in DEFAULT_KEYS.values() and typed[0] != "/"
    ]
    assert dict(zip(names, by_name, strict=True)) == names
    assert len(keys) == 27
    # Letters strewn over other words are no match; those of one word are.
    assert by_other_words == [[], [60, 2462], [2280]]
    active = page.locator("#desk-stage .picker-item.is-active .picker-code")
    expect(active).to_have_text("2462")


def _bare(typed):
    return typed.removeprefix("/")
