"""Tells phones that sleep of missed calls, new voice messages and texts. Those that are awake hear of them by SIP.

iPhones need a token of their own for this: that for calls takes nothing else.
A call is missed by all whom it rang and nobody answered, so not by those whose colleague took it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import msgspec

from pbx.core.events import EventBus
from pbx.feature.registrar import Registrar
from pbx.feature.wake import PushGateway, Wake
from pbx.model import call_event as events
from pbx.model.leg_event import LegCause
from pbx.model.party import Party
from pbx.model.push_phone import PushNotice
from pbx.model.text_message import MessageStored, TextMessage
from pbx.model.voicemail import Voicemail, VoicemailChanged

__all__ = ["PushNews"]

log = logging.getLogger(__name__)

GOOD_FOR_S = 6 * 3600.0
TOPICS = ("voicemail", "message")
News = Literal["missed", "voicemail", "message"]
_NONE: Mapping[str, str] = MappingProxyType({})


class _Rung(msgspec.Struct):
    """A call that goes on, and whom it has rung."""

    caller: Party
    legs: dict[str, str] = msgspec.field(default_factory=dict)
    """Extensions by the legs to their phones."""
    rung: dict[str, None] = msgspec.field(default_factory=dict)
    pushes: dict[str, str] = msgspec.field(default_factory=dict)
    """By phones that were to be woken, what their last push was called."""


class PushNews:
    """`owners` gives the extensions of a mailbox; `voicemail` and `text` read what is told of: a text, by its id and
    whom it is for, only while it waits.
    """

    KINDS = (
        *(events.CallOffered, events.LegDialled, events.LegAnswered, events.LegJoined, events.LegEnded),
        *(events.PhonePushed, events.PhoneDeclined, events.CallEnded),
    )
    """What `take` is to be told of."""

    def __init__(
        self,
        wake: Wake,
        registrar: Registrar,
        *,
        owners: Callable[[str], Sequence[str]],
        voicemail: Callable[[str], Awaitable[Voicemail | None]],
        text: Callable[[str, str], Awaitable[TextMessage | None]],
    ) -> None:
        self._wake = wake
        self._registrar = registrar
        self._owners = owners
        self._voicemail = voicemail
        self._text = text
        self._calls: dict[str, _Rung] = {}

    async def run(self, bus: EventBus) -> None:
        """Until it is cancelled."""
        with bus.subscribe(*TOPICS) as news:
            async for each in news:
                event = each.event
                if isinstance(event, VoicemailChanged) and event.message is not None:
                    await self._of_voicemail(event.mailbox, event.message)
                elif isinstance(event, MessageStored):
                    await self._of_text(event.id, event.to_extension)

    def take(self, event: events.CallEvent) -> None:
        """What happens in calls, as it happens: who is rung, and whether anybody answers."""
        if isinstance(event, events.CallOffered):
            caller = Party(event.from_number, event.from_name, extension=event.from_extension)
            self._calls[event.call] = _Rung(caller)
        elif (call := self._calls.get(event.call)) is not None:
            self._follow(call, event)

    def _follow(self, call: _Rung, event: events.CallEvent) -> None:
        if isinstance(event, events.LegDialled) and event.extension is not None:
            call.legs[event.leg] = event.extension
            call.rung[event.extension] = None
        elif isinstance(event, events.PhonePushed):
            call.rung[event.extension] = None
            call.pushes[event.phone] = event.push
        elif isinstance(event, events.LegEnded) and event.cause == LegCause.DECLINED.value:
            call.rung.pop(call.legs.get(event.leg, ""), None)
        elif isinstance(event, events.PhoneDeclined):
            call.rung.pop(event.extension, None)
        elif isinstance(event, events.LegJoined) or (
            isinstance(event, events.LegAnswered) and event.leg != "a"
        ):
            del self._calls[event.call]
        elif isinstance(event, events.CallEnded):
            del self._calls[event.call]
            missed = [each for each in call.rung if each != call.caller.extension and self._asleep(each)]
            if missed:
                self._wake.spawn("push of a missed call", self._of_call(event.call, call, missed))

    async def _of_call(self, id_: str, call: _Rung, missed: Sequence[str]) -> None:
        """Nobody has answered it."""
        for number in missed:
            await self._tell(number, "missed", call.caller, id_, call.pushes)

    async def _of_voicemail(self, mailbox: str, message: str) -> None:
        owners = self._owners(mailbox)
        found = await self._voicemail(message) if any(map(self._asleep, owners)) else None
        if found is not None:
            for number in owners:
                await self._tell(number, "voicemail", Party(found.from_number, found.from_name))

    async def _of_text(self, message: str, number: str) -> None:
        found = await self._text(message, number) if self._asleep(number) else None
        if found is not None:
            await self._tell(number, "message", Party(found.from_number, found.from_name))

    def _asleep(self, number: str) -> bool:
        return any(each.news for each in self._wake.phones.of(number))

    async def _tell(
        self, number: str, kind: News, who: Party, call: str = "", pushes: Mapping[str, str] = _NONE
    ) -> None:
        """Who it is from, and nothing of what it says: a locked screen shows it."""
        gateway, registrar = self._wake.gateway, self._registrar
        if gateway is None:
            return
        sleeping = self._wake.phones.asleep(number, registrar.bindings(number), registrar.can_be_rung)
        for phone in sleeping:
            token = await self._wake.phones.token(phone, news=True) if phone.news else None
            if not token:
                continue
            notice = PushNotice(
                kind=kind,
                phone=phone,
                token=token,
                call_id=pushes.get(phone.id, call)[-64:],
                caller=who.shown or who.number,
                caller_name=who.name,
                good_for_s=GOOD_FOR_S,
            )
            self._wake.spawn("push of news", _send(gateway, notice))


async def _send(gateway: PushGateway, notice: PushNotice) -> None:
    result = await gateway.send(notice)
    if result.state != "sent":
        log.info("news could not be pushed", extra={"kind": notice.kind, "reason": result.reason})
