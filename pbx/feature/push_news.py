"""Tells phones that sleep of new voice messages and texts. Those that are awake hear of them by SIP.

iPhones are left out: their token for calls takes nothing else, and a phone tells only that one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from pbx.core.events import EventBus
from pbx.feature.registrar import Registrar
from pbx.feature.wake import PushGateway, Wake
from pbx.model.party import Party
from pbx.model.push_phone import PushNotice
from pbx.model.text_message import MessageStored, TextMessage
from pbx.model.voicemail import Voicemail, VoicemailChanged

__all__ = ["PushNews"]

log = logging.getLogger(__name__)

GOOD_FOR_S = 6 * 3600.0
SERVICES = frozenset({"fcm", "webpush"})
TOPICS = ("voicemail", "message")


class PushNews:
    """`owners` gives the extensions of a mailbox; `voicemail` and `text` read what is told of: a text, by its id and
    whom it is for, only while it waits.
    """

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

    async def run(self, bus: EventBus) -> None:
        """Until it is cancelled."""
        with bus.subscribe(*TOPICS) as news:
            async for each in news:
                event = each.event
                if isinstance(event, VoicemailChanged) and event.message is not None:
                    await self._of_voicemail(event.mailbox, event.message)
                elif isinstance(event, MessageStored):
                    await self._of_text(event.id, event.to_extension)

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
        phones = self._wake.phones.of(number)
        return any(each.service in SERVICES for each in phones)

    async def _tell(self, number: str, kind: Literal["voicemail", "message"], who: Party) -> None:
        """Who it is from, and nothing of what it says: a locked screen shows it."""
        gateway, registrar = self._wake.gateway, self._registrar
        if gateway is None:
            return
        sleeping = self._wake.phones.asleep(number, registrar.bindings(number), registrar.can_be_rung)
        for phone in sleeping:
            token = await self._wake.phones.token(phone) if phone.service in SERVICES else None
            if token is None:
                continue
            notice = PushNotice(
                kind=kind,
                phone=phone,
                token=token,
                caller=who.number,
                caller_name=who.name,
                good_for_s=GOOD_FOR_S,
            )
            self._wake.spawn("push of news", _send(gateway, notice))


async def _send(gateway: PushGateway, notice: PushNotice) -> None:
    result = await gateway.send(notice)
    if result.state != "sent":
        log.info("news could not be pushed", extra={"kind": notice.kind, "reason": result.reason})
