"""Who listens to a call, and how."""

from __future__ import annotations

from pbx.model.in_call import InCall


class SupervisorJoined(InCall, frozen=True, kw_only=True, tag="supervisor_joined"):
    """Somebody of the office listens to the two who talk. `how` is "listen" (nobody hears them), "whisper" (only the
    leg `to` does) or "barge" (both do); `supervision` is the call of their own phone, `asked_by` who had it called."""

    extension: str
    how: str
    to: str = ""
    supervision: str
    asked_by: str = ""


class SupervisorChanged(InCall, frozen=True, kw_only=True, tag="supervisor_changed"):
    """From now on it is done like this."""

    extension: str
    how: str
    to: str = ""


class SupervisorLeft(InCall, frozen=True, kw_only=True, tag="supervisor_left"):
    extension: str


SupervisionEvent = SupervisorJoined | SupervisorChanged | SupervisorLeft
