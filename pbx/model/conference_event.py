"""What happens to a caller in a conference."""

from __future__ import annotations

from pbx.model.in_call import InCall


class ConferenceWaiting(InCall, frozen=True, kw_only=True, tag="conference_waiting"):
    """The caller hears music until a moderator comes."""

    conference: str
    member: int


class ConferenceJoined(InCall, frozen=True, kw_only=True, tag="conference_joined"):
    """The caller is in a conference and hears the others; `member` is its number there."""

    conference: str
    member: int
    moderator: bool = False


class ConferenceLeft(InCall, frozen=True, kw_only=True, tag="conference_left"):
    """The caller is in it no more. `reason` is "hung_up", "removed", "ended" (it is over) or "transferred"."""

    conference: str
    member: int
    reason: str


class ConferenceMuted(InCall, frozen=True, kw_only=True, tag="conference_muted"):
    """The others hear the member no more, or again. `by` is "member" or "moderator"."""

    conference: str
    member: int
    muted: bool
    by: str


class ConferenceRefused(InCall, frozen=True, kw_only=True, tag="conference_refused"):
    """The caller was not let in. `reason` is "pin", "locked", "full", "codec", "gone" (the record was deleted) or
    "declined" (who was called did not want to)."""

    conference: str
    reason: str


class ConferenceRecorded(InCall, frozen=True, kw_only=True, tag="conference_recorded"):
    """The conference that the caller is in is recorded into `file`, below the folder of recordings; `recording` is its
    id in the list of them."""

    conference: str
    file: str
    recording: str = ""


ConferenceEvent = (
    ConferenceWaiting
    | ConferenceJoined
    | ConferenceLeft
    | ConferenceMuted
    | ConferenceRefused
    | ConferenceRecorded
)
