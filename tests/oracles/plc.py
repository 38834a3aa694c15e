"""What concealment is measured by: the sound as it would have been, and the same with silence in its holes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.int16]


def silenced(sound: Sound, lost: list[bool], frame: int) -> Sound:
    out = sound.copy()
    for index, gone in enumerate(lost):
        if gone:
            out[index * frame : (index + 1) * frame] = 0
    return out


def first_half_of_losses(lost: list[bool], frame: int) -> npt.NDArray[np.bool_]:
    """Which samples are the first 10 ms of a hole."""
    mask = np.zeros(len(lost) * frame, np.bool_)
    for index, gone in enumerate(lost):
        if gone and not (index and lost[index - 1]):
            mask[index * frame : index * frame + frame // 2] = True
    return mask


def snr_db(wanted: Sound, got: Sound) -> float:
    """Of the whole sound."""
    signal, error = wanted.astype(np.float64), got.astype(np.float64) - wanted.astype(np.float64)
    return 10 * math.log10(float(np.sum(signal**2)) / max(float(np.sum(error**2)), 1e-9))


def spectral_distance_db(wanted: Sound, got: Sound, lost: list[bool], frame: int) -> float:
    """Mean difference of the log spectra over lost frames that were speech: deaf to phase, as an ear is."""
    distances = []
    window = np.hanning(frame)
    for index, gone in enumerate(lost):
        part = slice(index * frame, (index + 1) * frame)
        if not gone or np.mean(wanted[part].astype(np.float64) ** 2) < 200**2:
            continue
        a, b = (20 * np.log10(np.abs(np.fft.rfft(x[part] * window)) + frame) for x in (wanted, got))
        distances.append(math.sqrt(float(np.mean((a - b) ** 2))))
    return sum(distances) / len(distances)


def likest_lag(past: Sound, compared: int, first: int, last: int) -> int:
    """The lag whose samples look most like the newest ones: normalised correlation, in floating point."""
    x = past.astype(np.float64)
    newest, scores = x[-compared:], {}
    for lag in range(first, last + 1):
        then = x[len(x) - compared - lag : len(x) - lag]
        scores[lag] = float(newest @ then) / math.sqrt(float(then @ then) + 1e-9)
    return max(scores, key=lambda lag: scores[lag])
