"""Texts by e-mail: what came in for a number goes to whoever wants it so, with its pictures, and is tried again.

At least once: a mail server that took a mail while we died gets it again, with the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from edge.bell import Bell
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.store import Row, Store, StoreError
from edge.texts.file_types import EXTENSIONS

__all__ = ["MailError", "Mails", "SendMail", "smtp_sender"]

log = logging.getLogger(__name__)

AGAIN_MS = (30_000, 120_000, 600_000, 3_600_000, 4 * 3_600_000, 12 * 3_600_000)
LOOK_S = 15.0
LEASE_MS = 120_000
WAIT_MS = 120_000
"""Pictures are waited for so long."""
SERVER_S = 30.0


class MailError(Exception):
    """The server did not take it. `final`: it never will."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


SendMail = Callable[[EmailMessage], Awaitable[None]]
"""Raises `MailError`."""


class Mails:
    """`send` None: no mail server is set, and what was wanted is dropped."""

    def __init__(self, store: Store, clock: Clock, send: SendMail | None, *, sender: str) -> None:
        self._store = store
        self._clock = clock
        self._send = send
        self._sender = sender
        self._bell = Bell()

    def wake(self) -> None:
        self._bell.ring()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                while await self.work():
                    pass
            except StoreError:
                log.exception("mails cannot be read from the store")
            await self._bell.wait(LOOK_S)

    async def work(self) -> bool:
        """Send one. Returns whether there was one to send."""
        now = self._clock.now_ms()
        mail = await self._store.one(
            "UPDATE text_mail SET attempts = attempts + 1, due_at = $2 WHERE due_at <= $1"
            " AND id = (SELECT t.id FROM text_mail t WHERE t.due_at <= $1 AND (t.created_at <= $3 OR NOT EXISTS"
            "  (SELECT 1 FROM text_media f WHERE f.message = t.message AND f.state = 'wanted'))"
            "  ORDER BY t.due_at, t.id LIMIT 1) RETURNING *",
            now, now + LEASE_MS, now - WAIT_MS,
        )  # fmt: skip
        if mail is None:
            return False
        message = await self._store.one("SELECT * FROM text_message WHERE id = $1", mail["message"])
        if message is not None and self._send is not None:
            try:
                await self._send(await self._compose(mail, message))
            except MailError as error:
                await self._failed(mail, error)
                return True
        await self._store.run("DELETE FROM text_mail WHERE id = $1", mail["id"])
        return True

    async def _failed(self, mail: Row, error: MailError) -> None:
        gives_up = error.final or mail["attempts"] > len(AGAIN_MS)
        log.warning("a text could not be sent by e-mail", extra={"reason": str(error), "final": gives_up})
        if gives_up:
            await self._store.run("DELETE FROM text_mail WHERE id = $1", mail["id"])
            return
        due = self._clock.now_ms() + AGAIN_MS[mail["attempts"] - 1]
        await self._store.run("UPDATE text_mail SET due_at = $2 WHERE id = $1", mail["id"], due)

    async def _compose(self, mail: Row, message: Row) -> EmailMessage:
        composed = EmailMessage()
        composed["From"] = self._sender
        composed["To"] = mail["address"]
        composed["Subject"] = f"Text from {_line(message['theirs'])} to {_line(message['ours'])}"
        composed["Date"] = format_datetime(datetime.fromtimestamp(message["at"] / 1000, UTC))
        composed["Message-ID"] = f"<{mail['id']}@{self._sender.rpartition('@')[2] or 'localhost'}>"
        composed["Auto-Submitted"] = "auto-generated"
        files = await self._store.all(
            "SELECT id, type, state, body, reason FROM text_media WHERE message = $1 ORDER BY place",
            message["id"],
        )
        missing = sum(file["state"] != "stored" for file in files)
        lost = f"\n\n({missing} file(s) of this text are not attached.)" if missing else ""
        composed.set_content(f"{message['body'] or '(no words)'}{lost}\n\nAnswer it in the text inbox.\n")
        for file in files:
            if file["state"] == "stored":
                main, _, sub = file["type"].partition("/")
                name = f"{file['id']}.{EXTENSIONS[file['type']]}"
                composed.add_attachment(bytes(file["body"]), maintype=main, subtype=sub, filename=name)
        return composed


def smtp_sender(config: EdgeConfig) -> SendMail | None:
    """The mail server of the settings; None where there is none."""
    if not config.smtp_host or not config.smtp_from:
        return None

    async def send(message: EmailMessage) -> None:
        import aiosmtplib

        try:
            await aiosmtplib.send(
                message,
                hostname=config.smtp_host,
                port=config.smtp_port,
                username=config.smtp_username or None,
                password=config.smtp_password or None,
                use_tls=config.smtp_security == "tls",
                start_tls=config.smtp_security == "starttls",
                timeout=SERVER_S,
            )
        except aiosmtplib.SMTPResponseException as error:
            raise MailError(f"{error.code} {error.message}", final=500 <= error.code < 600) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            final = all(500 <= each.code < 600 for each in error.recipients)
            raise MailError("the recipient was refused", final=final) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailError(str(error)) from error

    return send


def _line(text: str) -> str:
    return " ".join(text.split())
