"""The node's voice: programs that make sound of text. espeak-ng (small, some hundred languages) or Piper (natural).

A program runs for each text, off the loop, and is killed with whoever wanted it. What it says is kept by
`pbx.media.speech_cache`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from array import array
from pathlib import Path
from typing import Protocol

from media_ext.decode_door import Converter
from pbx.core.errors import StartupError, UserError
from pbx.media.levels import levelled
from pbx.media.sound import open_sound

__all__ = [
    "SPEECH_RATE_HZ",
    "Espeak",
    "Piper",
    "SpeechError",
    "Synthesizer",
    "Voices",
    "made_ready",
    "voices_of",
]

SPEECH_RATE_HZ = 16000
ESPEAK = "espeak-ng"
ESPEAK_PACKAGE = "Install the Debian package espeak-ng"
WORDS_A_MINUTE = 160
ESPEAK_LIMIT_S = 20.0
PIPER_LIMIT_S = 60.0
"""It loads its model for each text, which takes seconds on a small machine."""
AT_ONCE = 2
DIALECTS = {"en": "en-us", "pt": "pt-br"}
"""What espeak-ng calls a language that is named without its country."""


class SpeechError(UserError):
    """A text could not be spoken: 422 when it is the text's or the language's fault, else 503."""

    def __init__(self, message: str, *, http_status: int = 503, action: str = "") -> None:
        super().__init__(message, http_status=http_status, action=action)


class Synthesizer(Protocol):
    """`key` names the voice: what it says is kept under it."""

    @property
    def key(self) -> str: ...

    def speaks(self, language: str) -> bool: ...

    async def speak(self, text: str, language: str) -> bytes:
        """A WAV file. Raises `SpeechError`."""
        ...


class Espeak:
    """`voice` is one of `espeak-ng --voices`, for `language`; other languages have the voice of their name."""

    def __init__(self, program: str, *, language: str = "en", voice: str = "") -> None:
        self._program = program
        self._voices = {language: voice} if voice else {}
        self.key = f"espeak-ng:{voice}"

    def speaks(self, _language: str) -> bool:
        return True

    async def speak(self, text: str, language: str) -> bytes:
        tag = language.lower()
        voice = self._voices.get(language) or DIALECTS.get(tag, tag)
        command = [self._program, "-v", voice, "-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"]
        return await _run(command, text, limit_s=ESPEAK_LIMIT_S)


class Piper:
    """`voice` is the .onnx file; its .onnx.json says which language it speaks. Raises `StartupError`."""

    def __init__(self, program: str, voice: Path) -> None:
        found = shutil.which(program)
        if found is None:
            raise StartupError(
                f"the program {program} for --tts-piper-voice is not there",
                action="Install Piper (pip install piper-tts), name it with --tts-piper-program, or name no voice",
            )
        self._program = found
        self._voice = voice
        self.language = _language_of(voice)
        self.key = f"piper:{voice.name}"

    def speaks(self, language: str) -> bool:
        return _base(language) == _base(self.language)

    async def speak(self, text: str, _language: str) -> bytes:
        with tempfile.TemporaryDirectory(prefix="bellwire-speech-") as folder:
            made = Path(folder) / "speech.wav"
            command = [self._program, "--model", str(self._voice), "--output_file", str(made)]
            await _run(command, " ".join(text.split()) + "\n", limit_s=PIPER_LIMIT_S)
            return await asyncio.get_running_loop().run_in_executor(None, _read, made)


class Voices:
    """Chooses who speaks; two at once at most, since calls are more urgent."""

    def __init__(self, *voices: Synthesizer) -> None:
        self._voices = voices
        self._free = asyncio.Semaphore(AT_ONCE)

    def __bool__(self) -> bool:
        return bool(self._voices)

    def key(self, language: str) -> str:
        """Names who speaks this language; "" when nobody does."""
        return next((each.key for each in self._voices if each.speaks(language)), "")

    async def speak(self, text: str, language: str) -> array[int]:
        """Mono samples of `SPEECH_RATE_HZ` at the usual level. Raises `SpeechError`."""
        voice = next((each for each in self._voices if each.speaks(language)), None)
        if voice is None:
            raise SpeechError("this node has no voice", action=ESPEAK_PACKAGE)
        async with self._free:
            wav = await voice.speak(text, language)
        return await asyncio.get_running_loop().run_in_executor(None, made_ready, wav)


def voices_of(*, language: str, voice: str, piper_voice: Path | None, piper_program: str) -> Voices:
    """Those of the settings, as far as they are there. Raises `StartupError` for a Piper that cannot speak."""
    found: list[Synthesizer] = []
    if piper_voice is not None:
        found.append(Piper(piper_program, piper_voice))
    if (program := shutil.which(ESPEAK)) is not None:
        found.append(Espeak(program, language=language, voice=voice))
    return Voices(*found)


def made_ready(wav: bytes) -> array[int]:
    """What a program has said, at the rate and level of all speech. Blocks. Raises `SpeechError`."""
    try:
        reader = open_sound(wav)
    except UserError as error:
        raise SpeechError(f"the voice made no sound: {error.message}", http_status=422) from error
    convert = bytes if reader.rate_hz == SPEECH_RATE_HZ else Converter(reader.rate_hz, SPEECH_RATE_HZ).convert
    samples = array("h")
    while piece := reader.read():
        samples.frombytes(convert(piece))
    samples.frombytes(convert(bytes(2 * (reader.rate_hz // 20))))
    if not any(samples):
        raise SpeechError("the voice made no sound of this text", http_status=422)
    return levelled(samples, SPEECH_RATE_HZ)


async def _run(command: list[str], text: str, *, limit_s: float) -> bytes:
    """What the program writes. Raises `SpeechError`."""
    name = Path(command[0]).name
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise SpeechError(f"{name} cannot be started: {error}", action=ESPEAK_PACKAGE) from error
    try:
        async with asyncio.timeout(limit_s):
            said, complaint = await process.communicate(text.encode())
    except TimeoutError:
        raise SpeechError(f"{name} was not done within {limit_s:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        words = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise SpeechError(f"{name} failed: {words[:200] or process.returncode}", http_status=422)
    return said


def _language_of(voice: Path) -> str:
    try:
        notes = json.loads(voice.with_name(f"{voice.name}.json").read_bytes())
        with voice.open("rb"):
            return str(notes["language"]["code"]).replace("_", "-").lower()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartupError(
            f"the Piper voice {voice} cannot be used: {error!r}",
            needed="a file .onnx, and beside it the .onnx.json that came with it",
            action="Name a voice with --tts-piper-voice, or none",
        ) from None


def _base(language: str) -> str:
    return language.partition("-")[0].lower()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpeechError(f"Piper wrote no sound: {error}") from error
