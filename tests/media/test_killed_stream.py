"""A stream goes on in another engine from what was written down, though nobody handed it over: no SRTP index is used
twice, and the phone, which is libsrtp2, hears one stream."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.leg_handle import packed_state
from pbx.media.engine import MediaEngine
from pbx.media.kept import unpacked_state
from pbx.media.stream import Stream
from tests.media.phone import Phone, eventually
from tests.media.secure_phone import SecurePhone
from tests.media.srtp_samples import GCM_256, SHA1_80
from tests.media.test_relay import opened
from tests.oracles.libsrtp import library

pytestmark = pytest.mark.skipif(library() is None, reason="libsrtp2 is not installed")
MakePhone = Callable[..., Phone]
FIRST, LAST = 29480, 29519
RESERVE = 2048


class Written:
    """The journal: what each stream said last."""

    def __init__(self) -> None:
        self.kept = b""
        self.works = True
        self.times = 0

    def __call__(self, stream: Stream) -> None:
        self.times += 1
        if not self.works:
            raise RuntimeError("the disk is gone")
        self.kept = stream.kept()


async def engine(written: Written) -> MediaEngine:
    media = MediaEngine(
        bind_host="127.0.0.1", port_min=FIRST, port_max=LAST, silence_ms=0, report_s=0.05, keeps=True
    )
    media.on_reserved = written
    await media.start()
    return media


def revived(media: MediaEngine, written: Written) -> Stream:
    stream, start = media.revive_stream(written.kept)
    written.kept = stream.kept()
    start()
    media.echo(stream)
    return stream


class Wire:
    """All that came to the phone, as it came."""

    def __init__(self, a: SecurePhone) -> None:
        self.a = a
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []

    def look(self) -> None:
        self.rtp += [data for data, _, _ in Phone.hear_raw(self.a.phone.rtp)]
        self.rtcp += self.a.phone.hear_rtcp()

    async def talk(self, stream: Stream, packets: int) -> None:
        """As fast as it is echoed."""
        for first in range(0, packets, 50):
            wanted = len(self.rtp) + min(50, packets - first)
            for _ in range(min(50, packets - first)):
                self.a.say(stream.rtp_port)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while len(self.rtp) < wanted:
                        await asyncio.sleep(0.002)
                        self.look()


@pytest.mark.parametrize("profile", [SHA1_80, GCM_256])
async def test_no_index_is_used_twice_over_three_kills(phone: MakePhone, profile: int) -> None:
    """Numbers begin shortly before a roll-over; a reserve is used up on the way, and one engine says nothing at all."""
    written = Written()
    a = SecurePhone(phone(), profile=profile)
    wire = Wire(a)
    one = await engine(written)
    stream = opened(one, a.phone)
    a.key(stream)
    one.echo(stream)
    written.kept = stream.kept()
    await wire.talk(stream, 1500)
    await eventually(lambda: written.times == 1)
    await wire.talk(stream, 200)
    for packets in (30, 0, 1200, 30):
        await one.stop()  # what it still says (a BYE) counts like all else
        wire.look()
        one = await engine(written)
        stream = revived(one, written)
        before = len(wire.rtp)
        await wire.talk(stream, packets)
        assert len(wire.rtp) - before == packets
        assert stream.stats().dropped == 0
    await one.stop()
    wire.look()
    assert len(wire.rtp) == 2960
    assert len(wire.rtcp) > 10

    opens = [a.ears.unprotect(data)[0] for data in wire.rtp]
    assert opens == ["ok"] * len(opens), "libsrtp2 counts along over all engines, and takes no index twice"
    assert {a.ears.unprotect_rtcp(data)[0] for data in wire.rtcp} == {"ok"}
    assert len({data[8:12] for data in wire.rtp}) == 1, "one SSRC"
    numbers = [int.from_bytes(data[2:4], "big") for data in wire.rtp]
    assert len(set(numbers)) == len(numbers)
    steps = [(later - earlier) & 0xFFFF for earlier, later in itertools.pairwise(numbers)]
    assert max(steps) <= 2 * RESERVE


async def test_nothing_is_sent_beyond_what_is_written_down(phone: MakePhone) -> None:
    written = Written()
    written.works = False
    a = SecurePhone(phone())
    wire = Wire(a)
    media = await engine(written)
    try:
        stream = opened(media, a.phone)
        a.key(stream)
        media.echo(stream)
        await wire.talk(stream, RESERVE + 60)
        assert len(wire.rtp) == RESERVE
        assert stream.stats().send_errors >= 60
        assert written.times == 1
    finally:
        await media.stop()


async def test_time_goes_on_where_it_was(phone: MakePhone) -> None:
    """The timestamps of the second engine lie as far ahead as the phone had to wait."""
    written = Written()
    a = phone()
    one = await engine(written)
    stream = opened(one, a)
    one.echo(stream)
    written.kept = stream.kept()
    await a.talk(stream.rtp_port, 60)
    before = await a.hear_some(60)
    await one.stop()
    await asyncio.sleep(0.5)
    two = await engine(written)
    try:
        stream = revived(two, written)
        await a.talk(stream.rtp_port, 5)
        after = await a.hear_some(5)
        assert after[0].marker
        assert not any(packet.marker for packet in after[1:])
        assert after[0].ssrc == before[0].ssrc
        waited = (after[0].rtp_ts - before[-1].rtp_ts) & 0xFFFFFFFF
        assert 8000 * 0.5 < waited < 8000 * 5
        assert (after[0].seq - before[-1].seq) & 0xFFFF <= RESERVE
        assert [packet.rtp_ts - after[0].rtp_ts for packet in after] == [160 * n for n in range(5)]
    finally:
        await two.stop()


@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 1500)), max_size=6))
def test_a_state_is_packed_and_unpacked(parts: list[tuple[bytes, int]]) -> None:
    state = b"".join(part + bytes(zeros) for part, zeros in parts)
    assert unpacked_state(packed_state(state)) == state
    zeros = state.count(bytes(16))
    assert len(packed_state(state)) <= len(state) + len(state) // 4 + 32
    assert zeros < 90 or len(packed_state(state)) < len(state) - zeros * 8


@given(st.binary(max_size=60))
def test_what_is_no_packed_state_is_refused(data: bytes) -> None:
    with suppress(ValueError):
        assert unpacked_state(packed_state(unpacked_state(data))) == unpacked_state(data)


def test_a_state_that_is_cut_is_refused() -> None:
    packed = packed_state(b"12345678" + bytes(200) + b"9")
    for cut in range(len(packed)):
        with pytest.raises(ValueError, match="not a packed state"):
            unpacked_state(packed[:cut])
