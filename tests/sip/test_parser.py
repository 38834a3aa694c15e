"""The parser: what it reads, what it refuses and with which status, and what it never does."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.errors import ParseError
from pbx.sip.headers import canonical
from pbx.sip.message import Request, Response
from pbx.sip.parser import MAX_LINE_CHARS, MAX_MESSAGE_BYTES, parse
from tests.sip.samples import text
from tests.sip.strategies import messages, mutated


def request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def outcome(data: bytes) -> int | None:
    """The status of the refusal, None when there is none. Whatever else is raised is a bug."""
    try:
        parse(data)
    except ParseError as error:
        return error.status
    return None


def refused(data: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(data)
    return caught.value


@given(messages)
def test_what_is_written_is_read_back(message: Request | Response) -> None:
    assert parse(message.encode()) == message


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_parse_error(data: bytes) -> None:
    status = outcome(data)
    assert status is None or 400 <= status < 600


@given(mutated())
def test_a_damaged_message_is_a_message_or_a_parse_error(data: bytes) -> None:
    status = outcome(data)
    if status is not None:
        assert 400 <= status < 600
        return
    message = parse(data)
    written = message.encode()
    assert parse(written) == message
    _ = (message.via, message.from_tag, message.to_tag, message.call_id, message.cseq)


@given(mutated())
def test_no_header_can_break_out_of_its_line(data: bytes) -> None:
    if outcome(data) is not None:
        return
    message = parse(data)
    for name, value in message.headers.items():
        assert not set(f"{name}{value}") & {"\r", "\n"}


@pytest.mark.parametrize("short", ["v", "V", "via", "VIA", "Via"])
def test_compact_and_odd_spellings_are_one_name(short: str) -> None:
    data = text("OPTIONS").replace(b"Via:", short.encode() + b" :")
    assert request(data).via.host == "192.0.2.7"


def test_an_unknown_name_has_one_spelling() -> None:
    assert canonical("x-own-HEADER") == canonical("X-OWN-header") == "X-Own-Header"


def test_vias_in_one_line_are_split_and_keep_their_order() -> None:
    data = text("OPTIONS").replace(
        b"Max-Forwards", b"Via: SIP/2.0/TCP b.test ,SIP/2.0/UDP c.test\r\nMax-Forwards"
    )
    assert [value.split()[1].partition(";")[0] for value in request(data).headers.all("Via")] == [
        "192.0.2.7:5062",
        "b.test",
        "c.test",
    ]


def test_a_folded_header_is_one_line() -> None:
    assert request(text("OPTIONS", extra="Subject: a\r\n\t b\r\n  c\r\n")).headers.get("Subject") == "a b c"


def test_bare_line_feeds_are_forgiven() -> None:
    assert request(text("OPTIONS").replace(b"\r\n", b"\n")).method == "OPTIONS"


def test_line_ends_before_a_message_are_skipped() -> None:
    assert request(b"\r\n\r\n" + text("OPTIONS")).method == "OPTIONS"


def test_a_latin_1_name_is_read_as_what_was_meant() -> None:
    data = text("OPTIONS").replace(b'"Alice"', '"Jürgen"'.encode("latin-1"))
    assert request(data).from_.display == "Jürgen"


def test_text_is_fit_for_files_and_json_whatever_came() -> None:
    data = text("OPTIONS", extra="User-Agent: \xff\xfe\r\n").replace(b'"Alice"', b'"\xed\xa0\x80\xff"')
    assert request(data).encode().decode()


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"SIP/2.0\r\n", b"SIP/3.0\r\n", 505),
        (b"Max-Forwards: 70", b"Max-Forwards: 256", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: \xd9\xa3", 400),
        (b"Content-Length: 0", b"Content-Length: +0", 400),
        (b"Content-Length: 0", b"Content-Length: 1", 400),
        (b"CSeq: 1 OPTIONS", b"CSeq: 2147483648 OPTIONS", 400),
        (b"CSeq: 1 OPTIONS", b"CSeq: 1 INVITE", 400),
        (b"Call-ID: call-1@192.0.2.7", b"Call-ID: ", 400),
        (b"Call-ID: call-1@192.0.2.7", b"Call-ID: a\r\nCall-ID: b", 400),
        (b"tag=alice1", b"tag=alice1;tag=alice2", 400),
        (b"Max-Forwards:", b"Max Forwards:", 400),
        (b"Max-Forwards: 70", b"Subject: a\0b", 400),
        (b"Max-Forwards: 70", b"Subject: a\rb", 400),
        (b"SIP/2.0/UDP 192.0.2.7:5062", b"SIP/2.0/UDP 192.0.2.7:65536", 400),
        (b"sip:102@192.0.2.1 SIP", b"sip:102@192.0.2.1?Route=x SIP", 400),
        (b"sip:102@192.0.2.1 SIP", b"sip:\xc3\xa9@192.0.2.1 SIP", 400),
        (b"sip:102@192.0.2.1 SIP", b"sip:102@192.0.2.1 " + b"x" * MAX_LINE_CHARS + b" SIP", 414),
        (b"Max-Forwards: 70", b"Subject: " + b"x" * MAX_LINE_CHARS, 513),
    ],
)
def test_what_is_wrong_gets_its_status(old: bytes, new: bytes, status: int) -> None:
    data = text("OPTIONS")
    assert data.count(old) == 1
    assert refused(data.replace(old, new)).status == status


def test_too_much_is_refused_before_it_costs_anything() -> None:
    assert refused(text("OPTIONS", extra="a: b\r\n" * 600)).status == 513
    assert refused(text("OPTIONS") + bytes(MAX_MESSAGE_BYTES)).status == 513


@pytest.mark.parametrize(
    "line",
    [
        b"Via: SIP/2.0/UDP h" + b" " * 8000 + b"x",
        b"Via: SIP/2.0/UDP h" + b";a" * 4000 + b" <",
        b'Contact: "' + b"\\a" * 4000,
        b"Contact: " + b"a " * 4000 + b"<",
        b"Contact: " + b"<sip:a@b>," * 800 + b";",
        b"Subject: " + b"\\" * 8000 + b"\0",
        b"Subject: x" + b"\r\n y" * 500,
        b"OPTIONS" + b" " * 8000 + b"x",
    ],
    ids=lambda line: line[:20].decode(),
)
def test_nothing_takes_long_to_refuse(line: bytes) -> None:
    data = text("OPTIONS").replace(b"Via:", line + b"\r\nVia:")  # at the top, where it is read
    if line.startswith(b"OPTIONS"):
        data = line + data[7:]
    began = time.process_time()
    with contextlib.suppress(ParseError):
        _ = parse(data).contacts
    assert time.process_time() - began < 1.0


def test_a_refusal_carries_what_could_be_read() -> None:
    partial = refused(text("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: x")).partial
    assert isinstance(partial, Request)
    assert partial.call_id == "call-1@192.0.2.7"


def test_a_view_follows_its_header() -> None:
    message = request(text("OPTIONS"))
    assert message.to_tag is None
    message.headers.set("To", "<sip:102@192.0.2.1>;tag=b")
    assert message.to_tag == "b"
