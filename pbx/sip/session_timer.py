"""Session timers (RFC 4028): how both sides of a call notice that the other has vanished.

One side, the refresher, repeats an UPDATE or re-INVITE at half the interval; when nothing comes, the other side ends
the call shortly before the interval is over. "uac" and "uas" in a header mean the roles in the request it belongs to,
not in the call, so they are turned into `we_refresh` here and nowhere else.

`Supported: timer` is the caller's to write, together with its other extensions.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from pbx.core.errors import PeerError
from pbx.sip.message import Request, Response
from pbx.sip.option_tag import lists_option

SMALLEST_MIN_SE_S = 90
"""RFC 4028 5: no Min-SE is lower, and none is meant where the header is absent."""

LARGEST_INTERVAL_S = 24 * 3600
"""Longer sessions are asked for by mistake (or to overflow something)."""

ExtraHeaders = tuple[tuple[str, str], ...]


class SessionPolicy(msgspec.Struct, frozen=True):
    """What this node wants. `refresher` ("uac" or "uas") decides where the peer leaves it open.

    With `always`, a phone that does not know session timers gets refreshed by us.
    """

    interval_s: int = 1800
    min_se_s: int = SMALLEST_MIN_SE_S
    refresher: str = "uac"
    always: bool = False


class SessionExpires(msgspec.Struct, frozen=True):
    """The Session-Expires header: `1800;refresher=uac`."""

    interval_s: int
    refresher: str = ""

    def __str__(self) -> str:
        return f"{self.interval_s};refresher={self.refresher}" if self.refresher else str(self.interval_s)


class SessionTimer(msgspec.Struct, frozen=True):
    """What both sides agreed on with the last 2xx to INVITE or UPDATE. Times are the caller's clock, in seconds."""

    interval_s: int
    we_refresh: bool

    def refresh_at(self, agreed_at: float) -> float | None:
        """When to send the refresh; None when that is the peer's task."""
        return agreed_at + self.interval_s / 2 if self.we_refresh else None

    def give_up_at(self, agreed_at: float) -> float:
        """When to say BYE, if no refresh has succeeded until then (RFC 4028 10)."""
        return agreed_at + self.interval_s - min(32.0, self.interval_s / 3)


class SessionOffer(msgspec.Struct, frozen=True):
    """What our INVITE or UPDATE asks for."""

    interval_s: int
    min_se_s: int
    refresher: str = ""

    @classmethod
    def first(cls, policy: SessionPolicy) -> SessionOffer:
        """For the INVITE that starts a call; the callee chooses the refresher."""
        return cls(policy.interval_s, policy.min_se_s)

    @classmethod
    def within(cls, policy: SessionPolicy, timer: SessionTimer | None) -> SessionOffer:
        """For a request within a call: the roles stay as they are (RFC 4028 7.4)."""
        if timer is None:
            return cls.first(policy)
        return cls(timer.interval_s, policy.min_se_s, "uac" if timer.we_refresh else "uas")

    def headers(self) -> ExtraHeaders:
        expires = ("Session-Expires", str(SessionExpires(self.interval_s, self.refresher)))
        return (expires, ("Min-SE", str(self.min_se_s))) if self.min_se_s > SMALLEST_MIN_SE_S else (expires,)

    def after_422(self, response: Response) -> SessionOffer:
        """What to ask for instead, when the interval was too small. Raises `PeerError` on an absurd Min-SE."""
        min_se_s = _seconds(response.headers.get("Min-SE"), "Min-SE")
        if min_se_s is None or not self.interval_s < min_se_s <= LARGEST_INTERVAL_S:
            raise PeerError(422, "Session Interval Too Small")
        return replace(self, interval_s=min_se_s, min_se_s=min_se_s)

    def accepted(self, response: Response) -> SessionTimer | None:
        """What a 2xx to our request agreed on; None when the peer runs no session timer."""
        expires = session_expires(response)
        if expires is None:
            return None
        return SessionTimer(max(expires.interval_s, SMALLEST_MIN_SE_S), expires.refresher != "uas")


def answer(request: Request, policy: SessionPolicy) -> tuple[SessionTimer | None, ExtraHeaders]:
    """What to answer an INVITE or UPDATE with: the agreement, and headers for its 2xx (RFC 4028 9).

    Raises `PeerError` 422 when the interval is below our minimum, 400 when a header cannot be read.
    """
    supported = lists_option(request, "timer")
    asked = session_expires(request)
    floor = max(_seconds(request.headers.get("Min-SE"), "Min-SE") or 0, policy.min_se_s)
    if asked is None:
        if not supported and not policy.always:
            return None, ()
        interval_s, refresher = max(policy.interval_s, floor), ""
    else:
        if asked.interval_s < policy.min_se_s and supported:
            raise PeerError(422, "Session Interval Too Small", headers=(("Min-SE", str(policy.min_se_s)),))
        interval_s, refresher = max(min(asked.interval_s, policy.interval_s), floor), asked.refresher
    # A peer without the extension cannot be told to refresh, whatever a proxy wrote.
    refresher = (refresher or policy.refresher) if supported else "uas"
    headers: ExtraHeaders = (("Session-Expires", str(SessionExpires(interval_s, refresher))),)
    if refresher == "uac":
        headers = (("Require", "timer"), *headers)
    return SessionTimer(interval_s, refresher == "uas"), headers


def session_expires(message: Request | Response) -> SessionExpires | None:
    """The Session-Expires header of a message. Raises `PeerError` 400."""
    text = message.headers.get("Session-Expires")
    if text is None:
        return None
    seconds = _seconds(text, "Session-Expires") or 0
    refresher = ""
    for param in text.split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip().lower() == "refresher":
            refresher = value.strip().lower()
    return SessionExpires(seconds, refresher if refresher in ("uac", "uas") else "")


def _seconds(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    digits = text.split(";", 1)[0].strip()
    if not (digits.isascii() and digits.isdigit()):
        raise PeerError(400, f"Bad {name}")
    return min(int(digits[:10]), 2**31 - 1)
