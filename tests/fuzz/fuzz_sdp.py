"""Damaged session descriptions into parser and negotiation: `python -m tests.fuzz.fuzz_sdp --seconds 60`."""

from __future__ import annotations

import sys

from pbx.call.codecs import voice
from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError
from pbx.model.party import Party
from pbx.sip.sdp import parse
from pbx.sip.sdp.negotiate import KNOWN, audio_of, common, payload_map
from tests.call.parts import FakeStream
from tests.fuzz.mutation import main
from tests.sip.torture import CASES

PHONE = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\na=sendrecv\r\n"
    b"m=audio 4000 RTP/AVP 96 9 0 8 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=rtcp:4001 IN IP4 192.0.2.7\r\n"
    b"m=video 4002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\na=inactive\r\n"
)
SDES = PHONE.replace(b"RTP/AVP 96", b"RTP/SAVP 96").replace(
    b"a=ptime",
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20 WSH=64\r\n"
    b"a=crypto:2 AEAD_AES_128_GCM inline:zgJE/swQ3SMPE1MjsH84wlVqKcg3KLB9H0LWFg==\r\na=ptime",
)
DTLS = PHONE.replace(b"RTP/AVP 96", b"UDP/TLS/RTP/SAVPF 96").replace(
    b"a=ptime", b"a=setup:actpass\r\na=fingerprint:sha-256 " + b":".join([b"0A"] * 32) + b"\r\na=ptime"
)
IPV6 = PHONE.replace(b"IP4 192.0.2.7", b"IP6 2001:db8::7").replace(b"RTP/AVP 9", b"RTP/AVPF 9")
CORPUS = [
    PHONE,
    SDES,
    DTLS,
    IPV6,
    *(body for case in CASES if (body := case.data.partition(b"\r\n\r\n")[2]).startswith(b"v=")),
]


def target(data: bytes) -> None:
    """Raises when a promise is broken: nothing but a `PeerError`, and an answer that fits its offer."""
    try:
        session = parse(data)
        audio = audio_of(session)
    except PeerError as error:
        if error.sip_status not in (400, 488):
            raise
        return
    formats = common(audio.formats, KNOWN)
    payload_map(audio.formats, KNOWN)
    if not voice(formats):
        return
    leg = CallLeg("a", stream=FakeStream("a", 10000), host="192.0.2.1", session_id=1, party=Party(""))
    try:
        answer = parse(leg.accept(audio, formats))
    except PeerError as error:
        if error.sip_status != 488:
            raise
        return
    if [media.kind for media in answer.media] != [media.kind for media in session.media]:
        raise AssertionError("the answer has other media lines than the offer")
    again = audio_of(answer)
    if again.formats != formats:
        raise AssertionError("the answer has other formats than were chosen")
    if again.security.way is not audio.security.way:
        raise AssertionError("the answer is encrypted in another way than the offer")


if __name__ == "__main__":
    sys.exit(main("fuzz_sdp", target, CORPUS))
