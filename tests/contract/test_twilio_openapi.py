"""Every call to Twilio's API 2010-04-01 is one that Twilio's published OpenAPI description knows.

TWILIO_OPENAPI names the description (twilio_api_v2010.json of Twilio's twilio-oai). Without it these tests are skipped.
The simulated Twilio is held to it as well: Prism refuses an answer that the description does not allow.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from edge.twilio.client import TwilioClient
from edge.twilio.errors import TwilioError
from edge.twilio.number_client import NumberClient
from edge.twilio.records import NumberSettings
from tests.contract.prism import Description, Prism, free_port, with_relative_pages
from tests.fakes.twilio import FakeCall, FakeMessage, FakeRecording, FakeTwilio
from tests.fakes.twilio.audio import tone, wav
from tests.fakes.twilio.state import Media

SPEC = os.environ.get("TWILIO_OPENAPI", "")
pytestmark = pytest.mark.skipif(not SPEC, reason="TWILIO_OPENAPI does not name Twilio's OpenAPI description")

OURS, THEIRS = "+12025550100", "+13105550123"
EVERYTHING = NumberSettings(
    name="the office",
    voice_url="https://e.example/twilio/voice",
    voice_fallback_url="https://f.example/twilio/voice",
    sms_url="https://e.example/twilio/sms",
    sms_fallback_url="https://f.example/twilio/sms",
    status_callback="https://e.example/twilio/voice/status",
)
Call = Callable[[TwilioClient, FakeTwilio], Awaitable[object]]


def _text(twilio: FakeTwilio) -> str:
    return next(sid for sid in twilio.messages)


def _number(twilio: FakeTwilio) -> str:
    return next(sid for sid in twilio.numbers)


def _call(twilio: FakeTwilio) -> str:
    return next(sid for sid in twilio.calls)


def _picture(twilio: FakeTwilio) -> tuple[str, str]:
    return next((one.sid, one.media[0].sid) for one in twilio.messages.values() if one.media)


async def _configure(client: TwilioClient, twilio: FakeTwilio) -> None:
    number = await client.numbers.get(_number(twilio))
    await client.numbers.configure(number, EVERYTHING)


CALLS: dict[str, Call] = {
    "send_message": lambda client, _: client.send_message(
        OURS, THEIRS, "hi", ["https://e/1.png", "https://e/2.png"], "https://e/status?id=1", valid_s=600
    ),
    "message": lambda client, twilio: client.message(_text(twilio)),
    "messages": lambda client, _: client.messages(from_=OURS, to=THEIRS, after_ms=0, before_ms=1 << 41),
    "delete_message": lambda client, twilio: client.delete_message(_text(twilio)),
    "create_call": lambda client, _: client.create_call(
        OURS,
        THEIRS,
        twiml="<Response><Gather/></Response>",
        url="https://e/voice",
        status_callback="https://e/status",
        fallback_url="https://f/voice",
        ring_s=20,
        longest_s=3600,
    ),
    "update_call": lambda client, twilio: client.update_call(
        _call(twilio), twiml="<Response/>", url="https://e/voice", fallback_url="https://f/voice"
    ),
    "call": lambda client, twilio: client.call(_call(twilio)),
    "calls": lambda client, _: client.calls(from_=OURS, to=THEIRS, status="in-progress", after_ms=0),
    "recordings": lambda client, twilio: client.recordings("CA" + "1" * 32),
    "delete_recording": lambda client, twilio: client.delete_recording(next(iter(twilio.recordings))),
    "numbers.search": lambda client, _: client.numbers.search(
        "US", area_code="202", contains="202", place="Washington", sms=True, mms=True
    ),
    "numbers.search toll_free": lambda client, _: client.numbers.search("US", "toll_free", area_code="800"),
    "numbers.search mobile": lambda client, _: client.numbers.search("GB", "mobile", sms=True),
    "numbers.mine": lambda client, _: client.numbers.mine(number=OURS),
    "numbers.get": lambda client, twilio: client.numbers.get(_number(twilio)),
    "numbers.buy": lambda client, _: client.numbers.buy(
        "+12025550111", EVERYTHING, address_sid="AD" + "1" * 32
    ),
    "numbers.configure": _configure,
    "numbers.release": lambda client, twilio: client.numbers.release(_number(twilio)),
}
"""One call of each method that asks this API, with every parameter it can send."""

NOT_DESCRIBED = {"fetch_recording", "fetch_media"}
"""Files: Twilio's description knows only the documents about them."""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prism, int]]:
    """Prism, and the port where the simulated Twilio must listen."""
    corrected = tmp_path_factory.mktemp("contract") / "twilio.json"
    corrected.write_text(json.dumps(with_relative_pages(json.loads(Path(SPEC).read_text()))))
    port = free_port()
    prism = Prism(corrected, f"http://127.0.0.1:{port}")
    try:
        prism.wait()
        yield prism, port
    finally:
        prism.stop()


