"""Making test tones, and measuring what a phone heard.

Levels are dBFS of a full-scale sine (0 dB: a sine that touches the limits). Times are seconds from the start of the
recording.
"""

from __future__ import annotations

import itertools
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sound", "read", "write_tone"]

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Sound:
    """A mono recording: samples from -1 to 1 at `rate_hz`."""

    samples: Samples
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz

    def between(self, start_s: float, end_s: float | None = None) -> Sound:
        """A part of it; a negative `end_s` counts from the end."""
        first = int(start_s * self.rate_hz)
        last = None if end_s is None else int(end_s * self.rate_hz)
        return Sound(self.samples[first:last], self.rate_hz)

    def dominant_hz(self) -> float:
        """The loudest frequency, interpolated between the bins of one windowed FFT."""
        if len(self.samples) < self.rate_hz // 20:
            raise ValueError(f"a recording of {self.seconds:.3f} s is too short to tell a frequency")
        spectrum = np.abs(np.fft.rfft(self.samples * np.hanning(len(self.samples))))
        peak = int(np.argmax(spectrum[1:])) + 1
        left, top, right = (
            np.log(spectrum[max(peak - 1, 0) : peak + 2] + 1e-12) if peak + 1 < len(spectrum) else (0, 1, 0)
        )
        shift = 0.5 * (left - right) / (left - 2 * top + right) if left - 2 * top + right else 0.0
        return float((peak + shift) * self.rate_hz / len(self.samples))

    def level_dbfs(self, frequency_hz: float | None = None) -> float:
        """The level of the whole, or of one frequency in it (±15 Hz), in dBFS; silence is -120."""
        if not len(self.samples):
            return -120.0
        if frequency_hz is None:
            power = float(np.mean(self.samples**2))
        else:
            spectrum = np.abs(np.fft.rfft(self.samples)) ** 2
            frequencies = np.fft.rfftfreq(len(self.samples), 1 / self.rate_hz)
            near = np.abs(frequencies - frequency_hz) <= max(15.0, self.rate_hz / len(self.samples))
            power = float(2 * np.sum(spectrum[near]) / len(self.samples) ** 2)
        return float(10 * np.log10(max(2 * power, 1e-12)))

    def envelope(self, frequency_hz: float, window_s: float = 0.01) -> Samples:
        """How loud one frequency is in each window, as an amplitude from 0 to 1."""
        size = int(self.rate_hz * window_s)
        count = len(self.samples) // size
        time = np.arange(count * size) / self.rate_hz
        turned = self.samples[: count * size] * np.exp(-2j * np.pi * frequency_hz * time)
        amplitude: Samples = 2 * np.abs(turned.reshape(count, size).mean(axis=1))
        return amplitude

    def gaps(
        self, frequency_hz: float, *, longer_than_s: float = 0.03, window_s: float = 0.01
    ) -> list[tuple[float, float]]:
        """Where a tone that ought to be continuous falls 12 dB under its median: (start, length) in seconds.

        The silence before the tone first starts and after it last ends is not a gap.
        """
        loud = self.envelope(frequency_hz, window_s)
        present = (
            loud > np.median(loud[loud > loud.max(initial=0.0) / 4]) / 4 if len(loud) else np.zeros(0, bool)
        )
        where = np.flatnonzero(present)
        if not len(where):
            return [(0.0, self.seconds)]
        found = []
        for before, after in itertools.pairwise(where):
            length = float(after - before - 1) * window_s
            if length > longer_than_s:
                found.append((float(before + 1) * window_s, length))
        return found

    def onset_s(
        self, frequency_hz: float, *, threshold_dbfs: float = -30.0, window_s: float = 0.01
    ) -> float | None:
        """When a tone is first as loud as the threshold; None when it never is."""
        where = np.flatnonzero(self.envelope(frequency_hz, window_s) > 10 ** (threshold_dbfs / 20))
        return float(where[0]) * window_s if len(where) else None


def read(path: Path) -> Sound:
    """Read a 16-bit WAV file; of several channels the first is taken.

    A phone that is still running has not yet written the length into the header: everything after it counts.
    """
    data = path.read_bytes()
    channels = int.from_bytes(data[22:24], "little")
    rate_hz = int.from_bytes(data[24:28], "little")
    bits = int.from_bytes(data[34:36], "little")
    if data[:4] != b"RIFF" or bits != 16:
        raise ValueError(f"{path} is not a 16-bit WAV file ({data[:4]!r}, {bits} bits)")
    start = data.index(b"data") + 8
    body = data[start : start + (len(data) - start) // (2 * channels) * (2 * channels)]
    samples = np.frombuffer(body, "<i2").reshape(-1, channels)[:, 0] / 32768.0
    return Sound(samples.astype(np.float64), rate_hz)


def write_tone(
    path: Path,
    frequency_hz: float,
    *,
    rate_hz: int,
    seconds: float,
    channels: int = 1,
    level_dbfs: float = -12.0,
) -> Path:
    """Write a sine, the same on each channel; it ends at a zero crossing, so that a loop over it is seamless."""
    cycles = round(frequency_hz * seconds)
    count = round(cycles / frequency_hz * rate_hz)
    amplitude = 10 ** (level_dbfs / 20) * 32767
    tone = amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(count) / rate_hz)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(tone.astype("<i2"), channels).tobytes())
    return path
