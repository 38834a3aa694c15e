"""Messages and parts that many SIP tests need."""

from __future__ import annotations

from itertools import count
from typing import TypeVar

from pbx.sip.build import response_to
from pbx.sip.effects import Effect, Transmit
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse
from pbx.sip.timers import Timers

E = TypeVar("E")

UDP = Hop("UDP", "192.0.2.7", 5062, "192.0.2.1", 5060)
TCP = Hop("TCP", "192.0.2.7", 40000, "192.0.2.1", 5060, connection=3)
SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


def make_endpoint(timers: Timers | None = None) -> Endpoint:
    """An endpoint whose branches and tags are 1, 2, 3 …"""
    numbers = count(1)
    return Endpoint(
        new_branch=lambda: f"z9hG4bKours{next(numbers)}",
        new_tag=lambda: f"ourtag{next(numbers)}",
        server_name="Bellwire",
        counters={},
        timers=timers,
    )


def text(
    method: str,
    *,
    branch: str = "z9hG4bKtheirs1",
    cseq: int = 1,
    to_tag: str = "",
    call_id: str = "call-1@192.0.2.7",
    from_tag: str = "alice1",
    transport: str = "UDP",
    uri: str = "sip:102@192.0.2.1",
    extra: str = "",
    body: bytes = b"",
    cseq_method: str = "",
) -> bytes:
    """A request from a phone, as bytes."""
    head = (
        f"{method} {uri} SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} 192.0.2.7:5062;rport;branch={branch}\r\n"
        f"Max-Forwards: 70\r\n"
        f'From: "Alice" <sip:101@192.0.2.1>;tag={from_tag}\r\n'
        f"To: <sip:102@192.0.2.1>{';tag=' + to_tag if to_tag else ''}\r\n"
        f"Call-ID: {call_id}\r\n"
        f"CSeq: {cseq} {cseq_method or method}\r\n"
        f"Contact: <sip:101@192.0.2.7:5062>\r\n"
        f"{extra}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def from_phone(method: str, **fields: object) -> Request:
    message = parse(text(method, **fields))  # type: ignore[arg-type]  # the keyword arguments of `text`
    assert isinstance(message, Request)
    return message


def our_request(
    method: str, *, cseq: int = 1, to_tag: str = "", body: bytes = b"", extra: str = ""
) -> Request:
    """A request we are about to send: no Via yet."""
    message = parse(
        (
            f"{method} sip:102@192.0.2.7:5062 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP placeholder\r\n"
            f"From: <sip:101@192.0.2.1>;tag=ours\r\n"
            f"To: <sip:102@192.0.2.1>{';tag=' + to_tag if to_tag else ''}\r\n"
            f"Call-ID: call-2@192.0.2.1\r\n"
            f"CSeq: {cseq} {method}\r\n"
            f"Contact: <sip:101@192.0.2.1:5060>\r\n"
            f"{extra}Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        + body
    )
    assert isinstance(message, Request)
    return message


def sent(effects: list[Effect]) -> list[Request | Response]:
    """The messages among the effects, parsed again."""
    return [parse(effect.data) for effect in effects if isinstance(effect, Transmit)]


def lines(effects: list[Effect]) -> list[str]:
    """The first lines of what is sent: `INVITE`, `200` …"""
    return [m.method if isinstance(m, Request) else str(m.status) for m in sent(effects)]


def only(kind: type[E], effects: list[Effect]) -> E:
    """The one effect of a kind."""
    (found,) = every(kind, effects)
    return found


def every(kind: type[E], effects: list[Effect]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def answer(
    request: Request | Response, status: int, *, tag: str = "bob1", body: bytes = b"", contact: str = ""
) -> Response:
    """A response as the peer, or we, would make it."""
    assert isinstance(request, Request)
    response = response_to(request, status, to_tag=tag)
    response.body = body
    if contact:
        response.headers.add("Contact", contact)
    return response
