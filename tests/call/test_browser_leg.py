"""Offers and answers with a browser: what Chromium says, what it is told, and what a restart of ICE changes."""

from __future__ import annotations

import re

import pytest

from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError
from pbx.model.party import Party
from pbx.model.stream import IceCredentials
from pbx.sip.sdp import parse
from pbx.sip.sdp.negotiate import KNOWN, audio_of, common
from pbx.sip.sdp.security import SrtpPolicy, Way
from tests.call.parts import PCMU, FakeStream, sdp
from tests.call.test_encryption import PRINT, PRINT_VALUE, lines, protocol

CHROMIUM = f"""v=0
o=- 4792191368394430617 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 80c257c8
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1853184884 1 udp 2122194687 4a5b.local 38933 typ host generation 0 network-id 3 network-cost 50
a=candidate:2430570464 1 tcp 1518214911 4a5b.local 9 typ host tcptype active generation 0
a=ice-ufrag:VQ07
a=ice-pwd:SJSdru6zL5rQfTojIbrgRwBv
a=ice-options:trickle
a=fingerprint:{PRINT}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=sendrecv
a=msid:80c257c8 cf40ce2d
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:830435670 cname:adBc+sdLFZdmPHuQ
a=ssrc:830435670 msid:80c257c8 cf40ce2d
""".replace("\n", "\r\n").encode()
VIDEO = (
    b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:VQ07\r\na=ice-pwd:SJSdru6zL5rQfTojIbrgRwBv\r\n"
    b"a=mid:1\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"
)
THEIRS = IceCredentials("VQ07", "SJSdru6zL5rQfTojIbrgRwBv")
HOSTS = ("192.0.2.1", "203.0.113.5", "2001:db8::7")


def browser_leg(policy: SrtpPolicy = "optional", **more: object) -> tuple[CallLeg, FakeStream]:
    stream = FakeStream("a", 10000)
    leg = CallLeg(
        "a",
        stream=stream,
        host="192.0.2.1",
        session_id=1,
        party=Party(""),
        srtp=policy,
        browser=True,
        candidates=HOSTS,
        **more,  # type: ignore[arg-type]
    )
    return leg, stream


def answered(leg: CallLeg, offer: bytes) -> bytes:
    session = leg.read(offer)
    return leg.accept(session, common(session.formats, KNOWN))


def replied(setup: str = "active", **changes: str) -> bytes:
    """Chromium's answer to an offer of ours."""
    text = CHROMIUM.decode().replace("a=setup:actpass", f"a=setup:{setup}")
    for old, new in changes.items():
        text = re.sub(
            rf"a={old.replace('_', '-')}:\S+", f"a={old.replace('_', '-')}:{new}" if new else "a=x:x", text
        )
    return text.replace("111 63 9 0 8 13 110 126", "107 9 0 101").replace(
        "a=rtpmap:111 opus", "a=rtpmap:107 opus"
    ).encode()  # fmt: skip


@pytest.mark.parametrize("policy", ["off", "optional", "required"])
def test_a_browser_is_answered_with_ice_dtls_and_one_port_under_any_policy(policy: SrtpPolicy) -> None:
    leg, stream = browser_leg(policy)
    answer = answered(leg, CHROMIUM).decode()
    assert protocol(answer.encode()) == "UDP/TLS/RTP/SAVPF"
    head, _, stream_part = answer.partition("m=audio")
    assert "a=ice-lite\r\n" in head
    assert "a=group:BUNDLE 0\r\n" in head
    for line in ("a=mid:0", "a=rtcp-mux", "a=setup:passive", "a=sendrecv", "a=end-of-candidates"):
        assert f"{line}\r\n" in stream_part
    assert re.findall(r"a=candidate:\d 1 udp (\d+) (\S+) 10000 typ host", answer) == [
        (str((126 << 24) + (65535 - n << 8) + 255), host) for n, host in enumerate(HOSTS)
    ]
    for never in ("extmap", "rtcp-fb", "rtcp:", "ssrc", "red/", "CN/"):
        assert never not in answer
    ((ours, theirs),) = stream.ice_sides
    assert theirs == THEIRS
    assert ours is not None
    assert f"a=ice-ufrag:{ours.ufrag}\r\na=ice-pwd:{ours.password}\r\n" in stream_part
    assert (len(ours.ufrag) >= 4, len(ours.password) >= 22) == (True, True)
    assert [each[:2] for each in stream.handshakes] == [(False, (PRINT_VALUE,))]
    assert stream.remote is not None
    assert stream.remote.rtcp_mux
    assert (stream.remote.send, stream.remote.receive, leg.held) == (True, True, False)


