"""The edge's Twilio: messages, calls, recordings and what belongs to numbers and registrations, typed.

One object per account, made by `edge.app`. Nothing is sent again by itself: a `TwilioError` says whether it may have
been carried out (`uncertain`), and who asked settles that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from edge.twilio.account import Account
from edge.twilio.errors import TwilioError
from edge.twilio.number_client import NumberClient
from edge.twilio.pricing import PriceClient
from edge.twilio.records import Call, File, Message, Recording
from edge.twilio.registration import RegistrationClient
from edge.twilio.trunking import TrunkClient

__all__ = ["TwilioClient"]

MOST_FILE_BYTES = 32 << 20
HOME = "https://api.twilio.com"
FILE_HOSTS = (".twilio.com", ".twiliocdn.com", ".amazonaws.com")
"""Where Twilio sends us for a file's bytes; our credentials do not go there."""
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]


class TwilioClient:
    """`numbers`, `registration`, `trunks` and `prices` are parts of their own."""

    def __init__(self, sid: str, auth_token: str, api_url: str = "", *, time_limit_s: float = 15.0) -> None:
        self.account = Account(sid, auth_token, api_url, time_limit_s=time_limit_s)
        self.numbers = NumberClient(self.account)
        self.registration = RegistrationClient(self.account)
        self.trunks = TrunkClient(self.account)
        self.prices = PriceClient(self.account)

    async def close(self) -> None:
        await self.account.close()

    # --------------------------------------------------------------------------------------------------- messages

    async def send_message(
        self,
        from_: str,
        to: str,
        body: str,
        media: Sequence[str] = (),
        status_callback: str | None = None,
        *,
        valid_s: int | None = None,
    ) -> str:
        """Sends a text and returns its SID. `media` are addresses that Twilio fetches; with one, `body` may be ""."""
        given = _given(
            body=body or None,
            media_url=list(media) or None,
            status_callback=status_callback,
            validity_period=valid_s,
        )
        sent = await self.account.ask(lambda rest: rest.messages.create_async(to=to, from_=from_, **given))
        return str(sent.sid)

    async def message(self, sid: str) -> Message:
        return _message(await self.account.ask(lambda rest: rest.messages(sid).fetch_async()))

    async def messages(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        after_ms: int | None = None,
        before_ms: int | None = None,
        limit: int = 1000,
    ) -> list[Message]:
        """Messages that Twilio knows, newest first. The times are those of sending."""
        given = _given(
            from_=from_,
            to=to,
            date_sent_after=_moment(after_ms),
            date_sent_before=_moment(before_ms),
        )
        found = await self.account.ask(
            lambda rest: rest.messages.list_async(limit=limit, page_size=min(limit, 1000), **given)
        )
        return [_message(one) for one in found]

    async def delete_message(self, sid: str) -> None:
        """Removes a message from Twilio's records; one that is gone already is no error."""
        await _gone(self.account.ask(lambda rest: rest.messages(sid).delete_async()))

    # ------------------------------------------------------------------------------------------------------ calls

    async def create_call(
        self,
        from_: str,
        to: str,
        *,
        twiml: str | None = None,
        url: str | None = None,
        status_callback: str | None = None,
        fallback_url: str | None = None,
        ring_s: int | None = None,
        longest_s: int | None = None,
    ) -> str:
        """Starts a call and returns its SID; what happens when it is answered stands in `twiml` or at `url`."""
        given = _given(
            twiml=twiml,
            url=url,
            fallback_url=fallback_url,
            status_callback=status_callback,
            status_callback_event=CALL_EVENTS if status_callback else None,
            timeout=ring_s,
            time_limit=longest_s,
        )
        made = await self.account.ask(lambda rest: rest.calls.create_async(to=to, from_=from_, **given))
        return str(made.sid)

    async def update_call(
        self,
        sid: str,
        *,
        twiml: str | None = None,
        url: str | None = None,
        status: str | None = None,
        fallback_url: str | None = None,
    ) -> Call:
        """Gives a running call another course, or ends it: `status` is `completed` or `canceled`."""
        given = _given(twiml=twiml, url=url, status=status, fallback_url=fallback_url)
        return _call(await self.account.ask(lambda rest: rest.calls(sid).update_async(**given)))

    async def call(self, sid: str) -> Call:
        return _call(await self.account.ask(lambda rest: rest.calls(sid).fetch_async()))

    async def calls(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        status: str | None = None,
        after_ms: int | None = None,
        limit: int = 1000,
    ) -> list[Call]:
        """Calls that Twilio knows, newest first; `after_ms` is when they began."""
        given = _given(from_=from_, to=to, status=status, start_time_after=_moment(after_ms))
        found = await self.account.ask(
            lambda rest: rest.calls.list_async(limit=limit, page_size=min(limit, 1000), **given)
        )
        return [_call(one) for one in found]

    # ------------------------------------------------------------------------------------------------------ files

    async def recordings(self, call_sid: str) -> list[Recording]:
        found = await self.account.ask(lambda rest: rest.recordings.list_async(call_sid=call_sid, limit=100))
        return [_recording(one) for one in found]

    async def fetch_recording(self, sid: str) -> File:
        """The recording as WAV."""
        return await self._file(f"{HOME}/2010-04-01/Accounts/{self.account.sid}/Recordings/{sid}.wav")

    async def delete_recording(self, sid: str) -> None:
        """Removes a recording at Twilio; one that is gone already is no error."""
        await _gone(self.account.ask(lambda rest: rest.recordings(sid).delete_async()))

    async def fetch_media(self, url: str, *, most_bytes: int = MOST_FILE_BYTES) -> File:
        """A picture of an incoming message, by the address in its webhook."""
        asked = urlsplit(url)
        ours = urlsplit(self.account.api_url)
        if asked.hostname != "api.twilio.com" and (asked.scheme, asked.netloc) != (ours.scheme, ours.netloc):
            raise TwilioError(0, None, "The address of the picture is not Twilio's.", uncertain=False)
        return await self._file(url, most_bytes)

    async def _file(self, url: str, most_bytes: int = MOST_FILE_BYTES) -> File:
        """Follows one redirection, without our credentials, and only to where Twilio keeps files."""
        from edge.twilio.http import at_base, read_error

        base = self.account.api_url
        address = url if base and url.startswith(base) else at_base(base, url)
        status, headers, content = await self.account.get(address, signed=True, most_bytes=most_bytes)
        if status in {301, 302, 303, 307, 308}:
            address = headers.get("Location", "")
            if not self._keeps_files(address):
                raise TwilioError(status, None, "Twilio sends us to a strange host for a file.")
            status, headers, content = await self.account.get(address, signed=False, most_bytes=most_bytes)
        if status != 200:
            raise read_error(status, content)
        return File(headers.get("Content-Type", "application/octet-stream").partition(";")[0], content)

    def _keeps_files(self, address: str) -> bool:
        base = self.account.api_url
        if base and (address == base or address.startswith(base + "/")):
            return True
        there = urlsplit(address)
        return there.scheme == "https" and (there.hostname or "").endswith(FILE_HOSTS)


