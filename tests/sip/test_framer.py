"""Messages out of a byte stream, however it is cut (RFC 3261 18.3, RFC 5626 4.4.1)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.errors import ParseError
from pbx.sip.framer import MAX_HEAD_BYTES, KeepAlive, StreamFramer
from pbx.sip.message import Request, Response
from tests.sip.samples import SDP, text
from tests.sip.strategies import messages, mutated

Item = Request | Response | KeepAlive


def fed(pieces: list[bytes]) -> tuple[list[Item], int]:
    """What comes out, and the status of the error that ends it, 0 for none."""
    framer = StreamFramer()
    found: list[Item] = []
    for piece in pieces:
        try:
            found += framer.feed(piece)
        except ParseError as error:
            return found, error.status
    return found, framer.error.status if framer.error is not None else 0


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(marks)]


@given(st.lists(messages, min_size=1, max_size=3), st.lists(st.integers(0, 5000), max_size=8))
def test_the_same_messages_come_out_however_the_stream_is_cut(
    several: list[Request | Response], places: list[int]
) -> None:
    data = b"".join(message.encode() for message in several)
    found, status = fed(cut(data, places))
    assert status == 0
    assert found == several


@given(st.lists(mutated(), min_size=1, max_size=3), st.lists(st.integers(0, 5000), max_size=8))
def test_a_damaged_stream_ends_the_same_way_however_it_is_cut(
    several: list[bytes], places: list[int]
) -> None:
    data = b"".join(several)
    assert fed(cut(data, places)) == fed([data])


def test_byte_by_byte_is_enough() -> None:
    data = text("INVITE", body=SDP) + b"\r\n\r\n" + text("BYE")
    found, _ = fed([bytes([byte]) for byte in data])
    assert [type(each) for each in found] == [Request, KeepAlive, Request]


def test_a_whole_message_before_a_bad_one_is_given_out_and_then_the_error_stands() -> None:
    framer = StreamFramer()
    (message,) = framer.feed(text("OPTIONS") + b"nonsense\r\n\r\n" + text("BYE"))
    assert isinstance(message, Request)
    assert framer.error is not None
    with pytest.raises(ParseError):
        framer.feed(b"")


def test_a_pong_is_no_keepalive() -> None:
    found, _ = fed([b"\r\n" + text("OPTIONS")])
    assert [type(each) for each in found] == [Request]


def test_every_ping_is_seen() -> None:
    assert fed([b"\r\n\r\n" * 3])[0] == [KeepAlive()] * 3


def test_an_endless_head_is_cut() -> None:
    framer = StreamFramer()
    for _ in range(MAX_HEAD_BYTES // 1000):
        assert framer.feed(b"x" * 1000) == []
    with pytest.raises(ParseError) as caught:
        framer.feed(b"x" * 1000)
    assert caught.value.status == 513


def test_a_body_that_would_be_too_long_is_refused_at_once() -> None:
    data = text("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: 70000")
    assert fed([data]) == ([], 513)


def test_without_a_length_a_stream_cannot_go_on() -> None:
    data = text("OPTIONS").replace(b"Content-Length: 0\r\n", b"")
    framer = StreamFramer()
    with pytest.raises(ParseError) as caught:
        framer.feed(data)
    assert caught.value.status == 400
    assert isinstance(caught.value.partial, Request), "so that it can be answered"


def test_unfinished_says_whether_the_peer_owes_bytes() -> None:
    framer = StreamFramer()
    data = text("INVITE", body=SDP)
    for piece, owed in ((data[:30], True), (data[30:-5], True), (data[-5:], False)):
        framer.feed(piece)
        assert framer.unfinished is owed
