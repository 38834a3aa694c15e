"""What keeps a phone reachable behind NAT: STUN and CRLF on the SIP ports of a running node (RFC 5626 4.4)."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from pbx.sip.stun import binding_request, mapped_address
from tests.live.node import Node

pytestmark = pytest.mark.timeout(60)


async def test_stun_on_the_sip_port_tells_a_phone_its_address(node: Node) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", node.sip_port))
        await loop.sock_sendall(sock, binding_request(b"twelve bytes"))
        async with asyncio.timeout(5):
            answer = await loop.sock_recv(sock, 2048)
        assert mapped_address(answer, b"twelve bytes") == sock.getsockname()
        await loop.sock_sendall(sock, b"\r\n\r\n")  # over UDP it is only noise, and no offence
        await loop.sock_sendall(sock, binding_request(b"another  one"))
        async with asyncio.timeout(5):
            answer = await loop.sock_recv(sock, 2048)
        assert mapped_address(answer, b"another  one") == sock.getsockname()


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_a_ping_on_a_connection_gets_its_pong(node: Node, transport: str) -> None:
    context = None
    port = node.sip_port
    if transport == "tls":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        port = node.sip_tls_port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    for _ in range(3):
        writer.write(b"\r\n\r\n")
        async with asyncio.timeout(5):
            assert await reader.readexactly(2) == b"\r\n"
    writer.close()
