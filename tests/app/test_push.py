"""How a node sends pushes: by the gateway that it runs itself, and by one elsewhere over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mobile_push.app import running
from mobile_push.config import PushConfig
from mobile_push.http import build_http
from mobile_push.model import Push, Target
from pbx.app.push import RemoteGateway, start_push
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.core.names import http_names
from pbx.core.tasks import Supervisor
from pbx.model.push_phone import PushNotice, PushPhone
from tests.fakes.push.apple import FakeApple

TOKEN = "b2" * 32
PHONE = PushPhone(
    id="p", extension="102", service="apns", told_by="app", seen_at=datetime(2026, 1, 1, tzinfo=UTC)
)
NOTICE = PushNotice(kind="incoming", phone=PHONE, token=TOKEN, call_id="c-1", caller="101", good_for_s=3.0)


@pytest.fixture
async def apple(tmp_path: Path) -> AsyncIterator[FakeApple]:
    async with FakeApple(tmp_path) as made:
        yield made


def config_of(apple: FakeApple, folder: Path) -> PushConfig:
    return PushConfig(
        data_dir=folder,
        apns_key=apple.key_file,
        apns_key_id=apple.key_id,
        apns_team=apple.team,
        apns_apps=("org.example.phone",),
        apns_url=apple.url,
        apns_trust=apple.certificate,
    )


async def test_a_node_sends_by_itself(apple: FakeApple, tmp_path: Path) -> None:
    config = NodeConfig(
        data_dir=tmp_path,
        push_apns_key=apple.key_file,
        push_apns_key_id=apple.key_id,
        push_apns_team=apple.team,
        push_apns_apps=("org.example.phone",),
        push_apns_url=apple.url,
        push_apns_trust=apple.certificate,
    )
    wake = SimpleNamespace(gateway=None)
    async with Supervisor() as tasks, AsyncExitStack() as stack:
        await start_push(config, wake, tasks, stack)  # type: ignore[arg-type]
        assert sorted(wake.gateway.services) == ["apns", "webpush"]
        assert len(wake.gateway.vapid_key) == 87
        assert (await wake.gateway.send(NOTICE)).state == "sent"
        assert apple.pushes[0].payload["extension"] == "102"
        apple.unregistered[TOKEN] = 1
        again = msgspec.structs.replace(NOTICE, call_id="c-2")
        assert (await wake.gateway.send(again)).state == "gone"
        nameless = await wake.gateway.send(msgspec.structs.replace(NOTICE, call_id=""))
        assert nameless.state == "failed"
    assert (tmp_path / "push" / "vapid.pem").exists()


async def test_browsers_can_be_pushed_to_once_there_is_a_key(tmp_path: Path) -> None:
    wake = SimpleNamespace(gateway=None)
    keys = []
    for _ in range(2):
        async with Supervisor() as tasks, AsyncExitStack() as stack:
            await start_push(NodeConfig(data_dir=tmp_path), wake, tasks, stack)  # type: ignore[arg-type]
            async with asyncio.timeout(20):
                while not wake.gateway.services:
                    await asyncio.sleep(0.01)
            keys.append(wake.gateway.vapid_key)
            parts = await wake.gateway.start()
            assert parts.vapid_key == wake.gateway.vapid_key
    assert keys[0] == keys[1]
    (tmp_path / "push" / "vapid.pub").unlink()
    (tmp_path / "push" / "vapid.pem").write_text("no key")
    async with Supervisor() as tasks, AsyncExitStack() as stack:
        await start_push(NodeConfig(data_dir=tmp_path), wake, tasks, stack)  # type: ignore[arg-type]
        await wake.gateway.prepare()
        assert (list(wake.gateway.services), wake.gateway.vapid_key) == ([], "")


async def test_keys_that_cannot_be_used_stop_the_start(tmp_path: Path) -> None:
    key = tmp_path / "key.p8"
    key.write_text("no key")
    for config in (
        NodeConfig(data_dir=tmp_path, push_apns_key=key),
        NodeConfig(
            data_dir=tmp_path,
            push_apns_key=key,
            push_apns_key_id="k",
            push_apns_team="t",
            push_apns_apps=("a",),
        ),
        NodeConfig(data_dir=tmp_path, push_fcm_account=key),
        NodeConfig(data_dir=tmp_path, push_url="http://127.0.0.1:1"),
        NodeConfig(data_dir=tmp_path, push_url="http://127.0.0.1:1", push_key_file=tmp_path / "none"),
    ):
        async with Supervisor() as tasks, AsyncExitStack() as stack:
            with pytest.raises(StartupError):
                await start_push(config, SimpleNamespace(gateway=None), tasks, stack)  # type: ignore[arg-type]


async def test_a_node_sends_by_a_gateway_elsewhere(apple: FakeApple, tmp_path: Path) -> None:
    async with running(config_of(apple, tmp_path / "gateway")) as parts:
        key = await parts.offices.add("Berlin", id="berlin")
        app = build_http(parts)
        async with TestServer(app) as server:
            gateway = RemoteGateway(str(server.make_url("")), key)
            try:
                assert await gateway._ask() == ""
                assert sorted(gateway.services) == ["apns", "webpush"]
                assert gateway.vapid_key == parts.vapid_key
                assert (await gateway.send(NOTICE)).state == "sent"
                assert (await gateway.send(NOTICE)).state == "sent"
                assert len(apple.pushes) == 1, "asked again, it sends nothing twice"
            finally:
                await gateway.close()
            stranger = RemoteGateway(str(server.make_url("")), "berlin.wrong")
            try:
                assert "status 401" in await stranger._ask()
                assert (await stranger.send(NOTICE)).state == "failed"
            finally:
                await stranger.close()


async def test_a_gateway_that_comes_back_in_time_is_asked_again(apple: FakeApple, tmp_path: Path) -> None:
    async with running(config_of(apple, tmp_path / "gateway")) as parts:
        key = await parts.offices.add("Berlin", id="berlin")
        app, faults = build_http(parts), [503, 429]

        @web.middleware
        async def failing(request: web.Request, handler) -> web.StreamResponse:  # type: ignore[no-untyped-def]
            if faults:
                return web.Response(status=faults.pop())
            answer: web.StreamResponse = await handler(request)
            return answer

        app.middlewares.append(failing)
        async with TestServer(app) as server:
            gateway = RemoteGateway(str(server.make_url("")), key)
            assert (await gateway.send(NOTICE)).state == "sent"
            await gateway.close()
    gone = RemoteGateway("http://127.0.0.1:1", "k.k")
    result = await gone.send(msgspec.structs.replace(NOTICE, good_for_s=0.6))
    assert result.state == "failed"
    assert "cannot be reached" in result.reason
    await gone.close()


async def test_push_services_are_found_as_the_node_finds_all_names(apple: FakeApple, tmp_path: Path) -> None:
    """Apple's by HTTP/2, a gateway elsewhere by HTTP: their names are asked for where the node keeps what it knew."""
    asked: list[str] = []

    async def lookup(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.2", "127.0.0.1"]  # nobody listens at the first

    config = config_of(apple, tmp_path / "gateway")
    port = urlsplit(apple.url).port
    there = msgspec.structs.replace(
        config, apns_url=f"https://localhost:{port}", apns_sandbox_url="https://localhost:1"
    )
    async with running(there, names=http_names(lookup)) as parts:
        key = await parts.offices.add("Berlin", id="berlin")
        push = Push(
            kind="message", targets=(Target(platform="apns", token="ab" * 32, app="org.example.phone"),)
        )
        (outcome,) = await parts.gateway.push("berlin", push)
        assert outcome.state == "sent", outcome
        async with TestServer(build_http(parts)) as server:
            gateway = RemoteGateway(f"http://gateway.known.invalid:{server.port}", key, lookup)
            assert await gateway._ask() == ""
            assert "apns" in gateway.services
            await gateway.close()
    assert set(asked) == {"localhost", "gateway.known.invalid"}
