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


class Diverted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`number` had sent the call on; `reason` is RFC 5806's word for why."""

    number: str
    reason: str


class CallOffered(_Event, frozen=True, kw_only=True, tag="offered"):
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


class CallRouted(_Event, frozen=True, kw_only=True, tag="routed"):
    """The dial plan decided: `kind` is "extension", "feature", "ring_group", "conference", "mailbox", "trunk" …; `to`
    names it.

    `charged_to`: the extension whose limits count this call to an outside number.
    """

    kind: str
    to: str
    to_name: str = ""
    charged_to: str | None = None


class LegDialled(_Event, frozen=True, kw_only=True, tag="leg_dialled"):
    """A phone is being rung. `extension` is the one it belongs to, None for a number outside, which `trunk` leads to;
    `charged_to` is the extension whose limits count it.
    """

    leg: str
    target: str
    extension: str | None = None
    trunk: str | None = None
    charged_to: str | None = None


class PhonePushed(_Event, frozen=True, kw_only=True, tag="phone_pushed"):
    """A phone that sleeps is being woken: `push` is what its push is called, `service` who carries it."""

    extension: str
    phone: str
    device: str
    service: str
    push: str


class PhoneWoke(_Event, frozen=True, kw_only=True, tag="phone_woke"):
    """It has registered `after_ms` after that, and is rung."""

    extension: str
    phone: str
    device: str
    after_ms: float


class PhoneDeclined(_Event, frozen=True, kw_only=True, tag="phone_declined"):
    """Its owner did not want the call, and said so where the push was shown."""

    extension: str
    phone: str
    device: str


class PhoneNotWoken(_Event, frozen=True, kw_only=True, tag="phone_not_woken"):
    """It was not there in time, for this reason."""

    extension: str
    phone: str
    device: str
    reason: str


class LegRinging(_Event, frozen=True, kw_only=True, tag="leg_ringing"):
    leg: str
    status: int
    early_media: bool = False


class LegAnswered(_Event, frozen=True, kw_only=True, tag="leg_answered"):
    leg: str


class LegAsked(_Event, frozen=True, kw_only=True, tag="leg_asked"):
    """Somebody, or a mailbox, has picked up, and is asked to press `key` to take the call."""

    leg: str
    key: str


class LegHeld(_Event, frozen=True, kw_only=True, tag="leg_held"):
    leg: str


class LegResumed(_Event, frozen=True, kw_only=True, tag="leg_resumed"):
    leg: str


class LegTransferred(_Event, frozen=True, kw_only=True, tag="leg_transferred"):
    """`leg` sends `stays` elsewhere: to what dialling `to` reaches. `attended`: it had spoken there before."""

    leg: str
    stays: str
    to: str
    attended: bool = False


class CallParked(_Event, frozen=True, kw_only=True, tag="parked"):
    """The call waits in `slot`, where the extension `by` has put it."""

    slot: str
    by: str | None = None


class QueueJoined(_Event, frozen=True, kw_only=True, tag="queue_joined"):
    """The caller waits in a line. `position` counts from 1; `call_back_of` is the call in which a call back was asked
    for: then nobody hears music, and who asked is rung when an agent has been found."""

    queue: str
    position: int
    priority: int = 0
    call_back_of: str | None = None


class QueueRang(_Event, frozen=True, kw_only=True, tag="queue_rang"):
    """These agents ring for the caller."""

    queue: str
    agents: tuple[str, ...]


class AgentMissed(_Event, frozen=True, kw_only=True, tag="agent_missed"):
    """An agent was rung and did not take the call. `paused`: that was once too often."""

    queue: str
    agent: str
    paused: bool = False


class QueueLeft(_Event, frozen=True, kw_only=True, tag="queue_left"):
    """The caller waits no more. `reason` is "answered" (by `agent`), "abandoned", "timeout", "full", "empty",
    "call_back" (asked for one), "not_reached" (the call back was in vain) or "transferred"."""

    queue: str
    reason: str
    waited_s: float
    agent: str | None = None


class ConferenceWaiting(_Event, frozen=True, kw_only=True, tag="conference_waiting"):
    """The caller hears music until a moderator comes."""

    conference: str
    member: int


class ConferenceJoined(_Event, frozen=True, kw_only=True, tag="conference_joined"):
    """The caller is in a conference and hears the others; `member` is its number there."""

    conference: str
    member: int
    moderator: bool = False


