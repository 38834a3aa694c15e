"""Which events of calls the administrator is told about: a fold over them that posts notices.

Each call for help is told. A limit that is reached again and again is told once an hour for each extension, since a
thief dials hundreds of times.
"""

from __future__ import annotations

from datetime import timedelta

from pbx.feature.told_lately import ToldLately
from pbx.model.call_event import CalledForHelp, CallEvent, CallLimited
from pbx.model.notice import Post

__all__ = ["Alarms"]

QUIET = timedelta(hours=1)


class Alarms:
    """`take` each event of `KINDS` of each call, in order."""

    KINDS = (CalledForHelp, CallLimited)

    def __init__(self, post: Post) -> None:
        self._post = post
        self._told: ToldLately[tuple[str, str, str]] = ToldLately()

    def take(self, event: CallEvent) -> None:
        if isinstance(event, CalledForHelp):
            self._help(event)
        elif isinstance(event, CallLimited):
            self._limit(event)

    def _help(self, event: CalledForHelp) -> None:
        who = f"{event.extension} {event.name}".strip()
        where = event.location or "no location is set for this extension"
        self._post(
            "emergency",
            f"Emergency call to {event.number} from {who}",
            f"Extension {who} has called {event.number}. Location: {where}.",
            {
                "call": event.call,
                "number": event.number,
                "extension": event.extension,
                "name": event.name,
                "location": event.location,
            },
        )

    def _limit(self, event: CallLimited) -> None:
        key = (event.limit, event.what, event.extension)
        if not self._told.is_due(key, event.at, QUIET):
            return
        done = "was ended" if event.ended else "was refused"
        self._post(
            "limit",
            f"A call of extension {event.extension} to {event.number} {done}",
            f"A call of extension {event.extension} to {event.number} {done}: {event.words}. "
            f'The limit is "{event.limit}". If these calls are not your own, change the SIP password of extension '
            f"{event.extension} now. If they are, raise the limit. You are told once an hour.",
            {
                "call": event.call,
                "limit": event.limit,
                "what": event.what,
                "extension": event.extension,
                "number": event.number,
                "ended": "yes" if event.ended else "",
            },
        )
