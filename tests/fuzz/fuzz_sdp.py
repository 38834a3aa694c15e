"""Damaged session descriptions into parser and negotiation: `python -m tests.fuzz.fuzz_sdp --seconds 60`."""

from __future__ import annotations

import sys

from pbx.core.errors import PeerError
from pbx.sip.sdp import parse
from pbx.sip.sdp.negotiate import KNOWN, Local, audio_of, common, payload_map, write_answer
from tests.fuzz.mutation import main
from tests.sip.torture import CASES

PHONE = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\na=sendrecv\r\n"
    b"m=audio 4000 RTP/AVP 96 9 0 8 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=rtcp:4001 IN IP4 192.0.2.7\r\n"
    b"m=video 4002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\na=inactive\r\n"
)
IPV6 = PHONE.replace(b"IP4 192.0.2.7", b"IP6 2001:db8::7").replace(b"RTP/AVP 9", b"RTP/AVPF 9")
CORPUS = [
    PHONE,
    IPV6,
    *(body for case in CASES if (body := case.data.partition(b"\r\n\r\n")[2]).startswith(b"v=")),
]
LOCAL = Local("192.0.2.1", 10000, 10001, 1, 1)


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
    if not formats:
        return
    answer = parse(write_answer(audio, LOCAL, formats))
    if [media.kind for media in answer.media] != [media.kind for media in session.media]:
        raise AssertionError("the answer has other media lines than the offer")
    if audio_of(answer).formats != formats:
        raise AssertionError("the answer has other formats than were chosen")


if __name__ == "__main__":
    sys.exit(main("fuzz_sdp", target, CORPUS))
