"""Doors into an edge of the same process, for tests of what the node's API passes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.api.dispatch import Dispatch
from edge.app import build
from edge.config import EdgeConfig
from edge.model.office import LOCAL, Number
from pbx.api.edge_door import EdgeReply
from pbx.core.errors import UserError
from tests.fakes.twilio import FakeTwilio

__all__ = ["OURS", "Door", "whole_edge"]

OURS = "+12025550111"


@dataclass
class Door:
    """`away` is an edge that cannot be reached."""

    dispatch: Dispatch
    away: bool = False

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        actor: str = "",
        content_type: str = "",
        body: bytes = b"",
    ) -> EdgeReply:
        if self.away:
            raise UserError("no edge answers", http_status=503)
        reply = await self.dispatch.ask(
            office=LOCAL, actor=actor, method=method, path=path, query=query, body=body, type=content_type
        )
        return EdgeReply(status=reply.status, content_type=reply.type, headers=reply.headers, body=reply.body)


@asynccontextmanager
async def whole_edge(folder: Path) -> AsyncIterator[Door]:
    """All that an edge can be asked, with the simulated Twilio and a number of ours."""
    async with FakeTwilio() as twilio:
        twilio.sell(OURS, "+12025550112")
        config = EdgeConfig(
            data_dir=folder,
            public_url="https://edge.example.com",
            twilio_account_sid=twilio.account_sid,
            twilio_auth_token=twilio.auth_token,
            twilio_api_url=twilio.url,
        )
        edge = await build(config)
        try:
            await edge.offices.ensure_local()
            await edge.offices.put_number(Number(OURS, LOCAL, "PN" + "0" * 32))
            yield Door(edge.dispatch)
        finally:
            await edge.close()