@pytest.fixture(scope="module")
def description() -> Description:
    return Description(Path(SPEC))


async def _twilio(port: int) -> FakeTwilio:
    """One that has something of everything."""
    twilio = FakeTwilio()
    await twilio.start(port)
    twilio.sends_receipts = False
    twilio.add_number(OURS)
    twilio.sell("+12025550111", address_requirements="any")
    twilio.sell("+18005550111", kind="toll_free")
    twilio.sell("+447700900111", country="GB", kind="mobile")
    received = FakeMessage(THEIRS, OURS, "look", twilio.account_sid, "inbound", "received")
    received.media = [Media("image/png", b"a picture")]
    twilio.messages[received.sid] = received
    kept = FakeRecording("CA" + "1" * 32, twilio.account_sid, wav(tone(440, 1.0)), 1)
    twilio.recordings[kept.sid] = kept
    call = FakeCall(twilio, THEIRS, OURS)
    twilio.calls[call.sid] = call
    call.begin("", "", "<Response><Gather/></Response>")
    await call.waits_for("Gather")
    return twilio


@pytest.mark.parametrize("name", CALLS)
async def test_question_and_answer_are_described(
    name: str, proxied: tuple[Prism, int], description: Description
) -> None:
    prism, port = proxied
    twilio = await _twilio(port)
    client = TwilioClient(twilio.account_sid, twilio.auth_token, prism.url, time_limit_s=30)
    try:
        await CALLS[name](client, twilio)
    finally:
        await client.close()
        await twilio.stop()
    assert twilio.requests, "Prism did not let it through"
    for method, path, fields in twilio.requests:
        assert description.unknown(method, path, fields) == []


@pytest.mark.parametrize("name", CALLS)
async def test_examples_of_the_description_can_be_read(name: str, description: Description) -> None:
    """Twilio's own examples have what its description forbids, such as empty SIDs; the client reads them."""

    async def answer(request: web.Request) -> web.Response:
        status, document = description.example(request.method, request.path)
        return web.json_response(document, status=status) if document else web.Response(status=status)

    application = web.Application()
    application.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    twilio = await _twilio(0)
    client = TwilioClient(twilio.account_sid, "token", f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        await CALLS[name](client, twilio)
    finally:
        await client.close()
        await twilio.stop()
        await runner.cleanup()


async def test_prism_refuses_what_is_wrong(proxied: tuple[Prism, int]) -> None:
    """So that the tests above can fail: a missing parameter, and an answer of the wrong form."""
    prism, port = proxied
    twilio = await _twilio(port)
    client = TwilioClient(twilio.account_sid, twilio.auth_token, prism.url, time_limit_s=30)
    try:
        with pytest.raises(TwilioError) as caught:
            await client.account.ask(lambda rest: rest.messages.create_async(to=None, body="hi"))
        assert caught.value.status == 422
        sid = _text(twilio)
        twilio.messages[sid].error_code = "none"  # type: ignore[assignment]
        with pytest.raises(TwilioError) as caught:
            await client.message(sid)
        assert caught.value.status == 500
    finally:
        await client.close()
        await twilio.stop()


def test_unknown_parameter_is_found(description: Description) -> None:
    path = "/2010-04-01/Accounts/AC1/Messages.json"
    assert description.unknown("POST", path, ["To", "Body", "Bodie"]) == ["Bodie"]
    with pytest.raises(AssertionError):
        description.unknown("POST", "/2010-04-01/Accounts/AC1/Massages.json", [])


def test_every_method_of_the_client_is_called() -> None:
    methods = {name for name, _ in inspect.getmembers(TwilioClient, inspect.iscoroutinefunction)}
    methods |= {
        f"numbers.{name}" for name, _ in inspect.getmembers(NumberClient, inspect.iscoroutinefunction)
    }
    public = {name for name in methods if "_" not in {name[0], name.removeprefix("numbers.")[0]}} - {"close"}
    assert public - NOT_DESCRIBED == {name.partition(" ")[0] for name in CALLS}
