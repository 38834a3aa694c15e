"""A phone of a few lines that answers one call, sends RTP for a while and then falls silent, without being gone."""

from __future__ import annotations

import re
import socket
import struct
import time
from types import TracebackType
from typing import Self

from tests.live.node import Node
from tests.live.raw import Answer, Peer

__all__ = ["MutePeer"]


class MutePeer:
    """Registers, answers a call and whatever is asked in the dialog; sends RTP only when told to, and never RTCP."""

    def __init__(self, node: Node, number: str) -> None:
        self._node = node
        self._number = number
        self._peer = Peer(node.sip_port)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind(("127.0.0.1", 0))
        self._remote = ("127.0.0.1", 0)
        self._sequence = 0
        self.asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._peer.socket.close()
        self._rtp.close()

    def register(self) -> None:
        answer = self._peer.register(self._number, self._node.password(self._number))
        assert answer.status == 200, answer

    def answer(self) -> None:
        """Wait for the INVITE, ring, pick up, wait for the ACK."""
        invite = self._next("INVITE")
        self._reply(invite, "180 Ringing")
        self._accept(invite)
        self._next("ACK")

    def serve(self, seconds: float, *, rtp_for_s: float = 0.0) -> None:
        """Answer questions inside the dialog for so long; send RTP only in the first `rtp_for_s` of it."""
        start = time.monotonic()
        while (elapsed := time.monotonic() - start) < seconds:
            if elapsed < rtp_for_s:
                self._send_rtp()
            request = self._peer.receive(0.02)
            if request is None or request.status or request.method == "ACK":
                continue
            if request.method in {"INVITE", "UPDATE"}:
                self.asked += 1
                self._accept(request) if request.body or request.method == "INVITE" else self._reply(
                    request, "200 OK"
                )
            else:
                self._reply(request, "200 OK")

    def _next(self, method: str) -> Answer:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            request = self._peer.receive(1.0)
            if request is not None and request.method == method:
                return request
        raise TimeoutError(f"no {method} came")

    def _accept(self, request: Answer) -> None:
        found = re.search(rb"^m=audio (\d+)", request.body, re.MULTILINE)
        if found:
            self._remote = ("127.0.0.1", int(found[1]))
        port = self._rtp.getsockname()[1]
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
        )
        self._reply(request, "200 OK", sdp.encode())

    def _reply(self, request: Answer, status: str, body: bytes = b"") -> None:
        to = request.header("to")
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.headers["via"])]
        lines += [
            f"From: {request.header('from')}",
            f"To: {to if ';tag=' in to else f'{to};tag={self._peer.tag}'}",
            f"Call-ID: {request.header('call-id')}",
            f"CSeq: {request.header('cseq')}",
            f"Contact: <sip:{self._number}@{self._peer.host}:{self._peer.port}>",
            "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS",
        ]
        lines += ["Content-Type: application/sdp"] if body else []
        lines.append(f"Content-Length: {len(body)}")
        self._peer.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def _send_rtp(self) -> None:
        """One packet of µ-law silence (RFC 3550 5.1)."""
        self._sequence += 1
        header = struct.pack("!BBHII", 0x80, 0, self._sequence & 0xFFFF, self._sequence * 160, 0x5EED)
        self._rtp.sendto(header + b"\xff" * 160, self._remote)
