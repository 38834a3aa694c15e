"""`/v1` as an office sees it, and the gateway as a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from mobile_push.app import PushParts
from mobile_push.config import PushConfig, read_config
from mobile_push.errors import SetupError
from mobile_push.http import build_http
from tests.fakes.push.apple import FakeApple
from tests.fakes.stranger import status_of
from tests.mobile_push.conftest import IPHONE


@pytest.fixture
async def client(parts: PushParts) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    key = await parts.offices.add("Berlin", id="berlin")
    server = TestServer(build_http(parts))
    async with TestClient(server, headers={"Authorization": f"Bearer {key}"}) as made:
        yield made


async def test_a_push_is_answered_with_its_outcomes(client: TestClient, parts: PushParts) -> None:  # type: ignore[type-arg]
    body = {"kind": "incoming", "call_id": "c", "targets": [{"platform": "apns", "token": IPHONE}]}
    async with client.post("/v1/push", json=body) as reply:
        assert reply.status == 200
        assert [each["state"] for each in (await reply.json())["outcomes"]] == ["sent"]
    await parts.deliveries.flush()
    async with client.get("/v1/deliveries", params={"call_id": "c"}) as reply:
        (line,) = (await reply.json())["items"]
    assert (line["state"], line["token_end"]) == ("sent", IPHONE[-8:])


async def test_devices_are_kept_listed_and_removed(client: TestClient) -> None:  # type: ignore[type-arg]
    async with client.put("/v1/devices/d1", json={"platform": "apns", "token": IPHONE}) as reply:
        assert reply.status == 200
    async with client.post(
        "/v1/push", json={"kind": "message", "text": "x", "targets": [{"device": "d1"}]}
    ) as reply:
        (outcome,) = (await reply.json())["outcomes"]
    assert (outcome["state"], outcome["device"]) == ("sent", "d1")
    async with client.get("/v1/devices") as reply:
        assert (await reply.json())["total"] == 1
    assert (await client.delete("/v1/devices/d1")).status == 204
    assert (await client.delete("/v1/devices/d1")).status == 404
    assert (await client.put("/v1/devices/a%20b", json={"platform": "fcm", "token": "t"})).status == 422


async def test_the_status_says_what_is_configured(client: TestClient, parts: PushParts) -> None:  # type: ignore[type-arg]
    async with client.get("/v1/status") as reply:
        status = await reply.json()
    assert status["office"] == "berlin"
    assert status["vapid_key"] == parts.vapid_key
    assert status["platforms"]["apns"]["configured"]
    assert status["platforms"]["apns"]["apps"] == ["org.example.phone"]


@pytest.mark.parametrize("path", ["/v1/push", "/v1/status", "/v1/devices", "/v1/deliveries"])
async def test_nothing_is_told_without_a_key(client: TestClient, path: str) -> None:  # type: ignore[type-arg]
    for wrong in ("", "Basic x", "Bearer ", "Bearer berlin.wrong"):
        method = "POST" if path == "/v1/push" else "GET"
        async with client.request(method, path, headers={"Authorization": wrong}) as reply:
            assert reply.status == 401
            assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("credential", [b"\xff.\xff", b"berlin.\xff", b"\xed\xa0\x80.x"])
async def test_a_key_that_is_no_text_is_none(client: TestClient, credential: bytes) -> None:  # type: ignore[type-arg]
    head = b"GET /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + credential + b"\r\n\r\n"
    assert await status_of(client.host, client.port or 0, head) == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"\xff": 1}', 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"kind": "ring", "targets": [{"device": "d"}]}', 422),
        (b'{"kind": "incoming", "targets": [{"device": "d"}]}', 422),
        (b'{"kind": "message", "targets": []}', 422),
        (b'{"kind": "message", "targets": [{"device": "d"}], "more": 1}', 422),
        (b'{"kind": "message", "targets": [{"device": "d"}], "good_for_s": -1}', 422),
        (b'{"kind": "cancel", "call_id": "a b", "targets": [{"device": "d"}]}', 422),
    ],
)
async def test_a_bad_request_is_refused_with_a_problem(client: TestClient, body: bytes, status: int) -> None:  # type: ignore[type-arg]
    async with client.post("/v1/push", data=body) as reply:
        assert reply.status == status
        assert reply.content_type == "application/problem+json"
        assert (await reply.json())["status"] == status


async def test_the_rate_of_an_office_is_limited(client: TestClient, parts: PushParts) -> None:  # type: ignore[type-arg]
    parts.limits.rate = 0.1
    body = {"kind": "message", "targets": [{"platform": "apns", "token": IPHONE}]}
    assert (await client.post("/v1/push", json=body)).status == 200
    async with client.post("/v1/push", json=body) as reply:
        assert reply.status == 429
        assert 1 <= int(reply.headers["Retry-After"]) <= 10
    async with client.get("/metrics") as reply:
        assert "push_limited_total 1" in await reply.text()


def test_settings_come_from_the_line_then_the_environment(tmp_path: Path) -> None:
    environ = {"PBX_PUSH_PORT": "1", "PBX_PUSH_APNS_APPS": "a.b,c.d", "PBX_PUSH_DATA_DIR": str(tmp_path)}
    config = read_config({"port": "2"}, environ)
    assert (config.port, config.apns_apps, config.data_dir) == (2, ("a.b", "c.d"), tmp_path)
    assert read_config({}, {}) == PushConfig()
    for bad in ({"port": "x"}, {"rate": "-1"}, {"apns_key": "key.p8"}):
        with pytest.raises(SetupError):
            read_config(bad, {})


async def test_the_gateway_alone_loses_no_device_to_kill_9(apple: FakeApple, tmp_path: Path) -> None:
    """An office registers devices until the process is killed: what was confirmed is there afterwards."""
    settings = {
        "PBX_PUSH_DATA_DIR": str(tmp_path / "alone"),
        "PBX_PUSH_PORT": "0",
        "PBX_PUSH_APNS_KEY": str(apple.key_file),
        "PBX_PUSH_APNS_KEY_ID": apple.key_id,
        "PBX_PUSH_APNS_TEAM": apple.team,
        "PBX_PUSH_APNS_APPS": "org.example.phone",
        "PBX_PUSH_APNS_URL": apple.url,
        "PBX_PUSH_APNS_TRUST": str(apple.certificate),
    }
    added = await _run(settings, "office", "add", "Berlin")
    key = (await added.communicate())[0].decode().strip()
    assert added.returncode == 0
    confirmed: list[int] = []
    process, url = await _serve(settings)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http:

        async def register(number: int) -> None:
            body = {"platform": "apns", "token": f"{number:064x}"}
            async with http.put(f"{url}/v1/devices/{number}", json=body) as reply:
                if reply.status == 200:
                    confirmed.append(number)
                    if len(confirmed) == 40:
                        process.send_signal(signal.SIGKILL)

        await asyncio.gather(*(register(number) for number in range(200)), return_exceptions=True)
        await process.wait()
        process, url = await _serve(settings)
        async with http.get(f"{url}/v1/devices") as reply:
            kept = {int(each["id"]) for each in (await reply.json())["items"]}
        body = {"kind": "message", "targets": [{"device": str(confirmed[0])}]}
        async with http.post(f"{url}/v1/push", json=body) as reply:
            assert (await reply.json())["outcomes"][0]["state"] == "sent"
    process.terminate()
    assert await process.wait() == 0
    assert len(confirmed) >= 40
    assert set(confirmed) <= kept


async def _run(settings: dict[str, str], *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "mobile_push",
        *words,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _serve(settings: dict[str, str]) -> tuple[asyncio.subprocess.Process, str]:
    process = await _run(settings, "serve")
    assert process.stderr is not None
    async with asyncio.timeout(20):
        while line := (await process.stderr.readline()).decode():
            if (found := re.search(r"listens on (http://\S+)", line)) is not None:
                return process, found.group(1)
    raise AssertionError("the gateway did not start")
