"""The frame of the site: first-run wizard, languages, palette, users, programs, and a site on another origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from pbx.model.registration import Registered
from tests.site.script import BUILT, Cues, play
from tests.site.stage import Stage, StagedCall, staged

pytestmark = pytest.mark.timeout(300)

ALICE = ("101", "Alice Morgan")


async def test_an_empty_office_gets_a_heard_call_and_a_site_elsewhere_reaches_it(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, _another_host() as elsewhere:
        await play("shell.mjs", stage.setup_url, elsewhere, cues=Director(stage, elsewhere).cues())


@asynccontextmanager
async def _another_host() -> AsyncIterator[str]:
    """A web server that has the site's files and no node."""

    async def page(request: web.Request) -> web.FileResponse:
        wanted = BUILT / request.path.lstrip("/")
        return web.FileResponse(wanted if wanted.is_file() else BUILT / "index.html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Director:
    """What happens at each cue."""

    def __init__(self, stage: Stage, elsewhere: str) -> None:
        self.stage = stage
        self.elsewhere = elsewhere
        self.call: StagedCall | None = None

    def cues(self) -> Cues:
        return {
            "register": self.register,
            "dial the echo test": self.dial,
            "nothing is heard": self.nothing,
            "speak": self.speak,
            "hang up": self.hang_up,
            "allow the other origin": self.allow,
        }

    async def register(self) -> None:
        self.stage.register("101", "Yealink SIP-T54W", host=31)
        phone = Registered(
            extension="101", contact_uri="sip:101@192.0.2.31:5062", user_agent="Yealink SIP-T54W"
        )
        self.stage.deps.bus.publish("registration", phone)

    async def dial(self) -> None:
        self.call = self.stage.call()
        await self.call.offer(ALICE, "*43", "", kind="feature")
        await self.call.answer("a", audio=False)

    async def nothing(self) -> None:
        assert self.call is not None
        await self.call.silent("a")

    async def speak(self) -> None:
        assert self.call is not None
        await self.call.heard_again("a")

    async def hang_up(self) -> None:
        assert self.call is not None
        await self.call.later(5).end()

    async def allow(self) -> None:
        settings = await self.stage.deps.settings.get()
        await self.stage.deps.settings.put(msgspec.structs.replace(settings, cors_origins=(self.elsewhere,)))
