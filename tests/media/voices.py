"""Speech to test with, by flite and espeak-ng: made once per session, resampled, scaled to a telephone's level."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.int16]

ACTIVE_LEVEL = 1640  # root mean square of speech at -26 dBov

# Voice, pitch and words a minute.
ESPEAK = (("en", "50", "160"), ("en+f3", "70", "150"), ("en+m3", "20", "130"), ("de+f2", "85", "170"))

TEXTS = (
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. It is easy to tell the "
    "depth of a well. These days a chicken leg is a rare dish. Rice is often served in round bowls.",
    "Good morning, this is the front desk of Bellwire. Nobody is here to take your call right now. Please leave your "
    "name and number after the tone, or press zero to be connected to somebody who is.",
    "Two hundred and twenty three, seven hundred and forty six, nine thousand eight hundred and five, one, two, three, "
    "four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen.",
    "You see, we wheel the eels easily; she sees three bees. Who knew the moon soon blooms? Our hours are ours, are "
    "they not? Ooh, aah, eeh, oh no, oh yes. Mama made a mellow melon marmalade on Monday morning.",
)


def speakers() -> list[list[str]]:
    """Commands that write `{out}` and say `{text}`."""
    found = []
    if shutil.which("flite"):
        found += [
            ["flite", "-voice", voice, "-t", "{text}", "-o", "{out}"]
            for voice in ("slt", "rms", "awb", "kal")
        ]
    if shutil.which("espeak-ng"):
        found += [
            ["espeak-ng", "-v", voice, "-p", pitch, "-s", speed, "-w", "{out}", "{text}"]
            for voice, pitch, speed in ESPEAK
        ]
    return found


def resampled(made: npt.NDArray[np.float64], from_hz: int, to_hz: int) -> npt.NDArray[np.float64]:
    """The whole recording at once, through its spectrum."""
    count = round(len(made) * to_hz / from_hz)
    spectrum = np.fft.rfft(made)
    kept = np.zeros(count // 2 + 1, np.complex128)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return np.asarray(np.fft.irfft(kept, count) * count / len(made))


def say(command: list[str], text: str, out: Path, rate_hz: int) -> Sound:
    subprocess.run([part.format(text=text, out=out) for part in command], check=True, capture_output=True)
    with wave.open(str(out)) as file:
        made = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64)
        made = resampled(made, file.getframerate(), rate_hz)
    loud = made[np.abs(made) > 200]
    made *= ACTIVE_LEVEL / float(np.sqrt(np.mean(loud**2)))
    return np.asarray(np.clip(made, -32768, 32767), np.int16)


def speech(folder: Path, rate_hz: int = 8000, texts: tuple[str, ...] = TEXTS) -> Sound:
    """Everything by everybody, one after the other: nearly six minutes of eight voices."""
    return np.concatenate(
        [say(command, text, folder / "said.wav", rate_hz) for command in speakers() for text in texts]
    )
