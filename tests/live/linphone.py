"""A real Linphone in a test: Debian's console program, which sets itself up from a link and takes every call.

Its ways: it does nothing without a terminal; it wants its folders to be there; without a sound card it talks files.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live import wav

__all__ = ["Linphone", "linphone"]


@dataclass
class Linphone:
    """A running Linphone."""

    folder: Path
    terminal: int

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return (self.folder / "out").read_text(errors="replace")

    @property
    def heard_file(self) -> Path:
        return self.folder / "heard.wav"

    def type(self, command: str) -> None:
        os.write(self.terminal, command.encode() + b"\n")

    async def says(self, words: str, timeout_s: float = 10.0) -> None:
        """Wait until it has printed this."""
        try:
            async with asyncio.timeout(timeout_s):
                while words not in self.said:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise TimeoutError(f"Linphone never said {words!r}:\n{self.said}") from None

    def play(self) -> None:
        """Say the tone, in the call that goes on."""
        self.type(f"play {self.folder / 'tone.wav'}")

    def heard(self) -> wav.Sound:
        """What the other side sent, as it decoded it."""
        return wav.read(self.heard_file)


@asynccontextmanager
async def linphone(folder: Path, link: str, *, tone_hz: float) -> AsyncIterator[Linphone]:
    """Set up by `link`, and answering by itself; it can say a tone."""
    (folder / ".local/share/linphone").mkdir(parents=True)
    wav.write_tone(folder / "tone.wav", tone_hz, rate_hz=16000, seconds=20)
    config = folder / "rc"
    config.write_text(f"[misc]\nconfig-uri={link}\n[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\n")
    terminal, its_side = pty.openpty()
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            ["linphonec", "-a", "-c", str(config), "-d", "4", "-l", str(folder / "log")],
            stdin=its_side,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(folder), "LC_ALL": "C"},
        )
    os.close(its_side)
    made = Linphone(folder, terminal)
    try:
        for command in ("soundcard use files", f"record {made.heard_file}"):
            made.type(command)
        yield made
    finally:
        with contextlib.suppress(OSError):
            made.type("quit")
        try:
            await asyncio.to_thread(process.wait, 10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(terminal)
