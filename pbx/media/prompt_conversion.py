"""Makes what the node plays of whatever somebody has recorded: WAV, MP3, Ogg (Vorbis, Opus) or FLAC.

    python -m pbx.media.prompt_conversion SOURCE FOLDER     one sound.16000.wav and one sound.8000.wav in FOLDER

libsndfile (over soundfile) decodes; what comes out is mono, levelled, at 16 and 8 kHz. It runs as a process of its own
with limits of time and memory: files come from outside, and what a decoder takes of a small node's memory is given
back. The process writes JSON: `Converted`, or `Refused` with exit status 3.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import resource
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from media_ext.decode_door import Converter
from pbx.core.errors import UserError
from pbx.media.levels import levelled
from pbx.media.sound_error import SoundError

__all__ = ["LONGEST_S", "RATES_HZ", "Converted", "convert_prompt", "write_wav"]

LONGEST_S = 600
RATES_HZ = (16000, 8000)
SOURCE_RATES_HZ = (8000, 96000)
MOST_CHANNELS = 8
TIME_LIMIT_S = 120.0
MEMORY_BYTES = 1 << 30
PIECE_S = 1
TAIL_S = 0.05
"""Silence after the end, which pushes the last of the sound through the converter's filter."""
REFUSED = 3
NAMES = {"WAV": "WAV", "WAVEX": "WAV", "RF64": "WAV", "MP3": "MP3", "OGG": "Ogg", "FLAC": "FLAC"}
NEEDED = "WAV, MP3, Ogg (Vorbis or Opus) or FLAC"


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """`original` says in a few words what it was."""

    seconds: float
    original: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with the file, in words."""

    message: str
    needed: str | None = None
    action: str = ""


async def convert_prompt(source: Path, folder: Path) -> Converted:
    """Leaves the two files in `folder`; paths are absolute. Raises `SoundError` 422, `UserError` 507 (full disk)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        str(source),
        str(folder),
        cwd=Path(__file__).parents[2],  # where the package is, also when it is not installed
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        async with asyncio.timeout(TIME_LIMIT_S):
            said, complaint = await process.communicate()
    except TimeoutError:
        raise SoundError(f"the file could not be converted within {TIME_LIMIT_S:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return msgspec.json.decode(said, type=Converted)
    if process.returncode == REFUSED:
        refused = msgspec.json.decode(said, type=Refused)
        raise SoundError(refused.message, http_status=422, needed=refused.needed, action=refused.action)
    if b"No space left" in complaint or b"ENOSPC" in complaint:
        raise UserError("the disk is full", http_status=507, action="Make room on the node's disk")
    last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
    if "No module named 'soundfile'" in last:
        raise UserError(
            "the library soundfile is missing, so nothing can be converted",
            http_status=503,
            action="Install Bellwire's requirements again",
        )
    raise SoundError(
        f"the file could not be decoded ({last[:200] or 'the decoder crashed'})", http_status=422
    )


def write_wav(into: Path | BinaryIO, samples: array[int], rate_hz: int) -> None:
    """16 bits, mono."""
    import wave  # not before the node's first answer

    with wave.open(str(into) if isinstance(into, Path) else into, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())


# -- the process -------------------------------------------------------------------------------------------------------


def main(source: Path, folder: Path) -> int:
    """Convert one file."""
    cpu_s = int(TIME_LIMIT_S)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        said: msgspec.Struct = _convert(source, folder)
    except SoundError as error:
        needed = None if error.needed is None else str(error.needed)
        said = Refused(message=error.message, needed=needed, action=error.action)
    sys.stdout.buffer.write(msgspec.json.encode(said))
    return REFUSED if isinstance(said, Refused) else 0


def _convert(source: Path, folder: Path) -> Converted:
    soundfile: Any = importlib.import_module("soundfile")  # it has no types

    try:
        with soundfile.SoundFile(source) as file:
            _check(file)
            samples = _read(file)
            layout = {1: "mono", 2: "stereo"}.get(file.channels, f"{file.channels} channels")
            original = f"{NAMES[file.format]}, {file.samplerate} Hz, {layout}"
    except soundfile.LibsndfileError as error:
        raise SoundError(
            "this is no sound file that can be read",
            needed=NEEDED,
            action=f"The decoder says: {error.error_string}",
        ) from error
    if not samples:
        raise SoundError("there is no sound in the file")
    samples = levelled(samples, RATES_HZ[0])
    for rate_hz in RATES_HZ:
        write_wav(
            folder / f"sound.{rate_hz}.wav", _at_rate([samples.tobytes()], RATES_HZ[0], rate_hz), rate_hz
        )
    return Converted(seconds=round(len(samples) / RATES_HZ[0], 3), original=original)


def _check(file: Any) -> None:
    if file.format not in NAMES:
        raise SoundError(f"the file is {file.format}", needed=NEEDED)
    lowest, highest = SOURCE_RATES_HZ
    if not lowest <= file.samplerate <= highest:
        raise SoundError(f"the file has {file.samplerate} samples a second", needed=f"{lowest} to {highest}")
    if file.channels > MOST_CHANNELS:
        raise SoundError(f"the file has {file.channels} channels", needed=f"{MOST_CHANNELS} at most")


def _read(file: Any) -> array[int]:
    """All of it, mono, at the highest rate that is kept. Raises `SoundError` when it goes on for too long."""

    def pieces() -> Iterator[bytes]:
        frames = 0
        while len(piece := file.read(file.samplerate * PIECE_S, dtype="float64", always_2d=True)):
            frames += len(piece)
            if frames > LONGEST_S * file.samplerate:
                raise SoundError(
                    f"the sound is longer than {LONGEST_S // 60} minutes",
                    needed=f"{LONGEST_S} s at most",
                    action="Cut it",
                )
            yield (piece.mean(axis=1).clip(-1, 1) * 32767).round().astype("int16").tobytes()

    return _at_rate(pieces(), file.samplerate, RATES_HZ[0])


def _at_rate(pieces: Iterator[bytes] | list[bytes], from_hz: int, to_hz: int) -> array[int]:
    """As long as before, to the sample."""
    samples = array("h")
    convert = bytes if from_hz == to_hz else Converter(from_hz, to_hz).convert
    frames = 0
    for piece in pieces:
        frames += len(piece) // 2
        samples.frombytes(convert(piece))
    samples.frombytes(convert(bytes(2 * round(from_hz * TAIL_S))))
    del samples[round(frames * to_hz / from_hz) :]
    return samples


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
