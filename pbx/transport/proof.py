"""Saying who we are to a provider that asks: 401 and 407 to any request of ours in a call (RFC 3261 22.2, 22.3).

Not only the INVITE that begins a call is asked about: there are providers that challenge a BYE, and a call whose BYE
was refused goes on there, and is paid for.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from pbx.model.party import Credentials
from pbx.sip.dialog import Dialog
from pbx.sip.digest import authorize, is_stale
from pbx.sip.headers import Headers
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response

if TYPE_CHECKING:
    from pbx.transport.leg_core import LegCore
    from pbx.transport.transaction_users import ClientUser

__all__ = ["ASKS_WHO", "Proof", "credentials_of", "send_in_dialog"]

ASKS_WHO = (401, 407)
_ANSWERS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


class Proof:
    """Answers the challenges to one request: one, and a second only where the first nonce was stale."""

    __slots__ = ("_credentials", "_met")

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._met = 0

    def header(self, response: Response, request: Request) -> tuple[str, str] | None:
        """The header that `request` lacked by this response; None where we cannot, or could not, convince them."""
        if response.status not in _ANSWERS or self._credentials is None:
            return None
        asks, answers = _ANSWERS[response.status]
        challenges = response.headers.all(asks)
        self._met += 1
        if self._met > (2 if is_stale(challenges) else 1):
            return None
        value = authorize(
            challenges,
            method=request.method,
            uri=request.uri,
            username=self._credentials.username,
            password=self._credentials.password,
            cnonce=secrets.token_hex(8),
        )
        return None if value is None else (answers, value)


def credentials_of(request: Request) -> tuple[tuple[str, str], ...]:
    """What proved an INVITE, for its ACK: which must hold the same (RFC 3261 13.2.2.4)."""
    return tuple(
        (name, value)
        for name in ("Authorization", "Proxy-Authorization")
        if name in request.headers
        for value in request.headers.all(name)
    )


def send_in_dialog(leg: LegCore, dialog: Dialog, request: Request, user: ClientUser) -> None:
    """Send a request of a dialog, any but INVITE, and once more with credentials where it is asked who sends it."""
    if leg.credentials is not None:
        user = _Asked(leg, dialog, request, user)
    leg.host.driver.request(request, leg.whereabouts.of(dialog), user)


class _Asked:
    """Stands between a request and who waits for its answer."""

    __slots__ = ("_dialog", "_leg", "_proof", "_request", "_user")

    def __init__(self, leg: LegCore, dialog: Dialog, request: Request, user: ClientUser) -> None:
        self._leg = leg
        self._dialog = dialog
        self._request = request
        self._user = user
        self._proof = Proof(leg.credentials)

    def responded(self, response: Response, hop: Hop) -> None:
        header = self._proof.header(response, self._request) if response.status in ASKS_WHO else None
        if header is None:
            self._user.responded(response, hop)
            return
        self._request = again(self._request, header, self._dialog)
        self._leg.host.driver.request(self._request, self._leg.whereabouts.of(self._dialog), self)

    def failed(self, status: int) -> None:
        self._user.failed(status)


def again(request: Request, header: tuple[str, str], dialog: Dialog) -> Request:
    """The same request as the next one in its dialog, with one more header."""
    dialog.local_cseq += 1
    headers: Headers = request.headers.copy()
    headers.set(*header)
    headers.set("CSeq", f"{dialog.local_cseq} {request.method}")
    headers.remove("Via")
    return Request(request.method, request.uri, headers, request.body)
