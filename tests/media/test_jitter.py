"""The jitter buffer: in order, once, in time, and no later than the network makes necessary."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.processing_door import JitterProbe, PlcProbe
from tests.oracles.jitter import Packet, best_delay_ms, stream

Answer = tuple[str, int, bytes | None, int | None]
SILENT_FROM = 40  # of each 50 ticks


def play(
    packets: list[Packet],
    buffer: JitterProbe,
    *,
    ticks: int | None = None,
    silences: bool = True,
) -> list[list[Answer]]:
    """Every tick of 20 ms until the last packet is through; silence is decoded in a fifth of them, if at all."""
    waiting = sorted(packets, key=lambda packet: packet.at_ms)
    count = ticks or int((waiting[-1].at_ms - 1000) / 20) + 25
    answers: list[list[Answer]] = []
    for tick in range(count):
        now = 1007 + 20 * tick
        while waiting and waiting[0].at_ms <= now:
            packet = waiting.pop(0)
            buffer.put(packet.seq, packet.rtp_ts, packet.span, packet.payload, packet.at_ms)
        answers.append(list(buffer.tick(now, silences and tick % 50 >= SILENT_FROM)))
    return answers


def flat(answers: list[list[Answer]]) -> list[Answer]:
    return [answer for tick in answers for answer in tick]


def played(answers: list[list[Answer]]) -> list[int]:
    return [seq for what, _, _, seq in flat(answers) if what == "frame" and seq is not None]


def after_start(answers: list[list[Answer]]) -> list[Answer]:
    return list(itertools.dropwhile(lambda answer: answer[0] == "empty", flat(answers)))


def is_in_order(seqs: list[int]) -> bool:
    return all(0 < (b - a) % 2**16 < 2**15 for a, b in itertools.pairwise(seqs))


# ---- what always holds


@given(
    st.sampled_from([10, 20, 30, 40, 60]),
    st.integers(0, 120),
    st.floats(0, 0.3),
    st.sampled_from([8000, 16000, 48000]),
    st.integers(0, 10_000),
)
def test_frames_come_once_and_in_order_and_all_are_accounted_for(
    ptime_ms: int, jitter_ms: int, loss: float, clock_hz: int, seed: int
) -> None:
    sent = stream(150, ptime_ms=ptime_ms, jitter_ms=jitter_ms, loss=loss, clock_hz=clock_hz, seed=seed)
    buffer = JitterProbe(clock_hz)
    answers = play(sent, buffer)
    seqs, stats = played(answers), buffer.stats
    assert is_in_order(seqs)
    by_seq = {packet.seq: packet for packet in sent}
    assert all(
        payload == by_seq[seq].payload
        for what, _, payload, seq in flat(answers)
        if what == "frame" and seq is not None
    )
    assert stats["played"] == len(seqs)
    assert stats["received"] == len(sent)
    gone = stats["played"] + stats["late"] + stats["duplicates"] + stats["left_out"] + stats["overflowed"]
    assert gone == stats["received"], "after the end nothing is left inside"


@given(st.sampled_from([10, 20, 30, 60]), st.integers(0, 100), st.floats(0, 0.2), st.integers(0, 10_000))
def test_each_tick_gets_its_20_ms_and_at_most_a_packet_more(
    ptime_ms: int, jitter_ms: int, loss: float, seed: int
) -> None:
    balance = 0
    for tick in play(stream(80, ptime_ms=ptime_ms, jitter_ms=jitter_ms, loss=loss, seed=seed), JitterProbe()):
        balance += sum(span for _, span, _, _ in tick) - 160
        assert 0 <= balance < max(ptime_ms * 8, 1)


script = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(-5, 6000)
        ),
        st.tuples(st.just("near"), st.integers(-70, 70), st.integers(-12_000, 12_000), st.integers(0, 970)),
        st.tuples(st.just("tick"), st.booleans(), st.just(0), st.integers(0, 200)),
    ),
    max_size=80,
)


@given(script, st.sampled_from([8000, 48000]))
def test_nothing_confuses_it(steps: list[tuple[str, int, int, int]], clock_hz: int) -> None:
    buffer, now, given_out = JitterProbe(clock_hz, max_ms=100), 5000.0, 0
    for what, a, b, c in steps:
        if what == "tick":
            now += c
            answers = buffer.tick(now, bool(a))
            given_out += sum(span for _, span, _, _ in answers)
            assert all(span > 0 for _, span, _, _ in answers)
        elif what == "put":
            buffer.put(a, b, c, bytes(20), now)
        else:
            buffer.put((65_530 + a) % 2**16, (100 + b) % 2**32, c, bytes(c % 480), now)
        assert 20 <= buffer.target_ms <= 100
    ticks = sum(what == "tick" for what, *_ in steps)
    assert given_out >= ticks * clock_hz // 50


# ---- a good network


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
def test_over_a_good_network_everything_is_heard_without_a_gap(ptime_ms: int) -> None:
    sent = stream(200, ptime_ms=ptime_ms)
    buffer = JitterProbe()
    answers = after_start(play(sent, buffer, silences=False))
    assert [seq for what, _, _, seq in answers if what == "frame"] == [packet.seq for packet in sent]
    assert {what for what, *_ in answers[: len(sent)]} == {"frame"}


def test_over_a_good_network_the_delay_is_the_least_allowed() -> None:
    buffer = JitterProbe()
    play(stream(300), buffer)
    assert buffer.target_ms == 20
    assert 10 <= buffer.lag_ms <= 50


def test_the_sequence_and_the_timestamp_wrap() -> None:
    sent = stream(100, first_seq=65_490, first_ts=2**32 - 5000)
    assert played(play(sent, JitterProbe(), silences=False)) == [packet.seq for packet in sent]


# ---- jitter


@pytest.mark.parametrize("jitter_ms", [10, 20, 40, 80, 150])
def test_the_target_is_near_the_best_fixed_delay(jitter_ms: int) -> None:
    sent = stream(1500, jitter_ms=jitter_ms)
    buffer = JitterProbe()
    play(sent, buffer)
    assert best_delay_ms(sent) - 5 <= buffer.target_ms <= best_delay_ms(sent) + 10 or buffer.target_ms == 20
    assert buffer.stats["late"] < 0.02 * len(sent)


def test_the_target_comes_down_when_the_network_calms() -> None:
    rough, calm = stream(500, jitter_ms=80), stream(1500, jitter_ms=5, seed=2)
    span, last = 160, 500
    later = [
        Packet((p.seq + last) % 2**16, (p.rtp_ts + last * span) % 2**32, span, p.at_ms + last * 20)
        for p in calm
    ]
    buffer = JitterProbe()
    play(rough, buffer, ticks=500)
    assert buffer.target_ms >= 70
    buffer = JitterProbe()
    play(rough + later, buffer)
    assert buffer.target_ms <= 25
    assert buffer.lag_ms <= 60


def test_the_target_keeps_its_bounds() -> None:
    buffer = JitterProbe(min_ms=40, max_ms=60)
    play(stream(300), buffer)
    assert buffer.target_ms == 40
    buffer = JitterProbe(min_ms=40, max_ms=60)
    play(stream(300, jitter_ms=200), buffer)
    assert buffer.target_ms == 60
    assert buffer.lag_ms < 60 + 60


def test_reordered_packets_are_put_in_order() -> None:
    sent = stream(200)
    swapped = [
        Packet(p.seq, p.rtp_ts, p.span, p.at_ms + (25 if n % 10 == 3 else 0)) for n, p in enumerate(sent)
    ]
    buffer = JitterProbe(min_ms=40)
    answers = play(swapped, buffer)
    assert played(answers) == [packet.seq for packet in sent]
    assert buffer.stats["missed"] == 0


# ---- loss, duplicates, late packets


def test_a_lost_packet_is_concealed_and_the_next_one_is_shown_for_its_fec() -> None:
    sent = stream(50)
    del sent[20]
    buffer = JitterProbe(min_ms=60)
    answers = after_start(play(sent, buffer))
    assert [what for what, *_ in answers[:50]] == ["frame"] * 20 + ["conceal"] + ["frame"] * 29
    assert answers[20][:3] == ("conceal", 160, sent[20].payload)
    assert buffer.stats["missed"] == 1


@pytest.mark.parametrize("ptime_ms", [40, 60])
def test_a_long_packet_is_concealed_whole_for_its_fec_is_of_all_of_it(ptime_ms: int) -> None:
    sent = stream(30, ptime_ms=ptime_ms)
    del sent[10]
    answers = after_start(play(sent, JitterProbe(min_ms=100), silences=False))
    assert [what for what, *_ in answers[:30]] == ["frame"] * 10 + ["conceal"] + ["frame"] * 19
    assert answers[10][:3] == ("conceal", ptime_ms * 8, sent[10].payload)


def test_a_hole_longer_than_60_ms_is_silence() -> None:
    sent = stream(60)
    del sent[20:30]
    answers = after_start(play(sent, JitterProbe(min_ms=60)))
    assert [what for what, *_ in answers[18:25]] == ["frame"] * 2 + ["conceal"] * 3 + ["empty"] * 2


def test_a_duplicate_is_heard_once_even_when_it_was_played() -> None:
    buffer, sent = JitterProbe(), stream(40)
    again = [Packet(p.seq, p.rtp_ts, p.span, p.at_ms + 90 * (n % 2)) for n, p in enumerate(sent)]
    answers = play(sent + again, buffer, silences=False)
    assert played(answers) == [packet.seq for packet in sent]
    assert buffer.stats["duplicates"] == 40
    assert buffer.stats["late"] == 0


def test_a_late_packet_is_counted_and_not_played() -> None:
    sent = stream(60)
    late = sent[20]
    sent[20] = Packet(late.seq, late.rtp_ts, late.span, late.at_ms + 200)
    buffer = JitterProbe()
    answers = play(sent, buffer, silences=False)
    assert late.seq not in played(answers)
    assert (buffer.stats["late"], buffer.stats["missed"]) == (1, 1)


def test_a_packet_of_a_digit_is_no_loss() -> None:
    buffer = JitterProbe()
    for n in range(40):
        now = 1000 + 20 * n
        buffer.put(n, n * 160, 0 if 10 <= n < 20 else 160, b"x" * 40, now)
        answers = buffer.tick(now + 1)
        assert all(what != "conceal" for what, *_ in answers)
    assert buffer.stats["missed"] == 0
    assert buffer.stats["spurts"] == 2


def test_packets_that_cannot_be_are_refused() -> None:
    buffer = JitterProbe(slot_bytes=200)
    assert buffer.put(1, 0, 160, bytes(201), 0) == "too long"
    assert buffer.put(1, 0, -1, bytes(1), 0) == "too long"
    assert buffer.put(1, 0, 8 * 121, bytes(1), 0) == "too long"
    assert buffer.put(1, 0, 160, bytes(200), 0) == "stored"


# ---- silence, other timelines, clocks


def test_a_senders_silence_is_neither_loss_nor_concealed() -> None:
    """DTX: the sequence goes on, the timestamp leaps."""
    buffer, seq = JitterProbe(min_ms=60), 0
    whats = []
    for n in range(150):
        now = 1000.0 + 20 * n
        if n % 50 < 20:
            buffer.put(seq, n * 160, 160, b"x", now)
            seq += 1
        whats += [what for what, *_ in buffer.tick(now + 1)]
    assert whats.count("frame") == 60
    assert buffer.stats["missed"] == 0
    assert buffer.stats["spurts"] == 3
    assert whats.count("conceal") <= 3 * 3, "only until it is sure that nothing comes"


@pytest.mark.parametrize(
    ("ssrc", "seq", "rtp_ts"), [(2, 9000, 77), (1, 150, 3_000_000_000), (2, 150, 24_000)]
)
def test_another_sender_or_timeline_starts_anew(ssrc: int, seq: int, rtp_ts: int) -> None:
    buffer, whats = JitterProbe(), []
    for n in range(100):
        now = 1000.0 + 20 * n
        put = (seq + n, rtp_ts + n * 160) if n >= 50 else (n, n * 160)
        status = buffer.put(*put, 160, bytes([n]), now, ssrc=ssrc if n >= 50 else 1)
        assert status == ("restarted" if n == 50 else "stored")
        whats += [answer for answer in buffer.tick(now + 1) if answer[0] == "frame"]
    assert buffer.stats["restarts"] == 1
    assert len(whats) >= 94
    assert whats[-1][2] is not None
    assert whats[-1][2][0] >= 97


@pytest.mark.parametrize("step", [-5000, -200, 200, 5000, 30_000])
def test_numbers_that_jump_while_time_goes_on_are_heard_at_once(step: int) -> None:
    """A sender that was replaced behind its SSRC counts from somewhere else."""
    buffer, heard = JitterProbe(), []
    for n in range(150):
        now = 1000.0 + 20 * n
        buffer.put((n + (step if n >= 50 else 0)) % 2**16, n * 160, 160, bytes([n]), now)
        heard += [payload[0] for what, _, payload, _ in buffer.tick(now + 1) if what == "frame" and payload]
    assert heard == sorted(heard)
    assert len([n for n in heard if n >= 50]) >= 94


def test_a_packet_that_comes_seconds_late_does_not_disturb_those_in_time() -> None:
    sent = stream(200, first_seq=65_530)
    late = sent[20]
    sent[20] = Packet(late.seq, late.rtp_ts, late.span, late.at_ms + 1700)
    buffer = JitterProbe()
    answers = play(sent, buffer, silences=False)
    assert played(answers) == [packet.seq for packet in sent if packet.seq != late.seq]
    assert (buffer.stats["late"], buffer.stats["missed"], buffer.stats["restarts"]) == (1, 1, 0)


@pytest.mark.parametrize("drift_ppm", [300.0, -300.0])
def test_a_wrong_clock_costs_a_frame_in_silence_now_and_then(drift_ppm: float) -> None:
    """300 millionths are 20 ms in 67 s."""
    sent = stream(15_000, drift_ppm=drift_ppm)
    buffer = JitterProbe(min_ms=40)
    answers = play(sent, buffer)
    stats = buffer.stats
    moved = stats["left_out"] if drift_ppm > 0 else stats["added_units"] // 160
    assert 3 <= moved <= 7
    assert stats["late"] <= 3
    assert buffer.lag_ms <= 100
    assert is_in_order(played(answers))


def test_a_burst_after_a_stall_is_caught_up_with() -> None:
    """Half a second held back by the network, then all at once."""
    sent = [
        Packet(p.seq, p.rtp_ts, p.span, max(p.at_ms, 2500) if 2000 < p.at_ms < 2500 else p.at_ms)
        for p in stream(300)
    ]
    buffer = JitterProbe()
    play(sent, buffer)
    assert buffer.lag_ms < 200 + 40, "the stall taught it to expect as much as is allowed, and no more"
    assert buffer.stats["restarts"] == 0
    assert 10 <= buffer.stats["left_out"] + buffer.stats["overflowed"] <= 25


# ---- what is heard


@pytest.mark.parametrize("jitter_ms", [0, 20, 40, 80])
@pytest.mark.parametrize("loss", [0.0, 0.02, 0.05, 0.1])
def test_a_tone_through_jitter_and_loss(loss: float, jitter_ms: int) -> None:
    """440 Hz, which has no silence to adapt in: no gap, its level, its frequency."""
    sent = stream(500, jitter_ms=jitter_ms, loss=loss, seed=7)
    size, plc, buffer = 9000.0, PlcProbe(8000), JitterProbe()
    heard: list[bytes] = []
    for what, span, _, seq in flat(play(sent, buffer, silences=False, ticks=500)):
        if what == "frame" and seq is not None:
            at = (seq - 65_500) % 2**16 * 160 + np.arange(span)
            tone = (size * np.sin(2 * np.pi * 440 * at / 8000)).astype(np.int16)
            heard.append(plc.hear(tone.tobytes()))
        elif what == "conceal":
            heard.append(plc.conceal(span))
        elif heard:
            heard.append(bytes(2 * span))
    sound = np.frombuffer(b"".join(heard), np.int16).astype(np.float64)[8000:-8000]
    frames = np.sqrt(np.mean(sound[: len(sound) // 80 * 80].reshape(-1, 80) ** 2, axis=1))
    gaps = int(np.sum(frames < 0.1 * size / math.sqrt(2)))
    level_db = 20 * math.log10(float(np.sqrt(np.mean(sound**2))) / (size / math.sqrt(2)))
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    peak_hz = float(np.argmax(spectrum)) * 8000 / len(sound)
    stats = buffer.stats
    print(
        f"loss {loss:.0%} jitter {jitter_ms} ms: gaps {gaps * 10} of {len(sound) / 8:.0f} ms, {level_db:+.2f} dB, "
        f"late {stats['late']}, missed {stats['missed']}, target {buffer.target_ms:.0f} ms, lag {buffer.lag_ms:.0f} ms"
    )
    assert gaps <= (0 if loss <= 0.05 else 3)
    assert abs(level_db) < 0.2 + 10 * loss
    assert peak_hz == pytest.approx(440, abs=1)
    assert stats["late"] <= 0.04 * len(sent), "most of them before the first seconds are over"
