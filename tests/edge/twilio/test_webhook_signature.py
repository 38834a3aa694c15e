"""What the simulated Twilio signs is let in through a proxy, whatever is in it; with anything changed it is not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from edge.offices import Offices
from edge.store import Store
from edge.twilio.signature import TwilioSignature
from edge.twilio.webhooks import Hook, Webhook, Webhooks
from tests.edge.clock import TestClock
from tests.fakes.twilio import FakeTwilio

PUBLIC = "https://edge.example.com/behind/a/proxy"


@pytest.fixture
async def listening(
    twilio: FakeTwilio, store: Store, offices: Offices, clock: TestClock
) -> AsyncIterator[list[Hook]]:
    """The webhooks of an edge: the proxy strips the path of the public address."""
    asked: list[Hook] = []

    async def handle(hook: Hook) -> str:
        asked.append(hook)
        return "<Response/>"

    await offices.add("One")
    signature = TwilioSignature(twilio.auth_token)
    webhooks = Webhooks(store, offices, clock, signature=signature, public_url=PUBLIC)
    application = web.Application()
    application.add_routes(webhooks.routes([Webhook("/twilio/sms", handle)]))
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    twilio.reach(PUBLIC, f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield asked
    await runner.cleanup()


@pytest.mark.parametrize(
    "path",
    ["/twilio/sms", "/twilio/sms?a=%2B1&b=x%20y&c=%C3%A9", "/twilio/sms?a=b+c&d", "/twilio/sms?x=%2f%2F;y"],
)
async def test_twilio_is_let_in_and_nobody_else(twilio: FakeTwilio, listening: list[Hook], path: str) -> None:
    form = {"Body": "grüße +1 & 100 %\n👍", "From": "+13105550123", "Empty": ""}
    assert (await twilio.webhooks.post(PUBLIC + path, form)).status == 200
    assert listening[0].form == form
    assert (await twilio.webhooks.post(PUBLIC + path, form, signed=False)).status == 403
    twilio.webhooks.auth_token = "another"
    assert (await twilio.webhooks.post(PUBLIC + path, form)).status == 403
    assert len(listening) == 1


async def test_file_in_the_form_is_turned_away(twilio: FakeTwilio, listening: list[Hook]) -> None:
    form = aiohttp.FormData()
    form.add_field("Body", b"bytes", filename="x")
    url = twilio.webhooks.place(PUBLIC + "/twilio/sms")
    async with twilio.webhooks.session.post(url, data=form, headers={"X-Twilio-Signature": "x"}) as answer:
        assert answer.status == 403
    assert not listening
