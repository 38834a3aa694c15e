"""Calls to outside numbers that an office places: Twilio dials, and who answers gets a stream."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from edge.background import Background
from edge.offices import Offices
from edge.tunnel.frames import Place
from edge.tunnel.session import Session
from edge.twilio.errors import TwilioError
from edge.voice.records import VoiceCalls
from edge.voice.relay import Outcome, Relay
from edge.voice.streams import Streams

__all__ = ["Outgoing", "Places"]

log = logging.getLogger(__name__)

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_STATUS = {"busy": 486, "no-answer": 480, "canceled": 487, "failed": 404}
_OVER = frozenset((*_STATUS, "completed"))


class Places(Protocol):
    """What is asked of Twilio: `edge.twilio.client.TwilioClient`."""

    async def create_call(
        self,
        from_: str,
        to: str,
        *,
        twiml: str | None = None,
        status_callback: str | None = None,
        ring_s: int | None = None,
    ) -> str: ...

    async def update_call(self, sid: str, *, url: str | None = None, status: str | None = None) -> object: ...


class Outgoing:
    """Fits `Hub.on_place`. Without a `provider` no call goes out."""

    def __init__(
        self,
        offices: Offices,
        calls: VoiceCalls,
        streams: Streams,
        background: Background,
        *,
        provider: Places | None,
        placed_call: Callable[[str, str, str], tuple[str, str]],
    ) -> None:
        self._offices = offices
        self._calls = calls
        self._streams = streams
        self._background = background
        self._provider = provider
        self._placed_call = placed_call
        self._ringing: dict[str, Relay] = {}
        self._sids: dict[str, str] = {}

    def place(self, session: Session, wanted: Place) -> None:
        """An office wants a call; never waits."""
        id = wanted.call
        relay = Relay("US", lambda outcome, why: self._over(id, relay, outcome, why))
        relay.call = session.open(id, relay)
        self._ringing[id] = relay
        self._background.spawn("placing a call", self._place(session.office, wanted, relay))

    def heard(self, call: str, status: str) -> None:
        """Twilio says how far a call is."""
        relay = self._ringing.get(call)
        if relay is None or relay.call is None:
            return
        if relay.is_attached:  # its stream says the rest
            del self._ringing[call]
            return
        if status == "ringing":
            relay.call.ringing()
        elif status in _OVER:
            self._fail(call, relay, _STATUS.get(status, 480), status)

    async def _place(self, office: str, wanted: Place, relay: Relay) -> None:
        try:
            refusal = await self._refusal(office, wanted)
            if refusal or self._provider is None or relay.call is None:
                self._fail(wanted.call, relay, 403 if refusal else 503, refusal or "No Twilio Account")
                return
            _, token = await self._calls.begin(
                office,
                call_sid="",
                direction="outbound",
                caller=wanted.from_,
                called=wanted.to,
                id=wanted.call,
            )
            twiml, callback = self._placed_call(wanted.call, token, office)
            self._streams.placed[wanted.call] = relay
            sid = await self._provider.create_call(
                wanted.from_, wanted.to, twiml=twiml, status_callback=callback, ring_s=wanted.timeout_s
            )
        except TwilioError as error:
            log.warning("Twilio did not place a call", extra={"reason": str(error)})
            self._fail(
                wanted.call, relay, 503 if error.status >= 500 or not error.status else 403, str(error)
            )
            return
        except Exception:
            log.exception("a call could not be placed")
            self._fail(wanted.call, relay, 500, "The Edge Failed")
            return
        self._sids[wanted.call] = sid
        await self._calls.has_sid(wanted.call, sid)
        relay.call.placed(sid)
        if relay.outcome is not None:  # the office has given up meanwhile
            await self._cancel(wanted.call)

    async def _refusal(self, office: str, wanted: Place) -> str:
        if not _E164.fullmatch(wanted.to):
            return "Not A Number With Its Country Code"
        owner = await self._offices.of_number(wanted.from_) if _E164.fullmatch(wanted.from_) else None
        if owner is None or owner.id != office:
            return "Calls Show A Number Of The Office"
        return ""

    def _fail(self, id: str, relay: Relay, status: int, reason: str) -> None:
        if relay.call is not None and relay.outcome is None:
            relay.call.failed(status, reason)
            relay.refused_outside()
        self._ringing.pop(id, None)
        self._streams.placed.pop(id, None)

    def _over(self, id: str, relay: Relay, outcome: Outcome, why: str) -> None:
        self._ringing.pop(id, None)
        self._streams.placed.pop(id, None)
        if relay.is_attached:  # whoever carries the stream ends it, and with it the call
            self._sids.pop(id, None)
            return

        async def end() -> None:
            await self._calls.over(id, outcome, why)
            await self._cancel(id)

        with suppress(RuntimeError):  # the edge is closing
            self._background.spawn("end of a placed call", end())

    async def _cancel(self, id: str) -> None:
        """Twilio ends the call, whatever it is doing; one that has ended already is no error."""
        sid = self._sids.pop(id, "")
        if sid and self._provider is not None:
            try:
                await self._provider.update_call(sid, status="completed")
            except TwilioError as error:
                log.info("a call had ended before it was ended", extra={"reason": str(error)})
