"""Sleeping phones are told who has called in vain or left a message, and nothing of what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest

from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.feature.push_news import PushNews
from pbx.feature.wake import Wake
from pbx.model import call_event as events
from pbx.model.push_phone import PushNotice, PushResult
from pbx.model.text_message import MessageStored, TextMessage
from pbx.model.voicemail import Voicemail, VoicemailChanged
from tests.feature.test_push_phones import WakeableOffice, contact

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VOICE = Voicemail(id="v1", mailbox="900", from_number="+4930123", from_name="Anna", received_at=NOW)
TEXT = TextMessage(
    id="t1",
    from_number="102",
    from_name="Bob",
    from_extension="102",
    to_extension="101",
    text="a secret",
    sent_at=NOW,
    expires_at=NOW,
)


class Gateway:
    services = ("fcm", "webpush", "apns")
    vapid_key = ""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[PushNotice] = asyncio.Queue()

    async def send(self, notice: PushNotice) -> PushResult:
        self.sent.put_nowait(notice)
        return PushResult(state="sent")


class Story:
    def __init__(self, tasks: Supervisor) -> None:
        self.office = WakeableOffice()
        self.bus = EventBus()
        self.gateway = Gateway()
        self.wake = Wake(
            self.office.phones,
            self.office.registrar,
            clock=self.office.clock,
            deadline_s=lambda _: 15.0,
            tasks=tasks,
        )
        self.wake.gateway = self.gateway
        self.news = news = PushNews(
            self.wake,
            self.office.registrar,
            owners=lambda box: ["101", "102"] if box == "900" else [],
            voicemail=_voicemail,
            text=_text,
        )
        tasks.spawn("news", news.run(self.bus))

    async def nothing(self) -> None:
        await asyncio.sleep(0.02)
        assert self.gateway.sent.empty()


async def _voicemail(id_: str) -> Voicemail | None:
    return VOICE if id_ == "v1" else None


async def _text(id_: str, _number: str) -> TextMessage | None:
    return TEXT if id_ == "t1" else None


@pytest.fixture
async def story() -> AsyncIterator[Story]:
    async with Supervisor() as tasks:
        made = Story(tasks)
        await made.office.directory.reload()
        await made.office.register(contact("T1", expires="60"))
        await asyncio.sleep(0)
        yield made
        assert tasks.failures == 0


async def test_a_voice_message_is_told_to_the_phones_that_sleep(story: Story) -> None:
    story.office.clock.advance(61)
    story.bus.publish("voicemail", VoicemailChanged(mailbox="900", message="v1"))
    notice = await asyncio.wait_for(story.gateway.sent.get(), 2)
    assert (notice.kind, notice.token, notice.caller, notice.caller_name) == (
        "voicemail",
        "T1",
        "+4930123",
        "Anna",
    )
    await story.nothing()


async def test_a_text_is_told_without_its_words(story: Story) -> None:
    story.office.clock.advance(61)
    story.bus.publish("message", MessageStored(id="t1", to_extension="101"))
    notice = await asyncio.wait_for(story.gateway.sent.get(), 2)
    assert (notice.kind, notice.caller_name) == ("message", "Bob")
    assert "secret" not in repr(notice)


async def test_a_phone_that_is_awake_hears_of_it_by_sip_alone(story: Story) -> None:
    story.bus.publish("voicemail", VoicemailChanged(mailbox="900", message="v1"))
    story.bus.publish("message", MessageStored(id="t1", to_extension="101"))
    await story.nothing()


async def test_what_was_only_heard_or_deleted_is_no_news(story: Story) -> None:
    story.office.clock.advance(61)
    story.bus.publish("voicemail", VoicemailChanged(mailbox="900"))
    story.bus.publish("voicemail", VoicemailChanged(mailbox="900", message="gone"))
    story.bus.publish("voicemail", VoicemailChanged(mailbox="901", message="v1"))
    await story.nothing()


def happens(story: Story, *happened: events.CallEvent) -> None:
    offered = events.CallOffered(
        call="c",
        at=NOW,
        from_number="+4930123",
        from_name="Anna",
        from_extension=None,
        dialled="101",
        source="x",
    )
    for each in (offered, *happened, events.CallEnded(call="c", at=NOW, cause="no_answer")):
        story.news.take(each)


RUNG = events.LegDialled(call="c", at=NOW, leg="b1", target="sip:101@x", extension="101")
TAKEN = events.LegAnswered(call="c", at=NOW, leg="b2")
DECLINED = events.LegEnded(call="c", at=NOW, leg="b1", cause="declined")
SENT_AWAY = events.PhoneDeclined(call="c", at=NOW, extension="101", phone="p", device="")
PUSHED = events.PhonePushed(
    call="c", at=NOW, extension="101", phone="p", device="", service="fcm", push="c-1"
)


async def test_a_call_that_nobody_answered_was_missed(story: Story) -> None:
    story.office.clock.advance(61)
    happens(story, RUNG, events.LegAnswered(call="c", at=NOW, leg="a"))  # a mailbox answers the caller
    notice = await asyncio.wait_for(story.gateway.sent.get(), 2)
    assert (notice.kind, notice.call_id, notice.caller, notice.caller_name) == (
        "missed",
        "c",
        "+4930123",
        "Anna",
    )
    assert not story.news._calls


async def test_what_is_missed_is_called_as_its_push_was(story: Story) -> None:
    story.office.clock.advance(61)
    (phone,) = story.office.phones.all()
    happens(story, msgspec.structs.replace(PUSHED, phone=phone.id))
    assert (await asyncio.wait_for(story.gateway.sent.get(), 2)).call_id == "c-1"


@pytest.mark.parametrize(
    "happened", [(), (RUNG, TAKEN), (RUNG, DECLINED), (PUSHED, TAKEN), (PUSHED, SENT_AWAY)]
)
async def test_what_rang_nobody_or_was_answered_or_declined_was_not_missed(
    story: Story, happened: tuple[events.CallEvent, ...]
) -> None:
    story.office.clock.advance(61)
    happens(story, *happened)
    await story.nothing()
    assert not story.news._calls


@pytest.mark.parametrize("prid", ["V:voip", "A:remote&V:voip"])
async def test_an_iphone_is_told_by_its_token_for_news(story: Story, prid: str) -> None:
    story.office.phones.services = lambda: story.gateway.services
    iphone = f"pn-provider=apns;pn-param=DEF123GHIJ.org.example.voip&remote;pn-prid={prid}"
    await story.office.register(
        f'<sip:101@10.0.0.6;{iphone}>;+sip.instance="<urn:uuid:9>";expires=60', call_id="iphone"
    )
    story.office.clock.advance(61)
    happens(story, RUNG)
    sent = {(await asyncio.wait_for(story.gateway.sent.get(), 2)).token for _ in prid.split("&")}
    assert sent == ({"T1", "A"} if "remote" in prid else {"T1"})
    await story.nothing()
    (phone,) = [each for each in story.office.phones.all() if each.service == "apns"]
    assert await story.office.phones.token(phone) == "V"
