"""Tones made and measured in floating point: what sound is worth after it went through something."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["dominant_hz", "from_bytes", "level_db", "snr_db", "speech_like", "to_bytes", "tone"]

Samples = NDArray[np.float64]


def tone(hz: float, rate_hz: int, seconds: float, amplitude: float = 8000.0) -> Samples:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz)


def speech_like(rate_hz: int, seconds: float, seed: int = 1) -> Samples:
    """Harmonics of a gliding voice in syllables of 250 ms, with some noise: a codec of speech takes it for speech."""
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    phase = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 0.7 * t)) / rate_hz
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * t))
    noise = np.random.default_rng(seed).normal(0, 60, len(t))
    return np.asarray(3000 * voice + noise, dtype=np.float64)


def to_bytes(samples: Samples) -> bytes:
    """16-bit samples as the engine has them."""
    return np.clip(np.round(samples), -32768, 32767).astype("=i2").tobytes()


def from_bytes(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "=i2").astype(np.float64)


def level_db(samples: Samples) -> float:
    """Level of the whole, against a sine of full scale."""
    return float(10 * np.log10(max(float(np.mean(samples**2)), 1e-9) / (32768**2 / 2)))


def dominant_hz(samples: Samples, rate_hz: int) -> float:
    """Where the spectrum is highest, interpolated between its lines."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    return float(np.argmax(spectrum) * rate_hz / (8 * len(samples)))


def snr_db(samples: Samples, hz: float, rate_hz: int) -> float:
    """What is left beside the best sine of this frequency, as a ratio: delay and gain do not matter."""
    angle = 2 * np.pi * hz * np.arange(len(samples)) / rate_hz
    basis = np.stack([np.sin(angle), np.cos(angle), np.ones(len(samples))], axis=1)
    found = basis @ np.linalg.lstsq(basis, samples, rcond=None)[0]
    return float(10 * np.log10(np.mean(found**2) / max(float(np.mean((samples - found) ** 2)), 1e-9)))
