"""Label Studio's layout of a single choice, both ways. Pure; see labelstud.io/guide/task_format."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_noop as _

from reviewapp.domain.products import EXTERNAL_ID_CHARS
from reviewapp.domain.reasons import Reason

# Names of the control and the object tag in the labelling configuration.
CONTROL: Final = "category"
OBJECT: Final = "designation"
_DEPTH: Final = 50
"""Deepest nesting that is read; a real task has eight levels."""
_TASK_CHARS: Final = 2**20
_LABEL_CHARS: Final = 80
_CODE = re.compile(r"\s*(\d{1,9})\b")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The characters that matter to find where a task ends: whole strings, and brackets.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


class _Refused(Exception):
    """`reason` says why, in the language of whoever reads it."""

    def __init__(self, words: str, values: Mapping[str, str | int] | None = None) -> None:
        super().__init__(words)
        self.reason = Reason(words, values or {})

    def __str__(self) -> str:
        return str(self.reason)


class TaskRefused(_Refused):
    """A task cannot be taken."""


class TasksUnreadable(_Refused):
    """The file is no array of tasks."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """What a task says: which product, for which input ("" if untold), which code, who, where."""

    source: str
    external_id: str
    input_digest: str
    code: int
    annotation: str
    annotator: str


def choice_value(code: int, name: str) -> str:
    """Return a category as a choice: the code, which is read back, and a name for people."""
    return f"{code} {name}".strip()


def choice_result(name: str, code: int, names: Mapping[int, str]) -> dict[str, Any]:
    """Return a category as the result of an annotation or prediction. names: by code"""
    return {
        "id": name,
        "from_name": CONTROL,
        "to_name": OBJECT,
        "type": "choices",
        "value": {"choices": [choice_value(code, names.get(code, ""))]},
    }


def label_config(choices: list[str]) -> str:
    """Return the labelling configuration (XML) that exported tasks fit into."""
    lines = [f'    <Choice value="{_escaped(choice)}"/>' for choice in choices]
    return "\n".join(
        [
            "<View>",
            f'  <Text name="{OBJECT}" value="$designation"/>',
            '  <Text name="description" value="$description"/>',
            '  <Image name="image" value="$image"/>',
            f'  <Choices name="{CONTROL}" toName="{OBJECT}" choice="single" showInLine="false">',
            *lines,
            "  </Choices>",
            "</View>",
            "",
        ]
    )


def split_tasks(text: str) -> Iterator[str]:
    """Yield the elements of a JSON array as texts, without parsing them: one bad task sinks no other.

    Raises TasksUnreadable when the text is no array, or when it ends inside one.
    """
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    if text[start : start + 1] != "[":
        raise TasksUnreadable(_("The file is not a list of Label Studio tasks (JSON)."))
    begin, depth = start + 1, 0
    for token in _TOKEN.finditer(text, start):
        mark = token.group()
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        if (mark == "," and depth == 1) or depth == 0:
            element = text[begin : token.start()]
            if element.strip() or mark == ",":
                yield element
            begin = token.end()
        if depth == 0:
            return
    raise TasksUnreadable(_("The file ends in the middle of the list of tasks."))


def read_task(text: str, default_source: str) -> Annotated:
    """Read one task with exactly one choice. Raises TaskRefused with the reason."""
    task = _parsed(text)
    data = _object(task, "data")
    annotation = _annotation(task)
    completed_by = annotation.get("completed_by")
    if isinstance(completed_by, dict):
        completed_by = completed_by.get("email") or completed_by.get("id")
    return Annotated(
        source=_text(data, "source") or default_source,
        external_id=_external_id(data),
        input_digest=_text(data, "input_digest"),
        code=_code(annotation),
        annotation=_name_of(task, annotation),
        annotator="" if completed_by is None else str(completed_by)[:200],
    )


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > _TASK_CHARS:
        raise TaskRefused(_("The task is too large."))
    if _depth(text) > _DEPTH:
        raise TaskRefused(_("The task is nested too deeply."))
    try:
        task = json.loads(text, parse_float=_finite, parse_constant=_no_number)
    except ValueError as error:
        raise TaskRefused(
            _("The task is not valid JSON: %(error)s."), {"error": str(error)}
        ) from error
    if not isinstance(task, dict):
        raise TaskRefused(_("The task is not a JSON object."))
    for prediction in _list(task, "predictions"):
        score = prediction.get("score") if isinstance(prediction, dict) else None
        if score is not None and not _is_score(score):
            raise TaskRefused(_("A prediction's score is no number from 0 to 1."))
    return task


def _is_score(score: Any) -> bool:
    return isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        depth += (mark in "[{") - (mark in "]}")
        deepest = max(deepest, depth)
    return deepest


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise TaskRefused(_("The number %(number)s is too large."), {"number": digits[:20]})
    return number


def _no_number(name: str) -> float:
    raise TaskRefused(_("%(name)s is not a number."), {"name": name})


def _annotation(task: dict[str, Any]) -> dict[str, Any]:
    given = [one for one in _list(task, "annotations") if isinstance(one, dict)]
    valid = [one for one in given if one.get("was_cancelled") is not True]
    if not valid:
        raise TaskRefused(_("The task has no annotation, or only skipped ones."))
    if len({_code(one) for one in valid}) > 1:
        raise TaskRefused(_("The task's annotations name different categories."))
    return valid[-1]


def _code(annotation: dict[str, Any]) -> int:
    chosen = [
        choice
        for result in _list(annotation, "result")
        if isinstance(result, dict) and result.get("type") == "choices"
        for choice in _list(_object(result, "value"), "choices")
    ]
    if not chosen:
        raise TaskRefused(_("The annotation chooses no category."))
    if len(chosen) > 1:
        raise TaskRefused(_("The annotation chooses two categories; a product has one."))
    found = _CODE.match(chosen[0]) if isinstance(chosen[0], str) else None
    if found is None:
        shown = {"choice": _UNSTORABLE.sub("\ufffd", str(chosen[0])[:_LABEL_CHARS])}
        raise TaskRefused(_("“%(choice)s” does not begin with a category code."), shown)
    return int(found.group(1))


def _external_id(data: dict[str, Any]) -> str:
    external_id = _text(data, "external_id").strip()
    if not external_id:
        raise TaskRefused(_("The task's data has no external_id, so its product is unknown."))
    if len(external_id) > EXTERNAL_ID_CHARS:
        raise TaskRefused(_("The task's external_id is too long."))
    return external_id


def _name_of(task: dict[str, Any], annotation: dict[str, Any]) -> str:
    name = f"task {task.get('id', '?')}, annotation {annotation.get('id', '?')}"
    return _storable(name[:_LABEL_CHARS])


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise TaskRefused(_("“%(key)s” is not a text."), {"key": key})
    return _storable(value or "")


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise TaskRefused(_("The task holds a NUL or half a character."))
    return text


def _object(holder: dict[str, Any], key: str) -> dict[str, Any]:
    value = holder.get(key)
    if not isinstance(value, dict):
        raise TaskRefused(_("“%(key)s” is not a JSON object."), {"key": key})
    return value


def _list(holder: dict[str, Any], key: str) -> list[Any]:
    value = holder.get(key, [])
    if not isinstance(value, list):
        raise TaskRefused(_("“%(key)s” is not a list."), {"key": key})
    return value


def _escaped(text: str) -> str:
    for mark, entity in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(mark, entity)
    return text
