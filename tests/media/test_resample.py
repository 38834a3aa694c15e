"""Resampling: what lies in both bands passes unchanged, what would fold back is gone, and frames keep their length."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.codec_door import ResamplerProbe, resampling_available
from tests.media.sound import frames
from tests.oracles.tones import (
    Samples,
    dominant_hz,
    from_bytes,
    level_db,
    snr_db,
    speech_like,
    to_bytes,
    tone,
)

pytestmark = pytest.mark.skipif(not resampling_available(), reason="built without libspeexdsp")

RATES = (8000, 16000, 48000)
PAIRS = list(itertools.permutations(RATES, 2))

pairs = pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)


def in_frames(resampler: ResamplerProbe, sound: Samples, samples: int) -> Samples:
    return from_bytes(b"".join(resampler.process(frame) for frame in frames(to_bytes(sound), samples)))


@pairs
@pytest.mark.parametrize("quality", [0, 3, 5, 10])
def test_every_frame_of_20_ms_becomes_one_of_20_ms(from_hz: int, to_hz: int, quality: int) -> None:
    resampler = ResamplerProbe(from_hz, to_hz, quality)
    assert {len(resampler.process(bytes(from_hz // 25))) for _ in range(50)} == {to_hz // 25}


@pairs
@pytest.mark.parametrize("hz", [300, 1000, 3000])
def test_a_tone_keeps_frequency_and_level(from_hz: int, to_hz: int, hz: int) -> None:
    sent = tone(hz, from_hz, 1)
    heard = in_frames(ResamplerProbe(from_hz, to_hz), sent, from_hz // 50)[to_hz // 10 :]
    assert dominant_hz(heard, to_hz) == pytest.approx(hz, abs=0.5)
    assert level_db(heard) == pytest.approx(level_db(sent), abs=0.1)
    assert snr_db(heard, hz, to_hz) > 45


@pytest.mark.parametrize(
    ("from_hz", "to_hz", "hz"), [(16000, 8000, 5500), (48000, 8000, 7000), (48000, 16000, 11000)]
)
def test_what_the_lower_rate_cannot_hold_does_not_fold_back(from_hz: int, to_hz: int, hz: int) -> None:
    sent = tone(hz, from_hz, 1, 20_000)
    assert level_db(in_frames(ResamplerProbe(from_hz, to_hz), sent, from_hz // 50)) < level_db(sent) - 50


def by_spectrum(sound: Samples, from_hz: int, to_hz: int) -> Samples:
    """The slow and exact way: the lines of the spectrum that both rates can hold, back at the other rate."""
    made = len(sound) * to_hz // from_hz
    lines = np.fft.rfft(sound)[: made // 2 + 1]
    return np.asarray(np.fft.irfft(lines, made) * (to_hz / from_hz), dtype=np.float64)


@pairs
def test_it_agrees_with_the_spectrum(from_hz: int, to_hz: int) -> None:
    """Speech has little near the edge of the band, where a filter of finite length differs."""
    sound = speech_like(from_hz, 1)
    ours = from_bytes(ResamplerProbe(from_hz, to_hz, 8, skip_zeros=True).process(to_bytes(sound)))
    middle = slice(to_hz // 10, len(ours) - to_hz // 10)
    ideal = by_spectrum(sound, from_hz, to_hz)[middle]
    assert 10 * np.log10(np.mean(ideal**2) / np.mean((ours[middle] - ideal) ** 2)) > 35


@pairs
def test_skipping_zeros_brings_the_first_sample_to_the_start(from_hz: int, to_hz: int) -> None:
    click = np.zeros(from_hz // 10)
    click[from_hz // 50] = 20_000
    at_once = from_bytes(ResamplerProbe(from_hz, to_hz, skip_zeros=True).process(to_bytes(click)))
    delayed = ResamplerProbe(from_hz, to_hz)
    later = from_bytes(delayed.process(to_bytes(click)))
    assert np.argmax(at_once) == pytest.approx(to_hz // 50, abs=1)
    assert np.argmax(later) == pytest.approx(to_hz // 50 + delayed.delay_samples, abs=1)


@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_how_the_sound_is_cut_does_not_matter(pair: tuple[int, int], sizes: list[int]) -> None:
    sound = to_bytes(np.random.default_rng(sum(sizes)).normal(0, 5000, sum(sizes)))
    resampler, at, parts = ResamplerProbe(*pair), 0, []
    for size in sizes:
        parts.append(resampler.process(sound[2 * at : 2 * (at + size)]))
        at += size
    assert b"".join(parts) == ResamplerProbe(*pair).process(sound)


@pytest.mark.parametrize("size", [0, 1, 159, 160, 161, 960, 2880])
@pairs
def test_no_more_comes_out_than_room_was_asked_for(from_hz: int, to_hz: int, size: int) -> None:
    made = len(ResamplerProbe(from_hz, to_hz).process(bytes(2 * size))) // 2
    assert abs(made - size * to_hz / from_hz) <= 1


def test_too_little_room_is_refused_before_anything_is_taken() -> None:
    one, other = ResamplerProbe(8000, 16000), ResamplerProbe(8000, 16000)
    pcm = to_bytes(tone(440, 8000, 0.02))
    with pytest.raises(ValueError, match="room"):
        one.process(pcm, room=320)
    assert one.process(pcm) == other.process(pcm)


def test_full_scale_saturates_and_does_not_turn_over() -> None:
    square = 32767 * np.sign(tone(200, 8000, 0.5))
    heard = in_frames(ResamplerProbe(8000, 48000), square, 160)[4800:]
    assert np.abs(np.diff(heard)).max() < 32767


@pytest.mark.parametrize(
    "wrong", [(0, 8000, 3), (8000, 7999, 3), (8000, 96001, 3), (8000, 16000, 11), (8000, 16000, -1)]
)
def test_rates_and_qualities_out_of_range_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not supported"):
        ResamplerProbe(*wrong)


@pytest.mark.parametrize("skip_zeros", [False, True])
def test_after_a_reset_it_is_as_new(skip_zeros: bool) -> None:
    resampler, pcm = ResamplerProbe(48000, 8000, 3, skip_zeros), to_bytes(speech_like(48000, 0.1))
    first = resampler.process(pcm)
    resampler.reset()
    assert resampler.process(pcm) == first
