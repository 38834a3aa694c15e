"""SIP over WebSocket: who may connect, registering, being called, calling, and hanging up both ways."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
import pytest

from tests.live.baresip import phones
from tests.live.browser import BrowserPhone, connected
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import BOB_HZ, registered

pytestmark = pytest.mark.timeout(60)

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
SDP_TYPE = "Content-Type: application/sdp"


async def register(phone: BrowserPhone) -> None:
    answer = await phone.ask("REGISTER", phone.user, "Expires: 300")
    assert answer.status == 200, answer
    assert phone.host in answer.header("contact")


async def test_a_phone_in_a_page_is_called_and_calls(node: Node, phone: PhoneMaker) -> None:
    bob = phone(node, "102", tone_hz=BOB_HZ)
    async with connected(node.url, "101", node.password("101")) as page, phones(bob):
        await register(page)
        await registered(bob)
        (mine,) = [each for each in (await node.get("registrations"))["items"] if each["extension"] == "101"]
        assert mine["transport"] == "WS"
        # Called: the INVITE comes over the WebSocket, though the Contact's host exists nowhere.
        await bob.dial("101")
        invite = await page.receive()
        assert invite.method == "INVITE"
        assert page.host in invite.first_line
        await page.answer(invite, "180 Ringing")
        await page.answer(invite, "200 OK", SDP_TYPE, body=SDP)
        assert (await page.receive()).method == "ACK"
        await bob.wait_for("CALL_ESTABLISHED")
        await bob.hangup()
        bye = await page.receive()
        assert bye.method == "BYE"
        await page.answer(bye, "200 OK")
        await bob.wait_for("CALL_CLOSED")
        # Calling.
        asking = asyncio.create_task(page.ask("INVITE", "102", SDP_TYPE, body=SDP))
        await bob.wait_for("CALL_INCOMING")
        await bob.accept()
        ok = await asking
        assert ok.status == 200
        assert f"127.0.0.1:{node.http_port};transport=ws" in ok.header("contact")
        await page.acknowledge(ok, "102")
        await bob.wait_for("CALL_ESTABLISHED")
        await bob.hangup()
        assert (await page.receive()).method == "BYE"
        first, second = await node.cdrs(at_least=2)
    assert first["disposition"] == second["disposition"] == "answered"


async def test_a_page_over_https_is_a_secure_phone(node: Node) -> None:
    trust = ssl.create_default_context(cafile=str(node.data / "tls" / "ca.crt"))
    url = f"https://127.0.0.1:{node.https_port}"
    async with connected(url, "101", node.password("101"), trust=trust) as page:
        await register(page)
        (mine,) = (await node.get("registrations"))["items"]
        assert mine["transport"] == "WSS"
        await page.socket.send_str("\r\n\r\n")
        assert await page.socket.receive_str(timeout=3) == "\r\n"


REFUSED: list[tuple[dict[str, str], tuple[str, ...], int]] = [
    ({"Origin": "https://elsewhere.example"}, ("sip",), 403),
    ({"Origin": "null"}, ("sip",), 403),
    ({}, ("chat",), 400),
    ({}, (), 400),
]


async def test_who_may_not_connect(node: Node) -> None:
    async with aiohttp.ClientSession() as session:
        for headers, protocols, status in REFUSED:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{node.url}/ws/sip", protocols=protocols, headers=headers)
            assert refused.value.status == status, (headers, protocols)


async def test_the_nodes_own_page_may_connect(node: Node) -> None:
    async with connected(node.url, "101", node.password("101"), origin=node.url) as page:
        await register(page)


async def test_what_is_no_sip_ends_the_connection(node: Node) -> None:
    async with connected(node.url, "101", "") as page:
        await page.socket.send_str("GET / HTTP/1.1\r\n\r\n")
        assert (await page.socket.receive(timeout=3)).type is aiohttp.WSMsgType.CLOSE


async def test_a_page_that_closes_while_it_rings_is_no_ghost(node: Node, phone: PhoneMaker) -> None:
    bob = phone(node, "102")
    async with phones(bob):
        await registered(bob)
        async with connected(node.url, "101", node.password("101")) as page:
            await register(page)
            await bob.dial("101")
            assert (await page.receive()).method == "INVITE"
        closed = await bob.wait_for("CALL_CLOSED", timeout_s=5)
        assert closed.param.startswith(("480", "503", "Temporarily"))
        await node.no_calls()
