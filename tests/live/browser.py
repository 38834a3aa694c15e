"""A phone in a page, as the node sees it: SIP over WebSocket with addresses that mean nothing (RFC 7118)."""

from __future__ import annotations

import asyncio
import itertools
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.live.raw import Answer, authorization

__all__ = ["BrowserPhone", "connected"]

_numbers = itertools.count(1)


class BrowserPhone:
    """One WebSocket. `messages` are those that nobody has waited for yet."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, user: str, password: str) -> None:
        self.socket = socket
        self.user = user
        self.password = password
        self.account = user
        """Whose password it is; a page's login has a name of its own."""
        self.host = f"{os.urandom(6).hex()}.invalid"
        self.tag = os.urandom(4).hex()

    async def receive(self, timeout_s: float = 5.0) -> Answer:
        return Answer.parse((await self.socket.receive_str(timeout=timeout_s)).encode())

    async def final(self, timeout_s: float = 5.0) -> Answer:
        """The next final response; provisional ones are passed over."""
        async with asyncio.timeout(timeout_s):
            while (answer := await self.receive()).status < 200:
                pass
        return answer

    def message(
        self, method: str, to: str, call_id: str, cseq: int = 1, *headers: str, body: str = ""
    ) -> str:
        uri = "sip:node.invalid" if method == "REGISTER" else f"sip:{to}@node.invalid"
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/WS {self.host};branch=z9hG4bK{os.urandom(6).hex()}",
            "Max-Forwards: 70",
            f"From: <sip:{self.user}@node.invalid>;tag={self.tag}",
            f"To: <sip:{to}@node.invalid>",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:{self.user}@{self.host};transport=ws>;reg-id=1;"
            f'+sip.instance="<urn:uuid:00000000-0000-4000-8000-{int(self.user):012d}>"',
            "Supported: outbound, path",
            *headers,
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body

    async def ask(self, method: str, to: str, *headers: str, body: str = "") -> Answer:
        """Ask, answer the challenge; the final response."""
        call_id = f"ws{next(_numbers)}-{os.urandom(4).hex()}"
        await self.socket.send_str(self.message(method, to, call_id, 1, *headers, body=body))
        answer = await self.final()
        if answer.status != 401:
            return answer
        if method == "INVITE":
            await self.acknowledge(answer, to)
        uri = "sip:node.invalid" if method == "REGISTER" else f"sip:{to}@node.invalid"
        proof = authorization(answer.header("www-authenticate"), method, uri, self.account, self.password)
        await self.socket.send_str(self.message(method, to, call_id, 2, *headers, proof, body=body))
        return await self.final(15)

    async def acknowledge(self, answer: Answer, to: str) -> None:
        """ACK: of a refusal in its transaction, of a 2xx to its Contact."""
        contact = answer.header("contact").partition("<")[2].partition(">")[0]
        ok = answer.status < 300
        via = f"SIP/2.0/WS {self.host};branch=z9hG4bK{os.urandom(6).hex()}" if ok else answer.header("via")
        await self.socket.send_str(
            f"ACK {contact if ok else f'sip:{to}@node.invalid'} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n"
            f"From: {answer.header('from')}\r\nTo: {answer.header('to')}\r\nCall-ID: {answer.header('call-id')}\r\n"
            f"CSeq: {answer.header('cseq').split()[0]} ACK\r\nContent-Length: 0\r\n\r\n"
        )

    async def answer(self, request: Answer, status: str, *headers: str, body: str = "") -> None:
        """Respond to a request of the node."""
        to = request.header("to")
        to = to if "tag=" in to else f"{to};tag={self.tag}"
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: {each}" for each in request.headers["via"]),
            f"From: {request.header('from')}",
            f"To: {to}",
            f"Call-ID: {request.header('call-id')}",
            f"CSeq: {request.header('cseq')}",
            f"Contact: <sip:{self.user}@{self.host};transport=ws>",
            *headers,
            f"Content-Length: {len(body)}",
        ]
        await self.socket.send_str("\r\n".join(lines) + "\r\n\r\n" + body)


@asynccontextmanager
async def connected(
    url: str, user: str, password: str, *, trust: ssl.SSLContext | None = None, origin: str | None = None
) -> AsyncIterator[BrowserPhone]:
    """A phone whose WebSocket stands. `url` is the node's, http or https (then `trust` says which CA)."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"{url}/ws/sip", protocols=("sip",), ssl=trust if trust is not None else True, origin=origin
        ) as socket,
    ):
        yield BrowserPhone(socket, user, password)
