"""A phone of a few lines that holds one call: it can stay silent, put on hold at will, and record what comes in.

Written from the RFCs, sharing no code with the node. Its methods block and keep its side going meanwhile: it sends a
packet every 20 ms, answers what is asked in the dialog, and keeps each RTP payload that arrives. Run them in a thread.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

from tests.live.node import Node
from tests.live.raw import Answer, Peer
from tests.live.tone import ulaw_samples, ulaw_tone
from tests.live.wav import Sound

__all__ = ["RawPhone"]

FRAME = 160  # 20 ms of µ-law


@dataclass
class Dialog:
    """What the next request inside the dialog needs (RFC 3261 12)."""

    local: str = ""
    remote: str = ""
    call_id: str = ""
    target: str = ""
    cseq: int = 100


@dataclass
class Ears:
    """RTP that arrived: when, with which sequence number, and its payload."""

    packets: list[tuple[float, int, bytes]] = field(default_factory=list)

    def since(self, at: float) -> Sound:
        """What was heard from this moment on, in the order of the sequence numbers; nothing fills what was lost."""
        wanted = sorted((sequence, payload) for when, sequence, payload in self.packets if when >= at)
        return Sound(ulaw_samples(b"".join(payload for _, payload in wanted)), 8000)

    def count_since(self, at: float) -> int:
        return sum(when >= at for when, _, _ in self.packets)


class RawPhone:
    """One phone with one call. `asked` counts re-INVITEs and UPDATEs that came to it, `told` is what NOTIFYs said."""

    def __init__(self, node: Node, number: str, *, tone_hz: float | None = None) -> None:
        self.asked = 0
        self.ears = Ears()
        self.ended = False
        self.told: list[str] = []
        self._notified: set[str] = set()
        self.sending = tone_hz is not None
        self._node = node
        self._number = number
        self._peer = Peer(node.sip_port)
        self._dialog = Dialog()
        self._direction = "sendrecv"
        self._tone = ulaw_tone(tone_hz or 400.0, 60.0)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind(("127.0.0.1", 0))
        self._rtp.setblocking(False)
        self._remote = ("127.0.0.1", 0)
        self._sequence = 0
        self._next_frame_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._peer.socket.close()
        self._rtp.close()

    # -- what a person does with a phone

    def register(self) -> None:
        answer = self._peer.register(self._number, self._node.password(self._number))
        assert answer.status == 200, answer

    def call(self, to: str, *, timeout_s: float = 10.0) -> None:
        """Dial and wait until somebody picks up."""
        answer = self.dial(to, timeout_s=timeout_s)
        assert answer.status == 200, answer

    def dial(self, to: str, *, timeout_s: float = 10.0, headers: tuple[str, ...] = ()) -> Answer:
        """Dial and wait for the final response, whatever it is; it is acknowledged."""
        self._peer.send_authenticated(
            "INVITE",
            self._number,
            self._node.password(self._number),
            to=to,
            headers=(SDP, *headers),
            body=self._sdp(),
        )
        answer = self._pump_until_final(timeout_s)
        if answer.status >= 300:
            self._peer.acknowledge(answer, self._number, to)
            return answer
        self._dialog = Dialog(
            local=answer.header("from"),
            remote=answer.header("to"),
            call_id=answer.header("call-id"),
            target=_uri(answer.header("contact")),
            cseq=int(answer.header("cseq").split()[0]),
        )
        self._hear_of(answer.body)
        self._acknowledge(self._dialog.cseq)
        return answer

    def answer(self) -> None:
        """Wait for the INVITE, ring, pick up, wait for the ACK."""
        invite = self._next("INVITE")
        self._reply(invite, "180 Ringing")
        self._accept(invite)
        self._dialog = Dialog(
            local=self._with_tag(invite.header("to")),
            remote=invite.header("from"),
            call_id=invite.header("call-id"),
            target=_uri(invite.header("contact")),
        )
        self._next("ACK")

    def pump(self, seconds: float) -> None:
        """Let time pass: talk (while `sending`), listen, answer."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._tick()

    def reoffer(self, direction: str) -> None:
        """re-INVITE: "sendonly" or "inactive" puts the other side on hold, "sendrecv" resumes."""
        self._direction = direction
        self.sending = direction == "sendrecv"
        self._dialog.cseq += 1
        self._send_in_dialog("INVITE", self._dialog.cseq, self._sdp())
        answer = self._pump_until_final(5.0)
        assert answer.status == 200, answer
        self._hear_of(answer.body)
        self._acknowledge(self._dialog.cseq)

    def refer(self, to: str, *, replaces: str = "") -> None:
        """Transfer whom it talks with to a number, or (with `replaces`) to whom another of its dialogs talks with."""
        header = f"?Replaces={quote(replaces, safe='')}" if replaces else ""
        self._dialog.cseq += 1
        self._send_in_dialog("REFER", self._dialog.cseq, headers=(f"Refer-To: <sip:{to}@127.0.0.1{header}>",))
        answer = self._pump_until_final(5.0)
        assert answer.status == 202, answer

    @property
    def replaces(self) -> str:
        """This phone's dialog as a Replaces value for the node (RFC 3891): the node's tag is the to-tag."""
        local, remote = (re.search(r"tag=([^;>]+)", tag) for tag in (self._dialog.local, self._dialog.remote))
        assert local is not None
        assert remote is not None
        return f"{self._dialog.call_id};to-tag={remote[1]};from-tag={local[1]}"

    def hang_up(self) -> None:
        self._dialog.cseq += 1
        self._send_in_dialog("BYE", self._dialog.cseq)
        answer = self._pump_until_final(5.0)
        assert answer.status == 200, answer

    # -- the dialog

    def _tick(self) -> Answer | None:
        """One turn of about 5 ms: RTP out when due, RTP in, and the next SIP message, answered if it is a request."""
        now = time.monotonic()
        if self.sending and self._remote[1] and now >= self._next_frame_at:
            self._next_frame_at = max(self._next_frame_at + 0.02, now - 0.1)
            self._send_rtp()
        with contextlib.suppress(BlockingIOError):
            while True:
                packet = self._rtp.recv(2048)
                self.ears.packets.append((now, struct.unpack_from("!H", packet, 2)[0], packet[12:]))
        message = self._peer.receive(0.005)
        if message is not None and not message.status:
            self._take(message)
        return message

    def _take(self, request: Answer) -> None:
        if request.method in {"INVITE", "UPDATE"}:
            self.asked += 1
            if request.body or request.method == "INVITE":
                self._accept(request)
            else:
                self._reply(request, "200 OK")
        elif request.method != "ACK":
            if request.method == "NOTIFY" and request.header("cseq") not in self._notified:
                self._notified.add(request.header("cseq"))
                self.told.append(request.body.decode().strip())
            self.ended = self.ended or request.method == "BYE"
            self._reply(request, "200 OK")

    def _pump_until_final(self, timeout_s: float) -> Answer:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            message = self._tick()
            if message is not None and message.status >= 200:
                return message
        raise TimeoutError(f"phone {self._number}: no final response within {timeout_s} s")

    def _next(self, method: str) -> Answer:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            request = self._peer.receive(1.0)
            if request is not None and request.method == method:
                return request
        raise TimeoutError(f"phone {self._number}: no {method} came")

    def _accept(self, request: Answer) -> None:
        self._hear_of(request.body)
        self._reply(request, "200 OK", self._sdp())

    def _hear_of(self, sdp: bytes) -> None:
        """Where the other side wants RTP."""
        if found := re.search(rb"^m=audio (\d+)", sdp, re.MULTILINE):
            self._remote = ("127.0.0.1", int(found[1]))

    def _sdp(self) -> bytes:
        port = self._rtp.getsockname()[1]
        return (
            f"v=0\r\no=- 1 {self._dialog.cseq} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na={self._direction}\r\n"
        ).encode()

    def _with_tag(self, value: str) -> str:
        return value if ";tag=" in value else f"{value};tag={self._peer.tag}"

    def _reply(self, request: Answer, status: str, body: bytes = b"") -> None:
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.headers["via"])]
        lines += [
            f"From: {request.header('from')}",
            f"To: {self._with_tag(request.header('to'))}",
            f"Call-ID: {request.header('call-id')}",
            f"CSeq: {request.header('cseq')}",
            self._contact,
            "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS",
        ]
        self._send(lines, body)

    def _send_in_dialog(
        self, method: str, cseq: int, body: bytes = b"", headers: tuple[str, ...] = ()
    ) -> None:
        lines = [
            f"{method} {self._dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._peer.host}:{self._peer.port};branch=z9hG4bK{method}{cseq}{self._peer.tag};rport",
            "Max-Forwards: 70",
            f"From: {self._dialog.local}",
            f"To: {self._dialog.remote}",
            f"Call-ID: {self._dialog.call_id}",
            f"CSeq: {cseq} {method}",
            self._contact,
            *headers,
        ]
        self._send(lines, body)

    def _acknowledge(self, cseq: int) -> None:
        self._send_in_dialog("ACK", cseq)

    def _send(self, lines: list[str], body: bytes) -> None:
        lines += [SDP] if body and not any(each.startswith("Content-Type") for each in lines) else []
        lines.append(f"Content-Length: {len(body)}")
        self._peer.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    @property
    def _contact(self) -> str:
        return f"Contact: <sip:{self._number}@{self._peer.host}:{self._peer.port}>"

    def _send_rtp(self) -> None:
        """The next 20 ms of the tone (RFC 3550 5.1)."""
        start = self._sequence * FRAME % (len(self._tone) - FRAME)
        self._sequence += 1
        header = struct.pack("!BBHII", 0x80, 0, self._sequence & 0xFFFF, self._sequence * FRAME, 0x5EED)
        self._rtp.sendto(header + self._tone[start : start + FRAME], self._remote)


SDP = "Content-Type: application/sdp"


def _uri(contact: str) -> str:
    found = re.search(r"<([^>]+)>", contact)
    assert found is not None, contact
    return found[1]
