"""Only Twilio is let in, and a question that is asked again gets the first answer and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge.offices import Offices
from edge.store import Store
from edge.twilio.webhooks import Hook, Webhook, Webhooks
from tests.edge.clock import TestClock
from tests.fakes.stranger import status_of

URL = "https://edge.example.com/base"


class Signed:
    """Takes the signature `good` for addresses under the public one."""

    def is_valid(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        return url.startswith(URL + "/") and signature == "good"


class Answering:
    """Counts; waits where it is told to."""

    def __init__(self) -> None:
        self.asked: list[Hook] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, hook: Hook) -> str:
        self.asked.append(hook)
        await self.go_on.wait()
        return f"<Response>{len(self.asked)}</Response>"


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
async def client(
    store: Store, offices: Offices, clock: TestClock, answering: Answering
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    webhooks = Webhooks(store, offices, clock, signature=Signed(), public_url=URL)
    application = web.Application()
    application.add_routes(webhooks.routes([Webhook("/twilio/voice", answering, nobody="<nobody/>")]))
    async with TestClient(TestServer(application)) as client:
        yield client


async def ask(
    client: TestClient[web.Request, web.Application], *, sign: str = "good", token: str = "", **form: str
) -> tuple[int, str]:
    headers = {"X-Twilio-Signature": sign} | ({"I-Twilio-Idempotency-Token": token} if token else {})
    answer = await client.post("/twilio/voice", data=form, headers=headers)
    return answer.status, await answer.text()


async def test_who_is_not_twilio_is_turned_away(
    client: TestClient[web.Request, web.Application], offices: Offices, answering: Answering
) -> None:
    await offices.add("One")
    assert (await ask(client, sign="bad", CallSid="CA1"))[0] == 403
    assert (await ask(client, sign="", CallSid="CA1"))[0] == 403
    assert answering.asked == []
    assert await ask(client, CallSid="CA1") == (200, "<Response>1</Response>")


@pytest.mark.parametrize("charset", [b"", b"; charset=utf-16", b"; charset=none-such", b"; charset=zip"])
@pytest.mark.parametrize("signature", [b"bad", b"\xff"])
async def test_what_is_no_text_is_not_from_twilio(
    client: TestClient[web.Request, web.Application],
    offices: Offices,
    answering: Answering,
    charset: bytes,
    signature: bytes,
) -> None:
    await offices.add("One")
    head = b"POST /twilio/voice HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: " + signature
    head += (
        b"\r\nContent-Type: application/x-www-form-urlencoded" + charset + b"\r\nContent-Length: 7\r\n\r\n"
    )
    assert await status_of(client.host, client.port or 0, head + b"To=%ff\xff") == 403
    assert answering.asked == []


async def test_the_same_question_gets_the_first_answer(
    client: TestClient[web.Request, web.Application], offices: Offices, answering: Answering
) -> None:
    await offices.add("One")
    first = await ask(client, CallSid="CA1", To="+15550100")
    assert await ask(client, To="+15550100", CallSid="CA1") == first
    assert (await ask(client, CallSid="CA1", To="+15550100", Digits="1"))[1] == "<Response>2</Response>"
    assert (await ask(client, token="t1", CallSid="CA2"))[1] == "<Response>3</Response>"
    assert (await ask(client, token="t1", CallSid="CA2", Attempt="2"))[1] == "<Response>3</Response>"
    assert len(answering.asked) == 3


async def test_who_asks_again_meanwhile_waits_for_the_first(
    client: TestClient[web.Request, web.Application], offices: Offices, answering: Answering
) -> None:
    await offices.add("One")
    answering.go_on.clear()
    asking = [asyncio.get_running_loop().create_task(ask(client, CallSid="CA1")) for _ in range(5)]
    while not answering.asked:
        await asyncio.sleep(0.01)
    answering.go_on.set()
    assert {await one for one in asking} == {(200, "<Response>1</Response>")}
    assert len(answering.asked) == 1


async def test_a_number_of_nobody(
    client: TestClient[web.Request, web.Application], offices: Offices, answering: Answering
) -> None:
    await offices.add("One")
    await offices.add("Two")
    assert await ask(client, CallSid="CA1", To="+15550100") == (200, "<nobody/>")
    assert answering.asked == []


async def test_old_answers_are_forgotten(store: Store, offices: Offices, clock: TestClock) -> None:
    webhooks = Webhooks(store, offices, clock, signature=None, public_url=URL)
    await store.run("INSERT INTO webhook_answer (key, body, at) VALUES ($1, $2, $3)", "a", "", clock.now_ms())
    await webhooks.forget()
    assert await store.one("SELECT 1 AS one FROM webhook_answer") is not None
    await clock.advance(25 * 3600)
    await webhooks.forget()
    assert await store.one("SELECT 1 AS one FROM webhook_answer") is None
