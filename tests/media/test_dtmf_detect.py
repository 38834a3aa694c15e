"""Digits in sound: all of them in noise, off tune and twisted; none in minutes of speech; and made as Q.23 says."""

from __future__ import annotations

import itertools
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.processing_door import DtmfDetectProbe, make_dtmf
from tests.media.voices import speech
from tests.oracles import dtmf as oracle

RATES = (8000, 16000, 48000)
ALL = list(range(16))


def heard(sound: oracle.Sound, rate_hz: int = 8000, frame_ms: int = 20) -> list[tuple[int, int]]:
    """(event, duration_ms) of every digit that ended, given frame by frame."""
    detector, data = DtmfDetectProbe(rate_hz), oracle.pcm(sound)
    size = 2 * rate_hz * frame_ms // 1000
    told = [each for at in range(0, len(data), size) for each in detector.feed(data[at : at + size])]
    assert [what for what, *_ in told] == ["began", "ended"] * (len(told) // 2)
    assert all(a[1] == b[1] for a, b in zip(told[::2], told[1::2], strict=True))
    return [(event, duration) for what, event, duration, _ in told if what == "ended"]


def dialled(
    events: list[int], on_ms: float = 40, off_ms: float = 40, rate_hz: int = 8000, **options: float
) -> oracle.Sound:
    parts = [oracle.silence(50, rate_hz)]
    for event in events:
        parts += [oracle.tone(event, on_ms, rate_hz=rate_hz, **options), oracle.silence(off_ms, rate_hz)]
    return np.concatenate([*parts, oracle.silence(40, rate_hz)])


def events_of(told: list[tuple[int, int]]) -> list[int]:
    return [event for event, _ in told]


# ---- the bank


@given(st.integers(0, 2**32 - 1), st.sampled_from([8000, 16000]), st.sampled_from([60, 3000, 32000]))
def test_each_tone_is_measured_as_goertzel_does(seed: int, rate_hz: int, size: int) -> None:
    dice = np.random.default_rng(seed)
    block = dice.integers(-size, size, 102 * rate_hz // 8000)
    probe = DtmfDetectProbe(rate_hz)
    probe.load(block.astype(np.int16).tobytes())
    for tone, frequency in enumerate((*oracle.ROWS, *oracle.COLUMNS)):
        for harmonic in (1, 2):
            wanted = oracle.goertzel(block.tolist(), harmonic * frequency, rate_hz)
            got = probe.power(tone + 8 * (harmonic - 1))
            if size > 600:
                assert math.sqrt(got) == pytest.approx(math.sqrt(wanted), abs=size * 0.003)
            else:
                assert got == 0, "too faint to be looked at"


# ---- what is a digit


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("snr_db", [None, 25, 15])
@pytest.mark.parametrize("off", [0, 0.015, -0.015])
@pytest.mark.parametrize("twist_db", [0, 4, -4, 8, -8])
def test_all_digits_of_40_ms_are_heard(rate_hz: int, snr_db: int | None, off: float, twist_db: float) -> None:
    """At all levels, the fainter tone at -25 dBm0 at least; 40 ms apart."""
    for level in {0.0, -10.0, -25.0 + abs(twist_db)}:
        sound = dialled(ALL, rate_hz=rate_hz, level_dbm0=level, twist_db=twist_db, off=off)
        if snr_db is not None:
            sound = oracle.with_noise(sound, snr_db)
        assert events_of(heard(sound, rate_hz)) == ALL, f"{level} dBm0"


@given(
    st.lists(st.integers(0, 15), min_size=1, max_size=8),
    st.integers(40, 300),
    st.integers(40, 200),
    st.integers(0, 101),
    st.sampled_from([10, 20, 30, 7]),
)
def test_any_number_dialled_at_any_pace(
    events: list[int], on_ms: int, off_ms: int, shift: int, frame_ms: int
) -> None:
    sound = np.concatenate([np.zeros(shift), dialled(events, on_ms, off_ms)])
    told = heard(sound, frame_ms=frame_ms)
    assert events_of(told) == events
    assert all(abs(duration - on_ms) <= 10 for _, duration in told)


def test_many_digits_in_noise_are_nearly_all_heard() -> None:
    """The edge of everything at once: 40/40 ms, 15 dB, 8 dB of twist, 1.5 % off; 480 digits."""
    wrong = 0
    for seed, (twist_db, off) in enumerate(itertools.product((8, -8), (-0.015, 0, 0.015))):
        for more in range(5):
            sound = dialled(ALL, level_dbm0=-10, twist_db=twist_db, off=off)
            got = events_of(heard(oracle.with_noise(sound, 15, seed=100 + 5 * seed + more)))
            assert set(got) <= set(ALL)
            wrong += 16 - len(got) if len(got) <= 16 else len(got) - 16
    print(f"{wrong} of 480 digits missed or doubled")
    assert wrong <= 5


# ---- what is none


@pytest.mark.parametrize("on_ms", [5, 10, 15, 17])
def test_a_tone_of_17_ms_or_less_is_no_digit(on_ms: int) -> None:
    assert heard(dialled(ALL, on_ms=on_ms)) == []


def test_a_break_of_10_ms_does_not_make_two_digits() -> None:
    for event in ALL:
        tone = oracle.tone(event, 50)
        assert events_of(heard(np.concatenate([tone, oracle.silence(10), tone, oracle.silence(60)]))) == [
            event
        ]


@pytest.mark.parametrize("off", [0.035, -0.035])
def test_a_frequency_3_5_percent_off_is_no_digit(off: float) -> None:
    assert heard(dialled(ALL, on_ms=100, off=off)) == []


def test_one_tone_alone_is_no_digit() -> None:
    t = np.arange(800) / 8000
    for hz in (*oracle.ROWS, *oracle.COLUMNS, 440, 425, 350, 1004, 2100):
        assert heard(9000 * np.sin(2 * np.pi * hz * t)) == []


def test_call_progress_tones_are_no_digits() -> None:
    t = np.arange(16_000) / 8000
    for pair in ((350, 440), (440, 480), (480, 620), (400, 450), (1400, 2060), (950, 1400)):
        assert heard(6000 * (np.sin(2 * np.pi * pair[0] * t) + np.sin(2 * np.pi * pair[1] * t))) == []


def test_a_digit_at_minus_35_dbm0_is_too_faint() -> None:
    assert heard(dialled(ALL, on_ms=100, level_dbm0=-35)) == []


def test_noise_is_no_digit() -> None:
    assert heard(np.random.default_rng(4).normal(0, 4000, 8000 * 60)) == []


def test_a_voice_never_dials(tmp_path: Path) -> None:
    """Talk-off: over seven minutes of eight synthetic voices, faint, normal and clipped."""
    if not shutil.which("flite") or not shutil.which("espeak-ng"):
        pytest.skip("flite and espeak-ng are not installed")
    said = speech(tmp_path)
    assert len(said) > 8000 * 300
    false = []
    for gain in (0.3, 1.0, 3.0):
        loud = np.clip(said * gain, -32768, 32767).astype(np.int16)
        false += [told for told in DtmfDetectProbe().feed(loud.tobytes()) if told[0] == "began"]
    print(f"{len(false)} false digits in 3 times {len(said) / 8000:.0f} s")
    assert false == []


def test_a_digit_over_a_voice_is_heard(tmp_path: Path) -> None:
    """Dialled into an announcement that echoes back 15 dB below."""
    if not shutil.which("flite") or not shutil.which("espeak-ng"):
        pytest.skip("flite and espeak-ng are not installed")
    sound = dialled(ALL, 80, 80, level_dbm0=-10)
    said = speech(
        tmp_path, texts=("Welcome to Bellwire, please dial the number of the extension that you want.",)
    )
    echo = said[: len(sound)].astype(np.float64)
    echo *= 10 ** (-15 / 20) * 7100 / np.sqrt(np.mean(echo[np.abs(echo) > 200] ** 2))
    assert events_of(heard(sound + echo)) == ALL


@pytest.mark.parametrize("rate_hz", RATES)
def test_only_rates_it_has_are_opened(rate_hz: int) -> None:
    DtmfDetectProbe(rate_hz)
    with pytest.raises(ValueError, match="48000"):
        DtmfDetectProbe(rate_hz + 1)


# ---- making them


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("event", ALL)
def test_a_digit_is_made_with_its_frequencies_levels_and_times(event: int, rate_hz: int) -> None:
    made = np.frombuffer(make_dtmf(event, rate_hz, 100, 70), np.int16).astype(np.float64)
    on = rate_hz // 10
    assert len(made) == rate_hz * 170 // 1000
    assert np.flatnonzero(made)[-1] == pytest.approx(on - 1, abs=rate_hz // 1000)
    assert not made[on:].any()
    for frequency, level in zip(oracle.frequencies(event), (-8, -6), strict=True):
        power = oracle.goertzel(made[:on].tolist(), frequency, rate_hz)
        full = 32767**2 / 2
        assert 10 * math.log10(power / full) + oracle.FULL_DBM0 == pytest.approx(level, abs=0.25)
    tones = oracle.tone(event, 100, rate_hz=rate_hz, level_dbm0=-6, twist_db=2)
    ramp = rate_hz // 1000
    assert np.max(np.abs(made[ramp : on - ramp] - tones[ramp : on - ramp])) <= 1.5, (
        "sample for sample the sines of Q.23"
    )


@given(
    st.lists(st.integers(0, 15), min_size=1, max_size=5),
    st.sampled_from(RATES),
    st.sampled_from([1, 77, 160, 999]),
)
def test_what_is_made_is_heard(events: list[int], rate_hz: int, frame: int) -> None:
    made = b"".join(make_dtmf(event, rate_hz, 70, 70, frame=frame) for event in events)
    assert [told[1] for told in DtmfDetectProbe(rate_hz).feed(made) if told[0] == "ended"] == events


@given(st.integers(1, 500), st.integers(0, 300), st.integers(1, 500))
def test_the_frames_it_is_made_in_do_not_matter(on_ms: int, off_ms: int, frame: int) -> None:
    assert make_dtmf(5, 8000, on_ms, off_ms, frame=frame) == make_dtmf(5, 8000, on_ms, off_ms, frame=100_000)


def test_what_cannot_be_made_is_refused() -> None:
    for arguments in ((16, 100, 70, -8, -6), (5, -1, 70, -8, -6), (5, 100, 70, 0, 0)):
        event, on_ms, off_ms, low, high = arguments
        with pytest.raises(ValueError, match="no such digit"):
            make_dtmf(event, 8000, on_ms, off_ms, low, high)
