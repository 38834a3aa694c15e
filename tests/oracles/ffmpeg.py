"""ffmpeg's own G.722 and Opus: written independently of the libraries that the engine uses."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def _run(data: bytes, *options: str) -> bytes:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    command = ["ffmpeg", "-v", "error", *options, "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout


def decode_g722(payload: bytes) -> bytes:
    """Samples at 16 kHz."""
    return _run(payload, "-f", "g722", "-i", "-", "-f", "s16le")


def encode_g722(pcm: bytes) -> bytes:
    return _run(pcm, "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-", "-f", "g722")


def decode_opus(ogg: bytes) -> bytes:
    """Samples at 48 kHz, by ffmpeg's own decoder and not libopus."""
    return _run(ogg, "-c:a", "opus", "-f", "ogg", "-i", "-", "-f", "s16le", "-ar", "48000", "-ac", "1")


def decode_file(path: Path, rate_hz: int) -> bytes:
    """The samples of any sound file, mixed to one channel."""
    return _run(b"", "-i", str(path), "-f", "s16le", "-ar", str(rate_hz), "-ac", "1")
