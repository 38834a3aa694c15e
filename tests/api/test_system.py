"""Health, status, metrics, and how faults of ours are answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from pbx.api.ports.health import CheckResult
from pbx.model.live_call import LiveCall
from pbx.store.errors import DiskFullError
from tests.api.conftest import ELSEWHERE, Node, StartNode, live_call, registration


async def test_health_is_open_and_says_nothing_private(node: Node) -> None:
    async with node.browser().get("/api/v1/health") as answer:
        assert answer.status == 200
        assert await answer.json() == {"status": "ok", "failing": []}


async def test_failing_check_makes_health_503_and_status_says_why(node: Node) -> None:
    node.checks.append(
        CheckResult(
            "disk",
            ok=False,
            cause="only 3 MB free",
            action="Make room",
            code="disk_low",
            facts={"free_mb": "3"},
        )
    )
    async with node.browser().get("/api/v1/health") as answer:
        assert answer.status == 503
        assert await answer.json() == {"status": "degraded", "failing": ["disk"]}
    status = await node.json("GET", "/api/v1/status")
    assert status["health"] == [
        {
            "name": "disk",
            "ok": False,
            "cause": "only 3 MB free",
            "action": "Make room",
            "code": "disk_low",
            "facts": {"free_mb": "3"},
        }
    ]


async def test_status_has_what_the_dashboard_shows(node: Node) -> None:
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    node.calls.append(live_call("A"))
    node.registrations[:] = [registration("101"), registration("101"), registration("102")]
    node.time.pass_s(90)
    status = await node.json("GET", "/api/v1/status")
    assert status["counts"] == {"extensions": 1, "registrations": 3, "registered_extensions": 2, "calls": 1}
    assert (status["version"], status["uptime_s"], status["address"]) == ("1.2.3", 90, "192.0.2.10")
    assert (status["sip_port"], status["http_port"]) == (5060, node.server.port)


async def test_port_that_was_really_bound_is_shown(start_node: StartNode) -> None:
    node = await start_node(sip_port=15060)
    assert (await node.json("GET", "/api/v1/status"))["sip_port"] == 15060


async def test_metrics_are_open_on_this_machine_only(node: Node) -> None:
    async with node.browser().get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "# TYPE pbx_http_requests_total counter" in await answer.text()
    for proxied in (ELSEWHERE, {"Forwarded": "for=192.0.2.7"}, {"Via": "1.1 proxy"}):
        async with node.browser().get("/metrics", headers=proxied) as answer:
            assert answer.status == 401
    async with node.ask("GET", "/metrics", headers=ELSEWHERE) as answer:
        assert answer.status == 200


async def test_requests_are_counted_by_route_and_status_not_by_path(node: Node) -> None:
    for number in range(100, 110):
        await node.json("GET", f"/api/v1/extensions/{number}", 404)
    async with node.browser().get("/metrics") as answer:
        text = await answer.text()
    assert 'pbx_http_requests_total{route="getExtension",status="404"} 10' in text


async def test_fault_of_ours_is_a_plain_500_without_details(
    start_node: StartNode, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Sequence[LiveCall]:
        raise ZeroDivisionError("inner secret")

    node = await start_node(live_calls=broken)
    async with node.ask("GET", "/api/v1/calls") as answer:
        assert answer.status == 500
        assert answer.content_type == "application/problem+json"
        assert "secret" not in await answer.text()
    assert "ZeroDivisionError: inner secret" in caplog.text


async def test_who_goes_away_in_mid_request_is_no_fault_of_ours(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that is closed, a phone in a tunnel: nobody is there to be answered, and nothing is wrong here."""
    head = "POST /api/v1/extensions HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n"
    rest = f"Authorization: Bearer {node.token}\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    runner = node.server.runner
    assert runner is not None
    assert runner.server is not None
    runner.server.handler_cancellation = False  # as a node runs it; a TestServer does not
    reader, writer = await asyncio.open_connection(node.server.host, node.server.port)
    writer.write((head + rest).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(b'{"number":')
    writer.transport.abort()
    async with asyncio.timeout(5):
        while 'route="createExtension",status="400"' not in await metrics_of(node):
            await asyncio.sleep(0.02)
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


async def metrics_of(node: Node) -> str:
    async with node.browser().get("/metrics") as answer:
        return await answer.text()


async def test_full_disk_is_503_with_retry_after(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any) -> None:
        raise DiskFullError("the disk is full")

    monkeypatch.setattr(type(node.deps.records), "create", full)
    async with node.ask("POST", "/api/v1/extensions", json={"number": "101", "name": "A"}) as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert (await answer.json(content_type=None))["detail"] == "the disk is full"


async def test_api_answers_are_never_stored_by_caches_and_carry_the_security_headers(node: Node) -> None:
    for path in ("/api/v1/health", "/api/v1/extensions", "/api/v1/nothing"):
        async with node.ask("GET", path) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Server"] == "bellwire"
