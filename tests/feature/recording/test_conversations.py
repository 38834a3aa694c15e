"""Which conversations of a call are recorded, and what keys and programs do, on scripted legs."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace
from msgspec.structs import replace as changed

from pbx.call.call import Call
from pbx.core.errors import UserError
from pbx.model.extension import Extension
from pbx.model.leg_event import Ended, InfoDigit, LegCause, Offered, Referred
from pbx.model.recording import RecordingSettings, When
from pbx.model.recording_event import (
    INTERRUPTED,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
)
from pbx.model.stream import DigitPressed
from tests.call.parts import PCMA, PCMU, Office, sdp, settle
from tests.call.test_call import OFFER, Program, everything_is_given_back, start, talking
from tests.call.test_call import Ring as Router
from tests.call.test_transfer import answers
from tests.feature.recording.parts import Studio

EVENTS = "101 telephone-event/8000"


def studio(office: Office, **settings: Any) -> Studio:
    made = Studio(office.ports.clock, RecordingSettings(**settings))
    office.ports = replace(office.ports, conversations=made.recordings)
    office.call.ports = office.ports
    made.calls[office.call.id] = office.call
    return made


def recorded(made: Studio) -> list[tuple[str, str, str]]:
    """Who was recorded, in order: the stream, left, right."""
    return [
        (writing.stream.label, row.left, row.right)
        for writing, row in zip(made.engine.made, made.library.rows.values(), strict=True)
    ]


async def ends(office: Office, made: Studio, task: asyncio.Task[None]) -> None:
    office.caller.tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(task, 1)
    await settle()
    everything_is_given_back(office)
    made.assert_clean()


def says(made: Studio, number: str, when: When, keep_days: int | None = None) -> None:
    made.records["extension", number] = Extension(
        number=number, name=number, record=when, record_keep_days=keep_days
    )


async def test_an_always_call_is_recorded_before_the_caller_has_its_answer() -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    office.caller.answer_gate = asyncio.Event()  # the ACK is on its way
    task = await start(office, Router("sip:b"))
    await answers(office, "sip:b")
    assert recorded(made) == [("call-1/a", "101", "sip:b")]
    assert not office.call.a.answered
    office.caller.answer_gate.set()
    await settle()
    await ends(office, made, task)
    kinds = office.kinds()
    assert kinds.index("RecordingStarted") < kinds.index("RecordingStopped") < kinds.index("CallEnded")
    assert [each.id for each in office.cdr.recordings] == ["call-1-1"]


async def test_nothing_is_recorded_that_nobody_wants() -> None:
    office = Office(offer=OFFER)
    made = studio(office)
    task = await talking(office)
    with pytest.raises(UserError, match="no conversation that may be recorded") as error:
        made.recordings.control("call-1", "start", "api")
    assert error.value.http_status == 409
    with pytest.raises(UserError, match="no call"):
        made.recordings.control("other", "start", "api")
    await ends(office, made, task)
    assert made.engine.made == []


async def test_a_leg_that_says_never_forbids_what_all_others_want() -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    says(made, "101", "never")
    task = await talking(office)
    with pytest.raises(UserError):
        made.recordings.control("call-1", "start", "api")
    assert made.recordings.by_flow(office.call, "start") == "this call may not be recorded"
    await ends(office, made, task)
    assert made.engine.made == []


async def test_a_transfer_begins_the_next_file_of_the_chain() -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    task = await talking(office)
    office.signaling.legs["sip:b"].tell(Referred("c"))
    await settle()
    assert [each.ended.done() for each in made.engine.made] == [True], "while it rings, nothing is recorded"
    await answers(office, "sip:c")
    assert recorded(made) == [("call-1/a", "101", "sip:b"), ("call-1/a", "101", "sip:c")]
    assert {each.chain for each in made.library.rows.values()} == {"call-1-1"}
    await ends(office, made, task)


async def test_the_caller_goes_and_who_stays_is_left() -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    task = await talking(office)
    office.caller.tell(Referred("c"))
    await settle()
    await answers(office, "sip:c")
    assert recorded(made)[1] == ("call-1/b1", "sip:b", "sip:c")
    office.caller.tell(Ended(LegCause.NORMAL))
    await settle()
    assert not made.engine.made[1].ended.done()
    office.signaling.legs["sip:b"].tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(task, 1)
    await settle()
    made.assert_clean()


async def test_a_transfer_to_one_who_says_never_ends_it() -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    task = await talking(office)
    office.signaling.legs["sip:b"].tell(Referred("c"))
    await settle()
    office.call.legs["b2"].party = replace(office.call.legs["b2"].party, extension="103")
    says(made, "103", "never")
    await answers(office, "sip:c")
    assert len(made.engine.made) == 1
    await ends(office, made, task)


async def test_what_was_started_by_hand_goes_on_after_a_transfer() -> None:
    office = Office(offer=OFFER)
    made = studio(office)
    says(made, "101", "on_demand")
    task = await talking(office)
    assert made.engine.made == []
    made.recordings.control("call-1", "start", "api")
    made.recordings.control("call-1", "pause", "api")
    await settle()
    assert made.engine.made[0].pauses == ["pause"]
    office.call.a.party = replace(office.call.a.party, extension=None)  # nobody who allows it is left
    office.signaling.legs["sip:b"].tell(Referred("c"))
    await settle()
    await answers(office, "sip:c")
    assert len(made.engine.made) == 2
    assert made.engine.made[1].pauses == [], "whoever comes next knows of no pause"
    assert [each.reasons for each in made.library.rows.values()] == [("api",), ("api",)]
    made.recordings.control("call-1", "stop", "api")
    await settle()
    assert made.engine.made[1].ended.done()
    await ends(office, made, task)


async def test_a_hold_and_another_codec_are_the_same_file() -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    task = await talking(office)
    phone = office.signaling.legs["sip:b"]
    for offer in (sdp(PCMU, direction="sendonly"), sdp(PCMU), sdp(PCMA)):
        phone.tell(Offered(offer))
        await settle()
    assert [each.ended.done() for each in made.engine.made] == [False]
    await ends(office, made, task)


async def test_keys_of_ours_start_stop_and_pause_and_others_are_passed_on() -> None:
    office = Office(offer=OFFER, transcodes=True)
    made = studio(office, calls="on_demand")
    task = await talking(office, answer=sdp(PCMU, EVENTS))
    assert office.media.links["call-1/a"][1:] == ({0: 0}, {0: 0, 101: 101}), "the caller's keys are held back"
    for digit in "5*1":
        press(office, digit)
    await settle()
    assert [each.ended.done() for each in made.engine.made] == [False]
    assert office.media.playing["call-1/a"] == "cue on"
    for digit in "*2*2*3":
        press(office, digit)
    await settle()
    assert made.engine.made[0].pauses == ["pause", "resume"]
    assert office.media.digits == [("call-1/b1", each) for each in "5*3"]
    for digit in "*1":
        press(office, digit)
    await settle()
    assert made.engine.made[0].ended.done()
    assert next(iter(made.library.rows.values())).reasons == ("key:101",)
    await ends(office, made, task)


async def test_a_star_alone_is_passed_on_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.feature.recording.conversation.KEY_PATIENCE_S", 0.01)
    office = Office(offer=OFFER, transcodes=True)
    made = studio(office, calls="on_demand")
    task = await talking(office, answer=sdp(PCMU, EVENTS))
    press(office, "*")
    assert office.media.digits == []
    await asyncio.sleep(0.05)
    assert office.media.digits == [("call-1/b1", "*")]
    await ends(office, made, task)


async def test_keys_by_info_are_codes_too() -> None:
    office = Office(offer=sdp(PCMU), transcodes=True)
    made = studio(office, calls="on_demand")
    task = await talking(office, answer=sdp(PCMU, EVENTS))
    for digit in "*1":
        office.caller.tell(InfoDigit(digit, 100))
    await settle()
    assert len(made.engine.made) == 1
    assert office.media.digits == []
    await ends(office, made, task)


async def test_one_outside_has_no_codes_but_may_pause_by_typing() -> None:
    office = Office(offer=OFFER, transcodes=True)
    made = studio(office, calls="always", pause_on_keys_s=1)
    task = await talking(office, answer=sdp(PCMU, EVENTS))
    stream: Any = office.call.legs["b1"].stream
    for digit in "*14":
        stream.on_event(DigitPressed(digit, 100))
    await settle()
    assert made.engine.made[0].pauses == ["pause"]
    assert not made.engine.made[0].ended.done()
    await asyncio.sleep(1.1)
    assert made.engine.made[0].pauses == ["pause", "resume"]
    await ends(office, made, task)


async def test_what_is_always_recorded_can_be_paused_but_not_stopped() -> None:
    office = Office(offer=OFFER, transcodes=True)
    made = studio(office, calls="always")
    task = await talking(office, answer=sdp(PCMU, EVENTS))
    with pytest.raises(UserError, match="always recorded"):
        made.recordings.control("call-1", "stop", "api")
    for digit in "*1":
        press(office, digit)
    assert office.media.playing["call-1/a"] == "cue refused"
    made.recordings.control("call-1", "pause", "api")
    assert office.call.live.view().recording == "paused"
    await ends(office, made, task)


async def test_both_hear_the_announcement_before_they_hear_each_other() -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always", announce="outside")
    task = await talking(office)
    assert office.media.links == {}
    assert office.media.playing == {"call-1/a": "announcement", "call-1/b1": "announcement"}
    assert len(made.engine.made) == 1, "it is in the file"
    await asyncio.sleep(0.1)
    assert office.media.playing == {}
    assert "call-1/a" in office.media.links
    await ends(office, made, task)


async def test_a_flow_has_it_recorded_where_nobody_else_would() -> None:
    office = Office(offer=OFFER)
    made = studio(office)
    assert made.recordings.by_flow(office.call, "pause") == ""
    task = await start(office, Program(partial(_through_a_flow, made)))
    await answers(office, "sip:b")
    assert next(iter(made.library.rows.values())).reasons == ("flow",)
    assert made.engine.made[0].pauses == ["pause"]
    await ends(office, made, task)


async def _through_a_flow(made: Studio, call: Call) -> None:
    assert made.recordings.by_flow(call, "start") == ""
    await Router("sip:b").route(call)


async def test_a_forgotten_pause_ends_by_itself() -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    made.settings = changed(made.settings, pause_at_most_s=1)
    task = await talking(office)
    made.recordings.control("call-1", "pause", "api")
    await asyncio.sleep(1.1)
    assert made.engine.made[0].pauses == ["pause", "resume"]
    await ends(office, made, task)


@pytest.mark.parametrize(("resumed", "pauses"), [(False, ["pause"]), (True, [])])
async def test_what_was_paused_when_the_node_was_killed_stays_paused(
    resumed: bool, pauses: list[str]
) -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    call, at = office.call, office.call.now()
    call.record(RecordingStarted(call=call.id, at=at, leg="a", recording="old", file="old.wav"))
    call.record(RecordingPaused(call=call.id, at=at, recording="old", by="key:101"))
    if resumed:
        call.record(RecordingResumed(call=call.id, at=at, recording="old", by="key:101"))
    call.record(RecordingStopped(call=call.id, at=at, recording="old", reason=INTERRUPTED))
    task = await talking(office)
    (writing,) = made.engine.made
    assert writing.pauses == pauses
    assert [each.part for each in made.library.rows.values()] == [2]
    await ends(office, made, task)


@pytest.mark.parametrize("how", ["full", "no file", "disk"])
async def test_a_disk_that_is_full_or_fails_leaves_the_call_alone(how: str) -> None:
    office = Office(offer=OFFER)
    made = studio(office, calls="always")
    made.library.problem = "the disk is full" if how == "full" else ""
    made.engine.fails = how == "no file"
    task = await talking(office)
    if how == "disk":
        made.engine.made[0].finish("disk_slow")
        await settle()
    assert "call-1/a" in office.media.links
    stopped = [each for each in office.kinds() if each in ("RecordingFailed", "RecordingStopped")]
    assert len(stopped) == 1
    assert office.call.live.view().recording == "off"
    await ends(office, made, task)


def press(office: Office, digit: str) -> None:
    stream: Any = office.call.a.stream
    stream.on_event(DigitPressed(digit, 100))
