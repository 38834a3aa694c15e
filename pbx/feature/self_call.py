"""The node calls itself: over its own SIP port to the echo, with sound over its own audio ports, and back.

What answers is everything that a phone would reach: sockets, parser, transactions, dial plan, media. It needs no
extension and no password: the call shows a token that is good once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime

import msgspec

from pbx.call.incoming import CallPorts, Incoming
from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError
from pbx.feature.edge_calls import TOKEN_HEADER
from pbx.feature.features import Features
from pbx.feature.trunk_test import until_final
from pbx.model.leg_event import LegCause, LegFailed
from pbx.model.party import DialTarget, Party
from pbx.sip.hop import host_port
from pbx.transport.sip_leg import SipLeg

__all__ = ["BY_ITSELF", "SelfCall", "SelfCallResult"]

log = logging.getLogger(__name__)

NAME = Party("self-test", "Self-test")
ECHO = "echo"
BY_ITSELF = "self"
"""The source of such a call."""

ANSWER_S = 10.0
SOUND_S = 8.0
ENOUGH_PACKETS = 25
LOOK_S = 0.05


class SelfCallResult(msgspec.Struct, frozen=True, kw_only=True):
    """How it went; `why` is empty when calls work, or when there was nothing to call."""

    at: datetime
    version: str
    ok: bool
    why: str = ""


class SelfCall:
    """`address` is where the node listens for SIP, as the machine itself reaches it."""

    def __init__(self, ports: CallPorts, features: Features, address: Callable[[], tuple[str, int]]) -> None:
        self._ports = ports
        self._features = features
        self._address = address
        self._token = ""

    def expected(self, leg: SipLeg) -> Incoming | None:
        """Our own call, when this INVITE shows its token; None for any other."""
        shown = leg.request.headers.get(TOKEN_HEADER) or ""
        if not self._token or not secrets.compare_digest(shown.encode(), self._token.encode()):
            return None
        self._token = ""
        return Incoming(
            leg=leg,
            caller=NAME,
            dialled=self._code(),
            source=BY_ITSELF,
            source_host=leg.hop.remote_host,
            offer=leg.offer,
            srtp="off",
        )

    async def run(self, version: str) -> SelfCallResult:
        """Call, wait for sound, hang up. Raises nothing: what fails is in the result."""
        why = await self._why() if self._code() else ""
        result = SelfCallResult(at=self._ports.clock.now(), version=version, ok=not why, why=why)
        log.log(logging.WARNING if why else logging.INFO, "called itself", extra={"ok": not why, "why": why})
        return result

    def _code(self) -> str:
        return self._features.code_of(ECHO) or ""

    async def _why(self) -> str:
        host, port = self._address()
        leg = self._leg(host)
        self._token = secrets.token_urlsafe(24)
        try:
            return await self._call(leg, host, port)
        except PeerError as error:
            return f"the answer does not fit ({error.reason})"
        except LegFailed as error:
            return f"it failed ({error.status or 'no way to send it'})"
        except TimeoutError:
            return f"nobody answered at {host_port(host, port)} within {ANSWER_S:.0f} s"
        finally:
            self._token = ""
            await leg.close(LegCause.NORMAL)

    def _leg(self, host: str) -> CallLeg:
        ports = self._ports
        return CallLeg(
            "b1",
            stream=ports.media.open_stream(label="self-test"),
            host=ports.local_host(host),
            session_id=ports.new_session_id(),
            party=NAME,
            srtp="off",
        )

    async def _call(self, leg: CallLeg, host: str, port: int) -> str:
        uri = f"sip:{self._code()}@{host_port(host, port)}"
        target = DialTarget(
            uri=uri,
            to_uri=uri,
            host=host,
            port=port,
            caller=NAME,
            headers=((TOKEN_HEADER, self._token),),
            inside=True,
        )
        offer = leg.offer(self._ports.codecs.ours)
        leg.signal = self._ports.signaling.dial(target, offer=offer, caller=NAME, call="self-test")
        async with asyncio.timeout(ANSWER_S):
            refused = await until_final(leg)
        if refused is not None:
            return f"it was refused: {refused.status} {refused.reason}".strip()
        self._ports.media.play(leg.stream, self._ports.hold_tone(), loop=True)
        clock = self._ports.clock
        ending = clock.monotonic() + SOUND_S
        while (stats := leg.stream.stats()).packets_in < ENOUGH_PACKETS:
            if clock.monotonic() > ending:
                return f"it was answered, but of {stats.packets_out} packets of sound {stats.packets_in} came back"
            await asyncio.sleep(LOOK_S)
        return ""
