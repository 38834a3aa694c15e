"""A test of one trunk that says in plain words what is wrong: name, connection, answer, registration, a short call.

Each step says what was found. A step that makes the later ones pointless ends the test. The call is a real one: it is
made past the dial plan, takes a channel, plays a tone to whoever picks up, and listens whether anything comes back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from pbx.call.incoming import CallPorts
from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError, UserError
from pbx.feature.trunk_line import TrunkLine
from pbx.feature.trunk_words import answered_words, refused_words
from pbx.feature.trunks import Trunks
from pbx.model.leg_event import Answered, Ended, LegCause, LegFailed, Progress, Refused
from pbx.model.party import DialTarget, Party
from pbx.model.trunk_test import StepName, TrunkTestReport, TrunkTestStep
from pbx.sip.hop import Hop, host_port
from pbx.sip.registration import RegistrationState

__all__ = ["Network", "TrunkTests", "until_final"]

log = logging.getLogger(__name__)

ANSWER_S = 6.0
REGISTER_S = 10.0
RING_S = 40.0
LISTEN_S = 4.0

Step = TrunkTestStep


class Network(Protocol):
    """What a test needs of the node's sockets and its resolver."""

    async def hops(self, uri: str) -> list[Hop]: ...

    async def probe(self, hop: Hop) -> str:
        """Connect, and shake hands where it is TLS; "" when that works, else why not."""
        ...


