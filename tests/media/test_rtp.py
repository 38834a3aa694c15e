"""The RTP kernels against slow oracles."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.kernels import SenderProbe, classify, parse_rtp
from tests.oracles import rtp as oracle

ARRIVALS = ("new", "late", "duplicate", "restart", "suspect")
seqs = st.integers(0, 0xFFFF)


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """Mostly well-formed: random flags over random bytes of about the right length."""
    first = 0x80 | draw(st.integers(0, 0x3F))
    head = struct.pack(
        "!BBHII", first, draw(st.integers(0, 255)), draw(seqs), draw(st.integers(0, 2**32 - 1)), 7
    )
    body = b"\0" * (4 * draw(st.integers(0, 15)))
    if first & 0x10:
        body += struct.pack("!HH", 1, draw(st.integers(0, 6))) + b"x" * 4 * draw(st.integers(0, 6))
    return head + body + draw(st.binary(max_size=200))


@given(packets() | st.binary(max_size=64))
def test_parser_agrees_with_the_oracle(data: bytes) -> None:
    assert parse_rtp(data) == oracle.parse(data)


@given(packets(), st.integers(0, 300))
def test_parser_agrees_on_truncated_packets(data: bytes, length: int) -> None:
    assert parse_rtp(data[:length]) == oracle.parse(data[:length])


@pytest.mark.parametrize("second", range(256))
def test_rtcp_is_told_from_rtp_by_the_second_byte(second: int) -> None:
    """RFC 5761 4."""
    assert classify(bytes([0x80, second]) + bytes(10)) == ("rtcp" if 192 <= second <= 223 else "rtp")


@pytest.mark.parametrize("first", [0, 3, 20, 63, 64, 127, 192, 255])
def test_stun_and_dtls_are_neither(first: int) -> None:
    """RFC 7983: RTP and RTCP start with 128-191."""
    assert classify(bytes([first, 200]) + bytes(10)) == "other"


@st.composite
def walks(draw: st.DrawFn) -> list[tuple[int, int]]:
    """(ssrc, seq) as networks and phones produce them: mostly forward, sometimes late, doubled, restarted."""
    seq, ssrc, walk = draw(seqs), 1, []
    steps = st.sampled_from([1] * 12 + [0, 2, 5, -1, -3, -70, -99, -100, 99, 2999, 3000, -3000, 20000])
    for step in draw(st.lists(steps, max_size=120)):
        if step == 20000 and draw(st.booleans()):
            ssrc += 1
        seq = (seq + step) % 0x10000
        walk.append((ssrc, seq))
    return walk


@given(walks())
def test_sequence_counting_agrees_with_the_oracle(walk: list[tuple[int, int]]) -> None:
    probe, slow = SenderProbe(), oracle.Sender()
    for ssrc, seq in walk:
        assert ARRIVALS[probe.receive(ssrc, seq)] == slow.receive(ssrc, seq), (ssrc, seq)
        assert (probe.expected, probe.received) == (slow.expected, slow.received)


def test_loss_is_counted_over_wraps() -> None:
    probe = SenderProbe()
    sent = [n % 0x10000 for n in range(65000, 65000 + 200_000)]
    kept = [seq for n, seq in enumerate(sent) if n % 10]
    for seq in (sent[0], *kept):
        probe.receive(1, seq)
    assert probe.expected - probe.received == 200_000 // 10 - 1


def test_a_jump_needs_two_packets_in_order() -> None:
    probe = SenderProbe()
    answers = [ARRIVALS[probe.receive(1, seq)] for seq in (10, 11, 40000, 12, 30000, 30001, 30002)]
    assert answers == ["restart", "new", "suspect", "new", "suspect", "restart", "new"]


@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, 4)), min_size=2, max_size=80),
    st.sampled_from([8000, 16000, 48000]),
)
def test_jitter_agrees_with_exact_arithmetic(steps: list[tuple[int, int]], clock_hz: int) -> None:
    """Within the rounding of RFC 3550 A.8's integers: a unit for each of the two roundings, decayed over 16."""
    probe, arrivals, at_us, rtp_ts, q4 = SenderProbe(), [], 0, 0, 0
    for step_us, frames in steps:
        at_us += step_us
        rtp_ts += frames * clock_hz // 50
        q4 = probe.arrive(rtp_ts, clock_hz, at_us * 1000)
        arrivals.append((Fraction(at_us, 1_000_000), rtp_ts))
    assert abs(q4 / 16 - float(oracle.jitter(arrivals, clock_hz))) <= 2.0


def test_steady_arrivals_have_no_jitter() -> None:
    probe = SenderProbe()
    assert [probe.arrive(160 * n, 8000, 20_000_000 * n) for n in range(50)][-1] == 0
