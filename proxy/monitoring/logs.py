"""Lines of the log: as text, or as JSON, each with the name of the request that it is about.

Owns the forms. What is told is everyone's own to say, within what docs/operating.md promises: never a query, a cookie,
an address or a value of a visitor.
"""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from proxy.monitoring import request_ids

ACCESS = "access"
"""The attribute of a record that holds the fields of a line of the access log."""


class TextLines(logging.Formatter):
    """Time, level, logger, message; the name of the request stands before the message, in brackets."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(request)s%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        name = request_ids.current.get()
        record.request = f"[{name}] " if name else ""
        return super().format(record)


class JsonLines(logging.Formatter):
    """One object a line: `time`, `level`, `logger`, `message`; where there are `request`, `error`, the access log's."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if name := request_ids.current.get():
            told["request"] = name
        fields: Mapping[str, object] = getattr(record, ACCESS, {})
        told.update(fields)
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


_FORMS = {"text": TextLines, "json": JsonLines}


def configure_logging(level: str, form: str = "text") -> None:
    """Lines on standard error; libraries speak up only when something is wrong."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": _FORMS[form]}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {name: {"level": level.upper()} for name in ("proxy", "rules")},
        }
    )
    # It is asked for by name, whatever else is told.
    logging.getLogger("proxy.monitoring.access_log").setLevel(logging.INFO)