def _given(**values: Any) -> dict[str, Any]:
    """The parameters that were given; the library sends `None` in some places."""
    return {name: value for name, value in values.items() if value is not None}


async def _gone(deleting: Any) -> None:
    try:
        await deleting
    except TwilioError as error:
        if error.status != 404:
            raise


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _number(text: Any) -> int | None:
    return int(text) if text not in {None, ""} else None


def _message(told: Any) -> Message:
    return Message(
        sid=str(told.sid),
        from_=told.from_ or "",
        to=told.to or "",
        body=told.body or "",
        status=told.status or "",
        direction=told.direction or "",
        error_code=told.error_code,
        created_ms=_ms(told.date_created) or 0,
        sent_ms=_ms(told.date_sent),
        segments=_number(told.num_segments) or 0,
        media=_number(told.num_media) or 0,
    )


def _call(told: Any) -> Call:
    return Call(
        sid=str(told.sid),
        from_=told._from or "",
        to=told.to or "",
        status=told.status or "",
        direction=told.direction or "",
        duration_s=_number(told.duration),
    )


def _recording(told: Any) -> Recording:
    return Recording(
        sid=str(told.sid),
        call_sid=told.call_sid or "",
        status=told.status or "",
        duration_s=_number(told.duration),
        channels=told.channels or 1,
    )
