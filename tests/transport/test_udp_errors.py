"""An ICMP error on the SIP socket is told, and does not end the reading, on the loop the node runs on too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from pbx.core import log
from pbx.sip.hop import Hop
from pbx.transport.udp import UdpListener

Run = Callable[[Coroutine[Any, Any, None]], None]


def closed_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_socket_is_read_after_icmp_errors(run: Run) -> None:
    async def story() -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        lost: asyncio.Queue[Hop] = asyncio.Queue()
        listener = UdpListener()
        listener.bind(("127.0.0.1",), 0)
        listener.start(lambda data, hop: heard.put_nowait(data), lost.put_nowait)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.connect(("127.0.0.1", listener.port))
            for turn in range(3):
                gone = closed_port()
                assert listener.send(b"INVITE", "127.0.0.1", gone)
                hop = await asyncio.wait_for(lost.get(), 2)
                assert hop.remote_port == gone
                phone.send(b"%d" % turn)
                assert await asyncio.wait_for(heard.get(), 2) == b"%d" % turn
            # Sending finds the error before reading does: then nobody reads it, and the socket must live on as well.
            for _ in range(5):
                listener.send(b"INVITE", "127.0.0.1", closed_port())
            phone.send(b"last")
            assert await asyncio.wait_for(heard.get(), 2) == b"last"
        listener.close()

    run(story())


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_what_is_read_after_an_error_is_in_nobodys_name(run: Run) -> None:
    """The call that met the error is over long before; its name must not stand in the log of all others."""

    async def story() -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()
        listener = UdpListener()
        listener.bind(("127.0.0.1",), 0)
        listener.start(lambda data, hop: heard.put_nowait(log.CALL.get()), lambda hop: None)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.connect(("127.0.0.1", listener.port))
            with log.context(call="C1"):
                for _ in range(5):
                    listener.send(b"BYE", "127.0.0.1", closed_port())
            for _ in range(2):
                phone.send(b"INVITE")
                assert await asyncio.wait_for(heard.get(), 2) == ""
                await asyncio.sleep(0.05)
        listener.close()

    run(story())


def test_a_kernel_without_time_stamps_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """qemu-user answers ENOPROTOOPT to SO_TIMESTAMPNS."""
    monkeypatch.setattr("pbx.transport.udp._SO_TIMESTAMPNS", 30_000)

    async def story() -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        listener = UdpListener()
        listener.bind(("127.0.0.1",), 0)
        listener.start(lambda data, hop: heard.put_nowait(data), lambda hop: None)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.connect(("127.0.0.1", listener.port))
            phone.send(b"OPTIONS")
            assert await asyncio.wait_for(heard.get(), 5) == b"OPTIONS"
        listener.close()

    asyncio.run(story())
