"""What templates and style sheets say of each other."""

import re
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
_CLASSES = re.compile(r'\bclass="([^"]*)"')
# Plotly looks for it.
_ELSEWHERE = {"no-inline-styles"}


def _known():
    sheets = (ROOT / "static/css").glob("*.css")
    scripts = (ROOT / "static/js").rglob("*.js")
    text = "".join(path.read_text() for path in (*sheets, *scripts))
    return set(re.findall(r"\.([a-zA-Z][\w-]*)", text)) | _ELSEWHERE


def _names(classes):
    """The names in a class attribute whose tags are "|"; of badge-| only the page knows the rest."""
    for word in classes.split():
        yield from filter(None, takewhile(lambda part: part[-1:] != "-", word.split("|")))


def test_every_class_of_a_template_has_a_style_or_a_script():
    known, unknown = _known(), {}
    for path in (ROOT / "templates").rglob("*.html"):
        for classes in _CLASSES.findall(_TAG.sub("|", path.read_text())):
            for name in set(_names(classes)) - known:
                unknown.setdefault(name, set()).add(path.name)

    assert unknown == {}


def test_names_that_a_value_completes_are_left_alone():
    assert list(_names("card| is-open| badge-| moved-|for|against|")) == ["card", "is-open"]
