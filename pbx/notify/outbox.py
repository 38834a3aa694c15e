"""Mail to anybody: queued, kept over a restart, and tried again until the server has taken it.

Notices have a list of their own, since they are shown and have targets; what is here is forgotten when it is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pbx.core.clock import Clock
from pbx.notify.errors import SendError
from pbx.notify.mail import compose
from pbx.notify.notices import GIVE_UP, PAUSES_S, State
from pbx.notify.sending_queue import Queued, SendingQueue

if TYPE_CHECKING:
    from email.message import EmailMessage

__all__ = ["Mail", "Outbox"]

STATE_KEY = "outbox"


class Mail(Queued, frozen=True, kw_only=True):
    """One that waits."""

    to: str
    subject: str
    text: str


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
        self._queue = SendingQueue(
            STATE_KEY, Mail, self._hand_over, clock=clock, pauses_s=PAUSES_S, give_up=GIVE_UP
        )

    def put(self, to: str, subject: str, text: str) -> None:
        """Returns at once. Raises `SendError` without a mail server, or when too many wait already."""
        if not self._sender():
            raise SendError("No mail server is set (--smtp-host).")
        self._queue.put(Mail(id=self._new_id(), at=self._clock.now(), to=to, subject=subject, text=text))

    @property
    def waiting(self) -> int:
        return self._queue.waiting

    @property
    def counts(self) -> dict[str, int]:
        """How many were sent, are to be repeated, and were given up."""
        return self._queue.counts

    async def run(self, state: State) -> None:
        """Send, and keep what waits. Runs until it is cancelled."""
        await self._queue.run(state)

    async def _hand_over(self, mail: Mail) -> None:
        await self._send(
            compose(
                sender=self._sender(),
                to=mail.to,
                subject=mail.subject,
                text=mail.text,
                at=mail.at,
                id_=mail.id,
            )
        )
