"""Mail to anybody: queued, kept over a restart, and tried again until the server has taken it.

Notices have a list of their own, since they are shown and have targets; what is here is forgotten when it is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PbxError
from pbx.notify.errors import SendError
from pbx.notify.mail import compose
from pbx.notify.notices import GIVE_UP, PAUSES_S, State

__all__ = ["Mail", "Outbox"]

log = logging.getLogger(__name__)

STATE_KEY = "outbox"
MOST = 500


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One that waits. `id` is the same for each attempt."""

    id: str
    at: datetime
    to: str
    subject: str
    text: str
    attempts: int = 0
    next_at: datetime | None = None


class Outbox:
    """`sender` is "" where no mail server is set. `run` must be running for anything to be sent or kept."""

    def __init__(
        self,
        send: Callable[[EmailMessage], Awaitable[None]],
        *,
        sender: Callable[[], str],
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._send = send
        self._sender = sender
        self._clock = clock
        self._new_id = new_id
        self._waiting: dict[str, Mail] = {}  # oldest first
        self._dirty = False
        self._wake = asyncio.Event()

    def put(self, to: str, subject: str, text: str) -> None:
        """Returns at once. Raises `SendError` without a mail server, or when too many wait already."""
        if not self._sender():
            raise SendError("No mail server is set (--smtp-host).")
        if len(self._waiting) >= MOST:
            raise SendError(f"{MOST} mails wait already.")
        self._keep(Mail(id=self._new_id(), at=self._clock.now(), to=to, subject=subject, text=text))

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def run(self, state: State) -> None:
        """Take back what waited before the restart, then send and keep. Runs until it is cancelled."""
        kept = await state.get(STATE_KEY, tuple[Mail, ...]) or ()
        self._waiting = {each.id: each for each in (*kept, *self._waiting.values())}
        try:
            while True:
                self._wake.clear()
                await self._store(state)
                if (mail := self._due()) is not None:
                    await self._attempt(mail)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._until_next()):
                        await self._wake.wait()
        finally:
            await self._store(state)

    # -- below ---------------------------------------------------------------------------------------------------------

    def _keep(self, mail: Mail) -> None:
        self._waiting[mail.id] = mail
        self._dirty = True
        self._wake.set()

    def _due(self) -> Mail | None:
        """The one that has waited for longest."""
        now = self._clock.now()
        due = [each for each in self._waiting.values() if each.next_at is None or each.next_at <= now]
        return min(due, key=lambda each: each.next_at or each.at, default=None)

    def _until_next(self) -> float | None:
        now = self._clock.now()
        waits = [(each.next_at - now).total_seconds() for each in self._waiting.values() if each.next_at]
        return max(0.0, min(waits)) if waits else None

    async def _attempt(self, mail: Mail) -> None:
        message = compose(
            sender=self._sender(), to=mail.to, subject=mail.subject, text=mail.text, at=mail.at, id_=mail.id
        )
        try:
            await self._send(message)
        except SendError as error:
            self._failed(mail, error)
        except Exception as error:
            log.exception("sending a mail failed", extra={"mail": mail.id})
            self._failed(mail, SendError(f"A fault of this node: {error}"))
        else:
            self._forget(mail)

    def _failed(self, mail: Mail, error: SendError) -> None:
        now = self._clock.now()
        gives_up = error.final or now - mail.at >= GIVE_UP
        log.warning(
            "a mail could not be sent",
            extra={"mail": mail.id, "reason": str(error), "attempts": mail.attempts + 1, "final": gives_up},
        )
        if gives_up:
            self._forget(mail)
            return
        pause = timedelta(seconds=PAUSES_S[min(mail.attempts, len(PAUSES_S) - 1)])
        self._keep(msgspec.structs.replace(mail, attempts=mail.attempts + 1, next_at=now + pause))

    def _forget(self, mail: Mail) -> None:
        del self._waiting[mail.id]
        self._dirty = True

    async def _store(self, state: State) -> None:
        if not self._dirty:
            return
        self._dirty = False
        try:
            await state.put(STATE_KEY, tuple(self._waiting.values()))
        except PbxError as error:  # a full or failing disk: what is sent matters more than what is kept
            log.error("mails could not be stored", extra={"reason": str(error)})  # noqa: TRY400
            self._dirty = True
        except asyncio.CancelledError:
            self._dirty = True  # for the last time that `run` keeps them
            raise
