"""A call that is going on, as the live screen shows it: a fold over the same events as the CDR."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pbx.model.audio_event import Sound
from pbx.model.flow_path import FlowStep


class LiveLeg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One leg. `codec` is what it speaks; `transcoded`: the node translates it for the other side.

    `state` is "dialling", "ringing", "talking", "held".

    `extension` is ours whose phone it is; None for somebody outside, whatever number they show.

    `audio` is "none", "flowing", "silent" or "one_way": nothing comes from it, though the other side talks. `heard` is
    how it sounds here and `told` how we sound there, while something is wrong or just was; None: nothing to say.
    """

    leg: str
    party: str
    extension: str | None = None
    state: str
    audio: str = "none"
    heard: Sound | None = None
    told: Sound | None = None
    codec: str = ""
    transcoded: bool = False


class LivePosition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a call is in a flow: at `node` since `since`. `test` is what was dialled to try the flow out."""

    flow: str
    name: str
    revision: int
    node: str = ""
    kind: str = ""
    since: datetime
    test: str = ""


class ParkedCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that waits in `slot`. `party` is who waits, `by` the extension that parked it."""

    slot: str
    call: str
    party: str
    party_name: str = ""
    by: str | None = None
    since: datetime


class LiveSupervisor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who listens to a call: `how` is "listen", "whisper" (the leg `to` hears it) or "barge"."""

    extension: str
    how: str
    to: str = ""


class LiveCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call. `state` is "routing", "ringing", "talking", "held" or "ended". `flow`: where it is, or was last;
    `flow_path`: how it came there, the newest steps only.

    `recording` is "off", "on" or "paused"; `parked` is the slot in which the caller waits.
    """

    id: str
    from_number: str
    from_name: str
    dialled: str
    to_name: str
    state: str
    started_at: datetime
    answered_at: datetime | None
    legs: tuple[LiveLeg, ...]
    flow: LivePosition | None = None
    flow_path: tuple[FlowStep, ...] = ()
    recording: str = "off"
    parked: str = ""
    supervisors: tuple[LiveSupervisor, ...] = ()
