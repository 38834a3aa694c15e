"""Registering with somebody else's registrar (RFC 3261 10.2): the client's side, as values.

    IDLE ─ tick ─► TRYING ─ 200 ─► REGISTERED ─ tick (before it expires) ─► TRYING
                     │ 401, 407: answered, once for each nonce      423: asked again with Min-Expires
                     └ anything else ─► WAITING ─ tick (5 s, doubled up to 5 min) ─► TRYING
    any ─ stop ─► STOPPING ─ any answer ─► STOPPED

Time is an argument, randomness is handed in. Who drives it sends the requests it returns, tells it what came back, and
calls `tick` when `next_at` has come. The registrar's Service-Route is kept for the requests that follow (RFC 3608). A
Contact that is no longer ours is taken back before the new one is registered.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import msgspec
from msgspec.structs import replace

from pbx.sip.address import NameAddr
from pbx.sip.build import request_of
from pbx.sip.digest import authorize, is_stale
from pbx.sip.errors import ParseError
from pbx.sip.message import Request, Response
from pbx.sip.uri import SipUri

__all__ = ["Account", "Registration", "RegistrationState"]

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 300.0
MAX_CHALLENGES = 3
MAX_EXPIRES_S = 86_400
MAX_ROUTES = 8
FLOW_FAILED = 430
"""The provider's edge has lost the way to us (RFC 5626 11.5): a new registration makes another."""


class RegistrationState(Enum):
    """The value is the word that stands in the trunk's status."""

    IDLE = "idle"
    TRYING = "trying"
    REGISTERED = "registered"
    WAITING = "waiting"  # for the next attempt
    STOPPING = "stopping"
    STOPPED = "stopped"


class Account(msgspec.Struct, frozen=True):
    """Who registers where. `aor` and `registrar` are URIs, `contact` a Contact value without parameters."""

    aor: str
    registrar: str
    contact: str
    username: str
    password: str
    expires_s: int = 600
    user_agent: str = "Bellwire"