class ConferenceLeft(_Event, frozen=True, kw_only=True, tag="conference_left"):
    """The caller is in it no more. `reason` is "hung_up", "removed", "ended" (it is over) or "transferred"."""

    conference: str
    member: int
    reason: str


class ConferenceMuted(_Event, frozen=True, kw_only=True, tag="conference_muted"):
    """The others hear the member no more, or again. `by` is "member" or "moderator"."""

    conference: str
    member: int
    muted: bool
    by: str


class ConferenceRefused(_Event, frozen=True, kw_only=True, tag="conference_refused"):
    """The caller was not let in. `reason` is "pin", "locked", "full", "codec", "gone" (the record was deleted) or
    "declined" (who was called did not want to)."""

    conference: str
    reason: str


class ConferenceRecorded(_Event, frozen=True, kw_only=True, tag="conference_recorded"):
    """The conference that the caller is in is recorded into `file`, below the folder of recordings; `recording` is its
    id in the list of them."""

    conference: str
    file: str
    recording: str = ""


class MessageBegun(_Event, frozen=True, kw_only=True, tag="message_begun"):
    """The caller speaks a message into `mailbox`; `message` is its id."""

    mailbox: str
    message: str


class TransferFailed(_Event, frozen=True, kw_only=True, tag="transfer_failed"):
    """Where `leg` wanted to send the call could not be reached; `status` says why, in SIP's numbers."""

    leg: str
    to: str
    status: int


class LegJoined(_Event, frozen=True, kw_only=True, tag="leg_joined"):
    """A leg that was talking in the call `from_call` goes on in this one, as `leg`."""

    leg: str
    target: str
    extension: str | None = None
    from_call: str


class LegLeft(_Event, frozen=True, kw_only=True, tag="leg_left"):
    """A leg goes on in the call `to_call`; it is over here, and its phone has not hung up."""

    leg: str
    to_call: str


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


class AudioOneWay(_Event, frozen=True, kw_only=True, tag="audio_one_way"):
    """Nothing came from this leg for `silent_ms`, though the other side talked: one-way audio, or a muted phone."""

    leg: str
    silent_ms: int


