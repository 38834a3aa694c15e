"""Tones as the table and ITU-T E.180 have them: frequencies, level, cadence; digits as ITU-T Q.23 has them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pbx.media.tone_table import TONES, NationalTones
from pbx.media.tones import (
    HOLD,
    MILLIWATT,
    Tone,
    hold_tone,
    national_tone,
    read_tone,
    render,
    silence,
    tone_clip,
)

NAMES = list(NationalTones.__struct_fields__)
EVERY = sorted({getattr(tones, name) for tones in TONES.values() for name in NAMES})


def peaks(samples: NDArray[np.float64], clock_hz: int = 8000) -> dict[int, float]:
    """Frequency → level in dBm0 of every peak within 20 dB of the strongest."""
    window = np.hanning(len(samples))
    size = 16 * max(len(samples), 4000)  # finer than a bin, so a level does not depend on where the bins lie
    spectrum = np.abs(np.fft.rfft(samples * window, size)) / (window.sum() / 2)
    tops = [
        n
        for n in range(1, len(spectrum) - 1)
        if spectrum[n - 1] < spectrum[n] >= spectrum[n + 1] and spectrum[n] > spectrum.max() / 10
    ]
    full_dbm0 = 20 * np.log10(spectrum / 32124 + 1e-9) + 3.17
    return {round(n * clock_hz / size): float(full_dbm0[n]) for n in tops}


@pytest.mark.parametrize("notation", EVERY)
def test_a_tone_is_what_the_table_says(notation: str) -> None:
    tone = read_tone(notation)
    samples = np.array(render(tone), dtype=np.float64)
    assert len(samples) == tone.ms * 8
    at = 0
    for burst in tone.bursts:
        part = samples[at * 8 : (at + burst.ms) * 8]
        at += burst.ms
        assert (np.abs(part).max() > 1000) == bool(burst.hz), "silence is silence"
        if not burst.hz or burst.ms < 150:
            continue
        found = peaks(part[80:-80])
        if burst.by_hz:
            assert min(abs(hz - burst.hz[0]) for hz in found) <= 3
            sides = {round(abs(hz - burst.hz[0])) for hz in found} - {0}
            assert all(abs(side - burst.by_hz) <= 4 for side in sides)
            assert sides
            continue
        if len(burst.hz) == 2 and burst.ms * abs(burst.hz[0] - burst.hz[1]) < 4000 + 8000:
            continue  # too short to tell two frequencies apart: their sum is checked by the longer ones
        assert len(found) == len(burst.hz)
        for hz in burst.hz:
            near = min(found, key=lambda each: abs(each - hz))
            assert abs(near - hz) <= 3
            assert abs(found[near] - tone.level_dbm0) < 0.7


def test_some_tones_are_those_of_e180() -> None:
    """Written here from ITU-T E.180 Supplement 2, so that a slip of the table is found."""
    assert len(TONES) >= 12
    assert read_tone(TONES["de"].busy).bursts[0].hz == (425,)
    assert [each.ms for each in read_tone(TONES["de"].busy).bursts] == [480, 480]
    assert [each.ms for each in read_tone(TONES["gb"].ringback).bursts] == [400, 200, 400, 2000]
    assert read_tone(TONES["us"].ringback).bursts[0].hz == (440, 480)
    assert [each.ms for each in read_tone(TONES["us"].ringback).bursts] == [2000, 4000]
    assert read_tone(TONES["fr"].dial).bursts[0].hz == (440,)
    assert read_tone(TONES["jp"].ringback).bursts[0].by_hz == 16
    for tones in TONES.values():
        bursts = read_tone(tones.information).bursts
        assert [each.hz for each in bursts] == [(950,), (1400,), (1800,), ()], "E.180 7.2"
        assert [each.ms for each in bursts] == [330, 330, 330, 1000]


@pytest.mark.parametrize("country", sorted(TONES))
def test_every_country_has_every_tone(country: str) -> None:
    assert national_tone("busy", country.upper()) is national_tone("busy", country)
    for name in NAMES:
        assert tone_clip(read_tone(getattr(TONES[country], name))).round


def test_a_country_without_tones_is_refused() -> None:
    with pytest.raises(ValueError, match="no tones are known for 'xx'"):
        national_tone("busy", "xx")


def test_tones_begin_and_end_softly_and_steady_ones_close() -> None:
    pip = np.array(render(HOLD))[:2400]
    assert np.abs(pip[[0, 1, -2, -1]]).max() < 60
    steady = np.array(render(MILLIWATT), dtype=np.float64)
    seam = np.concatenate([steady[-4:], steady[:4]])
    assert np.abs(np.diff(seam, 2)).max() <= np.abs(np.diff(steady, 2)).max() + 2
    assert hold_tone().duration_ms == 10_000
    assert not any(silence(100).pcm())


def test_a_tone_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="milliseconds"):
        render(Tone(()))
