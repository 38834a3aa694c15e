"""Offers and answers about audio (RFC 3264, RFC 3605, RFC 4733)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pbx.core.errors import PeerError
from pbx.sip.sdp import parse
from pbx.sip.sdp.format import Format
from pbx.sip.sdp.model import SessionDescription
from pbx.sip.sdp.negotiate import (
    DIRECTIONS,
    KNOWN,
    AudioSession,
    Local,
    audio_of,
    common,
    narrowed,
    payload_map,
    write_answer,
    write_offer,
)
from tests.sip.sdp_strategies import offers
from tests.sip.test_sdp_parse import AUDIO, HEAD

LOCAL = Local("192.0.2.1", 10000, 10001, 77, 1)
EVENT = Format(101, "TELEPHONE-EVENT", 8000, 1, "0-15")


def offer(text: str) -> AudioSession:
    return audio_of(parse(text.encode()))


def usable(data: bytes) -> AudioSession:
    try:
        return audio_of(parse(data))
    except PeerError:
        assume(False)
        raise


def shape(session: SessionDescription) -> list[tuple[str, str]]:
    return [(media.kind, media.protocol) for media in session.media]


# -- what always holds -----------------------------------------------------------------------------------------------


@given(offers(), st.sampled_from(DIRECTIONS))
def test_an_answer_has_the_media_lines_of_the_offer_in_order(data: bytes, direction: str) -> None:
    session = usable(data)
    formats = common(session.formats, KNOWN) or session.formats[:1]
    assume(formats)
    answer = parse(write_answer(session, LOCAL, formats, direction))
    assert shape(answer) == shape(parse(data))
    accepted = [index for index, media in enumerate(answer.media) if media.port]
    assert accepted == [session.media_index]
    assert audio_of(answer).formats == formats


@given(offers(), st.sampled_from(DIRECTIONS))
def test_an_answer_never_takes_more_than_was_offered(data: bytes, direction: str) -> None:
    session = usable(data)
    assume(session.formats)
    answer = audio_of(parse(write_answer(session, LOCAL, session.formats, direction)))
    if session.direction in ("recvonly", "inactive"):
        assert answer.direction in ("sendonly", "inactive")
    if session.direction in ("sendonly", "inactive"):
        assert answer.direction in ("recvonly", "inactive")


@given(offers())
def test_what_is_common_keeps_the_offers_order_and_numbers(data: bytes) -> None:
    session = usable(data)
    found = common(session.formats, KNOWN)
    assert [each for each in session.formats if each in found] == list(found)


formats_of_a_phone = st.lists(
    st.builds(
        Format,
        st.integers(0, 127),
        st.sampled_from(["PCMU", "OPUS", "ILBC", "TELEPHONE-EVENT"]),
        st.sampled_from([8000, 48000]),
        st.integers(1, 2),
        st.sampled_from([None, "mode=20", "mode=30"]),
    ),
    max_size=6,
    unique_by=lambda each: each.payload_type,
).map(tuple)


@given(formats_of_a_phone, formats_of_a_phone)
def test_every_target_of_a_payload_map_exists_and_is_the_same_codec(
    left: tuple[Format, ...], right: tuple[Format, ...]
) -> None:
    mapped = payload_map(left, right)
    from_numbers = {each.payload_type: each for each in left}
    to_numbers = {each.payload_type: each for each in right}
    assert mapped.keys() == {
        each.payload_type for each in left if any(each.matches(other) for other in right)
    }
    for source, target in mapped.items():
        assert from_numbers[source].matches(to_numbers[target])


@given(st.lists(st.sampled_from(KNOWN), min_size=1, unique=True), st.sampled_from(DIRECTIONS))
def test_an_offer_of_ours_is_read_back(formats: list[Format], direction: str) -> None:
    session = audio_of(parse(write_offer(LOCAL, tuple(formats), direction, 20)))
    assert session.formats == tuple(formats)
    assert (session.host, session.rtp_port, session.rtcp_port) == ("192.0.2.1", 10000, 10001)
    assert (session.direction, session.ptime_ms) == (direction, 20)


# -- reading ---------------------------------------------------------------------------------------------------------


def test_the_audio_of_an_offer() -> None:
    session = offer(HEAD + "m=video 5000 RTP/AVP 31\r\n" + AUDIO + "a=ptime:30\r\na=rtcp-mux\r\n")
    assert (session.host, session.rtp_port, session.media_index) == ("192.0.2.7", 4000, 1)
    assert (session.rtcp_host, session.rtcp_port, session.rtcp_mux) == ("192.0.2.7", 4001, True)
    assert session.formats == (Format(0, "PCMU"), Format(8, "PCMA"), EVENT)
    assert (session.direction, session.ptime_ms, session.held) == ("sendrecv", 30, False)


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + "m=video 5000 RTP/AVP 31\r\n",
        HEAD + "m=audio 0 RTP/AVP 0\r\n",
        HEAD + "m=audio 4000 RTP/SAVP 0\r\n",
        HEAD + "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n",
    ],
)
def test_without_plain_audio_the_answer_is_488(text: str) -> None:
    with pytest.raises(PeerError) as caught:
        offer(text)
    assert caught.value.sip_status == 488


def test_without_an_address_it_is_400() -> None:
    with pytest.raises(PeerError) as caught:
        offer("v=0\r\nm=audio 4000 RTP/AVP 0\r\n")
    assert caught.value.sip_status == 400


@pytest.mark.parametrize(
    ("lines", "direction", "held"),
    [
        ("", "sendrecv", False),
        ("a=sendonly\r\n", "sendonly", True),
        ("a=inactive\r\n", "inactive", True),
        ("a=recvonly\r\n", "recvonly", False),
        ("c=IN IP4 0.0.0.0\r\n", "sendrecv", True),
        ("c=IN IP6 ::\r\n", "sendrecv", True),
    ],
)
def test_hold_is_seen_the_new_way_and_the_old(lines: str, direction: str, held: bool) -> None:
    session = offer(HEAD + AUDIO + lines)
    assert (session.direction, session.held) == (direction, held)


def test_the_streams_direction_overrules_the_sessions() -> None:
    assert offer(HEAD + "a=inactive\r\n" + AUDIO).direction == "inactive"
    assert offer(HEAD + "a=inactive\r\n" + AUDIO + "a=sendrecv\r\n").direction == "sendrecv"


@pytest.mark.parametrize(
    ("line", "host", "port"),
    [
        ("a=rtcp:5005", "192.0.2.7", 5005),
        ("a=rtcp:5005 IN IP4 192.0.2.9", "192.0.2.9", 5005),
        ("a=rtcp:0", "192.0.2.7", 4001),
        ("a=rtcp:99999", "192.0.2.7", 4001),
        ("a=rtcp:", "192.0.2.7", 4001),
    ],
)
def test_where_rtcp_goes(line: str, host: str, port: int) -> None:
    session = offer(f"{HEAD}{AUDIO}{line}\r\n")
    assert (session.rtcp_host, session.rtcp_port) == (host, port)


# -- choosing --------------------------------------------------------------------------------------------------------


def test_a_codec_is_the_same_under_another_number() -> None:
    assert Format(96, "OPUS", 48000, 2, "stereo=1").matches(Format(107, "OPUS", 48000, 2))
    assert Format(18, "G729", 8000, 1, "annexb=no").matches(Format(18, "G729", 8000))
    assert not Format(97, "ILBC", 8000, 1, "mode=20").matches(Format(97, "ILBC", 8000, 1, "mode=30"))
    assert not Format(9, "G722").matches(Format(9, "G722", 16000))


def test_digits_stay_with_the_clock_of_the_codec() -> None:
    wide = Format(110, "TELEPHONE-EVENT", 48000, 1, "0-16")
    offered = (Format(0, "PCMU"), EVENT, wide)
    assert common(offered, KNOWN) == (Format(0, "PCMU"), EVENT)
    assert common((Format(96, "OPUS", 48000, 2), EVENT), KNOWN)[-1] == EVENT, (
        "one with another clock beats none"
    )


def test_nothing_in_common_is_nothing() -> None:
    assert common((Format(18, "G729"),), KNOWN) == ()
    assert payload_map((Format(18, "G729"),), KNOWN) == {}


def test_numbers_are_translated_both_ways() -> None:
    left, right = (
        (Format(96, "OPUS", 48000, 2), Format(0, "PCMU")),
        (Format(0, "PCMU"), Format(107, "OPUS", 48000, 2)),
    )
    assert payload_map(left, right) == {96: 107, 0: 0}
    assert payload_map(right, left) == {0: 0, 107: 96}


# -- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "wanted", "ours"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "inactive", "inactive"),
    ],
)
def test_our_direction_is_what_the_offer_leaves(offered: str, wanted: str, ours: str) -> None:
    assert narrowed(offered, wanted) == ours


def test_a_refused_line_keeps_its_formats_and_has_port_0() -> None:
    session = offer(HEAD + AUDIO + "m=video 5000 RTP/AVP 31 34\r\n")
    assert b"m=video 0 RTP/AVP 31 34\r\n" in write_answer(session, LOCAL, session.formats)


def test_ipv6_and_an_odd_rtcp_port_are_written() -> None:
    data = write_offer(Local("2001:db8::1", 10000, 10007, 5, 2), KNOWN).decode()
    assert "o=- 5 2 IN IP6 2001:db8::1\r\n" in data
    assert "c=IN IP6 2001:db8::1\r\n" in data
    assert "a=rtcp:10007\r\n" in data
