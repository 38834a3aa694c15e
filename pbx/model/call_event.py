"""What happened in a call: the only record of it.

CDRs, the live screen, metrics, log lines and tests are folds over these events. Each event carries `call`
(the call's id), `at` (aware UTC) and, where one leg is meant, `leg` ("a" is the caller; "b1", "b2" … are the
phones that were rung).
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    call: str
    at: datetime


class CallOffered(_Event, frozen=True, kw_only=True, tag="offered"):
    """A caller's INVITE was admitted. `dialled` is the user part they called, `source` the address they called from."""

    from_number: str
    from_name: str
    from_extension: str | None
    dialled: str
    source: str


class CallRouted(_Event, frozen=True, kw_only=True, tag="routed"):
    """The dial plan decided: `kind` is "extension", "feature", "ring_group", "trunk" or "forward"; `to` names it."""

    kind: str
    to: str
    to_name: str = ""


class LegDialled(_Event, frozen=True, kw_only=True, tag="leg_dialled"):
    """A phone is being rung."""

    leg: str
    target: str


class LegRinging(_Event, frozen=True, kw_only=True, tag="leg_ringing"):
    leg: str
    status: int
    early_media: bool = False


class LegAnswered(_Event, frozen=True, kw_only=True, tag="leg_answered"):
    leg: str


class LegHeld(_Event, frozen=True, kw_only=True, tag="leg_held"):
    leg: str


class LegResumed(_Event, frozen=True, kw_only=True, tag="leg_resumed"):
    leg: str


class DigitSeen(_Event, frozen=True, kw_only=True, tag="digit"):
    """A DTMF digit was sent by this leg; `via` is "rfc4733" or "info". `digit` is empty in stored records."""

    leg: str
    digit: str
    via: str


class AudioStarted(_Event, frozen=True, kw_only=True, tag="audio_started"):
    """The first RTP packet of this leg arrived."""

    leg: str


class AudioSilent(_Event, frozen=True, kw_only=True, tag="audio_silent"):
    """No RTP from this leg for `silent_ms`, though it is not held."""

    leg: str
    silent_ms: int


class AudioBack(_Event, frozen=True, kw_only=True, tag="audio_back"):
    leg: str


class LegQuality(_Event, frozen=True, kw_only=True, tag="leg_quality"):
    """The RTP counters of a leg when its stream was closed (RFC 3550 loss and jitter of what it sent us)."""

    leg: str
    packets_in: int
    packets_out: int
    lost: int
    jitter_ms: float


class LegEnded(_Event, frozen=True, kw_only=True, tag="leg_ended"):
    leg: str
    cause: str
    status: int = 0


class CallEnded(_Event, frozen=True, kw_only=True, tag="ended"):
    """The call is over. `by` is the leg that ended it, or "node". `cause` is a `LegCause` value."""

    cause: str
    status: int = 0
    by: str = "node"


CallEvent = (
    CallOffered
    | CallRouted
    | LegDialled
    | LegRinging
    | LegAnswered
    | LegHeld
    | LegResumed
    | DigitSeen
    | AudioStarted
    | AudioSilent
    | AudioBack
    | LegQuality
    | LegEnded
    | CallEnded
)
