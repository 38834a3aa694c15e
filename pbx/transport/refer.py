"""REFER in a dialog: a phone transfers whom it talks with (RFC 3515, RFC 3891, RFC 4488), and is told how it goes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pbx.core.errors import PeerError
from pbx.model.leg_event import DialogName, Referred
from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.status import reason_of
from pbx.sip.uri import SipUri, tel_number
from pbx.transport.dialling import dialled_by
from pbx.transport.proof import send_in_dialog

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg

__all__ = ["ReferReport", "read_refer", "read_replaces"]

log = logging.getLogger(__name__)

SIPFRAG = "message/sipfrag;version=2.0"
LASTS_S = 120


def read_replaces(value: str) -> DialogName:
    """A Replaces value, as it names one of our dialogs: its to-tag is ours. Raises `PeerError` 400."""
    call_id, *params = [part.strip() for part in value.split(";")]
    named = dict(part.partition("=")[::2] for part in params)
    local_tag, remote_tag = named.get("to-tag", ""), named.get("from-tag", "")
    if not (call_id and local_tag and remote_tag):
        raise PeerError(400, "Bad Replaces")
    return DialogName(call_id, local_tag, remote_tag, early_only="early-only" in named)


def read_refer(request: Request) -> Referred:
    """What a REFER asks for. Raises `PeerError` 400 for a bad Refer-To, 416 and 603 for what is not done here."""
    values = request.headers.all("Refer-To")
    if len(values) != 1:
        raise PeerError(400, "Bad Refer-To")
    try:
        text = NameAddr.parse(values[0]).uri
        to = dialled_by(text)
        uri = SipUri.parse(text) if tel_number(text) is None else None
    except ParseError as error:
        raise PeerError(error.status, "Bad Refer-To") from error
    if uri is not None and uri.params.get("method", "INVITE").upper() != "INVITE":
        raise PeerError(603, "Only INVITE Is Referred To")
    if not to:
        raise PeerError(400, "Refer-To Names Nobody")
    replaces = None
    for header in uri.headers.split("&") if uri is not None else ():
        name, _, value = header.partition("=")
        if name.lower() == "replaces":
            replaces = read_replaces(unquote(value))
    return Referred(to, replaces)


class ReferReport:
    """The subscription that a REFER opens: NOTIFYs with a status line each; the final one ends it (RFC 3515 2.4.4)."""

    __slots__ = ("_cseq", "_leg", "_over", "_silent")

    def __init__(self, leg: SipLeg, request: Request) -> None:
        self._leg = leg
        self._cseq = request.cseq.number
        self._over = False
        self._silent = (request.headers.get("Refer-Sub") or "").strip().lower().startswith("false")

    @property
    def accepted(self) -> tuple[tuple[str, str], ...]:
        """The headers of the 202."""
        return (("Refer-Sub", "false"),) if self._silent else ()

    @property
    def is_over(self) -> bool:
        """Whether the last word has been said."""
        return self._over or self._leg.is_over

    def tell(self, status: int) -> None:
        """How far the transfer is, as the status of the INVITE it led to. Nothing follows a final one."""
        leg = self._leg
        if self._over or self._silent or leg.is_over or leg.dialog is None:
            return
        self._over = status >= 200
        state = "terminated;reason=noresource" if self._over else f"active;expires={LASTS_S}"
        notify = leg.dialog.request(
            "NOTIFY",
            headers=(
                ("Event", f"refer;id={self._cseq}"),
                ("Subscription-State", state),
                ("Content-Type", SIPFRAG),
            ),
            body=f"SIP/2.0 {status} {reason_of(status)}\r\n".encode(),
        )
        send_in_dialog(leg, leg.dialog, notify, self)

    def responded(self, response: Response, hop: Hop) -> None:
        if response.status >= 300:
            self.failed(response.status)

    def failed(self, status: int) -> None:
        """A phone that does not listen may still be transferring: nothing hangs on it."""
        self._over = True
        log.debug("a phone did not take the news of its transfer", extra={"status": status})