class Registration:
    """One account's registration. `random` gives 0 ≤ x < 1, `new_cnonce` a fresh client nonce."""

    def __init__(
        self,
        account: Account,
        *,
        call_id: str,
        tag: str,
        random: Callable[[], float],
        new_cnonce: Callable[[], str],
    ) -> None:
        self.account = account
        self.state = RegistrationState.IDLE
        self.next_at: float | None = 0.0
        self.expires_at = 0.0
        self.status = 0
        self.error = ""
        self.service_route: tuple[str, ...] = ()
        """The route of later requests (RFC 3608), as Route values; empty while the registrar wants none."""
        self._sent = account.contact
        self._bound = False  # the registrar may know our present Contact
        self._left: str | None = None  # a Contact of ours that is to be taken back
        self._call_id = call_id
        self._tag = tag
        self._random = random
        self._new_cnonce = new_cnonce
        self._cseq = 0
        self._expires_s = account.expires_s
        self._failures = 0
        self._challenges_met = 0
        self._challenge: tuple[str, list[str]] | None = None  # header to answer in, and the challenges
        self._nonce_count = 0

    # -- what the driver calls ---------------------------------------------------------------------------------------

    def tick(self, now: float) -> Request | None:
        """The REGISTER that is due, if one is."""
        if (
            self.next_at is None
            or now < self.next_at
            or self.state
            in (
                RegistrationState.STOPPING,
                RegistrationState.STOPPED,
            )
        ):
            return None
        self.state = RegistrationState.TRYING
        self.next_at = None
        self._challenges_met = 0
        return self._due()

    def responded(self, response: Response, now: float) -> Request | None:
        """Take a final response; the request to send at once, if any."""
        self.status = response.status
        if self.state is RegistrationState.STOPPING:
            return self._stopping(response)
        if self.state is not RegistrationState.TRYING:
            return None
        if self._may_ask_again(response):
            return self._due()
        if 200 <= response.status < 300:
            self._registered(response, now)
        else:
            self._failed(response.status, response.reason, now, _retry_after(response))
        return None

    def _may_ask_again(self, response: Response) -> bool:
        """Whether the answer says what was missing, or was to the taking back of an old Contact."""
        if response.status in (401, 407) and self._may_answer(response):
            return True
        if self._left is not None:  # whatever became of it, it expires by itself
            self._left = None
            self._challenges_met = 0
            return True
        return response.status == 423 and self._asked_longer(response)

    def failed(self, status: int, now: float) -> None:
        """No answer (408), or no way there (503)."""
        self.status = status
        if self.state is RegistrationState.STOPPING:
            self.state = RegistrationState.STOPPED
        elif self.state is RegistrationState.TRYING:
            self._failed(status, "", now, None)

    def lost(self, now: float) -> None:
        """The connection or the address it was made over is gone: register anew, soon."""
        if self.state is RegistrationState.REGISTERED:
            self.state = RegistrationState.WAITING
            self.next_at = now + self._random()

    def moved(self, contact: str, now: float, *, at_once: bool = False) -> None:
        """The registrar reaches us elsewhere now: take the old Contact back and register the new one, soon."""
        if contact == self.account.contact or self.state in (
            RegistrationState.STOPPING,
            RegistrationState.STOPPED,
        ):
            return
        if self._bound and self._left is None:
            self._left = self.account.contact
        self._bound = False
        self.account = replace(self.account, contact=contact)
        self.lost(now)
        if at_once and self.state is RegistrationState.WAITING:
            self.next_at = now

    def hurry(self, now: float) -> None:
        """Somebody asks: try again without waiting."""
        if self.state is RegistrationState.WAITING:
            self.next_at = now

    def stop(self) -> Request | None:
        """Take the binding back; None when there is none."""
        was, self.state = self.state, RegistrationState.STOPPING
        self.next_at = None
        self._left = None
        self._challenges_met = 0
        if was in (RegistrationState.REGISTERED, RegistrationState.TRYING):
            return self._register(0)
        self.state = RegistrationState.STOPPED
        return None

    # -- below ---------------------------------------------------------------------------------------------------------

    def _due(self) -> Request:
        return self._register(self._expires_s) if self._left is None else self._register(0, self._left)

    def _register(self, expires_s: int, contact: str | None = None) -> Request:
        account = self.account
        self._sent = contact or account.contact
        self._cseq += 1
        request = request_of(
            "REGISTER",
            account.registrar,
            from_=f"<{account.aor}>;tag={self._tag}",
            to=f"<{account.aor}>",
            call_id=self._call_id,
            cseq=self._cseq,
            headers=(
                ("Contact", f"{self._sent};expires={expires_s}"),
                ("Expires", str(expires_s)),
                ("User-Agent", account.user_agent),
                ("Supported", "path, outbound"),
            ),
        )
        self._authorize(request)
        return request

    def _authorize(self, request: Request) -> None:
        if self._challenge is None:
            return
        header, challenges = self._challenge
        self._nonce_count += 1
        value = authorize(
            challenges,
            method="REGISTER",
            uri=request.uri,
            username=self.account.username,
            password=self.account.password,
            cnonce=self._new_cnonce(),
            count=self._nonce_count,
        )
        if value is not None:
            request.headers.add(header, value)

    def _may_answer(self, response: Response) -> bool:
        """Remember the challenge; False when it says that our answer to the last one was wrong, or cannot be met."""
        name, header = (
            ("WWW-Authenticate", "Authorization")
            if response.status == 401
            else ("Proxy-Authenticate", "Proxy-Authorization")
        )
        challenges = list(response.headers.all(name))
        answered = self._challenge is not None and self._challenges_met > 0
        self._challenges_met += 1
        if not challenges or not self.account.username or self._challenges_met > MAX_CHALLENGES:
            return False
        if answered and not is_stale(challenges):
            return False
        self._challenge = (header, challenges)
        self._nonce_count = 0
        return True

    def _asked_longer(self, response: Response) -> bool:
        text = response.headers.get("Min-Expires") or ""
        longer = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
        if not self._expires_s < longer <= MAX_EXPIRES_S:
            return False
        self._expires_s = longer
        return True

    def _registered(self, response: Response, now: float) -> None:
        granted = self._granted(response)
        self.state = RegistrationState.REGISTERED
        self.expires_at = now + granted
        # A tenth and more before the end, and not all trunks of an office in the same second.
        self.next_at = now + granted * (0.75 + 0.15 * self._random())
        self.error = ""
        self._bound = True
        self.service_route = _routes(response)
        self._failures = 0
        if self._sent != self.account.contact:  # we moved while we waited for the answer
            self._left, self._bound = self._sent, False
            self.lost(now)

    def _granted(self, response: Response) -> int:
        """The seconds the registrar gives our contact (RFC 3261 10.2.4)."""
        ours = SipUri.parse(self.account.contact.strip("<>"))
        try:
            for contact in response.contacts:
                uri = SipUri.parse(contact.uri)
                if (uri.user, uri.host, uri.port) == (ours.user, ours.host, ours.port):
                    return _seconds(contact.params.get("expires"), self._expires_s)
        except ParseError:
            pass  # what cannot be read says nothing; the header below may
        return _seconds(response.headers.get("Expires"), self._expires_s)

    def _failed(self, status: int, reason: str, now: float, retry_after_s: float | None) -> None:
        self.state = RegistrationState.WAITING
        self.error = plain_words(status, reason)
        # Wrong credentials are not tried often: providers lock accounts.
        # A flow that failed is a way that is gone, and the next attempt takes another.
        wait_s = LONGEST_WAIT_S if status in (401, 403, 407) else FIRST_WAIT_S * 2**self._failures
        wait_s = wait_s if status != FLOW_FAILED or self._failures else 1.0
        wait_s = min(wait_s, LONGEST_WAIT_S) * (0.75 + 0.5 * self._random())
        self.next_at = now + max(wait_s, retry_after_s or 0.0)
        self._failures = min(self._failures + 1, 10)
        self._challenge = None
        self._left = None

    def _stopping(self, response: Response) -> Request | None:
        if response.status in (401, 407) and self._may_answer(response):
            return self._register(0)
        self.state = RegistrationState.STOPPED
        return None