class TrunkTests:
    """Tests trunks, one at a time."""

    def __init__(
        self,
        trunks: Trunks,
        network: Network,
        ports: CallPorts,
        *,
        is_emergency: Callable[[str], bool],
        rtp_range: tuple[int, int],
    ) -> None:
        self._trunks = trunks
        self._network = network
        self._ports = ports
        self._is_emergency = is_emergency
        self._rtp_range = rtp_range
        self._busy = asyncio.Lock()

    async def run(self, name: str, number: str | None) -> TrunkTestReport | None:
        """None when there is no such trunk. Raises `UserError` 409 while another test runs, 422 for an emergency."""
        await self._trunks.reload()  # as it is written now, not as it was a moment ago
        line = self._trunks.lines.get(name)
        if line is None:
            return None
        if number is not None and self._is_emergency(number):
            raise UserError(
                "an emergency number is not for tests",
                http_status=422,
                path="$.number",
                got=number,
                action="Choose a number whose owner knows of the test",
            )
        if self._busy.locked():
            raise UserError("another test is running", http_status=409, action="Wait for its end")
        async with self._busy:
            steps = await self._steps(line, number)
        failed = [each.name for each in steps if each.outcome == "failed"]
        log.info("a trunk was tested", extra={"trunk": name, "called": number is not None, "failed": failed})
        return TrunkTestReport(trunk=name, ok=not failed, steps=tuple(steps))

    async def _steps(self, line: TrunkLine, number: str | None) -> list[Step]:
        steps: list[Step] = []
        if not line.trunk.enabled:
            return [_failed("settings", "The trunk is switched off.", "Switch it on.")]
        hops, found = await self._find(line)
        steps.append(found)
        if not hops:
            return steps
        look: tuple[Callable[[], Awaitable[Step]], ...] = (
            lambda: self._connect(hops[0]),
            lambda: self._ask(line, hops[0]),
            lambda: self._registered(line),
        )
        for one in look:
            steps.append(await one())
            if steps[-1].outcome == "failed":
                return steps
        if number is None:
            return [*steps, Step(name="call", outcome="skipped", text="No number was given to call.")]
        return [*steps, *await self._call(line, number, hops[0])]

    # -- the steps -----------------------------------------------------------------------------------------------------

    async def _find(self, line: TrunkLine) -> tuple[list[Hop], Step]:
        server = line.trunk.proxy or line.trunk.host
        try:
            hops = await self._network.hops(line.uri)
        except PeerError as error:
            action = (
                "Check how the server's name is written, and the node's DNS."
                if error.sip_status == 404
                else "Check the node's internet connection and its DNS."
            )
            text = f"The name {server} was not found ({error.reason})."
            return [], _failed("name", text, action, error.sip_status)
        where = ", ".join(
            f"{host_port(hop.remote_host, hop.remote_port)} over {hop.transport}" for hop in hops[:4]
        )
        return hops, _ok("name", f"{server} is at {where}.")

    async def _connect(self, hop: Hop) -> Step:
        if hop.transport == "UDP":
            return Step(name="connection", outcome="skipped", text="UDP has no connection to be opened.")
        why = await self._network.probe(hop)
        if not why:
            return _ok("connection", f"{hop.transport} to {hop.remote_host} works.")
        action = (
            "Ask the provider for the server's right name, or give --tls-trust its certificate authority."
            if "certificate" in why
            else "Check the port and the transport, and that no firewall stands between."
        )
        return _failed("connection", f"No {hop.transport} connection: {why}.", action)

    async def _ask(self, line: TrunkLine, hop: Hop) -> Step:
        if not line.trunk.check_every_s:
            return Step(
                name="answer", outcome="skipped", text="The trunk says that its server is not to be asked."
            )
        try:
            async with asyncio.timeout(ANSWER_S):
                response = await self._trunks.ask_options(line)
        except TimeoutError:
            response = None
        if response is None or response.status in (408, 503):
            refuses = response is not None and response.status == 503
            text = "The server refuses our packets." if refuses else "The server does not answer."
            return _failed(
                "answer",
                f"{text} Asked: {host_port(hop.remote_host, hop.remote_port)} over {hop.transport}.",
                "Check the server's name, port and transport, and that a firewall lets SIP out and answers in.",
                response.status if response is not None else 408,
            )
        return _ok("answer", f"The server answers ({response.status}).", response.status)

    async def _registered(self, line: TrunkLine) -> Step:
        registration = line.registration
        if not line.registers:
            return Step(name="registration", outcome="skipped", text="This trunk does not register.")
        if registration is None or registration.state is not RegistrationState.REGISTERED:
            registration = await self._trunks.register_now(line, within_s=REGISTER_S)
        if registration is not None and registration.state is RegistrationState.REGISTERED:
            return _ok("registration", f"Registered as {line.aor}.", 200)
        status = registration.status if registration is not None else 0
        error = registration.error if registration is not None else ""
        action = "Check user name, authentication name and password." if status in (401, 403, 407) else ""
        return _failed(
            "registration",
            error or "The registration was not answered.",
            action or "Ask the provider what it expects.",
            status,
        )

    # -- a call --------------------------------------------------------------------------------------------------------

    async def _call(self, line: TrunkLine, number: str, hop: Hop) -> list[Step]:
        if not line.has_room:
            action = "Wait, or raise the number of calls at once."
            return [_failed("call", "All channels of this trunk are in use.", action, 486)]
        target = line.target(number, Party("", "Test call"), shown=None)
        release = line.seize()
        leg: CallLeg | None = None
        try:
            leg = self._leg(target, hop)
            return await self._try(line, leg, target)
        except PeerError as error:
            return [refused_words(error.sip_status, error.reason, target, line.trunk.codecs)]
        finally:
            release()
            if leg is not None:
                await leg.close(LegCause.NORMAL)

    def _leg(self, target: DialTarget, hop: Hop) -> CallLeg:
        ports = self._ports
        return CallLeg(
            "b1",
            stream=ports.media.open_stream(label="trunk test"),
            host=ports.local_host(hop.remote_host),
            session_id=ports.new_session_id(),
            party=Party(target.label),
            srtp=ports.srtp,
            secure=target.transport == "TLS",
            codecs=target.codecs,
        )

    async def _try(self, line: TrunkLine, leg: CallLeg, target: DialTarget) -> list[Step]:
        caller = target.caller or Party("")
        offer = leg.offer(self._ports.codecs.ours)
        leg.signal = self._ports.signaling.dial(target, offer=offer, caller=caller, call="trunk test")
        try:
            async with asyncio.timeout(RING_S):
                refused = await until_final(leg)
        except TimeoutError:
            text = f"{target.uri} rang for {RING_S:g} s and nobody picked up. The way there works."
            return [_ok("call", text)]
        except LegFailed as error:
            refused = Refused(error.status or 503, "")
        if refused is not None:
            return [refused_words(refused.status, refused.reason, target, line.trunk.codecs)]
        try:
            self._ports.media.play(leg.stream, self._ports.hold_tone(), loop=True)
        except ValueError:
            log.info("the tested trunk hears nothing", extra={"codec": leg.codec})
        await asyncio.sleep(LISTEN_S)
        return [
            _ok("call", f"{target.label} picked up; the sound goes as {leg.codec}.", 200),
            answered_words(leg.stream.stats(), LISTEN_S, self._rtp_range),
        ]


async def until_final(leg: CallLeg) -> Refused | None:
    """Until it answers (None) or refuses. Raises `PeerError` when its answer does not fit."""
    while True:
        event = await leg.dialog.receive()
        if isinstance(event, Progress) and event.sdp is not None and leg.remote is None:
            leg.take_answer(event.sdp)
        elif isinstance(event, Answered):
            if event.sdp is not None or leg.remote is None:
                leg.take_answer(event.sdp)
            return None
        elif isinstance(event, Refused):
            return event
        elif isinstance(event, Ended):
            return Refused(event.status or 480, event.reason)


def _ok(name: StepName, text: str, status: int = 0) -> Step:
    return Step(name=name, outcome="ok", text=text, sip_status=status)


def _failed(name: StepName, text: str, action: str, status: int = 0) -> Step:
    return Step(name=name, outcome="failed", text=text, action=action, sip_status=status)
