"""A digit in an INFO request of ours (application/dtmf-relay, as RFC 2976 is used for keys)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pbx.sip.hop import Hop
from pbx.sip.message import Response
from pbx.transport.abilities import DTMF_RELAY
from pbx.transport.proof import send_in_dialog

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg

log = logging.getLogger(__name__)


class DigitInfo:
    """One INFO with one digit. A refusal costs the digit, never the call."""

    __slots__ = ("_leg",)

    def __init__(self, leg: SipLeg) -> None:
        self._leg = leg

    def send(self, digit: str, duration_ms: int) -> None:
        dialog = self._leg.agreed_dialog
        request = dialog.request(
            "INFO",
            headers=(("Content-Type", DTMF_RELAY),),
            body=f"Signal={digit}\r\nDuration={duration_ms}\r\n".encode(),
        )
        send_in_dialog(self._leg, dialog, request, self)

    def responded(self, response: Response, hop: Hop) -> None:
        if response.status >= 300:
            self.failed(response.status)

    def failed(self, status: int) -> None:
        log.info("a phone did not take a digit", extra={"leg": self._leg.id, "status": status})
