"""The tool that collects strings and refuses an incomplete translation."""

import importlib.util
import sys
from pathlib import Path

import polib
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "messages.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("messages_tool", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "reviewapp").mkdir()
    (tmp_path / "templates").mkdir()
    return tmp_path


def write(project, python="", template=""):
    (project / "reviewapp" / "page.py").write_text(python, encoding="utf-8")
    (project / "templates" / "page.html").write_text(template, encoding="utf-8")


def translate(tool, project, **french):
    path = project / tool.CATALOGUE
    catalogue = polib.pofile(str(path))
    for entry in catalogue:
        if entry.msgid_plural:
            entry.msgstr_plural = dict(enumerate(french[entry.msgid.split()[-1]]))
        else:
            entry.msgstr = french[entry.msgid.split()[-1]]
    catalogue.save(str(path))


def test_strings_of_python_are_found_by_each_function(tool, project):
    write(
        project,
        python=(
            'a = _("One")\nb = gettext_lazy("Two")\nc = ngettext("%(n)s cat", "%(n)s cats", 3)\n'
            'd = pgettext("verb", "Open")\ne = gettext("in " "pieces")\nf = other("Not")\n'
        ),
    )

    found = tool.collect(project)

    assert list(found) == [
        (None, "One"),
        (None, "Two"),
        (None, "%(n)s cat"),
        ("verb", "Open"),
        (None, "in pieces"),
    ]
    assert found[None, "%(n)s cat"].plural == "%(n)s cats"


def test_strings_of_templates_are_found_in_tags_blocks_and_arguments(tool, project):
    write(
        project,
        template=(
            '{% load i18n %}\n<p>\n    {% translate "It\'s here" %}</p>\n'
            '  {% include "x.html" with label=_("As the system") %}\n'
            '{% translate "May" context "month" %}\n'
            "{% blocktranslate trimmed count n=items %}\n  {{ n }} item\n{% plural %}\n"
            "  {{ n }} items\n{% endblocktranslate %}\n"
        ),
    )

    found = tool.collect(project)

    assert list(found) == [
        (None, "It's here"),
        (None, "As the system"),
        ("month", "May"),
        (None, "%(n)s item"),
    ]
    assert found[None, "%(n)s item"].plural == "%(n)s items"


def test_an_update_keeps_translations_adds_the_new_and_drops_the_old(tool, project):
    write(project, python='_("Keep")\n_("Drop")\n')
    tool.update(project)
    translate(tool, project, Keep="Garder", Drop="Jeter")
    write(project, python='_("Keep")\n_("Add")\n')

    tool.update(project)

    catalogue = polib.pofile(str(project / tool.CATALOGUE))
    assert {entry.msgid: entry.msgstr for entry in catalogue} == {"Keep": "Garder", "Add": ""}


def test_a_complete_catalogue_passes(tool, project, capsys):
    write(project, python='_("Save")\nngettext("%(n)s cat", "%(n)s cats", 2)\n')
    tool.update(project)
    translate(tool, project, Save="Enregistrer", cat=["un chat", "%(n)s chats"])

    assert tool.check(project) == 0


@pytest.mark.parametrize(
    ("french", "fault"),
    [("", "no French"), ("Bonjour", "placeholders differ"), ("Bonjour %(nom)s", "placeholders")],
)
def test_a_missing_or_unsafe_translation_fails(tool, project, capsys, french, fault):
    write(project, python='_("Hello %(name)s")\n')
    tool.update(project)
    translate(tool, project, **{"%(name)s": french})

    assert tool.check(project) == 1
    assert fault in capsys.readouterr().err


def test_no_line_may_break_before_a_mark_and_an_update_sees_to_it(tool, project, capsys):
    write(project, python='_("Share: “%(share)s” of 5%%? %(name)s; yes")\n')
    tool.update(project)
    translate(tool, project, yes="Part : « %(share)s » de 5 %% ? %(name)s ; oui")

    assert tool.check(project) == 1
    assert "a line may break" in capsys.readouterr().err
    tool.update(project)
    assert tool.check(project) == 0
    entry = polib.pofile(str(project / tool.CATALOGUE))[0]
    assert entry.msgstr.split(" ") == [
        "Part\u00a0:", "«\u00a0%(share)s\u00a0»", "de", "5\u00a0%%\u00a0?", "%(name)s\u00a0;", "oui",
    ]  # fmt: skip


def test_a_plural_that_loses_its_number_fails(tool, project, capsys):
    write(project, python='ngettext("%(n)s cat", "%(n)s cats", 2)\n')
    tool.update(project)
    translate(tool, project, cat=["%(n)s chat", "des chats"])

    assert tool.check(project) == 1
    assert "placeholders differ" in capsys.readouterr().err


def test_a_fuzzy_translation_fails(tool, project, capsys):
    write(project, python='_("Save")\n')
    tool.update(project)
    translate(tool, project, Save="Sauver")
    path = project / tool.CATALOGUE
    path.write_text(path.read_text().replace('msgid "Save"', '#, fuzzy\nmsgid "Save"'))

    assert tool.check(project) == 1
    assert "fuzzy" in capsys.readouterr().err


def test_a_translation_that_nothing_uses_fails(tool, project, capsys):
    write(project, python='_("Save")\n_("Old")\n')
    tool.update(project)
    translate(tool, project, Save="Enregistrer", Old="Vieux")
    write(project, python='_("Save")\n')

    assert tool.check(project) == 1
    assert "no longer used: 'Old'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>Plain words</p>", ["Plain words"]),
        ('<button aria-label="Close"></button>', ["Close"]),
        ('<input placeholder="{{ hint }}" alt="">', []),
        ('{% include "x.html" with title="Plain" %}', ["Plain"]),
        ('{% include "x.html" with title=_("Fine") %}', []),
        ("{% blocktranslate %}Fine {{ name }}{% endblocktranslate %}", []),
        ("{# a note #}{% block wrap %}wrap-slim{% endblock %}", []),
        ("<kbd>Enter</kbd> <code>manage.py</code> Bon Rayon · 80 %", []),
    ],
)
def test_words_outside_a_translation_are_seen(tool, template, words):
    assert tool.plain_words(template) == words
