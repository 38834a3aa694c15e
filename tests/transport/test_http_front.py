"""What stands at the HTTP ports until the server is loaded: real sockets on loopback, a server of a few lines."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pbx.core.tasks import Supervisor
from pbx.transport import http_front
from pbx.transport.http_front import HttpFront, ServerProtocol

EARLY, OTHER = b"GET /early HTTP/1.1\r\nHost: a\r\n\r\n", b"POST /other HTTP/1.1\r\nHost: a\r\n\r\nbody"


class Server(asyncio.Protocol):
    """Says what it got, and goes on listening."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"server: " + data)


class Loader:
    """Brings the server when it is told to."""

    def __init__(self) -> None:
        self.loads = 0
        self.go = asyncio.Event()
        self.fails = False

    async def load(self) -> ServerProtocol:
        self.loads += 1
        await self.go.wait()
        if self.fails:
            raise RuntimeError("no such module")
        return Server


def answer(head: bytes, *, secure: bool) -> bytes | None:
    assert not secure
    return b"early: " + head if head.startswith(b"GET /early") else None


@asynccontextmanager
async def standing() -> AsyncIterator[tuple[Loader, HttpFront, int, Supervisor]]:
    loader = Loader()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with Supervisor() as tasks:
            front = HttpFront(answer, loader.load, tasks.spawn)
            await front.listen(listener)
            yield loader, front, listener.getsockname()[1], tasks
            await front.close()


async def ask(port: int, *parts: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await asyncio.sleep(0.01)
    return reader, writer


async def test_what_needs_no_server_is_answered_and_the_connection_ends() -> None:
    async with standing() as (loader, _, port, _):
        reader, writer = await ask(port, EARLY[:10], EARLY[10:])
        assert await reader.read() == b"early: " + EARLY.removesuffix(b"\r\n\r\n")
        assert loader.loads == 0
        writer.close()


async def test_the_server_gets_the_connection_and_all_that_came_before() -> None:
    async with standing() as (loader, _, port, _):
        reader, writer = await ask(port, OTHER[:20], OTHER[20:])
        loader.go.set()
        assert await reader.readexactly(len(OTHER) + 8) == b"server: " + OTHER
        writer.write(b"more")
        assert await reader.readexactly(12) == b"server: more"
        writer.close()


async def test_one_load_is_for_all_who_wait() -> None:
    async with standing() as (loader, _, port, _):
        waiting = [await ask(port, OTHER) for _ in range(5)]
        gone = await ask(port, OTHER)
        gone[1].transport.abort()
        half = await ask(port, OTHER[:10])
        early = await ask(port, EARLY)
        assert (await early[0].read()).startswith(b"early: ")
        loader.go.set()
        for reader, _ in waiting:
            assert await reader.readexactly(len(OTHER) + 8) == b"server: " + OTHER
        half[1].write(OTHER[10:])
        assert await half[0].readexactly(len(OTHER) + 8) == b"server: " + OTHER
        late, _ = await ask(port, EARLY)
        assert await late.readexactly(len(EARLY) + 8) == b"server: " + EARLY
        assert loader.loads == 1
        for _, writer in (*waiting, half):
            writer.close()


async def test_a_load_that_fails_is_told_and_tried_again() -> None:
    async with standing() as (loader, _, port, tasks):
        loader.fails = True
        loader.go.set()
        reader, _ = await ask(port, OTHER)
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
        assert tasks.failures == 1  # and logged
        loader.fails = False
        reader, writer = await ask(port, OTHER)
        assert (await reader.readexactly(8)) == b"server: "
        assert loader.loads == 2
        writer.close()


async def test_a_head_without_end_is_the_servers_and_one_that_does_not_come_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_front, "HEAD_S", 0.1)
    async with standing() as (loader, _, port, _):
        reader, writer = await ask(port, b"GET /early")
        assert await reader.read() == b""
        writer.close()
        assert loader.loads == 0
        loader.go.set()
        long = b"GET /early HTTP/1.1\r\nHost: " + b"a" * http_front.MOST_HEAD
        reader, writer = await ask(port, long)
        assert await reader.readexactly(len(long) + 8) == b"server: " + long
        writer.close()


async def test_a_stop_waits_for_the_load_and_ends_who_has_asked_nothing_yet() -> None:
    async with standing() as (loader, front, port, _):
        silent, _ = await ask(port)
        waiting, writer = await ask(port, OTHER)
        closing = asyncio.get_running_loop().create_task(front.close())
        await asyncio.sleep(0.05)
        assert not closing.done()
        loader.go.set()
        await closing
        assert await silent.read() == b""
        assert await waiting.readexactly(8) == b"server: "  # whoever loaded it ends what it was given
        writer.close()
