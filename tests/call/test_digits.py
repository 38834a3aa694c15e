"""Digits reach the other phone in the way it understands: RFC 4733, tones, or INFO."""

from __future__ import annotations

import asyncio

from pbx.call.connect import connect
from pbx.model.leg_event import Answered, Ended, InfoDigit, LegCause
from pbx.model.stream import DigitPressed
from tests.call.parts import PCMU, Office, sdp, settle, target
from tests.call.test_call import Program

EVENT = "101 telephone-event/8000"


async def talking(caller: bytes, callee: bytes) -> tuple[Office, asyncio.Task[None]]:
    office = Office(offer=caller, transcodes=True)
    program = Program(
        lambda call: connect(call, [target("sip:b")], ring_timeout_s=5, redirect=lambda uri: [])
    )
    task = asyncio.get_running_loop().create_task(office.call.run(program))
    await settle()
    office.signaling.legs["sip:b"].tell(Answered(callee))
    await settle()
    return office, task


async def over(office: Office, task: asyncio.Task[None]) -> None:
    office.caller.tell(Ended(LegCause.NORMAL))
    await task
    assert office.media.bridges == {}


async def test_a_phone_without_telephone_event_is_said_the_digits_of_one_that_has_it() -> None:
    office, task = await talking(sdp(PCMU, EVENT), sdp(PCMU))
    assert office.media.bridges == {}, "a digit now and then is no reason to decode a call"
    office.media.streams[0].on_event(DigitPressed("7", 120))
    assert office.media.digits == [("call-1/b1", "7")]
    await over(office, task)


async def test_a_digit_that_the_audio_carries_is_not_said_again() -> None:
    office, task = await talking(sdp(PCMU, EVENT), sdp(PCMU, EVENT))
    office.media.streams[0].on_event(DigitPressed("7", 120))
    assert office.media.digits == []
    await over(office, task)


async def test_an_info_digit_is_pressed_towards_the_other_phone() -> None:
    office, task = await talking(sdp(PCMU, EVENT), sdp(PCMU, EVENT))
    office.caller.tell(InfoDigit("5"))
    await settle()
    assert office.media.digits == [("call-1/b1", "5")]
    assert "call-1/a" in office.media.links
    await over(office, task)


async def test_a_phone_that_uses_info_gets_info() -> None:
    office, task = await talking(sdp(PCMU, EVENT), sdp(PCMU))
    phone = office.signaling.legs["sip:b"]
    phone.tell(InfoDigit("1"))
    await settle()
    assert office.media.digits == [("call-1/a", "1")]
    assert (office.media.bridges, list(office.media.links)) == ({}, ["call-1/a"])
    office.media.streams[0].on_event(DigitPressed("7", 120))
    assert phone.digits == ["7"]
    await over(office, task)