def plain_words(status: int, reason: str = "") -> str:
    """What a failed registration means, for somebody who is no engineer."""
    known = {
        401: "The provider refuses the user name or the password.",
        403: "The provider refuses this account. Check user name and password, or ask the provider.",
        404: "The provider does not know this user name.",
        407: "The provider refuses the user name or the password.",
        430: "The provider has lost the connection to this node; it is made anew.",
        408: "The provider does not answer. Check the server's name, the port and the internet connection.",
        503: "The provider's server cannot be reached, or is out of service.",
    }
    return known.get(status) or f"The provider answers {status} {reason}".strip() + "."


def _seconds(text: str | None, default: int) -> int:
    if text is not None and text.isascii() and text.isdigit() and len(text) < 10:
        return max(int(text), 1)
    return default


def _routes(response: Response) -> tuple[str, ...]:
    """Service-Route as Route values, in order; none when one of them cannot be read, for half a way leads nowhere."""
    try:
        listed = [
            each for value in response.headers.all("Service-Route") for each in NameAddr.parse_list(value)
        ]
        for each in listed:
            SipUri.parse(each.uri)
    except ParseError:
        return ()
    return tuple(f"<{each.uri}>" for each in listed) if len(listed) <= MAX_ROUTES else ()


def _retry_after(response: Response) -> float | None:
    digits = (response.headers.get("Retry-After") or "").split(";")[0].split("(")[0].strip()
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else None
