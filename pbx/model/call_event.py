"""What happened in a call: the only record of it.

CDRs, the live screen, metrics, log lines and tests are folds over these events. Where one leg is meant, `leg` names it:
"a" is the caller; "b1", "b2" … are the phones that were rung.
"""

from __future__ import annotations

import msgspec

from pbx.model.audio_event import AudioEvent
from pbx.model.conference_event import ConferenceEvent
from pbx.model.flow_event import FlowEvent
from pbx.model.in_call import InCall
from pbx.model.queue_event import QueueEvent
from pbx.model.recording_event import RecordingEvent
from pbx.model.supervision_event import SupervisionEvent


class Diverted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`number` had sent the call on; `reason` is RFC 5806's word for why."""

    number: str
    reason: str


class CallOffered(InCall, frozen=True, kw_only=True, tag="offered"):
    """A caller's INVITE was admitted. `dialled` is the user part they called, `source` the address they called from.

    `diverted` are those outside who sent the call on before it came here, first first; `trunk` is the one it came over.
    """

    from_number: str
    from_name: str
    from_extension: str | None
    dialled: str
    source: str
    diverted: tuple[Diverted, ...] = ()
    trunk: str | None = None


class CallRouted(InCall, frozen=True, kw_only=True, tag="routed"):
    """The dial plan decided: `kind` is "extension", "feature", "ring_group", "conference", "mailbox", "trunk" …; `to`
    names it.

    `charged_to`: the extension whose limits count this call to an outside number.
    """

    kind: str
    to: str
    to_name: str = ""
    charged_to: str | None = None


class LegDialled(InCall, frozen=True, kw_only=True, tag="leg_dialled"):
    """A phone is being rung. `extension` is the one it belongs to, None for a number outside, which `trunk` leads to;
    `charged_to` is the extension whose limits count it.
    """

    leg: str
    target: str
    extension: str | None = None
    trunk: str | None = None
    charged_to: str | None = None


class PhonePushed(InCall, frozen=True, kw_only=True, tag="phone_pushed"):
    """A phone that sleeps is being woken: `push` is what its push is called, `service` who carries it."""

    extension: str
    phone: str
    device: str
    service: str
    push: str


class PhoneWoke(InCall, frozen=True, kw_only=True, tag="phone_woke"):
    """It has registered `after_ms` after that, and is rung."""

    extension: str
    phone: str
    device: str
    after_ms: float


class PhoneDeclined(InCall, frozen=True, kw_only=True, tag="phone_declined"):
    """Its owner did not want the call, and said so where the push was shown."""

    extension: str
    phone: str
    device: str


class PhoneNotWoken(InCall, frozen=True, kw_only=True, tag="phone_not_woken"):
    """It was not there in time, for this reason."""

    extension: str
    phone: str
    device: str
    reason: str


class LegRinging(InCall, frozen=True, kw_only=True, tag="leg_ringing"):
    leg: str
    status: int
    early_media: bool = False


class LegAnswered(InCall, frozen=True, kw_only=True, tag="leg_answered"):
    leg: str


class LegAsked(InCall, frozen=True, kw_only=True, tag="leg_asked"):
    """Somebody, or a mailbox, has picked up, and is asked to press `key` to take the call."""

    leg: str
    key: str


class LegHeld(InCall, frozen=True, kw_only=True, tag="leg_held"):
    leg: str


class LegResumed(InCall, frozen=True, kw_only=True, tag="leg_resumed"):
    leg: str


class LegTransferred(InCall, frozen=True, kw_only=True, tag="leg_transferred"):
    """`leg` sends `stays` elsewhere: to what dialling `to` reaches. `attended`: it had spoken there before."""

    leg: str
    stays: str
    to: str
    attended: bool = False


class CallParked(InCall, frozen=True, kw_only=True, tag="parked"):
    """The call waits in `slot`, where the extension `by` has put it."""

    slot: str
    by: str | None = None


class MessageBegun(InCall, frozen=True, kw_only=True, tag="message_begun"):
    """The caller speaks a message into `mailbox`; `message` is its id."""

    mailbox: str
    message: str


class TransferFailed(InCall, frozen=True, kw_only=True, tag="transfer_failed"):
    """Where `leg` wanted to send the call could not be reached; `status` says why, in SIP's numbers."""

    leg: str
    to: str
    status: int


class LegJoined(InCall, frozen=True, kw_only=True, tag="leg_joined"):
    """A leg that was talking in the call `from_call` goes on in this one, as `leg`."""

    leg: str
    target: str
    extension: str | None = None
    from_call: str


class LegLeft(InCall, frozen=True, kw_only=True, tag="leg_left"):
    """A leg goes on in the call `to_call`; it is over here, and its phone has not hung up."""

    leg: str
    to_call: str


class DigitSeen(InCall, frozen=True, kw_only=True, tag="digit"):
    """A DTMF digit was sent by this leg; `via` is "rfc4733" or "info". `digit` is empty in stored records."""

    leg: str
    digit: str
    via: str


class CallLimited(InCall, frozen=True, kw_only=True, tag="limited"):
    """A limit of calls to outside numbers was reached: `what` is the part of it (`pbx.model.limit.Breach`), `words` the
    same for people. `ended`: the call was going on and is ended; else it was not let out."""

    limit: str
    what: str
    words: str
    number: str
    extension: str
    ended: bool = False


class CallLimitNear(InCall, frozen=True, kw_only=True, tag="limit_near"):
    """Both sides were warned that the call will be ended in `left_s` because of a limit."""

    limit: str
    left_s: int


class CalledForHelp(InCall, frozen=True, kw_only=True, tag="called_for_help"):
    """An emergency number was called; `location` is where the extension's phone stands."""

    number: str
    extension: str
    name: str = ""
    location: str = ""


class EdgeStep(InCall, frozen=True, kw_only=True, tag="edge_step"):
    """The node could not be reached, and its edge served the caller. `what` is "answered", "menu", "receptionist",
    "no_extension" (of which `detail` is the number), "told" (a fact, `detail` is its topic) or "goodbye".
    """

    what: str
    detail: str = ""


class LegEnded(InCall, frozen=True, kw_only=True, tag="leg_ended"):
    leg: str
    cause: str
    status: int = 0


class CallEnded(InCall, frozen=True, kw_only=True, tag="ended"):
    """The call is over. `by` is the leg that ended it, or "node". `cause` is a `LegCause` value."""

    cause: str
    status: int = 0
    by: str = "node"


CallEvent = (
    CallOffered
    | CallRouted
    | LegDialled
    | PhonePushed
    | PhoneWoke
    | PhoneDeclined
    | PhoneNotWoken
    | LegRinging
    | LegAnswered
    | LegAsked
    | LegHeld
    | LegResumed
    | LegTransferred
    | CallParked
    | MessageBegun
    | TransferFailed
    | LegJoined
    | LegLeft
    | DigitSeen
    | CallLimited
    | CallLimitNear
    | CalledForHelp
    | EdgeStep
    | LegEnded
    | CallEnded
    | AudioEvent
    | ConferenceEvent
    | FlowEvent
    | QueueEvent
    | RecordingEvent
    | SupervisionEvent
)
