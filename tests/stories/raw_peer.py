"""A peer that says exactly what a test writes, and keeps what it hears: for messages no agent of ours would send."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse
from tests.fakes.wire import Network
from tests.stories.office import OFFER

HOST = "10.0.0.9"


class RawPeer:
    """Sits at an address of the network; never repeats anything by itself."""

    def __init__(self, network: Network, host: str = HOST) -> None:
        self.host = host
        self.plug = network.plug(host, 5060, self)
        self.heard: asyncio.Queue[Request | Response] = asyncio.Queue()
        self.transport = "UDP"
        self._serial = 0
        self._next_at = 0.0

    # -- Listener --------------------------------------------------------------------------------------------------

    def received(self, data: bytes, hop: Hop) -> None:
        self.heard.put_nowait(parse(data))

    def received_message(self, message: Any, hop: Hop, raw: bytes = b"") -> None:
        self.heard.put_nowait(message)

    def undeliverable(self, hop: Hop) -> None: ...

    # -- speaking --------------------------------------------------------------------------------------------------

    def say(self, text: str | bytes, to: str = "10.0.0.2", transport: str = "") -> None:
        """What is said later also arrives later (in calm weather)."""
        data = text.replace("\n", "\r\n").encode() if isinstance(text, str) else text
        loop = asyncio.get_running_loop()
        self._next_at = max(loop.time(), self._next_at + 0.0001)
        loop.call_at(self._next_at, self.plug.send, data, Hop(transport or self.transport, to, 5060))

    def request(
        self,
        method: str,
        *,
        to: str = "10.0.0.2",
        to_tag: str = "",
        cseq: int = 1,
        headers: tuple[str, ...] = (),
        body: bytes = b"",
        call_id: str = "raw",
        branch: str = "",
        contact: bool = True,
        kind: str = "application/sdp",
        uri: str = "",
    ) -> str:
        """Send a request; returns its branch."""
        self._serial += 1
        branch = branch or f"z9hG4bK-{self._serial}"
        lines = [
            f"{method} {uri or f'sip:102@{to}'} SIP/2.0",
            f"Via: SIP/2.0/{self.transport} {self.host}:5060;branch={branch}",
            f"From: <sip:raw@{self.host}>;tag=raw",
            f"To: <sip:102@{to}>" + (f";tag={to_tag}" if to_tag else ""),
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            *(["Max-Forwards: 70"] if not any(each.startswith("Max-Forwards") for each in headers) else []),
            *([f"Contact: <sip:raw@{self.host}:5060>"] if contact else []),
            *headers,
            *([f"Content-Type: {kind}"] if body else []),
            f"Content-Length: {len(body)}",
            "",
            "",
        ]
        self.say("\r\n".join(lines).encode() + body, to)
        return branch

    def invite(self, **more: Any) -> str:
        more.setdefault("body", OFFER)
        return self.request("INVITE", **more)

    def respond(
        self,
        request: Request,
        status: int,
        *,
        tag: str = "rawtag",
        headers: tuple[str, ...] = (),
        body: bytes = b"",
    ) -> None:
        lines = [
            f"SIP/2.0 {status} Whatever",
            *(f"Via: {value}" for value in request.headers.all("Via")),
            f"From: {request.headers.get('From')}",
            f"To: {request.headers.get('To')}" + ("" if request.to_tag or not tag else f";tag={tag}"),
            f"Call-ID: {request.call_id}",
            f"CSeq: {request.headers.get('CSeq')}",
            *(
                []
                if any(each.startswith("Contact") for each in headers)
                else [f"Contact: <sip:raw@{self.host}>"]
            ),
            *headers,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
            "",
            "",
        ]
        via = request.via
        self.say("\r\n".join(lines).encode() + body, via.host)

    # -- hearing ---------------------------------------------------------------------------------------------------

    async def hear(self, wanted: int | str, within_s: float = 40.0) -> Any:
        """The next message with that status or method; others are skipped."""
        async with asyncio.timeout(within_s):
            while True:
                message = await self.heard.get()
                found: int | str = message.status if isinstance(message, Response) else message.method
                if found == wanted:
                    return message

    async def final(self, within_s: float = 40.0) -> Response:
        """The next final response."""
        async with asyncio.timeout(within_s):
            while True:
                message = await self.heard.get()
                if isinstance(message, Response) and message.status >= 200:
                    return message

    def silent_since(self) -> bool:
        return self.heard.empty()
