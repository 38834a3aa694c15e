"""New messages by e-mail, with the sound attached. What is to be sent stands in the database until it was taken.

An attempt that failed is repeated after 10 s, 30 s, 2 min … for three days. A mail server that hangs holds up nothing
but mail.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from pbx.core.clock import Clock
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.shelf import Shelf
from pbx.model.mailbox import Mailbox
from pbx.model.voicemail import Voicemail
from pbx.notify.errors import SendError
from pbx.notify.mail import Attachment, compose
from pbx.store.errors import StoreError
from pbx.store.voicemail import VoicemailStore

if TYPE_CHECKING:
    from email.message import EmailMessage

__all__ = ["Mailing", "Sends"]

log = logging.getLogger(__name__)

PAUSES_S = (10, 30, 120, 600, 1800, 3600)
FURTHEST = timedelta(seconds=2 * PAUSES_S[-1])
GIVE_UP = timedelta(days=3)
LOOK_S = 30.0
"""At the latest; a new message wakes it at once."""
KINDS = {"wav": ("audio/wav", "wav"), "opus": ("audio/ogg", "ogg")}


class Sends(Protocol):
    """Hands a mail to a server. Implemented by `pbx.notify.mail.Mailer`."""

    @property
    def sender(self) -> str: ...

    async def send(self, message: EmailMessage) -> None:
        """Raises `SendError`."""
        ...


class Mailing:
    """`run` must be running."""

    def __init__(
        self, store: VoicemailStore, shelf: Shelf, boxes: Boxes, mailer: Sends, *, clock: Clock
    ) -> None:
        self.sent = 0
        self.failed = 0
        """Attempts that failed."""
        self._store = store
        self._shelf = shelf
        self._boxes = boxes
        self._mailer = mailer
        self._clock = clock
        self._wake = asyncio.Event()
        shelf.arrived.append(self._wake.set)

    def look(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Send what is due, one mail after the other, for ever."""
        while True:
            self._wake.clear()
            wait_s = LOOK_S
            try:
                for message in await self._store.to_mail(self._clock.now(), FURTHEST):
                    await self._attempt(message)
                next_at = await self._store.next_mail_at()
                if next_at is not None:
                    wait_s = min(max(next_at - self._clock.now().timestamp(), 0.05), LOOK_S)
            except StoreError as error:
                log.error("mail waits for the database", extra={"reason": str(error)})  # noqa: TRY400
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()

    async def _attempt(self, message: Voicemail) -> None:
        box = self._boxes.find(message.mailbox)
        try:
            await self._mailer.send(await self._composed(message, box))
        except SendError as error:
            self.failed += 1
            await self._again(message, error)
            return
        self.sent += 1
        await self._shelf.edit(message.id, lambda old: _sent(old, box, self._clock.now()))

    async def _again(self, message: Voicemail, error: SendError) -> None:
        now = self._clock.now()
        over = error.final or now - message.received_at >= GIVE_UP
        log.warning(
            "a message could not be mailed",
            extra={"mailbox": message.mailbox, "reason": str(error), "given_up": over},
        )
        pause = timedelta(seconds=PAUSES_S[min(message.mail_attempts, len(PAUSES_S) - 1)])
        await self._store.change(
            message.id,
            lambda old: replace(
                old,
                mail_state="failed" if over else "waiting",
                mail_next_at=None if over else now + pause,
                mail_attempts=old.mail_attempts + 1,
                mail_error=str(error),
            ),
        )

    async def _composed(self, message: Voicemail, box: Mailbox | None) -> EmailMessage:
        if box is None or not box.emails or message.deleted_at is not None:
            raise SendError("The box or its addresses are gone.", final=True)
        attachments = []
        if box.attach:
            path = self._shelf.path(message)
            with suppress(OSError):
                data = await asyncio.get_running_loop().run_in_executor(None, path.read_bytes)
                kind, suffix = KINDS[message.sound_format]
                name = f"message-{message.received_at.astimezone():%Y-%m-%d-%H%M}.{suffix}"
                attachments.append(Attachment(name, kind, data))
        return compose(
            sender=self._mailer.sender,
            to=", ".join(box.emails),
            subject=f"New voice message from {_who(message)} ({_length(message)})",
            text=_text(message, box, attached=bool(attachments)),
            at=message.received_at,
            id_=message.id,
            attachments=attachments,
        )


def _sent(old: Voicemail, box: Mailbox | None, now: datetime) -> Voicemail:
    """What becomes of a message that the mail server has."""
    made = replace(
        old, mail_state="sent", mail_next_at=None, mail_attempts=old.mail_attempts + 1, mail_error=""
    )
    after = box.after_mail if box is not None else "keep"
    if after == "mark_read":
        made = replace(made, read=True)
    elif after == "delete":
        made = replace(made, read=True, deleted_at=now)
    return made


def _who(message: Voicemail) -> str:
    number = message.from_number or "an unknown number"
    return f"{message.from_name} ({number})" if message.from_name else number


def _length(message: Voicemail) -> str:
    minutes, seconds = divmod(round(message.duration_s), 60)
    return f"{minutes}:{seconds:02}"


def _text(message: Voicemail, box: Mailbox, *, attached: bool) -> str:
    lines = [
        f"Mailbox: {box.name} ({box.number})",
        f"From: {_who(message)}",
        f"Received: {message.received_at.astimezone():%Y-%m-%d %H:%M:%S %Z}",
        f"Length: {_length(message)}",
    ]
    if message.urgent:
        lines.append("The caller has marked it as urgent.")
    if message.forwarded_from:
        lines.append(f"Sent on by mailbox {message.forwarded_from}.")
    if message.transcript:
        lines += ["", message.transcript]
    if not attached:
        lines += ["", "Listen to it on the phone or in the admin pages."]
    return "\n".join(lines) + "\n"
