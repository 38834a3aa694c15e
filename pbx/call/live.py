"""`LiveFold`: a running call as the live screen shows it, kept up to date event by event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from msgspec.structs import replace

from pbx.model.audio_event import (
    AudioBack,
    AudioJoined,
    AudioOneWay,
    AudioQuality,
    AudioSilent,
    AudioStarted,
    Sound,
)
from pbx.model.call_event import (
    CallEnded,
    CallEvent,
    CallOffered,
    CallParked,
    CallRouted,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegHeld,
    LegJoined,
    LegLeft,
    LegResumed,
    LegRinging,
)
from pbx.model.feature import PARKING
from pbx.model.flow_event import FlowEntered, NodeEntered, NodeLeft
from pbx.model.flow_path import FlowPath
from pbx.model.live_call import LiveCall, LiveLeg, LivePosition, LiveSupervisor
from pbx.model.recording_event import RecordingPaused, RecordingResumed, RecordingStarted, RecordingStopped
from pbx.model.supervision_event import SupervisorChanged, SupervisorJoined, SupervisorLeft

MOST_STEPS = 50
"""Of the way through flows, that are shown; all stand in the call's record."""

_RECORDING = {
    RecordingStarted: "on",
    RecordingPaused: "paused",
    RecordingResumed: "on",
    RecordingStopped: "off",
}


class _Leg(msgspec.Struct):
    party: str
    state: str
    extension: str | None = None
    audio: str = "none"
    heard: Sound | None = None
    told: Sound | None = None
    codec: str = ""
    transcoded: bool = False


@dataclass(slots=True)
class LiveFold:
    """The state behind one `LiveCall`. `take` an event, then ask for the `view`."""

    offered: CallOffered
    to_name: str = ""
    state: str = "routing"
    answered_at: datetime | None = None
    flow: LivePosition | None = None
    recording: str = "off"
    parked: str = ""
    _supervisors: dict[str, LiveSupervisor] = field(default_factory=dict)
    _legs: dict[str, _Leg] = field(default_factory=dict)
    _path: FlowPath = field(default_factory=lambda: FlowPath(MOST_STEPS))

    def __post_init__(self) -> None:
        self._legs["a"] = _Leg(
            party=self.offered.from_number, state="dialling", extension=self.offered.from_extension
        )

    def take(self, event: CallEvent) -> None:
        self._oversee(event)
        if isinstance(event, (CallRouted, CallParked)):
            self._lead(event)
        elif isinstance(event, LegDialled):
            self._legs[event.leg] = _Leg(party=event.target, state="dialling", extension=event.extension)
        elif isinstance(event, LegJoined):
            self._legs[event.leg] = _Leg(party=event.target, state="talking", extension=event.extension)
            self.parked = ""
        elif isinstance(event, CallEnded):
            self.state = "ended"
        elif isinstance(event, (LegEnded, LegLeft)):
            self._legs.pop(event.leg, None)
        elif isinstance(event, AudioJoined):
            self._join(event)
        elif isinstance(event, (FlowEntered, NodeEntered, NodeLeft)):
            self._path.take(event)
            self.flow = _position(self.flow, event)
        elif isinstance(event, (RecordingStarted, RecordingPaused, RecordingResumed, RecordingStopped)):
            self.recording = _RECORDING[type(event)]
        elif isinstance(event, (LegRinging, LegAnswered, LegHeld, LegResumed)):
            leg = self._legs.get(event.leg)
            if leg is not None:
                self._update(leg, event)
        elif isinstance(event, (AudioStarted, AudioSilent, AudioBack, AudioOneWay, AudioQuality)):
            leg = self._legs.get(event.leg)
            if leg is not None:
                _hear(leg, event)

    def _lead(self, event: CallRouted | CallParked) -> None:
        """A call that is put into a parking slot is still one with whom it was before."""
        if isinstance(event, CallParked):
            self.parked = event.slot
        elif not (self.to_name and event.kind == "feature" and event.to_name in PARKING):
            self.to_name = event.to_name

    def _join(self, event: AudioJoined) -> None:
        for name, codec in (("a", event.caller_codec), (event.leg, event.codec)):
            leg = self._legs.get(name)
            if leg is not None:
                leg.codec, leg.transcoded = codec, event.transcoded

    def _oversee(self, event: CallEvent) -> None:
        if isinstance(event, (SupervisorJoined, SupervisorChanged)):
            self._supervisors[event.extension] = LiveSupervisor(
                extension=event.extension, how=event.how, to=event.to
            )
        elif isinstance(event, SupervisorLeft):
            self._supervisors.pop(event.extension, None)

    def audio_of(self, leg: str) -> str:
        """`LiveLeg.audio`; "none" for a leg that is not there."""
        found = self._legs.get(leg)
        return found.audio if found is not None else "none"

    def _update(self, leg: _Leg, event: LegRinging | LegAnswered | LegHeld | LegResumed) -> None:
        if isinstance(event, LegRinging):
            leg.state = "ringing"
            if self.answered_at is None:
                self.state = "ringing"
        elif isinstance(event, LegAnswered):
            leg.state = "talking"
            if event.leg == "a":
                self.answered_at = self.answered_at or event.at
                self.state = "talking"
            else:
                self.parked = ""
        else:
            leg.state = "held" if isinstance(event, LegHeld) else "talking"
            self.state = "held" if any(each.state == "held" for each in self._legs.values()) else "talking"

    def view(self) -> LiveCall:
        return LiveCall(
            id=self.offered.call,
            from_number=self.offered.from_number,
            from_name=self.offered.from_name,
            dialled=self.flow.flow if self.flow is not None and self.flow.test else self.offered.dialled,
            to_name=self.to_name,
            state=self.state,
            started_at=self.offered.at,
            answered_at=self.answered_at,
            flow=self.flow,
            flow_path=self._path.steps,
            recording=self.recording,
            parked=self.parked,
            supervisors=tuple(self._supervisors.values()),
            legs=tuple(
                LiveLeg(
                    leg=name,
                    party=leg.party,
                    extension=leg.extension,
                    state=leg.state,
                    audio=leg.audio,
                    heard=leg.heard,
                    told=leg.told,
                    codec=leg.codec,
                    transcoded=leg.transcoded,
                )
                for name, leg in self._legs.items()
            ),
        )


def _position(
    before: LivePosition | None, event: FlowEntered | NodeEntered | NodeLeft
) -> LivePosition | None:
    if isinstance(event, FlowEntered):
        return LivePosition(
            flow=event.flow, name=event.name, revision=event.revision, since=event.at, test=event.test
        )
    if before is None or isinstance(event, NodeLeft):
        return before
    return replace(before, node=event.node, kind=event.kind, since=event.at)


def _hear(leg: _Leg, event: AudioStarted | AudioSilent | AudioBack | AudioOneWay | AudioQuality) -> None:
    if isinstance(event, AudioQuality):
        if event.direction == "from":
            leg.heard = event.sound
        else:
            leg.told = event.sound
    elif isinstance(event, AudioSilent):
        leg.audio = "silent"
    elif isinstance(event, AudioOneWay):
        leg.audio = "one_way"
    else:
        leg.audio = "flowing"
