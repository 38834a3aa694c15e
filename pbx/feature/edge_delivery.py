"""What edges bring when the office is back: messages for the mailboxes, and the calls that they answered meanwhile.

An edge brings a thing until it hears that it was taken, so it may come twice: its id is written in one transaction with
it. What can never be taken is refused, and the edge shows it to people.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import UserError
from pbx.feature.did import destination_of, number_of
from pbx.feature.edge_history import EDGE, cdr_of, moment
from pbx.feature.office import Office
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.shelf import Shelf
from pbx.media.sound_error import SoundError
from pbx.model.edge_documents import EdgeCall, EdgeVoicemail
from pbx.model.kinds import INBOUND_NUMBER
from pbx.model.mailbox import Mailbox
from pbx.model.voicemail import Voicemail
from pbx.store.edge_deliveries import EdgeDeliveryStore

__all__ = ["EdgeDelivery", "Taking"]

log = logging.getLogger(__name__)

T = TypeVar("T", bound=msgspec.Struct)

Taking = Callable[[str, bytes, bytes], Awaitable[None]]
"""Takes a delivery of a kind: id, document, body. It must know ids that it took before."""

LEAVES_MESSAGE = re.compile(r"\*99([0-9]{2,10})")
REMEMBERS = timedelta(days=120)
"""An edge keeps a delivery for as long as the office is offline; ids are kept longer than any call history needs."""
_ID = re.compile(r"[0-9A-Za-z]{10,40}")


class EdgeDelivery:
    """`take` is called for each delivery; `others` take the kinds that are not known here."""

    def __init__(
        self, store: EdgeDeliveryStore, shelf: Shelf, boxes: Boxes, office: Office, clock: Clock
    ) -> None:
        self.others: dict[str, Taking] = {}
        self.taken: dict[str, int] = {}
        self.trunk: Callable[[], str] = lambda: EDGE
        """The trunk that stands for the edges in the history."""
        self._store = store
        self._shelf = shelf
        self._boxes = boxes
        self._office = office
        self._clock = clock
        self._one = asyncio.Lock()
        self._forgotten: float | None = None

    async def take(self, id_: str, kind: str, document: bytes, body: bytes) -> None:
        """Returns when it is here for good, or was before. Raises `UserError` for what can never be taken, and anything
        else (a full disk) for what is to come again."""
        if not _ID.fullmatch(id_):
            raise UserError("the delivery has no proper name", http_status=422)
        async with self._one:  # two edges may bring the same
            if await self._store.knows(id_):
                return
            if kind == "voicemail":
                await self._voicemail(id_, _read(document, EdgeVoicemail), body)
            elif kind == "call":
                await self._call(id_, _read(document, EdgeCall))
            elif kind in self.others:
                await self.others[kind](id_, document, body)
            else:
                raise UserError(f"this node takes no {kind[:40]!r}", http_status=422)
            self.taken[kind] = self.taken.get(kind, 0) + 1
            await self._forget()

    async def _voicemail(self, id_: str, told: EdgeVoicemail, sound: bytes) -> None:
        box = self._box(told)
        message = Voicemail(
            id=id_,
            mailbox=box.number,
            from_number=told.from_number,
            from_name="",
            received_at=moment(told.received_at),
            call=told.call,
            transcript=told.transcript,
            transcript_state="done" if told.transcript else "none",
        )

        async def keep(made: Voicemail) -> bool:
            return await self._store.voicemail(id_, self._clock.now(), made)

        try:
            await self._shelf.take_in(box, message, sound, keep)
        except SoundError as error:
            raise UserError(f"the message cannot be played: {error}", http_status=422) from error
        log.info("an edge has delivered a message", extra={"mailbox": box.number})

    async def _call(self, id_: str, told: EdgeCall) -> None:
        cdr = cdr_of(told, mailbox=self._mailbox_of, trunk=self.trunk())
        await self._store.call(id_, self._clock.now(), cdr)
        log.info("an edge has delivered a call that it answered", extra={"call": cdr.id})

    # -- whose it is --------------------------------------------------------------------------------------------------

    def _box(self, told: EdgeVoicemail) -> Mailbox:
        """Of the extension; else where the called number leads; else the first of the office."""
        for number in (told.extension, *self._leads_to(told.to_number)):
            if number and (box := self._boxes.of(number) or self._boxes.find(number)) is not None:
                return box
        boxes = self._boxes.all()
        if not boxes:
            raise UserError(
                "the office has no mailbox for it",
                http_status=409,
                action="Make a mailbox, then let it come again",
            )
        return boxes[0]

    def _leads_to(self, called: str) -> Sequence[str]:
        record = number_of(self._office.all(INBOUND_NUMBER), called, None)
        if record is None:
            return ()
        to = destination_of(record, called)
        leaves = LEAVES_MESSAGE.fullmatch(to)
        return (leaves[1],) if leaves is not None else (to,)

    def _mailbox_of(self, extension: str) -> str:
        box = self._boxes.of(extension) or self._boxes.find(extension)
        return box.number if box is not None else extension

    async def _forget(self) -> None:
        """Once a day."""
        now = self._clock.monotonic()
        if self._forgotten is None or now - self._forgotten > 86_400:
            self._forgotten = now
            await self._store.forget(self._clock.now() - REMEMBERS)


def _read(document: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise UserError(f"the delivery cannot be read: {error}", http_status=422) from error
