"""Session descriptions as text (RFC 8866)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.errors import ParseError
from pbx.sip.sdp import parse
from pbx.sip.sdp.format import Format, read_formats, write_format
from pbx.sip.sdp.parse import MAX_BYTES
from tests.sip.sdp_strategies import offers

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
AUDIO = "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"


def outcome(data: bytes) -> int | None:
    """The status of the refusal, None when there is none. Whatever else is raised is a bug."""
    try:
        parse(data)
    except ParseError as error:
        return error.status
    return None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_description_or_a_parse_error(data: bytes) -> None:
    assert outcome(data) in (None, 400, 488)
    assert outcome(b"v=0\r\n" + data) in (None, 400, 488)


@given(offers(), st.integers(0, 400), st.binary(max_size=3))
def test_a_damaged_description_is_one_or_a_parse_error(data: bytes, at: int, junk: bytes) -> None:
    assert outcome(data[:at] + junk + data[at + 1 :]) in (None, 400, 488)


@given(offers())
def test_every_media_line_is_there_in_order(data: bytes) -> None:
    lines = [line[2:].split() for line in data.decode().split("\r\n") if line.startswith("m=")]
    read = [[media.kind, str(media.port), media.protocol, *media.formats] for media in parse(data).media]
    assert read == [[kind, port, protocol.upper(), *formats] for kind, port, protocol, *formats in lines]


def test_the_parts_of_a_description() -> None:
    session = parse((HEAD + "a=sendonly\r\n" + AUDIO + "c=IN IP4 192.0.2.8\r\na=ptime:20\r\n").encode())
    assert (session.origin, session.host) == ("- 1 1 IN IP4 192.0.2.7", "192.0.2.7")
    assert session.attribute("sendonly") == ""
    (media,) = session.media
    assert (media.kind, media.port, media.protocol, media.formats) == (
        "audio",
        4000,
        "RTP/AVP",
        ("0", "8", "101"),
    )
    assert media.host == "192.0.2.8"
    assert media.attribute("ptime") == "20"
    assert media.attribute("sendonly") is None


@pytest.mark.parametrize(
    "text",
    [
        (HEAD + AUDIO).replace("\r\n", "\n"),
        HEAD + AUDIO + "\r\n\r\n",
        (HEAD + AUDIO).removesuffix("\r\n"),
        (HEAD + AUDIO).replace("s=-\r\n", "").replace("t=0 0\r\n", ""),
        HEAD.replace("s=-", "s=Grüße") + AUDIO,
        HEAD + AUDIO.replace("4000", "4000/2"),
        HEAD.replace("192.0.2.7\r\nt", "224.2.1.1/127/3\r\nt") + AUDIO,
    ],
)
def test_what_phones_get_wrong_is_forgiven(text: str) -> None:
    assert parse(text.encode()).media[0].port == 4000


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("\r\n", 400),
        ("v=1\r\n", 400),
        ("o=-\r\nv=0\r\n", 400),
        (HEAD + "m =audio 1 RTP/AVP 0\r\n", 400),
        (HEAD + "hello\r\n", 400),
        (HEAD + "m=audio\r\n", 400),
        (HEAD + "m=audio -1 RTP/AVP 0\r\n", 400),
        (HEAD + "m=audio 65536 RTP/AVP 0\r\n", 400),
        (HEAD + "m=audio 4000 RTP/AVP 0\rx\r\n", 400),
        ("v=0\r\nc=IN IP4\r\n", 400),
        ("v=0\r\nc=ATM X y\r\n", 400),
        (HEAD + "m=audio 4000 RTP/AVP 0\r\n" * 17, 488),
        (HEAD + "m=audio 4000 RTP/AVP" + " 0" * 65 + "\r\n", 488),
        (HEAD + "a=x\r\n" * 257, 488),
        (HEAD + "a=" + "x" * MAX_BYTES, 488),
    ],
)
def test_what_is_wrong_gets_its_status(text: str, status: int) -> None:
    assert outcome(text.encode()) == status


@pytest.mark.parametrize(
    ("number", "rtpmap", "expected"),
    [
        ("0", "", Format(0, "PCMU")),
        ("9", "", Format(9, "G722", 8000)),
        ("96", "96 opus/48000/2", Format(96, "OPUS", 48000, 2)),
        ("101", "101 Telephone-Event/8000", Format(101, "TELEPHONE-EVENT")),
        ("0", "0 PCMU/8000/1", Format(0, "PCMU")),
        ("97", "", None),  # nobody said what it is
        ("97", "97 x/0", None),
        ("97", "97 x/8000/0", None),
        ("97", "97 x/99999999", None),
        ("128", "128 x/8000", None),
        ("٣", "", None),
        ("-1", "", None),
    ],
)
def test_what_a_payload_number_means(number: str, rtpmap: str, expected: Format | None) -> None:
    assert read_formats((number,), [rtpmap] if rtpmap else [], []) == ((expected,) if expected else ())


def test_an_empty_fmtp_is_none() -> None:
    (found,) = read_formats(("0",), [], ["0  "])
    assert found.fmtp is None


def test_a_number_named_twice_is_one_format_and_fmtp_goes_along() -> None:
    (found,) = read_formats(("96", "096", "96"), ["96 opus/48000/2"], ["96 useinbandfec=1 "])
    assert found.fmtp == "useinbandfec=1"
    assert write_format(found) == ["a=rtpmap:96 opus/48000/2", "a=fmtp:96 useinbandfec=1"]
