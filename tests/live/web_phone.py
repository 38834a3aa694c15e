"""Phones in pages of a real Chromium: JsSIP with a tone for a microphone, and the samples of what is heard."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.live.node import Node
from tests.live.wav import Sound, write_tone

__all__ = ["PagePhone", "browser"]

DRIVER = Path(__file__).parent / "page" / "drive.mjs"
RATE_HZ = 48000


class Browser:
    """One Chromium; every page in it has the same microphone."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.faults: list[str] = []
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            if "ready" in said:
                self.ready.set_result(None)
            elif "fault" in said:
                self.faults.append(f"{said['page']}: {said['fault']}")
            elif (waiting := self._waiting.pop(said["id"], None)) is not None and not waiting.done():
                if "error" in said:
                    waiting.set_exception(RuntimeError(said["error"]))
                else:
                    waiting.set_result(said["result"])

    async def ask(self, page: str, call: str, *args: Any, timeout_s: float = 10.0) -> Any:
        assert self._process.stdin is not None
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        order = {"id": number, "page": page, "call": call, "args": args}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await asyncio.wait_for(self._waiting[number], timeout_s)

    async def phone(
        self, node: Node, number: str, *, codec: str = "", tone_hz: float | None = None, **login: Any
    ) -> PagePhone:
        """A page whose phone is registered as this extension; `tone_hz` is said in place of the microphone's."""
        page = PagePhone(self, number)
        await self.ask(number, "open")
        found = await node.send("POST", "app/browser-phone", {"extension": number})
        await self.ask(number, "start", found | login, codec, tone_hz)
        await page.wait_for("registered")
        return page


class PagePhone:
    """One page. A call is named by what `dial` and `incoming` give."""

    def __init__(self, browser: Browser, name: str) -> None:
        self._browser = browser
        self.name = name
        self._read = 0

    async def do(self, call: str, *args: Any) -> Any:
        return await self._browser.ask(self.name, call, *args)

    async def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.do("events")
        return found

    async def wait_for(self, name: str, timeout_s: float = 10.0, **wanted: Any) -> dict[str, Any]:
        """The next event of that name (and these details) that nobody has waited for yet."""
        seen: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    seen = await self.events()
                    for index, event in enumerate(seen[self._read :], self._read):
                        if event["name"] == name and wanted.items() <= event.items():
                            self._read = index + 1
                            return event
                    await asyncio.sleep(0.03)
        except TimeoutError:
            brief = [{k: v for k, v in each.items() if k != "sdp"} for each in seen]
            raise AssertionError(f"{self.name}: no {name} {wanted or ''} in {brief}") from None

    async def dial(self, target: str) -> str:
        return str(await self.do("call", target))

    async def incoming(self) -> str:
        return str((await self.wait_for("incoming"))["id"])

    async def accept(self) -> str:
        """Wait for a call, and take it."""
        call = await self.incoming()
        await self.do("answer", call)
        await self.wait_for("confirmed", id=call)
        return call

    async def heard(self) -> Sound:
        """All since the last `forget`."""
        samples = np.frombuffer(base64.b64decode(await self.do("heard")), "<i2").astype(np.float64) / 32768
        return Sound(samples, RATE_HZ)

    async def hears(self, seconds: float) -> Sound:
        """What it hears from now on, until it is so much: a busy machine plays slower."""
        await self.do("forget")
        async with asyncio.timeout(seconds + 8):
            while True:
                await asyncio.sleep(seconds)
                sound = await self.heard()
                if sound.seconds >= 0.9 * seconds:
                    return sound


@asynccontextmanager
async def browser(
    node: Node, folder: Path, *, tone_hz: float, url: str = "", **options: Any
) -> AsyncIterator[Browser]:
    """`options`: more switches of Chromium, in `switches`."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = write_tone(folder / "microphone.wav", tone_hz, rate_hz=RATE_HZ, seconds=10)
    with (folder / "browser.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "node", str(DRIVER), url or node.url, str(sound), *options.get("switches", ()),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, limit=64 << 20,
        )  # fmt: skip
        found = Browser(process)
        reading = asyncio.create_task(found.read())
        try:
            async with asyncio.timeout(40):
                await asyncio.wait([reading, found.ready], return_when=asyncio.FIRST_COMPLETED)
            if not found.ready.done():
                raise RuntimeError((folder / "browser.log").read_text())
            yield found
            assert not found.faults, found.faults
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
            await reading
