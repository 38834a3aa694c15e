"""RTCP that crosses the node: the kernels against an oracle, then reports between two real sockets."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.kernels import is_valid_rtcp, read_rtcp, translate_rtcp
from tests.oracles.rtcp import Block, Report, Translation, bye, chunk, sdes, translated

u32 = st.integers(0, 2**32 - 1)
HEARD = 0xABCD0001
CNAME = b"a+name/of+16/byt"

translations: st.SearchStrategy[Translation] = st.fixed_dictionaries(
    {
        "sender_ssrc": u32,
        "cname": st.just(CNAME),
        "in_step": st.booleans(),
        "ts_offset": u32,
        "packets": st.integers(0, 2**40),
        "payload_bytes": st.integers(0, 2**40),
        "heard_ssrc": st.just(HEARD),
        "heard_in_step": st.booleans(),
        "origin_ssrc": u32,
        "seq_offset": st.integers(0, 0xFFFF),
        "origin_max": u32,
    }
)  # type: ignore[assignment]  # hypothesis types the values of a fixed dictionary as one union
blocks = st.builds(
    Block, st.just(HEARD) | u32, st.integers(0, 255), st.integers(0, 2**23), u32, u32, u32, u32
)
reports = st.builds(Report, u32, st.none() | st.tuples(u32, u32, u32, u32, u32), st.lists(blocks, max_size=5))


@given(reports, translations)
def test_reports_are_translated_as_the_oracle_does(report: Report, t: Translation) -> None:
    assert translate_rtcp(report.write(), t) == told_as(report, t)


def told_as(report: Report, t: Translation) -> bytes:
    return translated(report, t).write() + sdes(t["sender_ssrc"], CNAME)


@given(reports, translations, st.binary(min_size=1, max_size=30), st.integers(1, 3))
def test_a_compound_gets_our_cname_and_loses_its_bye(
    report: Report, t: Translation, cname: bytes, times: int
) -> None:
    """One SSRC has one CNAME (RFC 3550 6.5.1), whoever is heard under it."""
    data = report.write() + sdes(report.ssrc, cname) * times + bye(report.ssrc)
    assert translate_rtcp(data, t) == told_as(report, t)


@given(reports, translations)
def test_feedback_about_packets_and_extended_reports_are_not_passed(report: Report, t: Translation) -> None:
    nack = chunk(205, 1, struct.pack("!III", 1, HEARD, 0))
    extended = chunk(207, 0, struct.pack("!II", 1, 0))
    assert translate_rtcp(report.write() + nack + extended, t) == told_as(report, t)


@given(translations)
def test_codec_feedback_reaches_the_origin(t: Translation) -> None:
    told = translate_rtcp(chunk(206, 1, struct.pack("!II", 1, HEARD)), t)
    wanted = (
        chunk(206, 1, struct.pack("!II", t["sender_ssrc"], t["origin_ssrc"])) if t["heard_in_step"] else b""
    )
    assert told == wanted


@given(
    st.binary(max_size=120) | st.builds(lambda r, cut: r.write()[:cut], reports, st.integers(0, 160)),
    translations,
)
def test_what_is_accepted_grows_by_no_more_than_a_cname(data: bytes, t: Translation) -> None:
    if is_valid_rtcp(data):
        assert len(translate_rtcp(data, t)) <= len(data) + 28
        read_rtcp(data, HEARD)


@pytest.mark.parametrize(
    ("data", "valid"),
    [
        (Report(1).write(), True),
        (Report(1).write()[:7], False),
        (Report(1).write() + b"\0", False),
        (b"\x81" + Report(1).write()[1:], False),
        (chunk(206, 1, struct.pack("!II", 1, 2)), True),
        (Report(1).write() + b"\x80\xca\0\0", True),
        (Report(1).write() + b"\x80\xca\0\1", False),
        (b"\x80\x08" + Report(1).write()[2:], False),
        (b"\xa0" + Report(1).write()[1:] + bye(1), False),
    ],
    ids=["rr", "short", "tail", "no-block", "reduced", "empty-sdes", "length", "rtp", "padding-in-front"],
)
def test_rtcp_is_checked_before_it_is_read(data: bytes, valid: bool) -> None:
    assert is_valid_rtcp(data) is valid


@given(reports)
def test_our_own_figures_are_read(report: Report) -> None:
    ntp, about_us = read_rtcp(report.write(), HEARD)
    assert ntp == ((report.sender[0] & 0xFFFF) << 16 | report.sender[1] >> 16 if report.sender else None)
    ours = [block for block in report.blocks if block.ssrc == HEARD]
    if ours:
        last = ours[-1]
        assert about_us == (last.last_report, last.delay, last.fraction, last.jitter)
    else:
        assert about_us is None
