"""What a leg tells the call it belongs to.

The same events come from a SIP dialog, from an audio stream over a WebSocket and from a simulated phone, so nothing
here names a protocol. Session descriptions travel as bytes (RFC 8866); the call reads them with `pbx.sip.sdp`.
"""

from __future__ import annotations

from enum import Enum

import msgspec


class LegCause(Enum):
    """Why a leg ended. The value is the word that stands in CDRs and events."""

    NORMAL = "normal"  # BYE from either side
    CANCELLED = "cancelled"  # the caller gave up before an answer
    ANSWERED_ELSEWHERE = (
        "answered_elsewhere"  # another phone of a fork was quicker (RFC 3326 Reason, cause 200)
    )
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"  # nobody registered, or nothing answered the INVITE
    NOT_FOUND = "not_found"
    INCOMPATIBLE = "incompatible"  # no codec in common (488)
    ACK_MISSING = "ack_missing"  # the 200 OK was never acknowledged
    SESSION_EXPIRED = "session_expired"  # RFC 4028 refresh did not come
    MEDIA_TIMEOUT = "media_timeout"  # audio stopped and the phone no longer answers
    TRANSPORT = "transport"  # the peer's address refuses our packets
    LIMIT = "limit"  # a limit of calls to outside numbers was reached
    SHUTDOWN = "shutdown"  # this node is being stopped
    TRANSFERRED = "transferred"  # this leg sent the other side elsewhere, or goes on in another call
    REFUSED = "refused"  # any other final refusal; the SIP status says which
    ERROR = "error"  # our own fault


class Progress(msgspec.Struct, frozen=True):
    """180, 181, 182 or 183 from the phone we are calling; `sdp` is early media."""

    status: int
    sdp: bytes | None = None


class Answered(msgspec.Struct, frozen=True):
    """The phone we called picked up; the ACK has been sent. `sdp` is its answer (or its offer, if we made none)."""

    sdp: bytes | None


class Refused(msgspec.Struct, frozen=True):
    """A final refusal of our INVITE. `contacts` are the URIs of a 3xx, best first."""

    status: int
    reason: str
    contacts: tuple[str, ...] = ()


class Offered(msgspec.Struct, frozen=True):
    """The peer re-INVITEs (or sends UPDATE with SDP). Answer with `Leg.answer` or `Leg.reject`.

    `sdp` is None when the peer asks us for an offer.
    """

    sdp: bytes | None


class Reanswered(msgspec.Struct, frozen=True):
    """We repeated our SDP (`offer`) to refresh the session, and the peer's answer is not what it said before.

    A key, an address or a codec may have changed: an answer counts whatever it was asked for (RFC 3264 8).
    """

    offer: bytes
    answer: bytes


class InfoDigit(msgspec.Struct, frozen=True):
    """A DTMF digit that came in a SIP INFO request (application/dtmf-relay or application/dtmf)."""

    digit: str
    duration_ms: int = 160


class DialogName(msgspec.Struct, frozen=True):
    """A dialog as a Replaces header names it to us (RFC 3891): `local_tag` is ours, `remote_tag` the phone's."""

    call_id: str
    local_tag: str
    remote_tag: str
    early_only: bool = False


class Referred(msgspec.Struct, frozen=True):
    """The phone transfers whoever it talks with (RFC 3515); it has its 202 and waits for `Leg.report_transfer`.

    `to` is the user part of Refer-To; `replaces` names a dialog of the same phone, in an attended transfer.
    """

    to: str
    replaces: DialogName | None = None


class Ended(msgspec.Struct, frozen=True):
    """The leg is over; nothing follows. `status` is the SIP status or Q.850-mapped status, when one was given."""

    cause: LegCause
    status: int = 0
    reason: str = ""


LegEvent = Progress | Answered | Refused | Offered | Reanswered | InfoDigit | Referred | Ended


class LegFailed(Exception):  # noqa: N818 - a way for a leg to end, which callers expect, rather than an error
    """An operation on a leg came to nothing: the leg is ending, or has ended, for `cause`."""

    def __init__(self, cause: LegCause, status: int = 0, reason: str = "") -> None:
        super().__init__(f"leg failed: {cause.value}" + (f" ({status} {reason})" if status else ""))
        self.cause = cause
        self.status = status
        self.reason = reason
