"""Log lines: for people in development, as JSON for machines in production. No personal data."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter

from reviewapp import correlation

FIELDS: Final = (
    "correlation_id",
    "product_id",
    "attempt",
    "task",
    "task_id",
    "method",
    "view",
    "status_code",
    "duration_ms",
)
"""What may stand beside the message. A list of what is allowed: libraries attach whole requests."""

# PostgreSQL repeats the values of a row that breaks a constraint.
_ROW_VALUES: Final = re.compile(r"(DETAIL|CONTEXT|LINE \d+):.*")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")


def without_personal_data(text: str) -> str:
    """Return the text without e-mail addresses and without the values of rows in errors."""
    return _EMAIL.sub("[e-mail]", _ROW_VALUES.sub(r"\1: [left out]", text))


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the allowed fields of a record: its own, and those of the work in hand."""
    given = correlation.context() | record.__dict__
    return {name: given[name] for name in FIELDS if given.get(name) not in (None, "")}


class LineFormatter(logging.Formatter):
    """One readable line, with the fields at its end."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        fields = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        return super().formatMessage(record) + fields

    def format(self, record: logging.LogRecord) -> str:
        return without_personal_data(super().format(record))


class JsonLineFormatter(JsonFormatter):
    """One JSON object per line: time, level, logger, message, the fields, and an exception."""

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        log_data["time"] = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = without_personal_data(record.getMessage())
        log_data.update(fields_of(record))
        if trace := message_dict.get("exc_info"):
            log_data["exception"] = without_personal_data(str(trace))
