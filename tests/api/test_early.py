"""What a monitor hears before the API is loaded: the same as afterwards."""

from __future__ import annotations

import pytest
from aiohttp import ClientResponse

from pbx.api.early import PATH, EarlyAnswers, count_requests
from pbx.api.ports.health import CheckResult
from pbx.core.metrics import Registry
from tests.api.conftest import Node

CURL = (
    b"GET /api/v1/health HTTP/1.1\r\nHost: a:8080\r\nUser-Agent: curl/8.5\r\nAccept: */*\r\nConnection: close"
)
FAILING = CheckResult("disk", ok=False, cause="The disk is full.")
OF_THE_CONNECTION = {"date", "connection"}


def early(*checks: CheckResult) -> EarlyAnswers:
    return EarlyAnswers([lambda one=one: one for one in checks], count_requests(Registry()))  # type: ignore[misc]


def taken_apart(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}, body


def headers_of(answer: ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


@pytest.mark.parametrize("failing", [False, True])
async def test_it_is_the_answer_of_the_application(node: Node, failing: bool) -> None:
    node.checks[:] = [FAILING] if failing else []
    said = early(*node.checks).answer(CURL, secure=False)
    assert said is not None
    status, headers, body = taken_apart(said)
    assert headers["connection"] == "close"
    assert headers["date"].endswith(" GMT")
    async with node.browser().get(PATH) as answer:
        assert (answer.status, await answer.read()) == (status, body)
        wanted = headers_of(answer)
    assert {k: v for k, v in headers.items() if k not in OF_THE_CONNECTION} == {
        k: v for k, v in wanted.items() if k not in OF_THE_CONNECTION
    }


def test_over_tls_it_says_what_belongs_to_that() -> None:
    said = early().answer(CURL, secure=True)
    assert said is not None
    assert taken_apart(said)[1]["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize(
    "head",
    [
        CURL.replace(b"GET", b"HEAD"),
        CURL.replace(b"GET", b"POST"),
        CURL.replace(b"/health", b"/status"),
        CURL.replace(b"/health", b"/health?x=1"),
        CURL.replace(b"HTTP/1.1", b"HTTP/2.0"),
        CURL + b"\r\nOrigin: https://elsewhere.example",
        CURL + b"\r\nX-Forwarded-Proto: https",
        CURL + b"\r\nContent-Length: 5",
        CURL + b"\r\nTransfer-Encoding: chunked",
        CURL.replace(b"close", b"Upgrade"),
        CURL + b"\r\nwhat is this",
        CURL + b"\r\n : ",
        b"",
        b"\x16\x03\x01\x00\xff",
    ],
)
def test_whatever_else_is_asked_is_for_the_application(head: bytes) -> None:
    assert early().answer(head, secure=False) is None


def test_they_count_as_requests() -> None:
    requests = count_requests(Registry())
    EarlyAnswers([lambda: FAILING], requests).answer(CURL, secure=False)
    assert requests.value("getHealth", "503") == 1
