import contextvars
import json
import logging
import sys
from typing import Any

import pytest

from proxy.monitoring import request_ids
from proxy.monitoring.logs import JsonLines, TextLines


def record(message: str, *arguments: object, error: bool = False, **extra: object) -> logging.LogRecord:
    told = sys.exc_info() if error else None
    made = logging.LogRecord("proxy.app", logging.WARNING, "app.py", 1, message, arguments, told)
    made.__dict__.update(extra)
    return made


def within(name: str, formatter: logging.Formatter, made: logging.LogRecord) -> str:
    """The line of a record that is logged while the request of this name is answered."""

    def line() -> str:
        request_ids.current.set(name)
        return formatter.format(made)

    return contextvars.copy_context().run(line)


def parsed(line: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(line)
    return told


def test_a_line_of_text_has_the_request_before_the_message() -> None:
    line = within("r1", TextLines(), record("%s is down", "it"))
    assert line.endswith(" WARNING proxy.app: [r1] it is down")


def test_a_line_of_text_outside_of_a_request_is_as_it_was() -> None:
    assert TextLines().format(record("up")).endswith(" WARNING proxy.app: up")


def test_a_line_of_json_is_one_object() -> None:
    told = parsed(within("r1", JsonLines(), record("two\nlines “of” %d", 2)))
    moment = told.pop("time")
    assert told == {"level": "WARNING", "logger": "proxy.app", "message": "two\nlines “of” 2", "request": "r1"}
    assert moment.endswith("+00:00")


@pytest.mark.parametrize("message", ["a\nb", "a\u2028b"])
def test_no_message_makes_two_lines_of_json(message: str) -> None:
    assert "\n" not in JsonLines().format(record(message))


def test_a_traceback_stands_in_the_same_object() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        told = parsed(JsonLines().format(record("failed", error=True)))
    assert "ValueError: no" in told["error"]


def test_the_fields_of_the_access_log_stand_beside_the_others() -> None:
    told = parsed(JsonLines().format(record("GET /", access={"status": 200})))
    assert told["status"] == 200
