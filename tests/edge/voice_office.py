"""An edge in this process, with a simulated Twilio on one side and an office's end of the tunnel on the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from edge.app import build
from edge.config import EdgeConfig
from edge.edge import Edge
from edge.model.office import LOCAL, Number
from edge.tunnel.link import LocalLink
from pbx.core.clock import SystemClock
from pbx.core.tasks import Supervisor
from pbx.transport.tunnel.calls import EdgeCall
from pbx.transport.tunnel.link import Link, NoEntry
from pbx.transport.tunnel.tunnel import Tunnel
from tests.fakes.twilio.call import FakeCall
from tests.fakes.twilio.media_stream import MediaStream
from tests.fakes.twilio.server import FakeTwilio
from tests.tunnel.ends import OfficeUser, Side

NUMBER, CALLER = "+13125550199", "+13125550100"
PUBLIC = "https://edge.example.com"


@dataclass
class VoiceOffice:
    edge: Edge
    twilio: FakeTwilio
    tunnel: Tunnel
    user: OfficeUser
    links: list[LocalLink]
    url: str
    may_connect: bool = True

    async def call(self) -> tuple[FakeCall, MediaStream, EdgeCall, Side]:
        """A call that the office was told of, not yet answered."""
        call = await self.twilio.call(CALLER, NUMBER)
        stream = await call.in_stream()
        office_call, side, said = await self.user.offers.get()
        assert said == {"from": CALLER, "to": NUMBER, "name": ""}
        return call, stream, office_call, side

    async def state_of(self, call: str) -> tuple[str, str]:
        row = await self.edge.store.one("SELECT state, cause FROM voice_call WHERE id = $1", call)
        assert row is not None
        return row["state"], row["cause"]


@asynccontextmanager
async def voice_office(folder: Path, **of_tunnel: Any) -> AsyncIterator[VoiceOffice]:
    async with FakeTwilio() as twilio, Supervisor() as supervisor:
        twilio.add_number(
            NUMBER, voice_url=f"{PUBLIC}/twilio/voice", status_callback=f"{PUBLIC}/twilio/voice/status"
        )
        config = EdgeConfig(
            data_dir=folder,
            public_url=PUBLIC,
            twilio_account_sid=twilio.account_sid,
            twilio_auth_token=twilio.auth_token,
            twilio_api_url=twilio.url,
        )
        edge = await build(config)
        await edge.offices.ensure_local("Test")
        await edge.offices.put_number(Number(NUMBER, LOCAL))
        runner = web.AppRunner(edge.application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        twilio.reach(PUBLIC, url)
        edge.start()
        made: list[VoiceOffice] = []

        async def connect() -> Link:
            if not made[0].may_connect:
                raise NoEntry(0, "cut")
            ours, theirs = LocalLink.pair()
            made[0].links.append(ours)
            edge.background.spawn("tunnel", edge.hub.serve(LOCAL, theirs))
            return ours

        user = OfficeUser()
        user.document = None
        tunnel = Tunnel(
            "t", connect, user, supervisor=supervisor, clock=SystemClock(), random=lambda: 0.0, **of_tunnel
        )
        made.append(VoiceOffice(edge, twilio, tunnel, user, [], url))
        supervisor.spawn("tunnel", tunnel.run())
        await user.up.wait()
        try:
            yield made[0]
        finally:
            await twilio.stop()
            await runner.cleanup()
            await edge.close()
    assert edge.background.failures == 0
