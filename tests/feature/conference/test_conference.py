"""Conferences on scripted legs and virtual time: one rule a test."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.core.errors import PeerError, UserError
from pbx.model.conference_event import (
    ConferenceJoined,
    ConferenceLeft,
    ConferenceMuted,
    ConferenceRecorded,
    ConferenceRefused,
)
from pbx.model.conference_status import ConferenceOrder, MemberOrder
from pbx.model.leg_event import InfoDigit, Reanswered
from tests.call.parts import ScriptedLeg, sdp
from tests.feature.conference.parts import HOLD, OFFER, Place, conference, later, story

PINS: dict[str, Any] = {"pin": "1234", "moderator_pin": "98765"}


def left(place: Place) -> list[str]:
    return [each.reason for each in place.events(ConferenceLeft)]


def refused(place: Place) -> list[str]:
    return [each.reason for each in place.events(ConferenceRefused)]


# -- coming in -----------------------------------------------------------------------------------------------------


@story()
async def test_who_dials_it_hears_how_many_there_are_and_is_in(place: Place) -> None:
    alice = place.arrives("101")
    await later(0.5)
    assert alice.leg.answers
    assert alice.hears == "conference_alone"
    assert not alice.inside, "the greeting first"
    await later(1)
    assert alice.inside
    bob = place.arrives("102")
    await later(0.5)
    assert bob.hears == "conference_others 1"
    await later(1)
    assert [each.heard for each in (alice, bob)] == [True, True]
    assert [each.member for each in place.status.members] == [1, 2]
    alice.hang_up()
    await later(1)
    assert bob.inside
    assert left(place) == ["hung_up"]
    cdr = next(each for each in reversed(place.log.cdrs) if each.id == alice.call.id)
    assert (cdr.disposition, cdr.to_name) == ("answered", "Team")
    assert [each.moderator for each in cdr.events if isinstance(each, ConferenceJoined)] == [False]


@story(conference(**PINS))
async def test_a_pin_lets_in_and_three_wrong_ones_do_not(place: Place) -> None:
    alice, bob, carol = (place.arrives(each) for each in ("101", "102", "103"))
    await later(0.5)
    assert alice.hears == "conference_pin"
    alice.press("1234#")
    bob.press("98765")
    await later(3)
    assert [each.moderator for each in place.status.members] == [False, True], "five digits need no #"
    for wrong in ("1111#", "2222#", "333#"):
        carol.press(wrong)
        await later(2)
    assert carol.gone
    assert refused(place) == ["pin"]
    assert place.conferences.refusals == {("pin",): 1.0}
    digits = [each.digit for cdr in place.log.cdrs for each in cdr.events if hasattr(each, "digit")]
    assert set(digits) <= {""}, "no PIN is in a record"


@story(conference(**PINS))
async def test_who_says_nothing_at_the_pin_is_let_go(place: Place) -> None:
    alice = place.arrives("101")
    await later(60)
    assert alice.gone
    assert refused(place) == ["pin"]


@story(conference(**PINS))
async def test_who_guesses_in_call_after_call_is_not_asked_any_more(place: Place) -> None:
    for _ in range(3):
        thief = place.arrives(None, number="+4930999")
        for wrong in ("1111#", "2222#", "3333#"):
            await later(2)
            thief.press(wrong)
        await later(3)
        assert thief.gone
    thief = place.arrives(None, number="+4930999")
    await later(0.5)
    assert thief.hears == "conference_refused_pin"
    honest = place.arrives(None, number="+4930111")
    await later(0.5)
    assert honest.hears == "conference_pin"


@story(conference(moderator_pin="98765"))
async def test_without_a_pin_for_members_pound_lets_in(place: Place) -> None:
    alice = place.arrives("101")
    await later(0.5)
    assert alice.hears == "conference_pin_or_pound"
    alice.press("#")
    await later(3)
    assert [each.moderator for each in place.status.members] == [False]


@story(conference(**PINS, moderators=("101",)))
async def test_an_extension_that_leads_needs_no_pin(place: Place) -> None:
    (alice,) = await place.inside("101")
    assert place.status.members[0].moderator
    assert "conference_pin" not in str(alice.hears)


@story(conference(max_members=2))
async def test_a_full_conference_says_so(place: Place) -> None:
    await place.inside("101", "102")
    carol = place.arrives("103")
    await later(0.5)
    assert carol.hears == "conference_refused_full"
    await later(2)
    assert carol.gone
    assert refused(place) == ["full"]


@story(capacity=2)
async def test_a_full_engine_refuses_the_call_and_disturbs_nobody(place: Place) -> None:
    alice, bob = await place.inside("101", "102")
    carol = place.arrives("103")
    await later(1)
    assert carol.refused == 503
    assert alice.inside
    assert bob.inside


@story()
async def test_a_phone_whose_sound_cannot_be_mixed_is_refused(place: Place) -> None:
    alice = place.arrives("101", offer=sdp("18 G729/8000"))
    await later(1)
    assert alice.refused == 488


@story()
async def test_a_caller_without_an_offer_is_offered_what_can_be_mixed(place: Place) -> None:
    leg = ScriptedLeg("late")
    leg.ack_sdp = OFFER
    alice = place.arrives("101", offer=None)
    alice.leg.ack_sdp = OFFER
    await later(3)
    assert alice.inside


@story(conference(**PINS, moderators=("109",)))
async def test_it_is_locked_while_somebody_is_at_the_pin(place: Place) -> None:
    await place.inside("109")
    alice, bob = place.arrives("101"), place.arrives("102")
    await later(0.5)
    await place.conferences.order("700", ConferenceOrder(locked=True))
    alice.press("1234#")
    bob.press("98765")
    await later(0.5)
    assert alice.hears == "conference_refused_locked"
    await later(3)
    assert alice.gone
    assert bob.inside, "a moderator comes in all the same"


@story(conference(announce="name"))
async def test_it_fills_while_somebody_says_a_name(place: Place) -> None:
    place.records["700"] = conference(announce="name", max_members=2)
    place.conferences.use(place.records.values())
    guests = [place.arrives(each) for each in ("101", "102", "103")]
    await later(20)
    assert sum(each.inside for each in guests) == 2
    assert refused(place) == ["full"]


@story(conference(**PINS))
async def test_it_is_deleted_while_somebody_is_at_the_pin(place: Place) -> None:
    alice = place.arrives("101")
    await later(0.5)
    place.conferences.use([])
    alice.press("1234#")
    await later(0.5)
    assert alice.hears == "conference_refused_gone"


@story()
async def test_who_is_in_it_when_it_is_deleted_is_told_so(place: Place) -> None:
    alice, bob = await place.inside("101", "102")
    place.conferences.use([])
    await later(0.5)
    assert [each.hears for each in (alice, bob)] == ["conference_ended"] * 2
    await later(2)
    assert left(place) == ["ended", "ended"]


# -- moderators ----------------------------------------------------------------------------------------------------


@story(conference(wait_for_moderator=True, moderators=("109",)))
async def test_members_hear_music_until_a_moderator_is_there(place: Place) -> None:
    alice, bob = place.arrives("101"), place.arrives("102")
    await later(5)
    assert [each.hears for each in (alice, bob)] == ["hold", "hold"]
    assert [each.state for each in place.status.members] == ["waiting", "waiting"]
    bob.hang_up()
    await later(1)
    place.arrives("109")
    await later(5)
    assert alice.inside
    assert alice.hears != "hold"
    assert "ConferenceWaiting" in place.kinds(alice)


@story(conference(wait_for_moderator=True))
async def test_nobody_waits_for_a_moderator_that_there_cannot_be(place: Place) -> None:
    await place.inside("101")


@story(conference(end_without_moderator=True, moderators=("108", "109")))
async def test_it_ends_when_the_last_moderator_leaves(place: Place) -> None:
    first, second, alice = await place.inside("108", "109", "101")
    first.hang_up()
    await later(1)
    assert alice.inside
    second.hang_up()
    await later(0.5)
    assert alice.hears == "conference_ended"
    await later(2)
    assert alice.gone


@story(conference(end_without_moderator=True, moderators=("109",)))
async def test_it_ends_when_the_phone_of_the_last_moderator_dies(place: Place) -> None:
    from pbx.model.stream import WentSilent

    boss, alice = await place.inside("109", "101")
    boss.leg.is_alive = False
    boss.stream.on_event(WentSilent(60_000))
    await later(3)
    assert boss.gone
    assert alice.gone
    assert left(place) == ["hung_up", "ended"]


@story(conference(wait_for_moderator=True, moderators=("109",)))
async def test_it_goes_on_without_a_moderator_where_nothing_else_is_said(place: Place) -> None:
    boss, alice = await place.inside("109", "101")
    boss.hang_up()
    await later(2)
    assert alice.inside
    bob = place.arrives("102")
    await later(5)
    assert not bob.inside, "who comes now waits"


# -- who is heard --------------------------------------------------------------------------------------------------


@story()
async def test_a_member_mutes_itself(place: Place) -> None:
    (alice,) = await place.inside("101")
    alice.press("*1")
    await later(0.5)
    assert not alice.heard
    assert alice.hears == "conference_you_are_muted"
    alice.press("*1")
    await later(2)
    assert alice.heard
    assert [(each.muted, each.by) for each in place.events(ConferenceMuted)] == [
        (True, "member"),
        (False, "member"),
    ]


@story(conference(mute_on_join=True, moderators=("109",)))
async def test_who_joins_muted_may_speak_after_a_key(place: Place) -> None:
    boss, alice = await place.inside("109", "101")
    assert boss.heard
    assert not alice.heard
    alice.press("*1")
    await later(2)
    assert alice.heard


@story(conference(moderators=("109",)))
async def test_a_moderator_mutes_one_and_all_by_keys(place: Place) -> None:
    boss, alice, bob = await place.inside("109", "101", "102")
    boss.press("*52#")
    await later(2)
    assert (alice.heard, bob.heard) == (False, True)
    alice.press("*1")
    await later(0.5)
    assert not alice.heard, "who was muted by a moderator stays it"
    assert alice.hears == "conference_silenced"
    boss.press("*4")
    await later(2)
    (carol,) = await place.inside("103")
    assert [each.heard for each in (boss, alice, bob, carol)] == [True, False, False, False]
    boss.press("*4")
    await later(2)
    assert [each.heard for each in (boss, alice, bob, carol)] == [True] * 4
    boss.press("*577#")
    await later(0.5)
    assert boss.hears == "conference_no_member"


@story()
async def test_members_do_not_lead(place: Place) -> None:
    alice, bob = await place.inside("101", "102")
    for keys in ("*3", "*4", "*51#", "*61#", "*7", "*8103#", "*9"):
        bob.press(keys)
        await later(0.5)
        assert bob.hears == "conference_only_moderators", keys
        await later(1)
    assert alice.inside
    assert not place.status.locked
    assert place.rung == []


@story(conference(mute_on_join=True))
async def test_who_muted_itself_is_not_heard_when_all_may_speak_again(place: Place) -> None:
    alice, bob = await place.inside("101", "102")
    alice.press("*1")
    await later(2)
    await place.conferences.order("700", ConferenceOrder(all_muted=True))
    await place.conferences.order("700", ConferenceOrder(all_muted=False))
    assert (alice.heard, bob.heard) == (True, False)


# -- phones that do more than talk -----------------------------------------------------------------------------------


@story()
async def test_the_music_of_a_phone_that_holds_is_heard_by_nobody(place: Place) -> None:
    alice, bob = await place.inside("101", "102")
    alice.leg.answer_gate = asyncio.Event()
    alice.reoffers(HOLD)
    await later(0.1)
    assert not alice.heard, "not even while the answer is on its way"
    alice.leg.answer_gate.set()
    await later(0.1)
    assert not alice.heard
    assert place.status.members[0].state == "held"
    alice.press("*1*1")
    await later(4)
    assert not alice.heard
    alice.reoffers(OFFER)
    await later(0.1)
    assert alice.heard
    assert bob.heard


@story()
async def test_a_hold_that_is_refused_leaves_all_as_it_was(place: Place) -> None:
    (alice,) = await place.inside("101")
    alice.reoffers(sdp("18 G729/8000", direction="sendonly"))
    await later(1)
    assert alice.leg.rejected == [488]
    alice.leg.rejected.clear()
    assert alice.heard


@story()
async def test_a_refresh_that_holds_counts_too(place: Place) -> None:
    (alice,) = await place.inside("101")
    alice.leg.tell(Reanswered(OFFER, sdp("0 PCMU/8000", direction="sendonly")))
    await later(0.5)
    assert not alice.heard


@story()
async def test_keys_that_come_as_tones_are_looked_for(place: Place) -> None:
    alice = place.arrives("101", offer=sdp("0 PCMU/8000"))
    await later(4)
    assert place.media.detecting[alice.stream.label]
    alice.leg.tell(InfoDigit("*"))
    alice.leg.tell(InfoDigit("1"))
    await later(1)
    assert not alice.heard


@story()
async def test_a_changed_codec_stays_in(place: Place) -> None:
    (alice,) = await place.inside("101")
    alice.reoffers(sdp("8 PCMA/8000"))
    await later(1)
    assert alice.inside
    assert alice.heard
    assert place.media.detecting[alice.stream.label], "it has lost its telephone-event"


# -- what all hear ---------------------------------------------------------------------------------------------------


@story(conference(announce="tone"))
async def test_a_tone_tells_who_comes_and_goes(place: Place) -> None:
    alice, _bob = await place.inside("101", "102")
    (room,) = place.rooms
    assert room.played == ["in"], "nobody was there to hear the first"
    alice.hang_up()
    await later(1)
    assert room.played == ["in", "out"]


@story(conference(announce="name"))
async def test_a_recorded_name_tells_who_comes_and_goes(place: Place) -> None:
    alice = place.arrives("101")
    await later(1.2)
    alice.press("#")
    await later(6)
    bob = place.arrives("102")
    await later(0.5)
    assert bob.hears == "conference_say_name"
    await later(20)
    (room,) = place.rooms
    assert room.played == [f"name:{bob.call.id}", "conference_joined"]
    alice.press("*2")
    heard = []
    for _ in range(7):
        await later(0.7)
        heard.append(alice.hears)
    assert f"name:{bob.call.id}" in heard, "and who is here"
    bob.hang_up()
    await later(5)
    assert room.played[2:] == [f"name:{bob.call.id}", "conference_left"]


@story(conference(announce="name"))
async def test_a_crowd_that_comes_at_once_does_not_talk_for_ever(place: Place) -> None:
    guests = [place.arrives(f"10{n:02}") for n in range(60)]
    await later(300)
    assert sum(each.inside for each in guests) == 30
    assert len(place.rooms[0].played) < 60


@story()
async def test_who_is_here_is_told_by_number_and_name(place: Place) -> None:
    alice, _ = await place.inside("101", "102")
    alice.press("*2")
    heard = []
    for _ in range(8):
        await later(0.7)
        heard.append(alice.hears)
    assert heard[0] == "conference_count 2"
    assert {"conference_member 1", "conference_member 2", "“Phone 102”"} <= set(heard)


@story(conference(moderators=("109",)))
async def test_the_menu_is_said_after_a_star(place: Place) -> None:
    boss, alice = await place.inside("109", "101")
    alice.press("*")
    boss.press("*")
    await later(3.5)
    assert alice.hears == "conference_menu"
    await later(1)
    assert boss.hears == "conference_menu_moderators"
    boss.press("*1")
    await later(0.5)
    assert not boss.heard, "a star in the menu begins anew"


@story()
async def test_who_talks_is_told_four_times_a_second_at_most(place: Place) -> None:
    alice, _ = await place.inside("101", "102")
    (room,) = place.rooms
    place.changed.clear()
    for n in range(100):
        room.talking = {alice.stream.label} if n % 2 else set()
        await asyncio.sleep(0.02)
    assert len(place.changed) <= 8
    room.talking = {alice.stream.label}
    await later(0.3)
    assert [each.talking for each in place.status.members] == [True, False]
    place.changed.clear()
    await later(10)
    assert place.changed == [], "nothing is told while nothing changes"


# -- by program --------------------------------------------------------------------------------------------------------


@story()
async def test_a_member_is_removed_and_hears_so(place: Place) -> None:
    alice, bob = await place.inside("101", "102")
    place.conferences.remove("700", 2)
    await later(0.5)
    assert not bob.inside
    assert bob.hears == "conference_removed"
    await later(2)
    assert bob.gone
    assert alice.inside
    assert left(place) == ["removed"]


@story(conference(wait_for_moderator=True, moderators=("109",)))
async def test_who_waits_can_be_removed(place: Place) -> None:
    alice = place.arrives("101")
    await later(3)
    place.conferences.remove("700", 1)
    await later(3)
    assert alice.gone


@story(conference(moderators=("109",)))
async def test_a_moderator_removes_the_last_one_and_ends_it(place: Place) -> None:
    boss, alice, bob = await place.inside("109", "101", "102")
    boss.press("*6#")
    await later(3)
    assert bob.gone
    boss.press("*61#")
    await later(0.5)
    assert boss.hears == "conference_no_member", "nobody removes itself"
    boss.press("*9")
    await later(3)
    assert boss.gone
    assert alice.gone
    assert left(place) == ["removed", "ended", "ended"]


@story()
async def test_a_program_mutes_and_lets_speak(place: Place) -> None:
    (alice,) = await place.inside("101")
    assert place.conferences.order_member("700", 1, MemberOrder(muted=True)).silenced
    assert not alice.heard
    alice.press("*1")
    await later(1)
    assert not alice.heard
    assert not place.conferences.order_member("700", 1, MemberOrder(muted=False)).muted
    assert alice.heard


@story()
async def test_what_is_not_there_cannot_be_changed(place: Place) -> None:
    orders: list[tuple[int, Any]] = [
        (404, lambda: place.conferences.status("701")),
        (404, lambda: place.conferences.remove("700", 1)),
        (404, lambda: place.conferences.order_member("700", 1, MemberOrder(muted=True))),
        (409, lambda: place.conferences.end("700")),
    ]
    for status, order in orders:
        with pytest.raises(UserError) as error:
            order()
        assert error.value.http_status == status


@story()
async def test_a_recording_has_all_who_are_there_told_and_noted(place: Place) -> None:
    alice, _bob = await place.inside("101", "102")
    status = await place.conferences.order("700", ConferenceOrder(recording=True))
    assert status.recording
    await later(2)
    (room,) = place.rooms
    assert room.played == ["conference_recording_on"]
    carol = place.arrives("103")
    await later(1.5)
    assert carol.hears == "conference_is_recorded"
    await later(2)
    files = {(each.call, each.file) for each in place.events(ConferenceRecorded)}
    assert len(files) == 3
    assert {file for _, file in files} == {"2026/700-0.wav"}
    assert {each.recording for each in place.events(ConferenceRecorded)} == {"700-0-id"}
    assert {each.call for each in place.files} <= {call for call, _ in files}
    status = await place.conferences.order("700", ConferenceOrder(recording=False))
    assert not status.recording
    assert place.files[0].state == "stopped"
    assert alice.inside


@story(conference(record=True))
async def test_a_conference_that_is_always_recorded_begins_and_ends_with_its_members(place: Place) -> None:
    alice = place.arrives("101")
    await later(1.5)
    assert alice.hears == "conference_is_recorded"
    await later(2)
    assert place.status.recording
    alice.hang_up()
    await later(1)
    (recording,) = place.recordings
    assert recording.ended.result().reason == "closed"


@story(conference(record=True))
async def test_a_full_disk_ends_a_recording_and_no_call(place: Place) -> None:
    (alice,) = await place.inside("101")
    place.recordings[0].finish("disk_full")
    await later(1)
    assert alice.inside
    assert not place.status.recording
    place.disk_is_full = True
    with pytest.raises(UserError) as error:
        await place.conferences.order("700", ConferenceOrder(recording=True))
    assert error.value.http_status == 503
    assert [each.state for each in place.files] == ["disk_full", "refused"]
    assert alice.inside


# -- hang-ups -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tenths", range(0, 140, 3))
def test_a_hang_up_at_any_moment_leaves_nothing(tenths: int) -> None:
    @story(conference(**PINS, announce="name", wait_for_moderator=True, record=True))
    async def at(place: Place) -> None:
        alice, bob = place.arrives("101"), place.arrives("102")
        loop = asyncio.get_running_loop()
        loop.call_later(tenths / 10, alice.hang_up)
        loop.call_later(0.5, alice.press, "1234#")
        loop.call_later(3.0, alice.press, "#")
        loop.call_later(0.7, bob.press, "98765#")
        loop.call_later(3.5, bob.press, "#")
        loop.call_later(9.0, alice.press, "*1*2*")
        await later(25)
        assert alice.gone
        assert bob.inside

    at()


@pytest.mark.parametrize("tenths", range(0, 100, 7))
def test_being_removed_at_any_moment_leaves_nothing(tenths: int) -> None:
    @story(conference(wait_for_moderator=True, moderators=("109",)))
    async def at(place: Place) -> None:
        alice = place.arrives("101")
        loop = asyncio.get_running_loop()
        loop.call_later(3, lambda: place.arrives("109"))
        await asyncio.sleep(tenths / 10)
        for each in place.status.members:
            place.conferences.remove("700", each.member)
        place.switch.hang_up(alice.call.id)
        await later(5)
        assert alice.gone

    at()


# -- for flows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "keys", "status"), [({"pin": "1234"}, "1111#2222#3333#", 403), ({"max_members": 2}, "", 486)]
)
def test_who_is_not_let_in_goes_on_elsewhere(more: dict[str, Any], keys: str, status: int) -> None:
    @story(conference(**more))
    async def at(place: Place) -> None:
        if not keys:
            await place.inside("101", "102")
        found: list[int] = []

        async def flow(call: Any, dialled: str) -> bool:
            try:
                await place.conferences.lead(call, "700")
            except PeerError as error:
                found.append(error.sip_status)
            with pytest.raises(PeerError):
                await place.conferences.lead(call, "701")
            return True

        place.talk = flow  # type: ignore[method-assign]
        alice = place.arrives("103", dials="999")
        await later(1)
        alice.press(keys)
        await later(20)
        assert found == [status]

    at()
