"""TLS between two sets of sockets: who is believed, what is reused, and who is cut off."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from pbx.sip.hop import Hop
from pbx.transport import tcp
from pbx.transport.certificate import ensure
from pbx.transport.sockets import SipSockets
from pbx.transport.stream import StreamLimits
from pbx.transport.tls import ServerTls, client_context
from tests.transport.test_sockets import OPTIONS, Recorder, soon


@asynccontextmanager
async def two(
    tmp_path: Path, *, trust: bool = True, names: tuple[str, ...] = ("carrier.example",)
) -> AsyncIterator[tuple[SipSockets, Recorder, SipSockets, Recorder]]:
    """A server with a certificate for `names`, and a client that trusts its CA, or not."""
    files = ensure(tmp_path, names)
    server = SipSockets("127.0.0.1", 0, tls_port=0, limits=StreamLimits(max_per_source=3))
    client = SipSockets(
        "127.0.0.1", 0, tls_port=0, client_tls=lambda: client_context(None, files.ca if trust else None)
    )
    recorders = Recorder(), Recorder()
    for each, recorder in zip((server, client), recorders, strict=True):
        each.bind()
        await each.start(recorder)
        await each.start_tls(recorder, ServerTls(files).context)
    try:
        yield server, recorders[0], client, recorders[1]
    finally:
        await client.close()
        await server.close()


async def test_answers_go_back_over_the_connection_and_it_is_used_again(tmp_path: Path) -> None:
    async with two(tmp_path) as (server, served, client, got):
        hop = Hop("TLS", "127.0.0.1", server.tls_port, server_name="carrier.example")
        for _ in range(2):
            assert client.send(OPTIONS, hop)
            message, back = await soon(served.messages)
            assert (message.method, back.transport) == ("OPTIONS", "TLS")
            assert server.is_open(back.connection)
        assert len(server.tls) == 1
        assert server.send(OPTIONS, back), "a phone that registered here is called over its connection"
        _, came = await soon(got.messages)
        assert came.server_name == "carrier.example"
        assert len(client.tls) == 1


@pytest.mark.parametrize(
    ("trust", "asked"), [(False, "carrier.example"), (True, "other.example"), (True, "")], ids=str
)
async def test_a_server_that_proves_nothing_is_not_talked_to(tmp_path: Path, trust: bool, asked: str) -> None:
    async with two(tmp_path, trust=trust) as (server, served, client, got):
        client.send(OPTIONS, Hop("TLS", "127.0.0.1", server.tls_port, server_name=asked))
        failed = await soon(got.refused)
        assert failed.server_name == asked
        assert served.messages.empty()


async def test_a_connection_for_one_name_is_not_used_for_another(tmp_path: Path) -> None:
    async with two(tmp_path, names=("one.example", "two.example")) as (server, served, client, _):
        for name in ("one.example", "two.example", "one.example"):
            client.send(OPTIONS, Hop("TLS", "127.0.0.1", server.tls_port, server_name=name))
            await soon(served.messages)
        assert len(client.tls) == 2


async def test_one_source_has_so_many_connections(tmp_path: Path) -> None:
    async with two(tmp_path) as (server, _, _, _):
        context = ssl.create_default_context(cafile=str(tmp_path / "tls" / "ca.crt"))
        writers = []
        for _ in range(3):
            _, writer = await asyncio.open_connection(
                "127.0.0.1", server.tls_port, ssl=context, server_hostname="carrier.example"
            )
            writers.append(writer)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.tls_port, ssl=context, server_hostname="carrier.example"
        )
        with pytest.raises((ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 3)
        for each in (*writers, writer):
            each.close()


async def test_who_never_shakes_hands_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "HANDSHAKE_S", 0.2)
    async with two(tmp_path) as (server, _, _, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.tls_port)
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
