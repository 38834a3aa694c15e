"""Logging: a fixed message plus fields, as text for people or JSON for machines.

Which call, leg and site a line belongs to comes from context, so no function passes it along. Fields ride as
stdlib `extra`: `log.info("call answered", extra={"extension": "101"})`. Never credentials, never message
bodies.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

import msgspec

CALL: ContextVar[str] = ContextVar("call", default="")
LEG: ContextVar[str] = ContextVar("leg", default="")
SITE: ContextVar[str] = ContextVar("site", default="")

_CONTEXT = {"site": SITE, "call": CALL, "leg": LEG}
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def context(*, call: str | None = None, leg: str | None = None, site: str | None = None) -> Iterator[None]:
    """Lines logged inside belong to this call, leg or site; what is None stays as it was."""
    given = {"call": call, "leg": leg, "site": site}
    resets = [(_CONTEXT[key], _CONTEXT[key].set(value)) for key, value in given.items() if value is not None]
    try:
        yield
    finally:
        for variable, reset in reversed(resets):
            variable.reset(reset)


def setup(level: str = "info", form: Literal["text", "json"] = "text", stream: TextIO | None = None) -> None:
    """Log everything from `level` up to `stream` (standard error); replaces what was set up before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for chatty in ("aiosqlite", "asyncio", "asyncssh", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


class TextFormatter(logging.Formatter):
    """`2026-01-31 12:00:00.123 INFO  pbx.call.call call answered extension=101 call=01H…`"""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        parts = [f"{at} {record.levelname:<7} {record.name} {_one_line(record.getMessage())}"]
        parts += [f"{key}={_shown(value)}" for key, value in _fields(record).items()]
        return "\n".join((" ".join(parts), *_trace(self, record)))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, message, then the fields; a traceback under "error"."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if trace := _trace(self, record):
            line["error"] = "\n".join(trace)
        return msgspec.json.encode(line, enc_hook=str).decode()


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields = {key: value for key, value in vars(record).items() if key not in _PLAIN}
    if "/" in (stream := str(fields.get("stream", ""))):  # a stream is named by its call and leg
        fields.setdefault("call", stream.partition("/")[0])
    for key, variable in _CONTEXT.items():  # what the line says itself counts: it may be about another call
        if variable.get():
            fields.setdefault(key, variable.get())
    return fields


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    trace = [formatter.formatException(record.exc_info)] if record.exc_info else []
    return [*trace, formatter.formatStack(record.stack_info)] if record.stack_info else trace


def _shown(value: object) -> str:
    text = _one_line(str(value))
    return f'"{text}"' if not text or " " in text else text


def _one_line(text: str) -> str:
    """A peer's line feeds must not look like lines of ours."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
