"""Calls back whoever kept a place in the line at home: when it is reached, the agent is rung first, then the caller."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from pbx.call.call import Call
from pbx.call.called_back import CalledBack, Reach
from pbx.call.connect import join
from pbx.call.ending import Ending
from pbx.call.incoming import Incoming
from pbx.call.leg import CallLeg
from pbx.call.own_program import OwnProgram, Starts
from pbx.call.ports import Router, Signaling
from pbx.call.reoffer import accept_alone, answer_reoffer
from pbx.call.scope import Stoppable
from pbx.core.clock import Clock
from pbx.core.errors import PeerError
from pbx.core.tasks import cancelled
from pbx.feature.queue.line import Entry, Line
from pbx.feature.queue.queues import Queues
from pbx.feature.usage import TRUNK_FAULTS
from pbx.model.call_event import CallRouted
from pbx.model.leg_event import Ended, LegCause, LegFailed, Offered, Referred
from pbx.model.party import Party
from pbx.model.queue_event import QueueJoined

__all__ = ["CallBacks"]

log = logging.getLogger(__name__)

RING_S = 40.0
AGAIN_S = 120.0
"""Nobody was reached: after this long it is tried again."""


class CallBacks:
    """`ways` are those to a caller: for a number, an extension where it is one, and whose rights count."""

    def __init__(
        self,
        queues: Queues,
        calls: Callable[[], Starts],
        router: Callable[[], Router],
        *,
        ways: Callable[[Call, str, str | None, str], Sequence[Reach]],
        signaling: Signaling,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._queues = queues
        self._calls = calls
        self._router = router
        self._ways = ways
        self._signaling = signaling
        self._clock = clock
        self._new_id = new_id

    def make(self, line: Line, entry: Entry) -> None:
        """Agents have been found for this place: start its call."""
        queue = line.queue()
        try:
            self._calls().admit()
        except PeerError:
            queue = None
        if queue is None:
            entry.not_before = self._clock.now().timestamp() + AGAIN_S
            line.release(entry)
            return
        number, extension = queue.number, entry.extension
        rights = [queue.call_back_as or entry.seated[0]]
        calls: list[Call] = []
        begun = False

        def given_up() -> None:
            if not begun:  # the call could not even begin: no port was free
                entry.not_before = self._clock.now().timestamp() + AGAIN_S
                entry.call = None
                line.release(entry)

        leg = CalledBack(
            self._new_id(),
            lambda: self._ways(calls[0], entry.number, extension, rights[0]),
            self._signaling,
            shown=Party(number, queue.name),
            ring_s=RING_S,
            faults=TRUNK_FAULTS,
            given_up=given_up,
            together=extension is not None,
        )

        async def program(call: Call) -> None:
            nonlocal begun
            begun = True
            await self._run(call, line, entry, rights)

        incoming = Incoming(
            leg=leg,
            caller=Party(entry.number, entry.name, extension=extension),
            dialled=number,
            source="queue",
            source_host="",
            offer=None,
        )
        entry.call = self._calls().offered(incoming, OwnProgram(self._router(), program))
        calls.append(entry.call)

    async def _run(self, call: Call, line: Line, entry: Entry, rights: list[str]) -> None:
        """Ring agents until one is there, then the caller; the place is kept until both talk."""
        queue = line.queue()
        if queue is None:
            return
        call.record(
            CallRouted(call=call.id, at=call.now(), kind="queue", to=queue.number, to_name=queue.name)
        )
        call.record(
            QueueJoined(
                call=call.id,
                at=call.now(),
                queue=queue.number,
                position=line.position(entry),
                priority=entry.priority,
                call_back_of=entry.call_back_of,
            )
        )
        agent: CallLeg | None = None
        reached: bool | None = None  # None: the caller has not been dialled to the end
        try:
            agent = await self._find_agent(call, line, entry)
            if agent is not None:
                if queue.call_back_as is None and agent.party.extension is not None:
                    rights[0] = agent.party.extension
                reached = await self._reach(call, agent)
        finally:
            if reached:
                line.leave(entry)
                self._queues.tell_left(call, queue, entry, agent or "")
            else:
                self._keep(call, line, entry, in_vain=reached is False)
        if reached and agent is not None:
            await join(call, agent)
        else:
            call.end_with(Ending(LegCause.NO_ANSWER, 480))

    async def _find_agent(self, call: Call, line: Line, entry: Entry) -> CallLeg | None:
        """Ring agents, one time after the other, until one is there; None when the queue is gone."""
        waiting = self._queues.waiting(call, line, entry)
        while not await entry.next_offer():
            queue = line.queue()
            if queue is None:
                return None
            agent = await waiting.ring(queue)
            if agent is not None:
                return agent
        return None

    async def _reach(self, call: Call, agent: CallLeg) -> bool:
        """Dial the caller while the agent hears ringback; False when nobody is there. Raises `LegFailed` when it is the
        agent who has gone.
        """
        call.ports.media.play(agent.stream, call.ports.ringback(), loop=True)
        with Stoppable() as reaching:
            listening = call.scope.spawn(_listen(call, agent, reaching.stop))
            try:
                await call.answer_caller(call.formats_for(agent.sends))
            except (LegFailed, PeerError) as error:
                log.info("nobody was there to be called back", extra={"reason": str(error)})
                return False
            finally:
                await cancelled(listening)
        if reaching.stopped:
            raise LegFailed(LegCause.NORMAL)
        return True

    def _keep(self, call: Call, line: Line, entry: Entry, *, in_vain: bool) -> None:
        """Back into the line without a call, unless that was the last try, or somebody has ended it from outside."""
        entry.tries += in_vain
        if in_vain:
            entry.not_before = self._clock.now().timestamp() + AGAIN_S
        queue = line.queue()
        cause = call.ending.cause if call.ending is not None else None
        stopped = call.ending is not None and call.ending.by == "node" and cause is LegCause.NORMAL
        if queue is None or stopped or entry.tries >= queue.call_back_tries:
            line.leave(entry)
            if queue is not None:
                self._queues.tell_left(call, queue, entry, "not_reached")
        else:
            entry.call = None
            line.release(entry)
        self._queues.save_soon()


async def _listen(call: Call, agent: CallLeg, gone: Callable[[], None]) -> None:
    """What the agent does while the caller's phone rings."""
    while True:
        event = await agent.dialog.receive()
        if isinstance(event, Ended):
            await call.close_leg(agent, event.cause, event.status)
            gone()
            return
        if isinstance(event, Offered):
            await answer_reoffer(call, agent, event.sdp, accept_alone(call))
        elif isinstance(event, Referred):
            agent.dialog.report_transfer(603)
