"""A call to an extension: its wishes (do not disturb, forwarding) first, then all its phones; the first one answers.

forward always → do not disturb → own phones and follow-me → forward when busy, not answered, unreachable → mailbox
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.ending import Ending
from pbx.call.fork import Fork, Lost
from pbx.call.leg import CallLeg
from pbx.feature.callers import CallerRules
from pbx.feature.registrar import Registrar
from pbx.model.call_event import CallRouted
from pbx.model.extension import Extension
from pbx.model.leg_event import LegCause
from pbx.model.party import DialTarget
from pbx.sip.errors import ParseError
from pbx.sip.uri import SipUri

Onward = Callable[[Call, str, Extension], Awaitable[bool]]
"""Sends a call to what an extension would reach by dialling this; False when that is nothing."""


Follow = Callable[[Call, Extension, Sequence[DialTarget]], Awaitable[CallLeg | Lost]]
"""Rings an extension's phones and the numbers of its follow-me."""


ToMailbox = Callable[[Call, Extension, str], Awaitable[bool]]
"""Lets the caller leave a message for an extension that does not take the call, for a reason of RFC 5806's; False when
it has no mailbox."""


async def no_mailbox(_call: Call, _extension: Extension, _reason: str) -> bool:
    return False


async def nowhere(_call: Call, _dialled: str, _by: Extension) -> bool:
    return False


class ExtensionCalls:
    """Rings extensions. `is_ours` tells whether a host in a redirect means this node; `onward` follows a forwarding;
    `callers` are the rules for callers from outside.

    `busy` says who is in a call: an extension without call waiting takes no second one.
    """

    def __init__(
        self,
        registrar: Registrar,
        *,
        is_ours: Callable[[str], bool],
        busy: Callable[[str], bool] = lambda _number: False,
        callers: CallerRules | None = None,
    ) -> None:
        self.onward: Onward = nowhere
        self.to_mailbox: ToMailbox = no_mailbox
        self._busy = busy
        self._callers = callers
        self.follow: Follow | None = None
        self._registrar = registrar
        self._is_ours = is_ours

    async def ring(self, call: Call, extension: Extension) -> None:
        """Ring, answer, talk; returns when the call is over, here or where it was forwarded to. Raises `PeerError` 433
        or 603 for a caller whom the extension has blocked.
        """
        if self._callers is not None:
            self._callers.at_extension(call, extension)
        call.record(
            CallRouted(
                call=call.id, at=call.now(), kind="extension", to=extension.number, to_name=extension.name
            )
        )
        forward = extension.forward
        if await self._diverted(call, extension, forward.always, "unconditional"):
            return
        lost = await self._attempt(call, extension)
        if lost is None:
            return
        place, reason = {
            LegCause.BUSY: (forward.busy, "user-busy"),
            LegCause.DECLINED: (forward.busy, "user-busy"),
            LegCause.NO_ANSWER: (forward.no_answer, "no-answer"),
            LegCause.UNREACHABLE: (forward.unreachable, "unavailable"),
        }.get(lost.cause, (None, ""))
        if place is None and reason and await self.to_mailbox(call, extension, reason):
            return
        if not await self._diverted(call, extension, place, reason):
            call.end_with(Ending(lost.cause, lost.status, headers=lost.headers))

    def targets(self, extension: Extension) -> list[DialTarget]:
        """The phones of an extension that takes a call now, those that sleep last."""
        if extension.do_not_disturb or self._takes_no_second(extension):
            return []
        return self._registrar.targets(extension.number)

    async def _attempt(self, call: Call, extension: Extension) -> Lost | None:
        disturbed = extension.do_not_disturb and not self._is_vip(call, extension)
        if disturbed or self._takes_no_second(extension):
            return Lost(LegCause.BUSY, 486)
        targets = self._registrar.targets(extension.number)
        if self.follow is not None and extension.follow_me.enabled and extension.follow_me.numbers:
            outcome = await self.follow(call, extension, targets)
        elif targets:
            fork = Fork(call, ring_timeout_s=extension.ring_timeout_s, redirect=self.redirect)
            outcome = await fork.ring(targets)
        else:
            return Lost(LegCause.UNREACHABLE, 480)
        if isinstance(outcome, Lost):
            return outcome
        await join(call, outcome)
        return None

    def _takes_no_second(self, extension: Extension) -> bool:
        return not extension.call_waiting and self._busy(extension.number)

    async def _diverted(self, call: Call, extension: Extension, place: str | None, reason: str) -> bool:
        """Whether the call went on to `place`. Raises `PeerError` 482 when it goes round in a circle."""
        if place is None:
            return False
        call.divert(extension.number, reason, place)
        return await self.onward(call, place, extension)

    def _is_vip(self, call: Call, extension: Extension) -> bool:
        return self._callers is not None and self._callers.is_vip(call, extension)

    def redirect(self, contact: str) -> Sequence[DialTarget]:
        """Where a phone's 3xx leads: to one of our extensions. Any other address is not called: over the provider's, or
        a gateway's, a phone would reach outside numbers past every route and limit.
        """
        try:
            uri = SipUri.parse(contact)
        except ParseError:
            return ()
        return self._registrar.targets(uri.user or "") if self._is_ours(uri.host) else ()
