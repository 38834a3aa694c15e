"""What Twilio is told when a call comes in, when its stream has ended, and what it tells of calls that are over."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import urlencode

from edge.twilio import twiml
from edge.twilio.webhooks import EMPTY, Hook, Webhook
from edge.voice.records import VoiceCalls

__all__ = ["NEXT", "PATH", "STATUS", "Answering", "caller_of"]

log = logging.getLogger(__name__)

PATH = "/twilio/voice"
NEXT = "/twilio/voice/next"
STATUS = "/twilio/voice/status"
STREAM = "/twilio/stream"
OVER = frozenset(("completed", "busy", "failed", "no-answer", "canceled"))
_NOBODY = frozenset(("anonymous", "restricted", "unavailable", "unknown", "blocked", "private"))
_NO_NUMBERS = frozenset(("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "+464"))
"""What Twilio writes for callers without a number: ANONYMOUS, RESTRICTED and so on, on a phone's keys."""

_HEARD = frozenset(("completed", "answered", "busy", "no-answer", "canceled"))
"""What a `<Dial>` comes to when the office has had its say; `failed` means that it was not reached."""
TOKEN_HEADER = "X-Edge-Token"  # noqa: S105  the name of a header
RING_S = 120

Elsewhere = Callable[[Hook], Awaitable[str]]
"""Answers a call whose office cannot be reached, as TwiML."""


class BySip(Protocol):
    """Offices that want their calls by SIP. Implemented by `Hub`."""

    def by_sip(self, office: str) -> str: ...

    def expect(self, office: str, call: str, token: str, *, from_: str, to: str, name: str = "") -> None: ...


class Answering:
    """`online` says whether an office is connected here; `elsewhere` answers for one that is not. `ended` is told of
    every call that Twilio says is over, `placed` of how a call to outside goes on."""

    def __init__(
        self,
        calls: VoiceCalls,
        *,
        base: str,
        online: Callable[[str], bool],
        by_sip: BySip,
        elsewhere: Elsewhere,
        ended: Callable[[str], Awaitable[None]],
        placed: Callable[[str, str], None],
    ) -> None:
        self._calls = calls
        self._base = base.rstrip("/")
        self._online = online
        self._by_sip = by_sip
        self._elsewhere = elsewhere
        self._ended = ended
        self._placed = placed

    @property
    def webhooks(self) -> tuple[Webhook, ...]:
        return (
            Webhook(PATH, self.came),
            Webhook(NEXT, self.next),
            Webhook(STATUS, self.status, remembered=False),
        )

    async def came(self, hook: Hook) -> str:
        """A call has come in."""
        if not self._online(hook.office.id):
            return await self._elsewhere(hook)
        form, sip = hook.form, self._by_sip.by_sip(hook.office.id)
        caller, called = caller_of(form.get("From", "")), form.get("To", "")
        name = form.get("CallerName", "")[:128]
        id, token = await self._calls.begin(
            hook.office.id,
            call_sid=form.get("CallSid", ""),
            direction="inbound",
            caller=caller,
            called=called,
            name=name,
            mode="sip" if sip else "stream",
        )
        if sip:
            self._by_sip.expect(hook.office.id, id, token, from_=caller, to=called, name=name)
            return self._dial(sip, id, token, hook.office.id)
        return twiml.response(self.stream(id, token), twiml.redirect(self._address(NEXT, id, hook.office.id)))

    def _dial(self, sip: str, id: str, token: str, office: str) -> str:
        """`<Dial>` to the office: whatever comes of it, what follows is asked for."""
        host, _, transport = sip.partition(";")
        uri = f"sip:edge@{host}{';' + transport if transport else ''}?{TOKEN_HEADER}={token}"
        return twiml.response(
            twiml.dial(
                twiml.sip(uri),
                action=self._address(NEXT, id, office),
                timeout_s=RING_S,
                answer_on_bridge=True,
            )
        )

    def stream(self, id: str, token: str) -> twiml.Verb:
        """`<Connect>` to this edge."""
        address = self._base.replace("http", "ws", 1) + STREAM
        return twiml.connect_stream(address, {"call": id, "token": token})

    def placed_call(self, id: str, token: str, office: str) -> tuple[str, str]:
        """TwiML and status callback of a call to outside."""
        return twiml.response(self.stream(id, token), twiml.hangup()), self._address(STATUS, id, office)

    def goes_on(self, id: str, office: str) -> str:
        """Where a call asks what follows its stream."""
        return self._address(NEXT, id, office)

    async def next(self, hook: Hook) -> str:
        """The stream has ended, or never began. Nothing follows a call that ended well."""
        call = await self._calls.find(hook.query.get("call", ""))
        if call is not None and call.office == hook.office.id:
            dialled = hook.form.get("DialCallStatus", "")
            if call.mode == "sip" and dialled in _HEARD:
                await self._calls.over(call.id, "done", dialled)
                return twiml.response(twiml.hangup())
            if call.state == "done":
                return twiml.response(twiml.hangup())
            await self._calls.over(call.id, "lost", "the stream ended too early")
        log.warning("a call goes on without its office", extra={"call": hook.query.get("call", "")})
        return await self._elsewhere(hook)

    async def status(self, hook: Hook) -> str:
        """Twilio tells how far a call is."""
        status, sid = hook.form.get("CallStatus", ""), hook.form.get("CallSid", "")
        if call := hook.query.get("call", ""):
            self._placed(call, status)
        if status in OVER:
            await self._calls.ended(sid, status)
            await self._ended(sid)
        return EMPTY

    def _address(self, path: str, id: str, office: str) -> str:
        return f"{self._base}{path}?{urlencode({'call': id, 'office': office})}"


def caller_of(text: str) -> str:
    """The caller's number; "" for one who has none, or hides it."""
    return "" if text.lower() in _NOBODY or text in _NO_NUMBERS else text[:64]


async def say_closed(_: Hook) -> str:
    """For an edge that answers for no office itself."""
    return twiml.response(
        twiml.say("The office cannot be reached at the moment. Please call again later."), twiml.hangup()
    )
