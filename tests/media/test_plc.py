"""Concealment: better than silence, never longer than 60 ms, and no click at either end."""

from __future__ import annotations

import itertools
import math
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.processing_door import PlcProbe
from tests.media.voices import TEXTS, Sound, speech
from tests.oracles import plc as oracle

RATES = (8000, 16000)


def sine(hz: float, rate_hz: int, seconds: float = 1, size: float = 9000) -> Sound:
    return (size * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.int16)


def through(sound: Sound, lost: list[bool], rate_hz: int) -> Sound:
    """Frames of 20 ms, some of them lost."""
    plc, frame, out = PlcProbe(rate_hz), rate_hz // 50, []
    for index, gone in enumerate(lost):
        part = sound[index * frame : (index + 1) * frame]
        out.append(plc.conceal(frame) if gone else plc.hear(part.tobytes()))
    return np.frombuffer(b"".join(out), np.int16)


def losses(frames: int, loss: float, seed: int = 1, burst: int = 1) -> list[bool]:
    dice, lost = random.Random(seed), [False] * frames
    for at in range(5, frames - burst):
        if dice.random() < loss / burst:
            lost[at : at + burst] = [True] * burst
    return lost


@pytest.fixture(scope="module", params=RATES)
def voices(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Sound]:
    if not shutil.which("flite") and not shutil.which("espeak-ng"):
        pytest.skip("neither flite nor espeak-ng is installed")
    rate_hz: int = request.param
    folder: Path = tmp_path_factory.mktemp("voices")
    return rate_hz, speech(folder, rate_hz, TEXTS[:1])


@pytest.mark.parametrize("rate_hz", RATES)
def test_without_loss_nothing_is_changed(rate_hz: int) -> None:
    sound = sine(300, rate_hz)
    assert np.array_equal(through(sound, [False] * 50, rate_hz), sound)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("hz", [80, 120, 187, 250, 333, 440])
def test_the_pitch_is_the_oracles_or_a_multiple(hz: int, rate_hz: int) -> None:
    plc, sound = PlcProbe(rate_hz), sine(hz, rate_hz)
    plc.hear(sound.tobytes())
    plc.conceal(80)
    ms = rate_hz // 1000
    wanted = oracle.likest_lag(sound, 20 * ms, 5 * ms, 15 * ms)
    period = rate_hz / hz
    assert (
        plc.period == pytest.approx(wanted, abs=ms / 4)
        or abs(plc.period / period - round(plc.period / period)) * period <= 1
    )
    assert 5 * ms - 2 <= plc.period <= 15 * ms + 2


