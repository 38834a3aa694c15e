"""Words that flite says, as a telephone would bring them: 16 kHz, or 8 kHz in µ-law and back."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

import pytest

VOICES = ("slt", "rms", "awb")
can_speak = pytest.mark.skipif(
    not (shutil.which("flite") and shutil.which("sox")), reason="needs flite and sox"
)


@cache
def spoken(text: str, *, voice: str = "slt", telephone: bool = False, rate_hz: int = 16000) -> bytes:
    """Samples of 16 bits, one channel."""
    wav = subprocess.run(
        ["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"], capture_output=True, check=True
    ).stdout
    if telephone:
        wav = _sox(wav, "wav", ["-t", "wav", "-r", "8000", "-e", "mu-law", "-c", "1"])
    return _sox(wav, "wav", ["-t", "raw", "-r", str(rate_hz), "-e", "signed", "-b", "16", "-c", "1"])


def _sox(data: bytes, kind: str, to: list[str]) -> bytes:
    return subprocess.run(
        ["sox", "-G", "-D", "--ignore-length", "-t", kind, "-", *to, "-"],
        input=data,
        capture_output=True,
        check=True,
    ).stdout