class Sound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one direction of a leg's audio sounds (ITU-T G.107).

    `mos` is 1 to 4.5; `grade` is "good", "fair" or "poor"; `cause`, empty while it is good, is "loss", "delay" or
    "jitter". `loss` is a part of 1.
    """

    mos: float
    grade: str
    cause: str = ""
    loss: float = 0.0
    jitter_ms: float = 0.0


class AudioJoined(_Event, frozen=True, kw_only=True, tag="audio_joined"):
    """The caller and this leg hear each other. `transcoded`: their sound is decoded and encoded by the node; else their
    packets are passed on. Told again when a codec or that changes."""

    leg: str
    caller_codec: str
    codec: str
    transcoded: bool


class RecordingStarted(_Event, frozen=True, kw_only=True, tag="recording_started"):
    """What `leg` says and hears is recorded from now on, as the recording `recording` in `file`."""

    leg: str
    recording: str
    file: str


class RecordingPaused(_Event, frozen=True, kw_only=True, tag="recording_paused"):
    """Nothing is recorded until it is resumed. `by` is a leg that pressed keys, "api", "flow" or "node"."""

    recording: str
    by: str


class RecordingResumed(_Event, frozen=True, kw_only=True, tag="recording_resumed"):
    recording: str
    by: str


INTERRUPTED = "interrupted"
"""`RecordingStopped.reason`: the node was started anew, and the next part follows."""


class RecordingStopped(_Event, frozen=True, kw_only=True, tag="recording_stopped"):
    """`reason` is "stopped" (asked for), "closed" (the two talk no longer), "max_length", "quota", or of the disk."""

    recording: str
    reason: str


class RecordingFailed(_Event, frozen=True, kw_only=True, tag="recording_failed"):
    """The call was to be recorded, and is not. It goes on all the same."""

    reason: str


class SupervisorJoined(_Event, frozen=True, kw_only=True, tag="supervisor_joined"):
    """Somebody of the office listens to the two who talk. `how` is "listen" (nobody hears them), "whisper" (only the
    leg `to` does) or "barge" (both do); `supervision` is the call of their own phone, `asked_by` who had it called."""

    extension: str
    how: str
    to: str = ""
    supervision: str
    asked_by: str = ""


class SupervisorChanged(_Event, frozen=True, kw_only=True, tag="supervisor_changed"):
    """From now on it is done like this."""

    extension: str
    how: str
    to: str = ""


class SupervisorLeft(_Event, frozen=True, kw_only=True, tag="supervisor_left"):
    extension: str


class AudioQuality(_Event, frozen=True, kw_only=True, tag="audio_quality"):
    """The sound of a leg changed for a while. `direction` "from": of the phone, as it arrives here; "to": of what is
    sent to the phone, as its RTCP reports say."""

    leg: str
    direction: str
    sound: Sound


class LegQuality(_Event, frozen=True, kw_only=True, tag="leg_quality"):
    """What a leg's audio was like, when its stream was closed.

    `lost`, `jitter_ms` and the fields up to `discarded` are of what the phone sent us: RFC 3550 loss and jitter (at
    the end, and at its worst), RFC 3611 parts of 1 lost within bursts and between them, what a jitter buffer of ours
    did not take. `heard` says how that sounds; `told` how we sound at the phone, if it sent RTCP reports.
    `heard_mos` and `told_mos` are the same over the time that the leg was joined with another: the worst MOS of each
    `mos_every_s`, 0 where nothing is known. `remote` is where its audio came from, `encryption` plain, sdes or dtls.
    """

    leg: str
    packets_in: int
    packets_out: int
    lost: int
    jitter_ms: float
    jitter_max_ms: float = 0.0
    bursts: int = 0
    burst_loss: float = 0.0
    gap_loss: float = 0.0
    late: int = 0
    discarded: int = 0
    codec: str = ""
    rtt_ms: float | None = None
    heard: Sound | None = None
    told: Sound | None = None
    mos_every_s: float = 0.0
    heard_mos: tuple[float, ...] = ()
    told_mos: tuple[float, ...] = ()
    remote: str = ""
    local_port: int = 0
    encryption: str = ""


class FlowEntered(_Event, frozen=True, kw_only=True, tag="flow"):
    """The call begins to walk a flow. `revision` is that of the whole walk there, whatever is published meanwhile; 0:
    the draft. `test` is what was dialled to try the flow out, "" for every other call."""

    flow: str
    name: str
    revision: int
    test: str = ""


class NodeEntered(_Event, frozen=True, kw_only=True, tag="node_entered"):
    """The call has come to a node; `kind` is its type."""

    flow: str
    node: str
    kind: str


class NodeLeft(_Event, frozen=True, kw_only=True, tag="node_left"):
    """It leaves by this exit, "" for none: the call is over, or goes on in another flow. `detail` is why it failed."""

    flow: str
    node: str
    exit: str
    detail: str = ""


class CallLimited(_Event, frozen=True, kw_only=True, tag="limited"):
    """A limit of calls to outside numbers was reached: `what` is the part of it (`pbx.model.limit.Breach`), `words` the
    same for people. `ended`: the call was going on and is ended; else it was not let out."""

    limit: str
    what: str
    words: str
    number: str
    extension: str
    ended: bool = False


class CallLimitNear(_Event, frozen=True, kw_only=True, tag="limit_near"):
    """Both sides were warned that the call will be ended in `left_s` because of a limit."""

    limit: str
    left_s: int


class CalledForHelp(_Event, frozen=True, kw_only=True, tag="called_for_help"):
    """An emergency number was called; `location` is where the extension's phone stands."""

    number: str
    extension: str
    name: str = ""
    location: str = ""


class EdgeStep(_Event, frozen=True, kw_only=True, tag="edge_step"):
    """The node could not be reached, and its edge served the caller. `what` is "answered", "menu", "receptionist",
    "no_extension" (of which `detail` is the number), "told" (a fact, `detail` is its topic) or "goodbye".
    """

    what: str
    detail: str = ""


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
    | QueueJoined
    | QueueRang
    | AgentMissed
    | QueueLeft
    | ConferenceWaiting
    | ConferenceJoined
    | ConferenceLeft
    | ConferenceMuted
    | ConferenceRefused
    | ConferenceRecorded
    | MessageBegun
    | TransferFailed
    | LegJoined
    | LegLeft
    | DigitSeen
    | AudioStarted
    | AudioSilent
    | AudioBack
    | AudioOneWay
    | AudioJoined
    | RecordingStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingStopped
    | RecordingFailed
    | SupervisorJoined
    | SupervisorChanged
    | SupervisorLeft
    | AudioQuality
    | LegQuality
    | FlowEntered
    | NodeEntered
    | NodeLeft
    | CallLimited
    | CallLimitNear
    | CalledForHelp
    | EdgeStep
    | LegEnded
    | CallEnded
)