@pytest.mark.parametrize("rate_hz", [*RATES, 24000, 48000])
@pytest.mark.parametrize("hz", [100, 200, 440, 1000])
def test_a_tone_goes_on_through_a_lost_frame(hz: int, rate_hz: int) -> None:
    sound = sine(hz, rate_hz)
    lost = [index == 20 for index in range(50)]
    heard = through(sound, lost, rate_hz)
    frame = rate_hz // 50
    part = slice(20 * frame, 20 * frame + frame // 2)
    assert oracle.snr_db(sound[part], heard[part]) > 10
    steepest = int(np.max(np.abs(np.diff(sound.astype(np.int32)))))
    assert int(np.max(np.abs(np.diff(heard.astype(np.int32))))) < 1.6 * steepest + 300, "no click"


@pytest.mark.parametrize("rate_hz", RATES)
def test_it_fades_by_a_fifth_each_10_ms_and_is_silent_from_60_ms(rate_hz: int) -> None:
    plc, size = PlcProbe(rate_hz), 9000 / math.sqrt(2)
    plc.hear(sine(200, rate_hz).tobytes())
    made = np.frombuffer(plc.conceal(rate_hz // 10), np.int16).astype(np.float64).reshape(10, -1)
    levels = np.sqrt(np.mean(made**2, axis=1)) / size
    assert levels[:6] == pytest.approx([1, 0.9, 0.7, 0.5, 0.3, 0.12], abs=0.06)
    assert not made[6:].any()


@pytest.mark.parametrize("rate_hz", RATES)
def test_after_a_long_loss_what_comes_fades_in(rate_hz: int) -> None:
    plc, ms = PlcProbe(rate_hz), rate_hz // 1000
    constant = np.full(20 * ms, 8000, np.int16)
    plc.hear(constant.tobytes())
    plc.conceal(100 * ms)
    heard = np.frombuffer(plc.hear(constant.tobytes()), np.int16)
    assert np.all(np.diff(heard.astype(np.int32)) >= 0)
    assert heard[0] < 300
    assert np.all(heard[10 * ms :] == 8000)


@pytest.mark.parametrize("loss", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("burst", [1, 2])
def test_speech_is_nearer_to_itself_than_with_silence_in_the_holes(
    voices: tuple[int, Sound], loss: float, burst: int
) -> None:
    rate_hz, sound = voices
    frame = rate_hz // 50
    lost = losses(len(sound) // frame, loss, burst=burst)
    sound = sound[: len(lost) * frame]
    heard, silent = through(sound, lost, rate_hz), oracle.silenced(sound, lost, frame)
    snr, snr_silent = oracle.snr_db(sound, heard), oracle.snr_db(sound, silent)
    off = oracle.spectral_distance_db(sound, heard, lost, frame)
    off_silent = oracle.spectral_distance_db(sound, silent, lost, frame)
    first = oracle.first_half_of_losses(lost, frame)
    snr_first = oracle.snr_db(sound[first], heard[first])
    print(
        f"{rate_hz} Hz, loss {loss:.0%} in bursts of {burst}: SNR {snr:.1f} dB, silence {snr_silent:.1f}, "
        f"first 10 ms {snr_first:.1f}; "
        f"spectrum off by {off:.1f} dB, silence {off_silent:.1f}"
    )
    assert off < 0.6 * off_silent
    assert snr_first > 1, "silence has 0 there"
    assert snr > snr_silent - 1, "later the phase is lost, which counts here and is not heard"


@given(
    st.sampled_from(RATES),
    st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), max_size=30),
    st.integers(0, 1000),
    st.sampled_from([0, 3, 4000, 32767]),
)
def test_any_lengths_of_any_sound(rate_hz: int, script: list[tuple[bool, int]], seed: int, size: int) -> None:
    plc, dice, lost = PlcProbe(rate_hz), random.Random(seed), 0
    for gone, samples in script:
        if gone:
            made = np.frombuffer(plc.conceal(samples), np.int16)
            assert len(made) == samples
            assert not made[max(rate_hz * 60 // 1000 - lost, 0) :].any()
            lost += samples
        else:
            given_ = np.array(
                [dice.choice((-size - 1 if size else 0, size)) for _ in range(samples)], np.int16
            )
            heard = np.frombuffer(plc.hear(given_.tobytes()), np.int16)
            assert np.array_equal(heard[rate_hz // 100 :], given_[rate_hz // 100 :])
            lost = 0 if samples else lost


def test_the_way_a_loss_is_cut_does_not_matter() -> None:
    sound = sine(170, 8000)
    made = []
    for pieces in ([480], [160, 160, 160], [80] * 6, [1] * 480, [7, 233, 240]):
        plc = PlcProbe(8000)
        plc.hear(sound.tobytes())
        made.append(b"".join(plc.conceal(piece) for piece in pieces))
    assert all(a == b for a, b in itertools.pairwise(made))


def test_silence_is_concealed_by_silence() -> None:
    plc = PlcProbe(8000)
    assert plc.conceal(160) == bytes(320)
    plc.hear(bytes(320))
    assert plc.conceal(160) == bytes(320)


def test_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="8000"):
        PlcProbe(4000)
