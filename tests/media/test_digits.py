"""RFC 4733 digits: each told once, whatever the network did to its packets."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.kernels import DigitsProbe
from tests.oracles.digits import Press

Told = list[tuple[int, int]]


def heard(packets: list[tuple[int, bytes]], clock_hz: int = 8000, every_ms: int = 20) -> Told:
    """Everything the probe tells, with the time after the last packet."""
    probe, told = DigitsProbe(), []
    for index, (rtp_ts, payload) in enumerate(packets):
        told.append(probe.receive(payload, rtp_ts, clock_hz, index * every_ms))
    told.append(probe.expire(len(packets) * every_ms + 1000))
    return [each for each in told if each is not None]


def presses(events: list[tuple[int, int]], start: int) -> list[Press]:
    made, rtp_ts = [], start
    for event, duration in events:
        made.append(Press(event, duration, rtp_ts % 2**32))
        rtp_ts += duration + 400
    return made


events = st.lists(st.tuples(st.integers(0, 15), st.integers(161, 4000)), min_size=1, max_size=8)


@given(events, st.integers(0, 2**32 - 1), st.sampled_from([8000, 16000, 48000]))
def test_every_digit_is_told_once_with_its_length(
    pressed: list[tuple[int, int]], start: int, clock_hz: int
) -> None:
    made = presses(pressed, start)
    packets = [packet for press in made for packet in press.packets]
    assert heard(packets, clock_hz) == [press.told(clock_hz) for press in made]


@given(events, st.data())
def test_one_end_of_three_is_enough(pressed: list[tuple[int, int]], data: st.DataObject) -> None:
    made = presses(pressed, 1000)
    kept: list[tuple[int, bytes]] = []
    for press in made:
        body, ends = press.packets[:-3], press.packets[-3:]
        kept += [packet for packet in body if data.draw(st.booleans())]
        kept += ends[: data.draw(st.integers(1, 3))]
    assert heard(kept) == [press.told(8000) for press in made]


def test_a_digit_whose_ends_are_all_lost_is_told_by_the_next_one() -> None:
    first, second = presses([(5, 800), (6, 800)], 1000)
    told = heard(first.packets[:-3] + second.packets)
    assert told == [(5, 80), (6, 100)]


def test_a_digit_whose_ends_are_all_lost_is_told_by_time() -> None:
    (press,) = presses([(7, 800)], 1000)
    probe = DigitsProbe()
    for n, (rtp_ts, payload) in enumerate(press.packets[:-3]):
        probe.receive(payload, rtp_ts, 8000, n * 20)
    assert probe.expire(4 * 20 + 100) is None
    assert probe.expire(4 * 20 + 220) == (7, 80)
    assert probe.expire(9999) is None


def test_a_late_packet_of_an_old_digit_is_not_a_new_digit() -> None:
    first, second = presses([(1, 800), (2, 800)], 5000)
    assert heard(first.packets + second.packets + first.packets[-1:]) == [(1, 100), (2, 100)]


@pytest.mark.parametrize("jump", [-1_000_000, -(2**31) + 5000, 2**31 - 5000, 1_000_000])
def test_digits_go_on_after_the_sender_has_set_its_timestamps_anew(jump: int) -> None:
    """A switch behind one SSRC changes the source: what comes now is no straggler of the digit before."""
    first, second = presses([(1, 800)], 5000) + presses([(2, 800)], 5000 + jump)
    assert heard(first.packets + second.packets + second.packets[-1:]) == [(1, 100), (2, 100)]


def test_a_digit_days_after_the_last_one_is_told() -> None:
    first, second = presses([(1, 800)], 5000) + presses([(2, 800)], 5000 + 80 * 3600 * 8000)
    assert heard(first.packets + second.packets) == [(1, 100), (2, 100)]


def test_a_digit_longer_than_a_segment_is_one_digit() -> None:
    """RFC 4733 2.5.1.3: nine seconds at 8 kHz do not fit 16 bits."""
    (press,) = presses([(3, 72_000)], 2**32 - 30_000)
    assert heard(press.packets) == [(3, 9000)]


@given(st.binary(max_size=8), st.integers(0, 2**32 - 1), st.integers(0, 96_000))
def test_no_payload_confuses_it(payload: bytes, rtp_ts: int, clock_hz: int) -> None:
    told = DigitsProbe().receive(payload, rtp_ts, clock_hz, 5)
    assert told is None or told[0] <= 15


def test_tones_and_flash_are_not_digits() -> None:
    assert heard([(9, struct.pack("!BBH", event, 128, 800)) for event in (16, 32, 66, 255)]) == []
