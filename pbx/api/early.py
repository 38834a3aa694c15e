"""What is answered before the API is loaded: whether the node is well, to a monitor that asks every minute.

    head of a request ─► the whole answer, or None: that is for the application

The answer is the one that the application gives (`getHealth`), but that the connection ends. Only the plainest question
is answered here: whoever sends a header that changes the answer, or a body, is no monitor.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from pbx.api.careful import SERVER, careful
from pbx.api.health import health

if TYPE_CHECKING:
    from pbx.api.ports.health import HealthCheck
    from pbx.core.metrics import Counter, Registry

__all__ = ["EarlyAnswers", "count_requests"]

PATH = "/api/v1/health"
_QUESTION = re.compile(rb"GET %b HTTP/1\.[01]" % PATH.encode())
_PLAIN = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "host",
        "pragma",
        "user-agent",
    }
)


def count_requests(metrics: Registry) -> Counter:
    return metrics.counter(
        "pbx_http_requests_total", "HTTP requests answered, by route and status.", ("route", "status")
    )


class EarlyAnswers:
    """`requests` counts them by route and status."""

    def __init__(self, checks: Sequence[HealthCheck], requests: Counter) -> None:
        self._checks = checks
        self._requests = requests

    def answer(self, head: bytes, *, secure: bool) -> bytes | None:
        """`head` is all up to the empty line; `secure` says that it came over TLS."""
        question, *lines = head.split(b"\r\n")
        if _QUESTION.fullmatch(question) is None or not all(map(_is_plain, lines)):
            return None
        status, body = health(self._checks)
        self._requests.inc("getHealth", str(status))
        return _response(status, msgspec.json.encode(body), careful(PATH, secure=secure))


def _is_plain(line: bytes) -> bool:
    name, colon, value = line.decode("latin-1").partition(":")
    return not line or (bool(colon) and name.lower() in _PLAIN and "upgrade" not in value.lower())


def _response(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}",
        f"Server: {SERVER}",
        *(f"{name}: {value}" for name, value in headers.items()),
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
