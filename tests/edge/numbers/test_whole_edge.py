"""In a whole edge: an office buys over the API, and drift is told without anybody asking."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from edge.app import build
from edge.config import EdgeConfig
from tests.fakes.twilio import FakeTwilio


async def test_office_buys_and_hears_of_drift(tmp_path: Path) -> None:
    async with FakeTwilio() as twilio:
        config = EdgeConfig(
            data_dir=tmp_path,
            public_url="https://edge.example.com/",
            twilio_account_sid=twilio.account_sid,
            twilio_auth_token=twilio.auth_token,
            twilio_api_url=twilio.url,
        )
        edge = await build(config)
        try:
            office = await edge.offices.ensure_local()
            told: asyncio.Queue[tuple[str, str, msgspec.Struct]] = asyncio.Queue()
            edge.events.listen(lambda *what: told.put_nowait(what))
            twilio.sell("+12025550111")
            bought = await edge.dispatch.ask(
                office=office.id, actor="ada", method="POST", path="/numbers", body=b'{"area_code":"202"}'
            )
            assert bought.status == 201, bought.body
            assert (await told.get())[:2] == (office.id, "numbers")
            [kept] = twilio.numbers.values()
            assert kept.settings["voice_url"] == "https://edge.example.com/twilio/voice"
            kept.settings["voice_url"] = "https://demo.twilio.com/welcome/voice"
            edge.start()
            while (await asyncio.wait_for(told.get(), 10))[1] != "numbers":
                pass
            seen = await edge.dispatch.ask(office=office.id, actor="ada", method="GET", path="/numbers")
            [one] = msgspec.json.decode(seen.body)["items"]
            assert (one["state"], one["drift"][0]["what"]) == ("drift", "voice_url")
        finally:
            await edge.close()
