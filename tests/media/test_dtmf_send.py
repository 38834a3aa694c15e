"""RFC 4733 digits as they are sent: each packet as the RFC says, and each digit as the receiving side hears it."""

from __future__ import annotations

import struct
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.kernels import DigitsProbe
from media_ext.processing_door import DtmfSendProbe
from tests.oracles.dtmf import event_packets

CLOCKS = (8000, 16000, 48000)
Sent = list[tuple[int, bool, int, bytes]]


def run(
    sender: DtmfSendProbe, clock_hz: int, start: int = 5000, tick_ms: int = 20, ticks: int = 3000
) -> Sent:
    """(tick, marker, rtp_ts, payload) until it is idle."""
    sent: Sent = []
    for tick in range(ticks):
        units = clock_hz * tick_ms // 1000
        packet = sender.tick((start + tick * units) % 2**32, units)
        if packet is not None:
            sent.append((tick, *packet))
        if sender.idle:
            return sent
    raise AssertionError("it never became idle")


def fields(payload: bytes) -> tuple[int, bool, int, int]:
    """event, end, volume, duration."""
    event, flags, duration = struct.unpack("!BBH", payload)
    return event, bool(flags & 0x80), flags & 0x3F, duration


@given(
    st.integers(0, 15),
    st.integers(1, 1300),
    st.sampled_from(CLOCKS),
    st.sampled_from([20, 50]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 63),
)
def test_one_digit_is_sent_as_the_rfc_says(
    event: int, duration_ms: int, clock_hz: int, update_ms: int, start: int, volume: int
) -> None:
    sender = DtmfSendProbe(clock_hz, update_ms, volume)
    assert sender.add(event, duration_ms)
    sent = run(sender, clock_hz, start)
    per_ms = clock_hz // 1000
    wanted = event_packets(event, duration_ms * per_ms, 20 * per_ms, update_ms * per_ms, start, volume)
    assert [(marker, rtp_ts, payload) for _, marker, rtp_ts, payload in sent] == wanted


@pytest.mark.parametrize("clock_hz", CLOCKS)
def test_only_the_first_packet_has_the_marker_and_the_timestamp_stays(clock_hz: int) -> None:
    sender = DtmfSendProbe(clock_hz, 20)
    sender.add(5, 100)
    sent = run(sender, clock_hz)
    assert [marker for _, marker, _, _ in sent] == [True] + [False] * 6
    assert {rtp_ts for _, _, rtp_ts, _ in sent} == {5000}
    durations = [fields(payload)[3] * 1000 // clock_hz for *_, payload in sent]
    assert durations == [20, 40, 60, 80, 100, 100, 100]
    assert [fields(payload)[1] for *_, payload in sent] == [False] * 4 + [True] * 3


def test_updates_of_50_ms_over_ticks_of_20_tell_the_true_length() -> None:
    sender = DtmfSendProbe(8000, 50)
    sender.add(1, 200)
    sent = run(sender, 8000)
    assert [(tick, fields(payload)[3]) for tick, *_, payload in sent] == [
        (0, 160),
        (3, 640),
        (6, 1120),
        (9, 1600),
        (10, 1600),
        (11, 1600),
    ]


digits = st.lists(
    st.tuples(st.integers(0, 15), st.integers(20, 400), st.integers(0, 300)), min_size=1, max_size=10
)


@given(digits, st.sampled_from(CLOCKS), st.sampled_from([20, 50]), st.data())
def test_the_receiving_side_hears_each_digit_once_with_its_length(
    dialled: list[tuple[int, int, int]], clock_hz: int, update_ms: int, data: st.DataObject
) -> None:
    """Whatever is lost, so long as one of the three ends arrives."""
    sender = DtmfSendProbe(clock_hz, update_ms)
    assert all(sender.add(*digit) for digit in dialled)
    receiver, told = DigitsProbe(), []
    ends: Counter[int] = Counter()
    for tick, _, rtp_ts, payload in run(sender, clock_hz):
        ends[rtp_ts] += fields(payload)[1]
        if data.draw(st.booleans()) and not (fields(payload)[1] and ends[rtp_ts] == 2):
            continue
        digit = receiver.receive(payload, rtp_ts, clock_hz, tick * 20)
        told += [digit] if digit else []
    assert told == [(event, duration) for event, duration, _ in dialled]


def test_a_pause_is_kept_and_the_next_digit_waits_for_the_third_end() -> None:
    sender = DtmfSendProbe(8000, 20)
    sender.add(1, 100, 100)
    sender.add(2, 100, 0)
    sender.add(3, 100, 0)
    starts = [tick for tick, marker, _, _ in run(sender, 8000) if marker]
    assert starts == [0, 10, 17]


def test_a_digit_longer_than_a_segment_goes_on_under_a_new_timestamp() -> None:
    """RFC 4733 2.5.1.3: three seconds at 48 kHz."""
    sender = DtmfSendProbe(48000, 50)
    sender.add(7, 3000)
    sent = run(sender, 48000, start=2**32 - 70_000)
    stamps = list(dict.fromkeys(rtp_ts for _, _, rtp_ts, _ in sent))
    assert stamps == [2**32 - 70_000, 2**32 - 70_000 + 0xFFFF, (2**32 - 70_000 + 2 * 0xFFFF) % 2**32]
    assert sum(marker for _, marker, _, _ in sent) == 1
    receiver, told = DigitsProbe(), []
    for tick, _, rtp_ts, payload in sent:
        digit = receiver.receive(payload, rtp_ts, 48000, tick * 20)
        told += [digit] if digit else []
    assert told == [(7, 3000)]


def test_sound_is_left_out_only_while_the_digit_lasts() -> None:
    sender = DtmfSendProbe(8000, 20)
    assert not sender.sending
    sender.add(1, 100)
    sending = []
    for tick in range(8):
        sender.tick(160 * tick, 160)
        sending.append(sender.sending)
    assert sending == [True] * 4 + [False] * 4


def test_what_cannot_be_sent_is_refused() -> None:
    sender = DtmfSendProbe()
    assert not sender.add(16, 100)
    assert not sender.add(1, 0)
    assert not sender.add(1, 600_001)
    assert not sender.add(1, 100, -1)
    assert all(sender.add(1, 100) for _ in range(64))
    assert not sender.add(1, 100), "the queue is full"
    assert sender.tick(0, 160) is not None
    assert sender.add(2, 100), "and has a place again"


def test_an_idle_sender_sends_nothing() -> None:
    sender = DtmfSendProbe()
    assert sender.idle
    assert sender.tick(0, 160) is None