def test_video_is_refused_by_name_and_stays_refused_in_our_offers() -> None:
    leg, _ = browser_leg()
    bundle = CHROMIUM.replace(b"BUNDLE 0", b"BUNDLE 0 1") + VIDEO
    for data in (answered(leg, bundle), leg.offer(leg.receives)):
        assert b"a=group:BUNDLE 0\r\n" in data
        audio, video = parse(data).media
        assert (audio.kind, audio.port, audio.attribute("mid")) == ("audio", 10000, "0")
        assert (video.kind, video.port, video.attribute("mid"), video.protocol) == (
            "video",
            0,
            "1",
            "UDP/TLS/RTP/SAVPF",
        )
    assert "ice-ufrag" not in video.attributes


def test_hold_is_only_what_the_direction_says() -> None:
    leg, stream = browser_leg()
    answered(leg, CHROMIUM)
    answer = answered(leg, CHROMIUM.replace(b"a=sendrecv", b"a=sendonly"))
    held = [leg.held]
    assert b"a=recvonly\r\n" in answer
    answered(leg, CHROMIUM)
    assert [*held, leg.held] == [True, False]
    assert len({each[0] for each in stream.ice_sides}) == 1, "nothing was restarted"


def test_a_restart_of_the_browser_is_joined_with_new_names_of_ours() -> None:
    leg, stream = browser_leg()
    first = lines(answered(leg, CHROMIUM), "ice-ufrag")
    again = lines(answered(leg, CHROMIUM.replace(b"VQ07", b"NEW1")), "ice-ufrag")
    assert first != again
    assert stream.ice_sides[-1][1] == IceCredentials("NEW1", THEIRS.password)
    assert stream.handshakes[0] == stream.handshakes[-1], "the keys stay"
    assert lines(leg.offer(leg.receives), "ice-ufrag") == again


def test_a_browser_that_is_rung_gets_an_offer_that_it_understands() -> None:
    leg, stream = browser_leg("required")
    offer = leg.offer(KNOWN)
    assert protocol(offer) == "UDP/TLS/RTP/SAVPF"
    assert lines(offer, "setup") == ["a=setup:actpass"]
    assert not lines(offer, "crypto")
    for line in (b"a=ice-lite", b"a=group:BUNDLE 0", b"a=mid:0", b"a=rtcp-mux", b"a=end-of-candidates"):
        assert line + b"\r\n" in offer
    ((ours, theirs),) = stream.ice_sides
    assert theirs is None, "it may check before its answer is here"
    leg.take_answer(replied())
    assert stream.ice_sides[-1] == (ours, THEIRS)
    assert stream.handshakes[-1][0] is False
    later = leg.offer(leg.receives)
    assert lines(later, "ice-ufrag") == lines(offer, "ice-ufrag")
    assert protocol(later) == "UDP/TLS/RTP/SAVPF"


@pytest.mark.parametrize(
    "answer", [replied("actpass"), replied(ice_ufrag=""), replied(ice_pwd="short"), replied(fingerprint="")]
)
def test_an_answer_that_leaves_something_out_is_refused(answer: bytes) -> None:
    leg, stream = browser_leg()
    leg.offer(KNOWN)
    with pytest.raises(PeerError) as refused:
        leg.take_answer(answer)
    assert refused.value.sip_status == 488
    assert not stream.handshakes


def test_a_phone_over_websocket_that_is_no_browser_gets_what_others_get() -> None:
    leg, _ = browser_leg()
    leg.offer(KNOWN)
    assert leg.encryption.next_way is Way.PLAIN
    again, stream = browser_leg(insist=Way.PLAIN)
    assert protocol(again.offer(KNOWN)) == "RTP/AVP"
    assert again.encryption.next_way is Way.SDES
    again.take_answer(sdp(PCMU))
    assert not stream.ice_sides


def test_a_leg_that_rings_phones_of_both_kinds_takes_the_answer_of_either() -> None:
    for answer, is_browser in ((replied(), True), (sdp(PCMU), False)):
        stream = FakeStream("a", 10000)
        leg = CallLeg("a", stream=stream, host="192.0.2.1", session_id=1, party=Party(""))
        assert protocol(leg.offer(KNOWN)) == "RTP/AVP"
        assert protocol(leg.offer_to_browser()) == "UDP/TLS/RTP/SAVPF"
        leg.take_answer(answer)
        assert bool(stream.handshakes) is is_browser
        assert (stream.ice_sides[-1] == (None, None)) is not is_browser
        if not is_browser:
            assert stream.secured[-1] == (None, None, False)


def test_another_lite_agent_is_spoken_with_without_ice() -> None:
    lite = CHROMIUM.replace(b"a=extmap-allow-mixed", b"a=ice-lite").replace(b"a=group:BUNDLE 0\r\n", b"")
    assert audio_of(parse(lite.replace(b"c=IN IP4 0.0.0.0", b"c=IN IP4 192.0.2.9"))).ice is None
    with pytest.raises(PeerError):
        audio_of(parse(CHROMIUM.replace(b"a=extmap-allow-mixed", b"a=ice-lite")))
