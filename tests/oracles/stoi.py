"""STOI, the short-time objective intelligibility of Taal, Hendriks, Heusdens and Jensen (2011), from the paper.

1 is the clean speech itself; below 0.6 few words are understood. Both sounds are compared as they lie in time, so they
have to be aligned to some milliseconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["stoi"]

RATE_HZ = 10_000
FRAME, HOP, FFT = 256, 128, 512
BANDS, LOWEST_HZ = 15, 150
SEGMENT = 30  # frames: 384 ms
CLIP_DB, DYNAMIC_DB = -15.0, 40.0
Samples = NDArray[np.float64]
_WINDOW = np.hanning(FRAME + 2)[1:-1]


def stoi(clean: Samples, heard: Samples, rate_hz: int) -> float:
    """How well `heard` is understood, who knows that `clean` was said."""
    size = min(len(clean), len(heard))
    x, y = (_resampled(sound[:size], rate_hz) for sound in (clean, heard))
    x, y = _without_silence(x, y)
    bands = _third_octaves()
    spectra = [np.sqrt(bands @ np.abs(np.fft.rfft(_frames(sound) * _WINDOW, FFT)).T ** 2) for sound in (x, y)]
    count = spectra[0].shape[1]
    assert count >= SEGMENT, "too little speech to be judged"
    return float(
        np.mean(
            [_segment(*(each[:, at - SEGMENT : at] for each in spectra)) for at in range(SEGMENT, count + 1)]
        )
    )


def _segment(x: Samples, y: Samples) -> float:
    """Mean correlation over the bands, of the heard envelope scaled and clipped to the clean one."""
    scale = np.linalg.norm(x, axis=1) / np.maximum(np.linalg.norm(y, axis=1), 1e-12)
    y = np.minimum(y * scale[:, None], x * (1 + 10 ** (-CLIP_DB / 20)))
    x, y = (each - each.mean(axis=1, keepdims=True) for each in (x, y))
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return float(np.mean(np.sum(x * y, axis=1) / np.maximum(norms, 1e-12)))


def _resampled(sound: Samples, rate_hz: int) -> Samples:
    count = round(len(sound) * RATE_HZ / rate_hz)
    spectrum = np.fft.rfft(sound)
    kept = np.zeros(count // 2 + 1, np.complex128)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return np.asarray(np.fft.irfft(kept, count) * count / len(sound))


def _frames(sound: Samples) -> Samples:
    return np.array([sound[at : at + FRAME] for at in range(0, len(sound) - FRAME + 1, HOP)])


def _without_silence(x: Samples, y: Samples) -> tuple[Samples, Samples]:
    """Frames within 40 dB of the loudest clean one, added up again."""
    cut = [_frames(sound) * _WINDOW for sound in (x, y)]
    loud = 20 * np.log10(np.linalg.norm(cut[0], axis=1) + 1e-12)
    keep = loud > loud.max() - DYNAMIC_DB
    joined = []
    for frames in cut:
        out = np.zeros((int(keep.sum()) - 1) * HOP + FRAME)
        for n, frame in enumerate(frames[keep]):
            out[n * HOP : n * HOP + FRAME] += frame
        joined.append(out)
    return joined[0], joined[1]


def _third_octaves() -> Samples:
    """Which lines of the spectrum belong to which band."""
    lines = np.linspace(0, RATE_HZ, FFT + 1)[: FFT // 2 + 1]
    centres = LOWEST_HZ * 2 ** (np.arange(BANDS) / 3)
    bands = np.zeros((BANDS, len(lines)))
    for row, centre in zip(bands, centres, strict=True):
        low, high = (int(np.argmin((lines - centre * 2**step) ** 2)) for step in (-1 / 6, 1 / 6))
        row[low:high] = 1
    return bands
