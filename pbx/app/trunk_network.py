"""What a test of a trunk asks of the sockets and the resolver."""

from __future__ import annotations

from pbx.sip.hop import Hop
from pbx.transport.agent import Agent
from pbx.transport.sockets import SipSockets


class TrunkNetwork:
    """Names from the agent's resolver, connections from the node's sockets."""

    def __init__(self, agent: Agent, sockets: SipSockets) -> None:
        self._agent = agent
        self._sockets = sockets

    async def hops(self, uri: str) -> list[Hop]:
        return await self._agent.hops(uri)

    async def probe(self, hop: Hop) -> str:
        return await self._sockets.probe(hop)
