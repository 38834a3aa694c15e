"""The checker of RTP streams finds each fault that it is there for, and none in a good stream."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.rtcp import Block, Report, bye, chunk, sdes
from tests.oracles.rtcp_checker import interval_faults, read, wanted_block
from tests.oracles.rtp_checker import Captured, Codec, assert_one_stream, check, opus_units

SSRC = 0x0BE11
NTP_1970 = 2_208_988_800


def rtp(
    n: int, *, at: float | None = None, seq: int | None = None, ts: int | None = None, **other: int
) -> Captured:
    """Packet n of a stream of 20 ms PCMU that begins just before everything wraps."""
    second = other.get("pt", 0) | (0x80 if other.get("marker", n == 0) else 0)
    number = 65530 + n if seq is None else seq
    stamp = 2**32 - 400 + 160 * n if ts is None else ts
    head = struct.pack("!BBHII", 0x80, second, number % 65536, stamp % 2**32, other.get("ssrc", SSRC))
    return Captured(10 + 0.02 * n if at is None else at, head + b"\xff" * other.get("size", 160))


def stream(packets: int = 12) -> list[Captured]:
    return [rtp(n) for n in range(packets)]


def report(
    n: int, *, packets: int | None = None, off: int = 0, octets: int = 0, ssrc: int = SSRC
) -> Captured:
    """Sender report right after packet n."""
    at = 10 + 0.02 * n + 0.001
    count = n + 1 if packets is None else packets
    sent = (
        NTP_1970 + int(at),
        int(at % 1 * 2**32),
        (2**32 - 400 + 160 * n + off) % 2**32,
        count,
        160 * count + octets,
    )
    return Captured(at, Report(ssrc, sent).write() + sdes(ssrc, b"node"))


def test_a_good_stream_has_no_fault() -> None:
    verdict = assert_one_stream([*stream(), report(4), report(11)])
    assert (len(verdict.packets), len(verdict.reports), verdict.talkspurts, verdict.lost) == (12, 2, 1, 0)


def swapped(packets: list[Captured]) -> list[Captured]:
    return [*packets[:4], rtp(5, at=packets[4].at), rtp(4, at=packets[5].at), *packets[6:]]


FAULTS: list[tuple[str, Callable[[list[Captured]], list[Captured]], str]] = [
    ("ssrc", lambda p: [*p[:6], *(rtp(n, ssrc=7) for n in range(6, 12))], "SSRC"),
    ("lost", lambda p: p[:5] + p[6:], "sequence 65534 is followed by 0"),
    ("twice", lambda p: [*p[:5], rtp(4, at=p[4].at + 0.001), *p[5:]], "is followed by 65534"),
    ("swapped", swapped, "sequence 65533 is followed by 65535"),
    ("restarted", lambda p: [*p, *(rtp(n, seq=n) for n in range(12, 16))], "sequence 5 is followed by 12"),
    (
        "stands",
        lambda p: [*p[:5], *(rtp(n, ts=2**32 - 400 + 160 * 4) for n in (5, 6))],
        "timestamp goes from",
    ),
    (
        "too-slow",
        lambda p: [*p[:5], *(rtp(n, ts=160 * n - 480) for n in range(5, 9))],
        "though 1 packets last 160",
    ),
    ("back", lambda p: [*p[:5], rtp(5, ts=1)], "timestamp goes from"),
    ("no-marker", lambda p: [*p[:5], rtp(5, at=p[5].at + 0.1, ts=400 + 800)], "pause of 800 units"),
    ("unmarked-start", lambda p: [rtp(0, marker=0), *p[1:]], "has no marker"),
    ("late", lambda p: [*p, *(rtp(n, at=14 + 0.02 * n) for n in range(12, 16))], "4000 ms behind the clock"),
    ("payload-type", lambda p: [*p, rtp(12, pt=77)], "payload type 77"),
    ("not-rtp", lambda p: [*p, Captured(11, b"hello, hello, hello")], "not RTP"),
    ("report-counts", lambda p: [*p, report(5, packets=9)], "counts 9 packets where 6 were seen"),
    ("report-octets", lambda p: [*p, report(5, octets=1)], "octets"),
    ("report-clock", lambda p: [*p, report(5, off=8000)], "999 ms off"),
    ("report-ssrc", lambda p: [*p, report(5, ssrc=9)], "which sends no RTP"),
    ("report-back", lambda p: [*p, report(5), report(7, packets=5)], "goes back"),
    ("no-cname", lambda p: [*p, Captured(10.1, Report(SSRC).write())], "CNAME"),
    ("no-report", lambda p: [*p, Captured(10.1, sdes(SSRC, b"node"))], "begins with a report"),
    (
        "early-bye",
        lambda p: [*p, Captured(10.1, Report(SSRC).write() + bye(SSRC) + sdes(SSRC, b"node"))],
        "BYE comes last",
    ),
    (
        "bye-goes-on",
        lambda p: [*p, Captured(10.1, Report(SSRC).write() + sdes(SSRC, b"node") + bye(SSRC)), report(9)],
        "is not the last",
    ),
    ("cut", lambda p: [*p, Captured(10.1, Report(SSRC).write()[:-2])], "no RTCP packet"),
]


@pytest.mark.parametrize(("spoil", "words"), [each[1:] for each in FAULTS], ids=[each[0] for each in FAULTS])
def test_each_fault_is_found(spoil: Callable[[list[Captured]], list[Captured]], words: str) -> None:
    faults = check(spoil(stream())).faults
    assert any(words in fault for fault in faults), faults


def test_what_the_caller_allows_is_no_fault() -> None:
    assert check(stream()[:5] + stream()[7:], loss=True).faults == []
    assert check(swapped(stream()), reorder=True).faults == []
    assert check([rtp(0, marker=0), *stream()[1:]], markers=False).faults == []
    assert check([rtp(n, at=10 + n * 0.001) for n in range(100)], slack_s=None).faults == []
    paused = [*stream(5), rtp(5, at=10.2, ts=400 + 800, marker=1)]
    assert check(paused).faults == []


def test_a_digit_keeps_its_timestamp_and_has_one_marker() -> None:
    start = 2**32 - 400 + 160 * 3
    digit = [rtp(n, ts=start, pt=101, size=4, marker=int(n == 3)) for n in range(3, 9)]
    after = [rtp(n, marker=int(n == 9)) for n in range(9, 12)]
    assert check([*stream(3), *digit, *after]).faults == []
    marked = [*digit[:2], rtp(5, ts=start, pt=101, size=4, marker=1), *digit[3:]]
    assert check([*stream(3), *marked, *after]).faults == ["packet 5: a marker in the middle of a digit"]
    unmarked = [rtp(3, ts=start, pt=101, size=4, marker=0), *digit[1:]]
    assert check([*stream(3), *unmarked, *after]).faults == ["packet 3: a digit begins without a marker"]


@pytest.mark.parametrize(
    ("first", "units"),
    [
        (b"\x78\0", 960),
        (b"\xf8\0", 960),
        (b"\x80\0", 120),
        (b"\x79\0", 1920),
        (b"\x7b\x03", 2880),
        (b"", None),
    ],
)
def test_opus_frames_tell_how_long_they_last(first: bytes, units: int | None) -> None:
    """RFC 6716 3.1: table 2."""
    assert opus_units(first) == units


def test_codecs_count_in_their_own_clock() -> None:
    assert Codec("G722").units(b"\0" * 160) == 160
    assert Codec("L16", 16000).units(b"\0" * 640) == 320
    assert Codec("L16", 44100, 2).units(b"\0" * 4) == 1
    assert Codec("ILBC").units(b"\0" * 38) is None


def test_report_intervals_are_those_of_the_rfc() -> None:
    reports = [read(at, report(0).data) for at in (0.0, 2.2, 8.2, 12.0)]
    assert interval_faults(reports) == []
    assert len(interval_faults([reports[0], read(1.0, report(0).data), read(9.0, report(0).data)])) == 2


def test_a_block_is_read_with_its_sign() -> None:
    block = Block(5, 3, -2 & 0xFFFFFF, 0x10007, 11, 12, 13)
    told = read(0, Report(SSRC, None, [block]).write() + sdes(SSRC, b"x") + bye(SSRC))
    assert (told.blocks, told.bye, told.cname) == ([Block(5, 3, -2, 0x10007, 11, 12, 13)], True, b"x")


@given(st.lists(st.booleans(), min_size=2, max_size=60), st.integers(0, 65535))
def test_a_wanted_block_counts_what_is_missing(came: list[bool], first: int) -> None:
    numbers = [(first + n) % 65536 for n, here in enumerate([True, *came, True]) if here]
    block = wanted_block(1, [(0.02 * n, seq, 160 * n) for n, seq in enumerate(numbers)], 8000)
    assert block.lost == came.count(False)
    assert block.fraction == 256 * came.count(False) // (len(came) + 2)
    assert block.highest == first + len(came) + 1


def test_unknown_rtcp_is_refused() -> None:
    assert check([*stream(), Captured(10.1, chunk(208, 0, b""))]).faults
