"""What a peer got wrong in a message, and the status that tells it so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.core.errors import PeerError

if TYPE_CHECKING:
    from pbx.sip.message import Request, Response


class ParseError(PeerError):
    """The bytes are not what RFC 3261 (or 8866, for SDP) allows.

    `status` and `reason` are the answer to a request. `partial` is the message as far as it could be read, so that the
    answer can carry its Via, From, To, Call-ID and CSeq; None when not even that was possible.
    """

    def __init__(self, status: int, reason: str, partial: Request | Response | None = None) -> None:
        super().__init__(status, reason)
        self.partial = partial

    @property
    def status(self) -> int:
        return self.sip_status
