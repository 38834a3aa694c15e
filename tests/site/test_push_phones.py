"""The page of phones that sleep, and the link that sets Linphone up, against the real application."""

from __future__ import annotations

import asyncio
from msgspec.structs import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbx.api.deps import ApiDeps
from pbx.core.secret import SecretBox
from pbx.feature.push_phones import PushPhones
from pbx.model import call_event as happened
from pbx.model.push_phone import PushPhone, WakeTest
from pbx.store.database import Database
from pbx.store.push_phones import PushPhoneStore
from tests.site.script import Cues, play
from tests.site.stage import Stage, staged

pytestmark = pytest.mark.timeout(300)

ALICE = ("101", "Alice Morgan")
RESULTS = {
    "iphone": WakeTest(state="silent", reason="it did not register within 15 s"),
    "pixel": WakeTest(state="woke", after_ms=1840.0),
    "page": WakeTest(state="awake"),
}


async def test_phones_that_sleep_are_shown_tried_and_forgotten(tmp_path: Path) -> None:
    office = Sleepers()
    async with staged(tmp_path, furnish=office.furnish) as stage:
        await play("push_phones.mjs", stage.setup_url, str(tmp_path), cues=office.cues(stage), timeout_s=270)
        assert [each.id for each in office.phones.all()] == ["iphone", "page", "pixel"]


class Sleepers:
    """What is behind the page; `waker` stands in for phones."""

    phones: PushPhones

    async def furnish(self, deps: ApiDeps, database: Database) -> ApiDeps:
        self.phones = PushPhones(PushPhoneStore(database, SecretBox(bytes(32))), deps.clock)
        self.phones.waker = self.wake
        return replace(deps, push=self.phones)

    async def wake(self, phone: PushPhone) -> WakeTest:
        await asyncio.sleep(0.5)
        result = RESULTS[phone.id]
        if result.state != "awake":
            await self.phones.note(phone.id, woke_ms=result.after_ms, reason=result.reason)
        return result

    def cues(self, stage: Stage) -> Cues:
        async def phones() -> None:
            await self.sleepers(stage)

        return {"phones": phones}

    async def sleepers(self, stage: Stage) -> None:
        for number, name in (ALICE, ("102", "Bob Okafor"), ("103", "Carol Jensen")):
            await stage.extension(number, name)
        now = datetime.now(UTC)
        for id_, number, service, device in (
            ("iphone", "101", "apns", "Office phone/3.1 (iPhone; iOS 19.2)"),
            ("gone", "102", "fcm", "Office phone/3.0 (Galaxy S21)"),
            ("page", "102", "webpush", "Chromium on Bob’s notebook"),
            ("pixel", "103", "fcm", "Office phone/3.1 (Pixel 9)"),
        ):
            phone = PushPhone(
                id=id_,
                extension=number,
                service=service,  # type: ignore[arg-type]
                app="" if service == "webpush" else "org.example.phone",
                device=device,
                instance="<urn:uuid:1>",
                told_by="register",
                seen_at=now - timedelta(days=2),
            )
            await self.phones.put(phone, "token")
        for _ in range(3):
            await self.phones.note("pixel", woke_ms=2100.0)
            await self.phones.note("iphone", woke_ms=None, reason="it did not register within 15 s")
        await self.phones.note("gone", woke_ms=None, reason="UNREGISTERED", dead=True)
        await self.call(stage)

    async def call(self, stage: Stage) -> None:
        """One that woke a phone in time, and another not."""
        call = stage.call(600)
        await call.offer(("102", "Bob Okafor"), "101", ALICE[1])
        for device, reason in (("Pixel 9", ""), ("iPhone", "Unregistered")):
            who = {"call": call.id, "extension": "101", "phone": device, "device": device}
            await call.play(
                happened.PhonePushed(at=call.at, service="fcm", push=f"{call.id}-{device[:1]}", **who)
            )
            call.later(1.8)
            await call.play(
                happened.PhoneNotWoken(at=call.at, reason=reason, **who)
                if reason
                else happened.PhoneWoke(at=call.at, after_ms=1840.0, **who)
            )
        await call.later(15).end("no_answer", status=480, by="node")
