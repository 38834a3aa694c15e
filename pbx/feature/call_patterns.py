"""What several calls together say is wrong: a fold over their events that tells the administrator in plain words.

    nothing is heard from the same phone or line in a second call              one-way audio
    calls of one end again and again some 30 seconds after they were answered  the ACK, or a later message, is lost
    again and again after a few seconds                                        people hear nothing and hang up

One call proves nothing: a phone may be muted, and some calls are short. What was told is not told again for a day.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from pbx.feature.told_lately import ToldLately
from pbx.model.audio_event import AudioOneWay
from pbx.model.call_event import CallEnded, CallEvent, CallOffered, LegAnswered, LegDialled
from pbx.model.notice import Post

__all__ = ["Alarm", "CallPatterns"]

QUIET = timedelta(days=1)
DAY = timedelta(days=1)
SOON = timedelta(hours=4)
LOOKED_AT = 10
MOST_SUBJECTS = 5000
AFTER_30_S = (28.5, 33.5)
"""64·T1 is 32 s; session timers and impatient firewalls end calls after 30."""
TIMES_30 = 3
AFTER_6_S = (3.5, 8.0)
TIMES_6 = 5
ONE_WAY_CALLS = 2

ALG = (
    'Most often a router rewrites SIP messages (switch off "SIP ALG" or "SIP helper" in it), or forwards no packets to '
    "this node: forward the SIP and audio ports, or let the phones use TLS. `pbx doctor` on the node says what it sees."
)


class _Going(msgspec.Struct):
    """A call until it ends. `parties` are whose each leg is: "extension 101" or "line carrier"."""

    parties: dict[str, str] = msgspec.field(default_factory=dict)
    answered: datetime | None = None


class _Subject(msgspec.Struct):
    """What was seen of one phone or line lately."""

    lengths: deque[tuple[datetime, float]] = msgspec.field(default_factory=lambda: deque(maxlen=LOOKED_AT))
    silent: deque[tuple[datetime, str]] = msgspec.field(default_factory=lambda: deque(maxlen=LOOKED_AT))


class Alarm(NamedTuple):
    """What is told of a phone or line; `what` names it for programs."""

    what: str
    title: str
    text: str
    facts: dict[str, str]


class CallPatterns:
    """`take` each event of `KINDS` of each call, in order; `post` tells the administrator."""

    KINDS = (CallOffered, LegDialled, LegAnswered, AudioOneWay, CallEnded)

    def __init__(self, post: Post) -> None:
        self._post = post
        self._calls: dict[str, _Going] = {}
        self._subjects: dict[str, _Subject] = {}
        self._told: ToldLately[tuple[str, str]] = ToldLately()

    def take(self, event: CallEvent) -> None:
        if isinstance(event, CallOffered):
            self._calls[event.call] = _Going({"a": _named(event.from_extension, event.trunk)})
        elif isinstance(event, CallEnded):
            call = self._calls.pop(event.call, None)
            if call is not None:
                self._ended(call, event)
        elif (call := self._calls.get(event.call)) is None:
            return
        elif isinstance(event, LegDialled):
            call.parties[event.leg] = _named(event.extension, event.trunk)
        elif isinstance(event, LegAnswered):
            if event.leg != "a":
                call.answered = call.answered or event.at
                call.parties["b"] = call.parties.get(event.leg, "")
        elif isinstance(event, AudioOneWay):
            self._silent(call, event)

    # -- below ---------------------------------------------------------------------------------------------------------

    def _ended(self, call: _Going, event: CallEnded) -> None:
        if call.answered is None:
            return
        length_s = (event.at - call.answered).total_seconds()
        for name in {call.parties.get("a", ""), call.parties.get("b", "")} - {""}:
            lengths = self._subject(name).lengths
            lengths.append((event.at, length_s))
            if self._often(lengths, AFTER_30_S, TIMES_30, event.at - DAY):
                self._tell(name, event.at, _ends_after_30_s(name))
            elif self._often(lengths, AFTER_6_S, TIMES_6, event.at - SOON):
                self._tell(name, event.at, _ends_after_6_s(name))

    @staticmethod
    def _often(
        lengths: deque[tuple[datetime, float]], between: tuple[float, float], times: int, since: datetime
    ) -> bool:
        """Whether so many lie there, the newest among them."""
        low, high = between
        found = [at for at, length in lengths if low <= length <= high and at >= since]
        return len(found) >= times and low <= lengths[-1][1] <= high

    def _silent(self, call: _Going, event: AudioOneWay) -> None:
        name = call.parties.get(event.leg, "")
        if not name:
            return
        silent = self._subject(name).silent
        silent.append((event.at, event.call))
        calls = {call_id for at, call_id in silent if at >= event.at - DAY}
        if len(calls) >= ONE_WAY_CALLS:
            self._tell(name, event.at, _one_way(name, len(calls)))

    def _subject(self, name: str) -> _Subject:
        if len(self._subjects) >= MOST_SUBJECTS and name not in self._subjects:
            del self._subjects[next(iter(self._subjects))]
        return self._subjects.setdefault(name, _Subject())

    def _tell(self, name: str, at: datetime, alarm: Alarm) -> None:
        if self._told.is_due((alarm.what, name), at, QUIET):
            self._post("alarm", alarm.title, alarm.text, {"what": alarm.what, "about": name, **alarm.facts})


def _ends_after_30_s(name: str) -> Alarm:
    return Alarm(
        "ends_after_30_s",
        f"Calls of {name} end after 30 seconds",
        f"{TIMES_30} of the last calls of {name} ended about 30 seconds after they were answered. That is how long a "
        f"telephone waits for a message that never comes. {ALG}",
        {"count": str(TIMES_30)},
    )


def _ends_after_6_s(name: str) -> Alarm:
    return Alarm(
        "ends_after_6_s",
        f"People hang up on {name} after a few seconds",
        f"{TIMES_6} of the last {LOOKED_AT} calls of {name} were over some 6 seconds after they were answered. So long "
        "people say hello when they hear nothing. Call there and listen: if one of you hears nothing, audio is lost on "
        f"the way. {ALG}",
        {"count": str(TIMES_6), "looked_at": str(LOOKED_AT)},
    )


def _one_way(name: str, calls: int) -> Alarm:
    return Alarm(
        "one_way",
        f"Nothing is heard from {name}",
        f"In {calls} calls within a day nothing came from {name} while the other side talked. If nobody had muted the "
        f"phone, its audio is lost on the way. {ALG}",
        {"count": str(calls)},
    )


def _named(extension: str | None, trunk: str | None) -> str:
    if extension:
        return f"extension {extension}"
    return f"line {trunk}" if trunk else ""
