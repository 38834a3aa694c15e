"""Webhooks against a real server: slow, huge, broken and redirecting ones too."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from msgspec.structs import force_setattr

from pbx.core.clock import SystemClock
from pbx.flow.live_web import LiveWeb
from pbx.flow.node import NodeError
from pbx.flow.nodes.webhook import AnswerExit, TakenField, Webhook
from pbx.flow.ports import WebRequest
from pbx.notify.http_client import MOST_BYTES, HttpClient, is_allowed
from tests.flow.parts import World, run

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers as `handler` does, at `url`."""

    def __init__(self, live: LiveWeb) -> None:
        self.live = live
        self.url = ""
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.handler: Handler = answering(b"{}")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        return await self.handler(request)


def answering(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return handler


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    client = HttpClient()
    server = Server(LiveWeb(client, SystemClock()))
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await client.close()
    await runner.cleanup()


async def test_the_whole_way_of_the_node(server: Server) -> None:
    server.handler = answering(b'{"level": "gold", "agent": {"number": 102}}')
    world = World()
    context = world.context(caller__number="+1202", call__id="c1")
    force_setattr(context.ports, "web", server.live)
    node = Webhook(
        url=server.url + "/callers/{{caller.number}}",
        decides="level",
        answers=(AnswerExit(value="gold"),),
        take=(TakenField(field="agent.number", into="agent"),),
        signing_key="key",
    )
    assert await run(node, world, context) == "gold"
    assert context.value("agent") == "102"
    method, path, headers, body = server.seen[0]
    assert (method, path) == ("POST", "/callers/%2B1202")
    assert json.loads(body) == {"caller.number": "+1202", "call.id": "c1"}
    at, v1 = (each.split("=")[1] for each in headers["X-Bellwire-Signature"].split(","))
    assert v1 == hmac.new(b"key", f"{at}.".encode() + body, hashlib.sha256).hexdigest()


async def test_without_a_key_nothing_is_signed(server: Server) -> None:
    await server.live.request(WebRequest(method="POST", url=server.url, body={}))
    await server.live.request(WebRequest(method="GET", url=server.url, signing_key="key"))
    assert all("X-Bellwire-Signature" not in headers for _, _, headers, _ in server.seen)


async def test_a_slow_server_is_not_waited_for(server: Server) -> None:
    over = asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.Response()

    server.handler = slow
    with pytest.raises(NodeError, match=r"No answer within 0\.2 s"):
        await server.live.request(WebRequest(method="GET", url=server.url, timeout_s=0.2))
    over.set()


async def test_a_server_that_drips_is_not_waited_for(server: Server) -> None:
    async def drips(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    server.handler = drips
    with pytest.raises(NodeError, match="No answer within"):
        await server.live.request(WebRequest(method="GET", url=server.url, timeout_s=0.3))


async def test_a_huge_answer_is_not_read_to_its_end(server: Server) -> None:
    async def huge(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 8192)

    server.handler = huge
    with pytest.raises(NodeError, match="more than"):
        await server.live.request(WebRequest(method="GET", url=server.url))
    server.handler = answering(b'{"x":"' + b"y" * (MOST_BYTES - 8) + b'"}')
    answer = await server.live.request(WebRequest(method="GET", url=server.url))
    assert len(str(answer.fields["x"])) == MOST_BYTES - 8


async def test_a_redirect_is_an_answer_and_not_followed(server: Server) -> None:
    server.handler = answering(b"", 302, {"Location": "http://169.254.169.254/latest"})
    answer = await server.live.request(WebRequest(method="GET", url=server.url))
    assert answer.status == 302
    assert len(server.seen) == 1


@pytest.mark.parametrize("body", [b"", b"no json", b'["a"]', b'{"a":', b"\xff\xfe", b"[" * 60_000, b"7"])
async def test_an_answer_that_is_no_object_has_no_fields(server: Server, body: bytes) -> None:
    server.handler = answering(body)
    answer = await server.live.request(WebRequest(method="GET", url=server.url))
    assert (answer.status, answer.fields) == (200, {})


async def test_an_answer_that_unpacks_to_gigabytes_stays_packed(server: Server) -> None:
    server.handler = answering(b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})
    assert (await server.live.request(WebRequest(method="GET", url=server.url))).fields == {}


async def test_nobody_listens_there(server: Server) -> None:
    with pytest.raises(NodeError, match="cannot be reached"):
        await server.live.request(WebRequest(method="GET", url="http://127.0.0.1:9"))
    with pytest.raises(NodeError):
        await server.live.request(WebRequest(method="GET", url="http://no.such.name.invalid/"))


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("", False),
        ("192.168.1.10", True),
        ("127.0.0.1", True),
        ("crm.example.com", True),
    ],
)
def test_which_addresses_are_asked(host: str, allowed: bool) -> None:
    assert is_allowed(host) == allowed


async def test_a_name_that_leads_to_a_forbidden_address_is_not_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    async def lookup(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("169.254.169.254", 80))]

    monkeypatch.setattr(loop, "getaddrinfo", lookup)
    with pytest.raises(NodeError, match="may not be asked"):
        await server.live.request(WebRequest(method="GET", url="http://metadata.example/"))
