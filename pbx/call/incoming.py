"""A caller at the door, and what every call of a node shares."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from pbx.call.codecs import Codecs
from pbx.call.ports import (
    NO_KEEPER,
    CallLog,
    Conversations,
    Keeper,
    Leg,
    Media,
    Prompt,
    Recorder,
    Signaling,
    Transcoder,
    Waker,
)
from pbx.core.clock import Clock
from pbx.model.leg_event import DialogName
from pbx.model.party import Diversion, Party
from pbx.sip.sdp.security import SrtpPolicy


class CallPorts(msgspec.Struct, frozen=True):
    """What every call of this node shares.

    `local_host(remote)` is this node's address as that host sees it. `hold_tone()` is what a held party hears,
    `ringback()` what one hears that has been answered while another phone rings for it.
    `rtp_timeout_s` is how long audio may stop before the phone is asked whether it is still there.
    `codecs` is what this node speaks; without a `transcoder` it passes on only what both phones speak.
    Without a `recorder` nothing is recorded; `conversations` is told of all, and records those that are to be.
    `belongs` is told the SIP Call-ID of a leg that comes from another call.
    `candidates(remote)` are all addresses at which a browser there may find this node.
    `srtp` says whether audio may be, or must be, encrypted. Without a `waker`, phones that sleep are not rung.
    `name_of` is the name of an extension, for displays.
    `keeper` writes down what a later process needs to go on with calls.
    """

    media: Media
    signaling: Signaling
    log: CallLog
    clock: Clock
    rtp_timeout_s: float
    new_session_id: Callable[[], int]
    local_host: Callable[[str], str]
    hold_tone: Callable[[], Prompt]
    ringback: Callable[[], Prompt]
    srtp: SrtpPolicy = "optional"
    codecs: Codecs = msgspec.field(default_factory=Codecs)
    transcoder: Transcoder | None = None
    recorder: Recorder | None = None
    conversations: Conversations | None = None
    belongs: Callable[[str, str], None] = lambda _call, _call_id: None
    waker: Waker | None = None
    name_of: Callable[[str], str] = lambda _extension: ""
    keeper: Keeper = NO_KEEPER
    candidates: Callable[[str], tuple[str, ...]] = lambda _: ()


class Passed(msgspec.Struct, frozen=True):
    """How often a call has been passed on before: what is left of Max-Forwards, and the marks of where it was."""

    hops_left: int = 70
    marks: tuple[str, ...] = ()


class Incoming(msgspec.Struct, frozen=True):
    """An INVITE whose sender is known: who they are, what they dialled, what they offer (SDP, None: we offer).

    `trunk` names the trunk it came over; such a caller is nobody of this office. `replaces` names the dialog whose
    place it takes (RFC 3891). `diverted` are those who sent it on before it came here, first first; `codecs` those that
    its trunk may use, none for all. `srtp` is the policy of this leg where it is not the node's: sound that never
    leaves the machine is not encrypted. A `browser` that makes no offer is made one that it understands. `withheld`:
    nobody is to see who calls.
    """

    leg: Leg
    caller: Party
    dialled: str
    source: str
    source_host: str
    offer: bytes | None
    trunk: str | None = None
    replaces: DialogName | None = None
    diverted: tuple[Diversion, ...] = ()
    passed: Passed = msgspec.field(default_factory=Passed)
    codecs: tuple[str, ...] = ()
    srtp: SrtpPolicy | None = None
    browser: bool = False
    withheld: bool = False
