"""The REST interface 2010-04-01 of the simulated Twilio, as far as the edge uses it."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from tests.fakes.twilio.call import FakeCall
from tests.fakes.twilio.state import SETTINGS, FakeMessage, FakeNumber

if TYPE_CHECKING:
    from tests.fakes.twilio.server import FakeTwilio

__all__ = ["RefusedError", "Rest"]

STALL_S = 60.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RefusedError(Exception):
    """An error document of Twilio's."""

    def __init__(self, status: int, code: int | None, message: str) -> None:
        self.status, self.code, self.message = status, code, message


class Rest:
    def __init__(self, twilio: FakeTwilio) -> None:
        self._twilio = twilio

    def add_to(self, application: web.Application) -> None:
        application.middlewares.append(self._checked)
        base = "/2010-04-01/Accounts/{account}"
        application.add_routes(
            [
                web.post(f"{base}/Messages.json", self._send),
                web.get(f"{base}/Messages.json", self._list_messages),
                web.get(base + "/Messages/{sid}.json", self._get_message),
                web.delete(base + "/Messages/{sid}.json", self._delete_message),
                web.get(base + "/Messages/{sid}/Media/{media}", self._get_media),
                web.delete(base + "/Messages/{sid}/Media/{media}.json", self._delete_media),
                web.get("/media-files/{sid}/{media}", self._media_file),
                web.post(f"{base}/Calls.json", self._create_call),
                web.get(f"{base}/Calls.json", self._list_calls),
                web.get(base + "/Calls/{sid}.json", self._get_call),
                web.post(base + "/Calls/{sid}.json", self._update_call),
                web.get(f"{base}/Recordings.json", self._list_recordings),
                web.get(base + "/Recordings/{sid}.json", self._get_recording),
                web.get(base + "/Recordings/{sid}.wav", self._recording_file),
                web.delete(base + "/Recordings/{sid}.json", self._delete_recording),
                web.get(f"{base}/IncomingPhoneNumbers.json", self._list_numbers),
                web.post(f"{base}/IncomingPhoneNumbers.json", self._buy),
                web.get(base + "/IncomingPhoneNumbers/{sid}.json", self._get_number),
                web.post(base + "/IncomingPhoneNumbers/{sid}.json", self._configure),
                web.delete(base + "/IncomingPhoneNumbers/{sid}.json", self._release),
                web.get(base + "/AvailablePhoneNumbers/{country}/{kind}.json", self._search),
            ]
        )

    @web.middleware
    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Credentials, faults, and error documents."""
        twilio = self._twilio
        if request.path.startswith("/media-files/"):
            return await handler(request)
        fields = await request.post() if request.method == "POST" else request.query
        twilio.requests.append(
            (
                request.method,
                request.path,
                {name: [str(one) for one in fields.getall(name)] for name in fields},
            )
        )
        fault = twilio.faults.take(request.method, request.path)
        if twilio.faults.latency_s:
            await asyncio.sleep(twilio.faults.latency_s)
        try:
            self._admit(request)
            if fault is None or fault.kind in {"lose", "stall"}:
                answer = await handler(request)
            elif fault.kind == "drop":
                return self._break(request)
            else:
                answer = _error(RefusedError(fault.status, fault.code, fault.message))
        except RefusedError as refused:
            answer = _error(refused)
        except web.HTTPNotFound:
            answer = _error(RefusedError(404, 20404, f"The requested resource {request.path} was not found"))
        if fault is not None and fault.kind == "stall":
            await asyncio.sleep(STALL_S)
        return self._break(request) if fault is not None and fault.kind == "lose" else answer

    def _admit(self, request: web.Request) -> None:
        twilio = self._twilio
        expected = "Basic " + b64encode(f"{twilio.account_sid}:{twilio.auth_token}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            raise RefusedError(401, 20003, "Authenticate")
        if request.match_info.get("account", twilio.account_sid) != twilio.account_sid:
            raise RefusedError(404, 20404, "The requested resource was not found")

    @staticmethod
    def _break(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    # ----------------------------------------------------------------------------------------------------- messages

    async def _send(self, request: web.Request) -> web.Response:
        form = await request.post()
        to, from_, body = (str(form.get(name, "")) for name in ("To", "From", "Body"))
        media = [str(one) for one in form.getall("MediaUrl", [])]
        twilio = self._twilio
        if not to:
            raise RefusedError(400, 21604, "A 'To' phone number is required.")
        if not from_:
            raise RefusedError(400, 21603, "A 'From' phone number is required.")
        if not twilio.is_e164(to):
            raise RefusedError(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if not body and not media:
            raise RefusedError(400, 21619, "A text message body or media urls must be specified.")
        if len(body) > 1600:
            raise RefusedError(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if len(media) > 10:
            raise RefusedError(400, 21623, "Number of media files exceeds allowed limit.")
        if twilio.number(from_) is None:
            raise RefusedError(
                400, 21606, f"The 'From' phone number {from_} is not a valid, SMS-capable number."
            )
        if (from_, to) in twilio.opted_out:
            raise RefusedError(400, 21610, "Attempt to send to unsubscribed recipient")
        message = FakeMessage(from_, to, body, twilio.account_sid, media_urls=media)
        message.status_callback = str(form.get("StatusCallback", ""))
        if message.status_callback and not message.status_callback.startswith(("http://", "https://")):
            raise RefusedError(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
        twilio.accept(message)
        return web.json_response(message.document(), status=201)

    async def _list_messages(self, request: web.Request) -> web.Response:
        asked = request.query
        found = [
            one
            for one in reversed(self._twilio.messages.values())
            if asked.get("To", one.to) == one.to
            and asked.get("From", one.from_) == one.from_
            and _after(asked, "DateSent", one.sent)
        ]
        return self._page(request, "messages", found)

    async def _get_message(self, request: web.Request) -> web.Response:
        return web.json_response(self._found(self._twilio.messages, request).document())

    async def _delete_message(self, request: web.Request) -> web.Response:
        self._found(self._twilio.messages, request)
        del self._twilio.messages[request.match_info["sid"]]
        return web.Response(status=204)

    async def _get_media(self, request: web.Request) -> web.Response:
        """Twilio sends on to where files are."""
        self._found(self._twilio.messages, request)
        sid, media = request.match_info["sid"], request.match_info["media"]
        return web.Response(status=307, headers={"Location": f"{self._twilio.url}/media-files/{sid}/{media}"})

    async def _media_file(self, request: web.Request) -> web.Response:
        """The files' host wants no credentials, and must not be shown any."""
        if "Authorization" in request.headers:
            return web.Response(status=400, text="credentials are not for this host")
        message = self._twilio.messages.get(request.match_info["sid"])
        for one in message.media if message else []:
            if one.sid == request.match_info["media"]:
                return web.Response(body=one.content, content_type=one.type)
        return web.Response(status=404)

    async def _delete_media(self, request: web.Request) -> web.Response:
        message = self._found(self._twilio.messages, request)
        message.media = [one for one in message.media if one.sid != request.match_info["media"]]
        return web.Response(status=204)

    # -------------------------------------------------------------------------------------------------------- calls

    async def _create_call(self, request: web.Request) -> web.Response:
        form = await request.post()
        to, from_ = str(form.get("To", "")), str(form.get("From", ""))
        twilio = self._twilio
        if not to.startswith("sip:") and not twilio.is_e164(to):
            raise RefusedError(400, 21217, f"Phone number: {to} is invalid")
        if twilio.number(from_) is None:
            raise RefusedError(400, 21210, f"From number {from_} is not verified")
        url, twiml = str(form.get("Url", "")), str(form.get("Twiml", ""))
        if not url and not twiml:
            raise RefusedError(400, 21205, "Url parameter is required.")
        call = FakeCall(twilio, from_, to, "outbound-api")
        call.status_callback = str(form.get("StatusCallback", ""))
        call.status_events = frozenset(map(str, form.getall("StatusCallbackEvent", ["completed"])))
        twilio.calls[call.sid] = call
        call.begin(url, str(form.get("FallbackUrl", "")), twiml)
        return web.json_response(call.document(), status=201)

    async def _list_calls(self, request: web.Request) -> web.Response:
        asked = request.query
        found = [
            one
            for one in reversed(self._twilio.calls.values())
            if asked.get("To", one.to) == one.to
            and asked.get("From", one.from_) == one.from_
            and asked.get("Status", one.status) == one.status
            and _after(asked, "StartTime", one.began or one.created)
        ]
        return self._page(request, "calls", found)

    async def _get_call(self, request: web.Request) -> web.Response:
        return web.json_response(self._found(self._twilio.calls, request).document())

    async def _update_call(self, request: web.Request) -> web.Response:
        call = self._found(self._twilio.calls, request)
        form = await request.post()
        if call.finished is not None:
            raise RefusedError(400, 21220, "Call is not in-progress. Cannot redirect.")
        if status := str(form.get("Status", "")):
            await call.finish(status)
        else:
            call.change(str(form.get("Url", "")), str(form.get("Twiml", "")))
        return web.json_response(call.document())

    # --------------------------------------------------------------------------------------------------- recordings

    async def _list_recordings(self, request: web.Request) -> web.Response:
        of = request.query.get("CallSid")
        found = [one for one in self._twilio.recordings.values() if of is None or one.call_sid == of]
        return self._page(request, "recordings", found)

    async def _get_recording(self, request: web.Request) -> web.Response:
        return web.json_response(self._found(self._twilio.recordings, request).document())

    async def _recording_file(self, request: web.Request) -> web.Response:
        found = self._found(self._twilio.recordings, request)
        return web.Response(body=found.wav, content_type="audio/x-wav")

    async def _delete_recording(self, request: web.Request) -> web.Response:
        self._found(self._twilio.recordings, request)
        del self._twilio.recordings[request.match_info["sid"]]
        return web.Response(status=204)

    # ------------------------------------------------------------------------------------------------------ numbers

    async def _search(self, request: web.Request) -> web.Response:
        kind = {"Local": "local", "TollFree": "toll_free", "Mobile": "mobile"}[request.match_info["kind"]]
        asked = request.query
        if (area := asked.get("AreaCode")) is not None and not area.isdigit():
            raise RefusedError(400, 21451, "Invalid area code")
        found = [
            one.document()
            for one in self._twilio.for_sale.values()
            if (one.country, one.kind) == (request.match_info["country"], kind)
            and (area is None or one.number.removeprefix("+1").startswith(area))
            and asked.get("Contains", "").strip("*") in one.number
            and asked.get("InLocality", one.place) == one.place
            and (asked.get("SmsEnabled") != "true" or one.sms)
            and (asked.get("MmsEnabled") != "true" or one.mms)
            and (asked.get("VoiceEnabled") != "true" or one.voice)
        ]
        size = int(asked.get("PageSize", "50"))
        return web.json_response({"available_phone_numbers": found[:size], "uri": request.path_qs})

    async def _list_numbers(self, request: web.Request) -> web.Response:
        wanted = request.query.get("PhoneNumber", "")
        found = [one for one in self._twilio.numbers.values() if wanted.strip("*") in one.number]
        return self._page(request, "incoming_phone_numbers", found)

    async def _buy(self, request: web.Request) -> web.Response:
        form = await request.post()
        twilio = self._twilio
        wanted = str(form.get("PhoneNumber", ""))
        sale = twilio.for_sale.get(wanted)
        if sale is None:
            raise RefusedError(400, 21422, f"{wanted} is not available.")
        if sale.address_requirements != "none" and not form.get("AddressSid"):
            raise RefusedError(
                400, 21631, "Phone Number Requires an Address but the 'AddressSid' parameter was empty."
            )
        del twilio.for_sale[wanted]
        bought = FakeNumber(wanted, twilio.account_sid)
        bought.capabilities = {"voice": sale.voice, "sms": sale.sms, "mms": sale.mms, "fax": False}
        _set(bought, form)
        twilio.numbers[bought.sid] = bought
        return web.json_response(bought.document(), status=201)

    async def _get_number(self, request: web.Request) -> web.Response:
        return web.json_response(self._found(self._twilio.numbers, request).document())

    async def _configure(self, request: web.Request) -> web.Response:
        number = self._found(self._twilio.numbers, request)
        _set(number, await request.post())
        return web.json_response(number.document())

    async def _release(self, request: web.Request) -> web.Response:
        self._found(self._twilio.numbers, request)
        del self._twilio.numbers[request.match_info["sid"]]
        return web.Response(status=204)

    # -------------------------------------------------------------------------------------------------------- pages

    @staticmethod
    def _found(known: dict[str, Any], request: web.Request) -> Any:
        found = known.get(request.match_info["sid"])
        if found is None:
            raise RefusedError(404, 20404, f"The requested resource {request.path} was not found")
        return found

    @staticmethod
    def _page(request: web.Request, name: str, found: Sequence[Any]) -> web.Response:
        size, page = int(request.query.get("PageSize", "50")), int(request.query.get("Page", "0"))
        shown = found[page * size : (page + 1) * size]
        more = (page + 1) * size < len(found)
        query = {**request.query, "PageSize": str(size), "Page": str(page + 1)}
        return web.json_response(
            {
                name: [one.document() for one in shown],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + len(shown) - 1,
                "first_page_uri": f"{request.path}?PageSize={size}&Page=0",
                "next_page_uri": f"{request.path}?{urlencode(query)}" if more else None,
                "previous_page_uri": None,
                "uri": request.path_qs,
            }
        )


def _set(number: FakeNumber, form: MultiMapping[Any]) -> None:
    """`VoiceUrl` is `voice_url`. Twilio refuses addresses that are none."""
    for name in form:
        own = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
        value = str(form[name])
        if own.endswith("_url") and value and not value.startswith(("http://", "https://")):
            raise RefusedError(400, 21502, f"{name} is not a valid URL")
        if own in SETTINGS:
            number.settings[own] = value
        elif own == "friendly_name":
            number.name = value


def _after(asked: MultiMapping[str], name: str, at: float | None) -> bool:
    """Whether a time is in the range that was asked for: `DateSent>` and `DateSent<` both include their ends."""
    first, last = asked.get(f"{name}>"), asked.get(f"{name}<")
    if first is None and last is None:
        return True
    if at is None:
        return False
    return (first is None or at >= _read(first)) and (last is None or at <= _read(last))


def _read(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _error(refused: RefusedError) -> web.Response:
    """Twilio's error document; its own faults carry no code."""
    document = {"message": refused.message, "status": refused.status}
    if refused.code is not None:
        document |= {"code": refused.code, "more_info": f"https://www.twilio.com/docs/errors/{refused.code}"}
    return web.json_response(document, status=refused.status)
