"""How the recording of a call goes."""

from __future__ import annotations

from pbx.model.in_call import InCall


class RecordingStarted(InCall, frozen=True, kw_only=True, tag="recording_started"):
    """What `leg` says and hears is recorded from now on, as the recording `recording` in `file`."""

    leg: str
    recording: str
    file: str


class RecordingPaused(InCall, frozen=True, kw_only=True, tag="recording_paused"):
    """Nothing is recorded until it is resumed. `by` is a leg that pressed keys, "api", "flow" or "node"."""

    recording: str
    by: str


class RecordingResumed(InCall, frozen=True, kw_only=True, tag="recording_resumed"):
    recording: str
    by: str


INTERRUPTED = "interrupted"
"""`RecordingStopped.reason`: the node was started anew, and the next part follows."""


class RecordingStopped(InCall, frozen=True, kw_only=True, tag="recording_stopped"):
    """`reason` is "stopped" (asked for), "closed" (the two talk no longer), "max_length", "quota", or of the disk."""

    recording: str
    reason: str


class RecordingFailed(InCall, frozen=True, kw_only=True, tag="recording_failed"):
    """The call was to be recorded, and is not. It goes on all the same."""

    reason: str


RecordingEvent = RecordingStarted | RecordingPaused | RecordingResumed | RecordingStopped | RecordingFailed
