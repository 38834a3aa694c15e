"""The lines that the log has of every call: begun, answered, ended. A fold over what happens in all calls."""

from __future__ import annotations

import logging
from datetime import datetime

from pbx.model.call_event import CallEnded, CallEvent, CallOffered, LegAnswered

__all__ = ["CallLines"]

log = logging.getLogger(__name__)


class CallLines:
    """`take` each event of `KINDS` of each call, in order."""

    KINDS = (CallOffered, LegAnswered, CallEnded)

    def __init__(self) -> None:
        self._began: dict[str, datetime] = {}

    def take(self, event: CallEvent) -> None:
        if isinstance(event, CallOffered):
            self._began[event.call] = event.at
            who = event.from_extension or event.from_number or "anonymous"
            said = {"call": event.call, "caller": who, "dialled": event.dialled, "trunk": event.trunk or "-"}
            log.info("a call begins", extra=said)
        elif isinstance(event, LegAnswered):
            log.info("picked up", extra={"call": event.call, "leg": event.leg})
        elif isinstance(event, CallEnded):
            took = event.at - self._began.pop(event.call, event.at)
            said = {
                "call": event.call,
                "cause": event.cause,
                "by": event.by,
                "after_s": f"{took.total_seconds():.1f}",
            }
            log.info("the call is over", extra=said)
