"""Ring several phones at once: the first answer wins, the losers are cancelled (RFC 3261 16.7, as a B2BUA).

A refusal is remembered and the best one is what the caller gets; 6xx ("I decline, everywhere") stops the whole fork,
or where several people ring, the phones of the one who declines.
A 3xx answer is followed: its contacts are rung in the order of their q-values, a few hops deep.
A phone that sleeps is woken first, and one that seems awake but says nothing is woken then; the others ring meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec

from pbx.call.call import Call
from pbx.call.connected import identity_of, ring_at, tell
from pbx.call.fork_rules import ForkRules
from pbx.call.join import flow_between
from pbx.call.leg import CallLeg
from pbx.call.ports import NO_WORD, Waking
from pbx.call.reoffer import answer_reoffer
from pbx.call.scope import Stoppable
from pbx.core.errors import PeerError
from pbx.model import call_event as events
from pbx.model.cause import cause_of_status
from pbx.model.leg_event import Answered, Ended, LegCause, LegFailed, Offered, Progress, Refused
from pbx.model.party import DialTarget
from pbx.model.push_phone import CallOver
from pbx.sip.sdp.security import Way

log = logging.getLogger(__name__)

MAX_REDIRECTS = 3
MORE_LEGS = 16
"""Beyond one for each target: for redirects, and other ways to the same place."""
QUIET_S = 1.0
"""A phone that is awake says something by then."""
SERVICE_UNAVAILABLE, UNAVAILABLE = 503, 480
"""That a phone cannot be reached does not mean that we cannot: a caller that hears 503 turns to another server, and
leaves this one alone for a while (RFC 3261 16.7 step 6, 21.5.4)."""
BUSY_HERE = 486
"""What declining on one phone comes to: the others go on ringing."""

Redirect = Callable[[str], Sequence[DialTarget]]
"""Turns a contact URI of a 3xx into the places to ring; empty when it may not be followed."""


class Lost(msgspec.Struct, frozen=True):
    """Nobody answered: why, and the SIP status and headers for the caller."""

    cause: LegCause
    status: int
    headers: tuple[tuple[str, str], ...] = ()


class Fork:
    """One attempt to reach somebody on all their phones."""

    def __init__(
        self, call: Call, *, ring_timeout_s: float, redirect: Redirect, rules: ForkRules | None = None
    ) -> None:
        self.call = call
        self._rules = rules or ForkRules()
        self.winner: CallLeg | None = None
        self._ring_timeout_s = ring_timeout_s
        self._redirect = redirect
        self._formats = call.onward_formats()
        self._tasks: list[tuple[DialTarget, asyncio.Task[None]]] = []
        self._alone: Stoppable | None = None
        """The only phone that is rung."""
        self._only: str | None = None
        """Whose that is."""
        self._refusals: list[int] = []
        self._headers: tuple[tuple[str, str], ...] = ()
        self._heard: CallLeg | None = None
        self._previews: dict[str, bytes] = {}
        self._told_ringing = False
        self._owner: str | None = None
        """Whose phones ring, where they are all of one."""
        self._timed_out = False
        self._legs_left = MORE_LEGS
        self._unwoken = 0
        self._spoke: set[str] = set()
        self._declined: set[str] = set()
        self._who_declined: set[str] = set()
        self._all_declined = False
        self._waking: dict[str, Waking] = {}

    async def ring(self, targets: Iterable[DialTarget]) -> CallLeg | Lost:
        """Ring `targets` until one answers, all refuse, or the time is up. Cancelling it stops all phones."""
        self.call.ringing = self
        targets = list(targets)
        owners = {each.extension for each in targets}
        self._owner = owners.pop() if len(owners) == 1 else None
        try:
            async with asyncio.timeout(self._ring_timeout_s):
                await self._ring_all(targets)
        except TimeoutError:
            self._timed_out = True
        except BaseException:  # the caller hung up, perhaps just as somebody answered
            if self.winner is not None:
                await self.call.close_leg(self.winner, LegCause.NORMAL)
            raise
        finally:
            self.call.ringing = None
        if self.winner is not None:
            return self.winner
        if not self.call.a.answered:
            tell(self.call.a, None)  # whoever answers it now is somebody else
        if self._timed_out:
            return Lost(LegCause.NO_ANSWER, 480)
        if self._unwoken and self._unwoken == len(self._refusals):
            return Lost(LegCause.UNREACHABLE, 480)
        status = best_refusal(self._refusals)
        if status == SERVICE_UNAVAILABLE and not self._headers and not any(each.trunk for each in targets):
            status = UNAVAILABLE
        return Lost(cause_of_status(status), status, self._headers)

    async def _ring_all(self, targets: Sequence[DialTarget]) -> None:
        self._legs_left += len(targets)
        if len(targets) == 1 and not targets[0].delay_s and not _may_need_a_nudge(targets[0]):
            self._only = targets[0].extension
            with Stoppable() as self._alone:  # most calls: a task and a group less
                await self._try_in_time(targets[0])
            return
        async with asyncio.TaskGroup() as group:
            prompt = [
                (each, group.create_task(self._try_in_time(each))) for each in targets if not each.delay_s
            ]
            ringing = [task for _, task in prompt]
            late = [
                (each, group.create_task(self._try_late(each, ringing))) for each in targets if each.delay_s
            ]
            nudges = [
                (each, group.create_task(self._nudge(each, task)))
                for each, task in prompt
                if _may_need_a_nudge(each)
            ]
            self._tasks = [*prompt, *late, *nudges]

    async def pick_up(self, leg: CallLeg, from_call: str) -> None:
        """Let a leg that talked in another call be the one that answers; it is hung up when it comes too late."""
        if not self.takes(leg, from_call):
            await leg.close(LegCause.ANSWERED_ELSEWHERE)

    def takes(self, leg: CallLeg, from_call: str) -> bool:
        """The same; False, and nothing is done, when it comes too late."""
        if self.winner is not None or self.call.ringing is not self:
            return False
        self.winner = self.call.adopt(leg, from_call)
        if self._alone is not None:
            self._alone.stop()
        self._stop_others()
        return True

    async def _try_in_time(self, target: DialTarget) -> None:
        """A phone, when the rules say that it is its turn."""
        if (wait_s := self._rules.starts_after_s(target)) > 0:
            await asyncio.sleep(wait_s)
        await self._reach(target, 0)

    async def _reach(self, target: DialTarget, depth: int) -> None:
        """A phone, once it is awake."""
        if not target.asleep:
            await self._try(target, depth)
            return
        async with self._woken(target) as awake:
            if awake is not None:
                await self._try(awake, depth)
            elif target.phone in self._declined:
                self._refused(BUSY_HERE)
            else:
                self._unwoken += 1
                self._refused(480)

    async def _nudge(self, target: DialTarget, ringing: asyncio.Task[None]) -> None:
        """Wake a phone that seems to be awake, but says nothing; ring it anew where it is then."""
        await asyncio.wait([ringing], timeout=max(0.0, self._rules.starts_after_s(target)) + QUIET_S)
        if target.phone in self._spoke or self.winner is not None:
            return
        async with self._woken(target) as awake:
            if target.phone in self._declined:
                ringing.cancel()
                await asyncio.wait([ringing])
                self._refused(BUSY_HERE)
                return
            if awake is None:
                return
            if target.connection and _place(awake) == _place(target) and not ringing.done():
                await asyncio.wait([ringing])  # what was sent over its connection waits there for it
                return
            if not ringing.done():
                ringing.cancel()
                await asyncio.wait([ringing])
            await self._try(awake, 0)

    @asynccontextmanager
    async def _woken(self, target: DialTarget) -> AsyncIterator[DialTarget | None]:
        """Where a phone is when it has woken up; None when it does not, or has rung all the time.

        To be rung within: when it has said nothing to the end, its push is taken back.
        """
        waker = self.call.ports.waker
        if waker is None:
            yield None
            return
        async with waker.wake(
            self.call.id,
            target.caller or self.call.shown,
            target,
            told=self._tell_ringing,
            record=self.call.record,
        ) as waking:
            self._waking[target.phone] = waking
            try:
                found = await waking.awake()
                if found is None:
                    if waking.declined:
                        self._declined.add(target.phone)
                    yield None
                    return
                awake = found.instead_of(target)
                self._rules.woken(target, awake)
                yield awake
            finally:
                waking.over(self._why_over(target), None if self.winner is None else self.winner.party)
                del self._waking[target.phone]

    def _hears_of(self, phone: str) -> None:
        """A phone that can be woken is awake."""
        self._spoke.add(phone)
        if (waking := self._waking.get(phone)) is not None:
            waking.here()

    async def _try_late(self, target: DialTarget, prompt: Sequence[asyncio.Task[None]]) -> None:
        """A phone that seems to be gone: worth a try while others ring, never worth waiting for."""
        if prompt:
            _, ringing = await asyncio.wait(prompt, timeout=target.delay_s)
            if not ringing:
                return
        await self._try(target, 0)

    async def _try(self, target: DialTarget, depth: int, *, insist: Way | None = None) -> None:
        """One phone, from the INVITE to its answer or refusal, and on to where it redirects."""
        if self._legs_left <= 0:
            return
        self._legs_left -= 1
        try:
            leg = self.call.new_leg(target, target.label or target.uri, insist=insist)
        except PeerError as error:  # no port is free for this leg
            self._headers = error.headers
            self._refused(error.sip_status)
            return
        cause, status = LegCause.CANCELLED, 0
        contacts: tuple[str, ...] = ()
        again: Way | None = None
        try:
            self._rules.opened(leg, target)
            self.call.record(
                events.LegDialled(
                    call=self.call.id,
                    at=self.call.now(),
                    leg=leg.name,
                    target=leg.label,
                    extension=target.extension,
                    trunk=target.trunk,
                    charged_to=target.charged_to,
                )
            )
            leg.signal = self.call.ports.signaling.dial(
                target, offer=leg.offer(self._formats), caller=self.call.shown, call=self.call.id
            )
            leg.told = identity_of(self.call.ports, self.call.a)
            refused = await self._until_final(leg, target)
            if refused is not None:
                cause, status, contacts = cause_of_status(refused.status), refused.status, refused.contacts
                again = leg.encryption.next_way if status == 488 else None
        except PeerError as error:  # its answer does not fit our offer
            cause, status = cause_of_status(error.sip_status), error.sip_status
        except LegFailed as error:
            cause, status = error.cause, error.status or 480
        except TimeoutError:  # its own time is up, not that of all
            cause, status = LegCause.NO_ANSWER, 480
        finally:
            if leg is not self.winner:
                if self.winner is not None:
                    cause = LegCause.ANSWERED_ELSEWHERE
                elif self._expired(target):
                    cause = LegCause.NO_ANSWER
                await self.call.close_leg(leg, cause, status)
                if self._heard is leg:
                    self._heard = None
        await self._go_on(target, depth, status, contacts, again)

    async def _go_on(
        self, target: DialTarget, depth: int, status: int, contacts: tuple[str, ...], again: Way | None
    ) -> None:
        """After a refusal: try in another way, follow a redirect, or remember it."""
        if again is not None and self.winner is None:
            await self._try(target, depth, insist=again)
            return
        other = self._rules.instead(target, status) if status and self.winner is None else None
        if other is not None:
            await self._try(other, depth)
        elif status and not contacts:
            self._refused(status)
            if status >= 600:
                self._declined_by(target)
        elif contacts:
            await self._follow(contacts, depth + 1)

    async def _until_final(self, leg: CallLeg, target: DialTarget) -> Refused | None:
        """Take what the phone says until it has the call (None) or not. Raises `TimeoutError` when its time is up."""
        async with asyncio.timeout(self._rules.rings_for_s(target)):
            event = await self._until_answer(leg, target)
        if isinstance(event, Refused):
            return event
        if self.winner is not None:
            return None  # a photo finish: `_try` ends this leg as answered elsewhere
        if event.sdp is not None or leg.remote is None:
            leg.take_answer(event.sdp)
        if not await self._rules.accepts(self.call, leg, target):
            return Refused(480, "Not Confirmed")
        if self.winner is None:
            self._won(leg)
        return None

    async def _until_answer(self, leg: CallLeg, target: DialTarget) -> Refused | Answered:
        while True:
            event = await leg.dialog.receive()
            if target.phone and not (isinstance(event, Refused | Ended) and event.status in NO_WORD):
                self._hears_of(target.phone)
            if isinstance(event, Progress):
                await self._progress(leg, target, event)
            elif isinstance(event, (Answered, Refused)):
                return event
            elif isinstance(event, Ended):
                return Refused(event.status or 480, event.reason)
            elif isinstance(event, Offered):
                await answer_reoffer(self.call, leg, event.sdp, self._renegotiate_early)

    def _won(self, leg: CallLeg) -> None:
        leg.answered = True
        self.winner = leg
        self.call.record(events.LegAnswered(call=self.call.id, at=self.call.now(), leg=leg.name))
        self._stop_others()

    async def _progress(self, leg: CallLeg, target: DialTarget, event: Progress) -> None:
        early = self._is_new(leg, event)
        self.call.record(
            events.LegRinging(
                call=self.call.id, at=self.call.now(), leg=leg.name, status=event.status, early_media=early
            )
        )
        if not self._rules.tells_ringing:
            return
        passes = self._rules.passes_early_media(target)
        if early and passes and self._heard is leg:
            with suppress(PeerError):  # nothing is heard until the answer
                self._hear_anew(leg)
        elif early and passes and self._heard is None:
            self._heard = leg
            if await self.call.let_hear(self.call.formats_for(leg.sends)):
                flow_between(self.call, leg)
        elif event.status in (180, 181, 182) or (early and not passes):
            await self._tell_ringing()

    def _is_new(self, leg: CallLeg, event: Progress) -> bool:
        """Whether a phone says where its early media comes from, or that it comes from elsewhere now: a provider goes
        from one announcement to the next so, and from one forked phone to another (RFC 3960 3.1).
        """
        if event.sdp is None or self._previews.get(leg.name) == event.sdp:
            return False
        if leg.remote is None:
            leg.take_answer(event.sdp)
        else:
            try:
                leg.take_answer(event.sdp)
            except PeerError as error:
                log.info("early media stays where it was", extra={"leg": leg.name, "reason": error.reason})
                return False
        self._previews[leg.name] = event.sdp
        return True

    async def _tell_ringing(self) -> None:
        if self._rules.tells_ringing and not self._told_ringing:
            self._told_ringing = True
            if self._owner is not None:
                ring_at(self.call.ports, self.call.a, self._owner)
            await self.call.tell_ringing()

    async def _renegotiate_early(self, leg: CallLeg, sdp: bytes | None) -> None:
        if sdp is None:
            raise PeerError(488, "Not Acceptable Here")
        offer = leg.read(sdp)
        await leg.dialog.answer(
            leg.accept(offer, self.call.codecs.answer(offer.formats, leg.sends or self._formats))
        )
        if self._heard is leg:
            self._hear_anew(leg)

    def _hear_anew(self, leg: CallLeg) -> None:
        """The caller hears early media as it is by now; nothing while the phone has the call on hold."""
        if leg.held:
            self.call.ports.media.unlink(self.call.a.stream)
        elif self.call.a.sends:
            flow_between(self.call, leg)

    def _refused(self, status: int) -> None:
        self._refusals.append(status)

    def _declined_by(self, target: DialTarget) -> None:
        """6xx: who declines is rung nowhere any more (RFC 3261 21.6), and where they speak for all, nobody is."""
        if self._rules.declines_for_all(target):
            self._all_declined = True
            self._stop_others()
        elif target.extension is not None:
            self._who_declined.add(target.extension)
            self._stop_others(of=target.extension)

    def withdraw(self, extension: str) -> None:
        """Ring the phones of one extension no more; the others ring on."""
        if self.winner is None:
            self._who_declined.add(extension)
            self._stop_others(of=extension)
            if self._alone is not None and self._only == extension:
                self._alone.stop()

    def _stop_others(self, of: str | None = None) -> None:
        """Let all others ring no more, or all other phones of an extension."""
        mine = asyncio.current_task()
        for target, task in self._tasks:
            if task is not mine and (of is None or target.extension == of):
                task.cancel()

    def _was_declined(self, target: DialTarget) -> bool:
        return self._all_declined or target.extension in self._who_declined

    def _why_over(self, target: DialTarget) -> CallOver:
        if self.winner is not None:
            return "elsewhere"
        if self._was_declined(target):
            return "declined"
        return "no_answer" if self.call.ending is None else "gave_up"

    def _expired(self, target: DialTarget) -> bool:
        """True while this task is being cancelled though nobody won, declined or hung up: the time is up."""
        task = asyncio.current_task()
        cancelled = task is not None and task.cancelling() > 0
        return cancelled and self.call.ending is None and not self._was_declined(target)

    async def _follow(self, contacts: Sequence[str], depth: int) -> None:
        """Ring the contacts of a 3xx one after another."""
        targets = [target for contact in contacts for target in self._redirect(contact)]
        if depth > MAX_REDIRECTS or not targets:
            self._refused(480)
        for target in targets if depth <= MAX_REDIRECTS else ():
            await self._reach(target, depth)
            if self.winner is not None:
                return


def _may_need_a_nudge(target: DialTarget) -> bool:
    """A phone that can be woken seems to be awake."""
    return bool(target.phone) and not target.asleep


def _place(target: DialTarget) -> tuple[str, str, int, int]:
    return target.uri, target.host, target.port, target.connection


def best_refusal(statuses: Sequence[int]) -> int:
    """The one refusal the caller gets (RFC 3261 16.7 step 6): 6xx, else what says most about the person."""
    if not statuses:
        return 480
    order = {486: 0, 603: 0, 600: 0}
    return min(
        statuses,
        key=lambda status: (status < 600, order.get(status, 1), status == 408, status >= 500, status),
    )
