"""The simulated Twilio: one server for all of Twilio's hosts, and what the test does to it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Self

from aiohttp import web

from tests.fakes.twilio.call import Answer, FakeCall
from tests.fakes.twilio.faults import Faults
from tests.fakes.twilio.other_hosts import OtherHosts
from tests.fakes.twilio.rest import Rest
from tests.fakes.twilio.state import FakeMessage, FakeNumber, FakeRecording, ForSale, Media
from tests.fakes.twilio.webhooks import Asked, WebhookClient

__all__ = ["FakeTwilio"]


class FakeTwilio:
    """Give `url` to the edge as `--twilio-api-url`, `account_sid` and `auth_token` as its credentials."""

    def __init__(self, account_sid: str = "AC" + "0" * 32, auth_token: str = "the auth token") -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.faults = Faults()
        self.webhooks = WebhookClient(auth_token)
        self.numbers: dict[str, FakeNumber] = {}
        self.for_sale: dict[str, ForSale] = {}
        self.messages: dict[str, FakeMessage] = {}
        self.calls: dict[str, FakeCall] = {}
        self.recordings: dict[str, FakeRecording] = {}
        self.answers: dict[str, Answer] = {}
        """What who is called does; nobody answers a <Dial>, everybody a call by REST."""
        self.answers_given: list[str] = []
        """Every TwiML document that calls were given."""
        self.opted_out: set[tuple[str, str]] = set()
        """Pairs (our number, theirs) that Twilio itself blocks after STOP."""
        self.handles_opt_outs = True
        self.receipts: dict[str, tuple[str, int | None]] = {}
        """Last status and error code of texts to a number; `delivered` for all others."""
        self.sends_receipts = True
        self.requests: list[tuple[str, str, dict[str, list[str]]]] = []
        """REST requests: method, path, fields."""
        self.other_hosts = OtherHosts(self)
        self._later: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        application = web.Application(client_max_size=16 << 20)
        Rest(self).add_to(application)
        self.other_hosts.add_to(application)
        self._runner = web.AppRunner(application, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        for call in list(self.calls.values()):
            await call.hang_up()
        for task in list(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self.webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def reach(self, public_url: str, real_url: str) -> None:
        """Where a public address really is."""
        self.webhooks.places[public_url.rstrip("/")] = real_url.rstrip("/")

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Something Twilio does by itself, soon."""
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def settled(self) -> None:
        """Waits until everything that Twilio does by itself is done."""
        while self._later:
            await asyncio.wait(set(self._later))

    # ------------------------------------------------------------------------------------------------------ numbers

    def add_number(self, number: str, *, name: str = "", **settings: str) -> FakeNumber:
        """A number that the account has. `settings` as in the REST interface: `voice_url`, `sms_url` …"""
        made = FakeNumber(number, self.account_sid, settings, name)
        self.numbers[made.sid] = made
        return made

    def sell(self, *numbers: str, country: str = "US", kind: str = "local", **more: Any) -> None:
        """Puts numbers up for sale."""
        for number in numbers:
            self.for_sale[number] = ForSale(number, country, kind, **more)

    def number(self, number: str) -> FakeNumber | None:
        return next((one for one in self.numbers.values() if one.number == number), None)

    # -------------------------------------------------------------------------------------------------------- texts

    async def receive_text(
        self,
        from_: str,
        to: str,
        body: str,
        *,
        media: Sequence[tuple[str, bytes]] = (),
        times: int = 1,
        token: str | None = None,
    ) -> Asked:
        """Somebody texts one of our numbers. `times` repeats the very same webhook; the last answer is returned."""
        number = self.number(to)
        assert number is not None, f"{to} is no number of the account"
        kept = [Media(type_, content) for type_, content in media]
        message = FakeMessage(from_, to, body, self.account_sid, "inbound", "received", media=kept)
        message.sent = message.created
        self.messages[message.sid] = message
        self._opt(to, from_, body)
        url = number.settings.get("sms_url", "")
        fallback = number.settings.get("sms_fallback_url", "")
        form = self._text_form(message)
        token = token or message.sid
        asked = await self.webhooks.post(url, form, token=token)
        for _ in range(times - 1):
            asked = await self.webhooks.post(url, form, token=token)
        if (asked.status != 200) and fallback:
            code = "11200" if asked.status else "11205"
            asked = await self.webhooks.post(
                fallback, {**form, "ErrorCode": code, "ErrorUrl": url}, token=token
            )
        self._reply(message, asked)
        return asked

    def _opt(self, ours: str, theirs: str, body: str) -> None:
        """What Twilio does by itself with the usual words."""
        if not self.handles_opt_outs:
            return
        word = body.strip().upper()
        if word in {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}:
            self.opted_out.add((ours, theirs))
        elif word in {"START", "YES", "UNSTOP"}:
            self.opted_out.discard((ours, theirs))

    def _text_form(self, message: FakeMessage) -> dict[str, str]:
        base = f"https://api.twilio.com/2010-04-01/Accounts/{self.account_sid}/Messages/{message.sid}/Media"
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": message.body,
            "From": message.from_,
            "MessageSid": message.sid,
            "NumMedia": str(message.num_media),
            "NumSegments": str(message.segments),
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": message.to,
        }
        for at, one in enumerate(message.media):
            form |= {f"MediaUrl{at}": f"{base}/{one.sid}", f"MediaContentType{at}": one.type}
        return form

    def _reply(self, message: FakeMessage, asked: Asked) -> None:
        """Texts in the TwiML of the answer are sent."""
        if asked.status != 200 or "<Message" not in asked.body:
            return
        from xml.etree import ElementTree

        for one in ElementTree.fromstring(asked.body).findall("Message"):
            body = one.findtext("Body") or (one.text or "").strip()
            media = [each.text or "" for each in one.findall("Media")]
            reply = FakeMessage(message.to, message.from_, body, self.account_sid, "outbound-reply")
            reply.media_urls = media
            self.accept(reply)

    def accept(self, message: FakeMessage) -> None:
        """Takes a text for sending; its receipts follow."""
        self.messages[message.sid] = message
        message.sent = message.created
        if self.sends_receipts:
            self.later(self._receipts(message))

    async def _receipts(self, message: FakeMessage) -> None:
        status, code = self.receipts.get(message.to, ("delivered", None))
        await self.tell_status(message.sid, "sent")
        await self.tell_status(message.sid, status, code)

    async def tell_status(self, sid: str, status: str, error_code: int | None = None) -> None:
        """The status callback of a text; also for a test that sends receipts late, twice or in the wrong order."""
        message = self.messages[sid]
        message.status, message.error_code = status, error_code
        message.sent = message.sent or time.time()
        if not message.status_callback:
            return
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message.from_,
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
            "To": message.to,
        }
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        await self.webhooks.post(message.status_callback, form)

    def sent(self, to: str | None = None) -> list[FakeMessage]:
        """Texts that were sent to the world, in order."""
        return [
            one
            for one in self.messages.values()
            if one.direction != "inbound" and (to is None or one.to == to)
        ]

    # -------------------------------------------------------------------------------------------------------- calls

    async def call(self, from_: str, to: str) -> FakeCall:
        """Somebody calls one of our numbers."""
        number = self.number(to)
        assert number is not None, f"{to} is no number of the account"
        call = FakeCall(self, from_, to)
        call.status_callback = number.settings.get("status_callback", "")
        self.calls[call.sid] = call
        call.begin(number.settings.get("voice_url", ""), number.settings.get("voice_fallback_url", ""))
        return call

    def is_e164(self, number: str) -> bool:
        return re.fullmatch(r"\+[1-9]\d{6,14}", number) is not None
