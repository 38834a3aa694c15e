"""Damaged SIP messages into parser, framer, endpoint and registrar: `python -m tests.fuzz.fuzz_sip --seconds 60`."""

from __future__ import annotations

import sys

from pbx.core.errors import PeerError
from pbx.sip.binding import Limits, plan
from pbx.sip.digest import Challenger, VerdictKind
from pbx.sip.effects import DeliverRequest, Transmit
from pbx.sip.errors import ParseError
from pbx.sip.framer import StreamFramer
from pbx.sip.message import Request
from pbx.sip.parser import parse
from pbx.sip.uri import SipUri
from tests.fuzz.mutation import main
from tests.sip.samples import SDP, TCP, UDP, every, make_endpoint, text
from tests.sip.torture import CASES

CREDENTIALS = (
    'Authorization: Digest username="101", realm="r", nonce="bm9uY2U=", uri="sip:a", response="0", algorithm=MD5, '
    'qop=auth, nc=00000001, cnonce="c"\r\n'
)
CORPUS = [
    *(case.data for case in CASES),
    text("INVITE", body=SDP, extra="Record-Route: <sip:p.test;lr>\r\nContent-Type: application/sdp\r\n"),
    text(
        "REGISTER", extra=CREDENTIALS + 'Contact: <sip:a@b>;+sip.instance="<urn:uuid:1>";reg-id=1;q=0.5\r\n'
    ),
    text("ACK", to_tag="x"),
    text("CANCEL"),
]
_CHALLENGER = Challenger(b"key", "r", ["MD5", "SHA-256"])


def target(data: bytes) -> None:
    """Raises when a promise is broken: nothing but `ParseError`, and what is read can be written and read again."""
    _through_the_endpoint(data)
    _through_a_stream(data)
    try:
        message = parse(data)
    except ParseError:
        return
    written = message.encode()
    if parse(written) != message:
        raise AssertionError("written, it reads otherwise")
    _ = (message.from_tag, message.to_tag, message.via.branch, message.call_id, message.cseq)
    if isinstance(message, Request):
        _as_a_register(message)


def _as_a_register(message: Request) -> None:
    for address in (message.from_, message.to):
        address.display.encode()  # fit for files and JSON
        try:
            uri = SipUri.parse(address.uri)
        except ParseError:
            continue
        if not SipUri.parse(str(uri)).matches(uri):
            raise AssertionError("a URI is not what it was")
    try:
        made = plan([], message, UDP, 0.0, Limits(), extension="101").put
        plan(made, message, UDP, 0.0, Limits(), extension="101")
    except PeerError:
        pass
    values = message.headers.all("Authorization")
    if _CHALLENGER.verify(values, message.method, 0.0, "h", lambda user: "x").kind is VerdictKind.OK:
        raise AssertionError("authenticated by accident")


def _through_the_endpoint(data: bytes) -> None:
    effects = make_endpoint().receive(data, UDP, 0.0)
    for sent in every(Transmit, effects):
        if not sent.data.startswith(b"SIP/2.0 ") or sent.hop.remote_host != UDP.remote_host:
            raise AssertionError("an answer to the wrong place, or no answer")
    if len(every(DeliverRequest, effects)) > 1:
        raise AssertionError("delivered twice")


def _through_a_stream(data: bytes) -> None:
    framer, endpoint = StreamFramer(), make_endpoint()
    half = len(data) // 2
    try:
        for piece in (data[:half], data[half:], b""):
            for message in framer.feed(piece):
                endpoint.receive_message(message, TCP, 0.0)
    except ParseError as error:
        endpoint.malformed(error, TCP)


if __name__ == "__main__":
    sys.exit(main("fuzz_sip", target, CORPUS))
