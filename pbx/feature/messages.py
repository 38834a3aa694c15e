"""Text messages between extensions (RFC 3428): taken and stored first, delivered to all phones, once.

    phone ── MESSAGE ──▶ stored ── 202 ──▶ phone
                           │
                           ├── now, when a phone registers, when one can be reached again, and after a while
                           ▼
             MESSAGE to every phone of the extension; the first 2xx makes it delivered

A node that dies between a phone's 200 and its own note of it delivers that message again: better twice than never.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from pbx.core.clock import Clock
from pbx.core.errors import PbxError, PeerError, UserError
from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.feature.directory import Directory
from pbx.feature.message_request import message_to, text_of, user_of
from pbx.model.extension import Extension
from pbx.model.party import DialTarget, Party
from pbx.model.registration import Reachable, Registered
from pbx.model.text_message import MOST_BYTES, MessageDelivered, MessageStored, MessageWrite, TextMessage
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.store.messages import MessageStore

__all__ = ["TOPIC", "Messages"]

log = logging.getLogger(__name__)

TOPIC = "message"
KEPT = timedelta(days=14)
FORGET_EVERY_S = 3600.0
AGAIN_S = 120.0
FOR_NOW = frozenset({408, 480, 486, 500, 503, 504})
"""What a phone answers that may take the message later."""

Send = Callable[[Request, Hop], Awaitable[Response]]


class Messages:
    """Takes, keeps and delivers. `targets` gives an extension's phones; `send` sends a request and returns the final
    response, 408 or 503 when none comes; `address` is ours, as a peer sees it.
    """

    def __init__(
        self,
        store: MessageStore,
        *,
        directory: Directory,
        targets: Callable[[str], Sequence[DialTarget]],
        send: Send,
        bus: EventBus,
        clock: Clock,
        address: Callable[[str], str],
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._directory = directory
        self._targets = targets
        self._send = send
        self._bus = bus
        self._clock = clock
        self._address = address
        self._new_id = new_id
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._due: asyncio.Queue[str] = asyncio.Queue()
        self._later: set[str] = set()

    async def take(self, request: Request, sender: Extension) -> None:
        """A MESSAGE of an extension that has proved who it is. Raises `PeerError` 400, 404, 413, 415, 480."""
        to = self._directory.find(user_of(request))
        if to is None or not to.extension.enabled:
            raise PeerError(404, "Not Found")
        text = text_of(request)
        party = Party(sender.number, sender.name, sender.number)
        try:
            await self._keep(party, to.extension.number, text)
        except UserError as error:
            raise PeerError(480, "Too Many Messages Wait") from error

    async def submit(self, write: MessageWrite) -> TextMessage:
        """Send one from the API. Raises `UserError` 404, 409, 422."""
        to = self._directory.find(write.to_extension)
        if to is None or not to.extension.enabled:
            raise _nobody(write.to_extension, "$.to_extension")
        sender = Party("", "Office")
        if write.from_extension is not None:
            found = self._directory.find(write.from_extension)
            if found is None:
                raise _nobody(write.from_extension, "$.from_extension")
            sender = Party(found.extension.number, found.extension.name, found.extension.number)
        if len(write.text.encode()) > MOST_BYTES:
            raise UserError(
                "the message is too long",
                http_status=422,
                path="$.text",
                got=f"{len(write.text.encode())} bytes",
                needed=f"≤ {MOST_BYTES} bytes of UTF-8",
            )
        return await self._keep(sender, write.to_extension, write.text)

    async def _keep(self, sender: Party, to: str, text: str) -> TextMessage:
        now = self._clock.now()
        message = TextMessage(
            id=self._new_id(),
            from_number=sender.number,
            from_name=sender.name,
            from_extension=sender.extension,
            to_extension=to,
            text=text,
            sent_at=now,
            expires_at=now + KEPT,
        )
        await self._store.put(message)
        self._bus.publish(TOPIC, MessageStored(id=message.id, to_extension=to))
        self._due.put_nowait(to)
        return message

    # -- delivery --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver for ever: what waits now, and whatever comes."""
        async with Supervisor() as tasks:
            tasks.spawn("message phones", self._follow_phones())
            tasks.spawn("message expiry", self._forget())
            for extension in await self._store.extensions_waiting(self._clock.now()):
                self._due.put_nowait(extension)
            while True:
                extension = await self._due.get()
                tasks.spawn("deliver messages", self._deliver(extension, tasks))

    async def _follow_phones(self) -> None:
        with self._bus.subscribe("registration") as events:
            async for published in events:
                if isinstance(published.event, Registered | Reachable):
                    self._due.put_nowait(published.event.extension)

    async def _forget(self) -> None:
        while True:
            try:
                if given_up := await self._store.forget(self._clock.now()):
                    log.info("messages have expired undelivered", extra={"messages": given_up})
            except PbxError as error:  # a full disk: they expire when there is room
                log.warning("messages could not be forgotten", extra={"error": str(error)})
            await asyncio.sleep(FORGET_EVERY_S)

    async def _deliver(self, extension: str, tasks: Supervisor) -> None:
        """Everything that waits for an extension, in order; stops at the first that no phone takes."""
        async with self._turns[extension]:
            targets = self._targets(extension)
            for message in await self._store.waiting(extension, self._clock.now()) if targets else ():
                asked = [tasks.spawn("message", self._to_phone(message, each)) for each in targets]
                refusals = await self._refusals(message, asked)
                if refusals:
                    if refusals & FOR_NOW and extension not in self._later:
                        self._later.add(extension)
                        tasks.spawn("message again", self._again(extension))
                    break

    async def _again(self, extension: str) -> None:
        await asyncio.sleep(AGAIN_S)
        self._later.discard(extension)
        self._due.put_nowait(extension)

    async def _refusals(self, message: TextMessage, asked: Sequence[asyncio.Task[int]]) -> set[int]:
        """Empty as soon as one of the phones has taken it, else what all of them say."""
        statuses: set[int] = set()
        left = set(asked)
        while left and not any(200 <= each < 300 for each in statuses):
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            statuses |= {each.result() for each in done}
        if not any(200 <= each < 300 for each in statuses):
            extra = {"extension": message.to_extension, "statuses": sorted(statuses)}
            log.info("no phone takes a message, it waits", extra=extra)
            return statuses
        if await self._store.delivered(message.id, self._clock.now()):
            self._bus.publish(TOPIC, MessageDelivered(id=message.id, to_extension=message.to_extension))
        return set()

    async def _to_phone(self, message: TextMessage, target: DialTarget) -> int:
        request = message_to(message, target, our_host=self._address(target.host))
        hop = Hop(target.transport, target.host, target.port, connection=target.connection)
        return (await self._send(request, hop)).status


def _nobody(number: str, path: str) -> UserError:
    return UserError(
        f"there is no extension {number}", http_status=404, path=path, got=number, action="Choose another"
    )
