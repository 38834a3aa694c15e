"""Mail to one SMTP server (RFC 5321, submission as in RFC 6409).

What makes mails and what sends them is imported with the first one.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from pbx.core.names import Lookup, connected, system_lookup
from pbx.notify.errors import SendError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from email.message import EmailMessage

__all__ = ["Attachment", "Mailer", "SmtpServer", "compose"]

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in. `security` "tls" is TLS from the start (RFC 8314), "starttls" demands the upgrade.
    `trust` are more CA certificates (PEM).
    """

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    trust: Path | None = None

    @property
    def from_address(self) -> str:
        """The user name is mostly a mailbox of that server."""
        mailbox = self.username if "@" in self.username else f"bellwire@{socket.gethostname()}"
        return self.sender or mailbox

    def tls_context(self) -> ssl.SSLContext | None:
        if self.security == "none":
            return None
        context = ssl.create_default_context()
        if self.trust is not None:
            context.load_verify_locations(self.trust)
        return context


class Attachment(msgspec.Struct, frozen=True):
    """A file that goes with a mail; `kind` is its media type."""

    name: str
    kind: str
    data: bytes


def compose(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    at: datetime,
    id_: str,
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
    """A plain text message. `id_` is the same for each attempt, so that a mailbox can drop a second copy."""
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime

    message = EmailMessage(policy=SMTP)
    message["From"] = f"Bellwire <{sender}>"
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{id_}@bellwire.invalid>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation answers
    message.set_content(text)
    for each in attachments:
        main, _, sub = each.kind.partition("/")
        message.add_attachment(each.data, maintype=main, subtype=sub, filename=each.name)
    return message


class Mailer:
    """Hands mail to `server`; without one, nothing can be sent."""

    def __init__(self, server: SmtpServer | None, lookup: Lookup = system_lookup) -> None:
        self._server = server
        self._lookup = lookup

    @property
    def sender(self) -> str:
        return self._server.from_address if self._server is not None else ""

    def use(self, server: SmtpServer | None) -> None:
        """From the next mail on."""
        self._server = server

    async def send(self, message: EmailMessage) -> None:
        """Returns when the server has taken it. Raises `SendError`."""
        server = self._server
        if server is None:
            raise SendError("No mail server is set (--smtp-host).")
        import aiosmtplib

        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,  # whose certificate it must be
                sock=await connected(server.host, server.port, self._lookup, TIMEOUT_S),
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                tls_context=server.tls_context(),
                username=server.username or None,
                password=server.password or None,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            final = all(each.code >= 500 for each in error.recipients)
            words = "; ".join(each.message for each in error.recipients)
            raise SendError(f"The mail server refuses the recipient: {words}", final=final) from error
        except aiosmtplib.SMTPResponseException as error:
            raise SendError(f"The mail server says: {error.code} {error.message}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise SendError(f"The mail server {server.host} cannot be used: {error}") from error
