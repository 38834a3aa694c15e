"""PocketSphinx with the model it brings along: names and phrases in English, without a key and without a network.

Limited: it hears only what its grammar has, and always hears something. The decoder is a process that starts with the
first utterance (0.3 s, 45 MB) and ends when nobody has spoken for a while, or when an answer does not come.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

import pbx
from pbx.media.grammar import grammar_for
from pbx.media.recognition import RATE_HZ, Heard, RecognitionError
from pbx.media.recognition_process import LENGTH, MOST_BYTES, Reply, Request

__all__ = ["Sphinx", "refusal"]

CONFIDENCE = 0.5
"""Of anything it hears: it has no way to tell."""
ANSWER_S = 12.0
IDLE_S = 300.0
MOST_S = 15.0
MISSING = "pocketsphinx is not installed (pip install 'bellwire[speech]')"


def refusal() -> str:
    """Why there can be no recognition; "" when there can."""
    return "" if importlib.util.find_spec("pocketsphinx") is not None else MISSING


class Sphinx:
    """One utterance at a time; others wait for it."""

    def __init__(self, *, answer_s: float = ANSWER_S, idle_s: float = IDLE_S) -> None:
        self._answer_s = answer_s
        self._idle_s = idle_s
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None

    async def recognise(self, pcm: bytes, *, expected: Sequence[str], language: str = "") -> Heard:
        """What of the expected was said. Raises `RecognitionError`."""
        if language and language.partition("-")[0].lower() != "en":
            raise RecognitionError(
                f"there is no model for the language {language}; an engine by address may have one"
            )
        if why := refusal():
            raise RecognitionError(why)
        grammar = await asyncio.to_thread(grammar_for, tuple(expected))
        if not grammar.text or not pcm:
            return Heard("", 0.0)
        request = Request(grammar.text, grammar.words, pcm[: int(RATE_HZ * 2 * MOST_S)])
        async with self._turn:
            reply = await self._ask(request)
        if reply.error:
            raise RecognitionError(reply.error)
        text = grammar.meaning(reply.text)
        return Heard(text, CONFIDENCE if text else 0.0)

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def _ask(self, request: Request) -> Reply:
        """A process that has died meanwhile is started again, once."""
        if self._idle is not None:
            self._idle.cancel()
        try:
            async with asyncio.timeout(self._answer_s):
                reply = await self._exchange(request) or await self._exchange(request)
        except TimeoutError:
            await self._end()
            raise RecognitionError(f"no answer within {self._answer_s:g} s") from None
        except BaseException:  # a reply that nobody waits for must not be read by the next
            await self._end()
            raise
        if reply is None:
            raise RecognitionError("the recogniser's process ends by itself")
        self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._let_go)
        return reply

    async def _exchange(self, request: Request) -> Reply | None:
        """None when the process has ended."""
        if self.pid is None:
            self._process = await _start()
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        data = msgspec.msgpack.encode(request)
        try:
            self._process.stdin.write(LENGTH.pack(len(data)) + data)
            await self._process.stdin.drain()
            (size,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
            answer = await self._process.stdout.readexactly(min(size, MOST_BYTES))
        except (asyncio.IncompleteReadError, ConnectionError):
            await self._end()
            return None
        try:
            return msgspec.msgpack.decode(answer, type=Reply)
        except msgspec.MsgspecError as error:
            await self._end()
            raise RecognitionError(f"the recogniser's answer is none: {error}") from None

    def _let_go(self) -> None:
        """Nobody has spoken for long: its input ends, and so does it."""
        if not self._turn.locked() and self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if self._idle is not None:
            self._idle.cancel()
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _start() -> Process:
    """The child finds `pbx` where this one did."""
    home = str(Path(pbx.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pbx.media.recognition_process",
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # Ctrl+C at a terminal is for the node
    )
