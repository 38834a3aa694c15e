"""An office and an edge at the two ends of a tunnel."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.model.base import new_id
from edge.tunnel import frames as edge_frames
from pbx.transport.tunnel.calls import EdgeCall
from pbx.transport.tunnel.requests import TunnelDown
from tests.tunnel.ends import OFFICE, Document, Ends, Said, Side, both_ends

FRAME = bytes(range(160))


async def test_a_call_goes_both_ways_and_ends_once(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        call, outside, office_call, inside = await ends.call()
        office_call.ringing()
        office_call.answer()
        await outside.until("answered")
        for number in range(3):
            call.sound(FRAME)
            office_call.sound(bytes([number]) * 160)
        call.digit("5")
        office_call.digits("12")
        await inside.until("digit", "5")
        await outside.until("digits", "12")
        assert inside.sounds == [(FRAME, 0), (FRAME, 1), (FRAME, 2)]
        assert outside.sounds == [(bytes([number]) * 160, number) for number in range(3)]
        call.hang_up()
        call.hang_up()
        await inside.until("hung_up", "normal")
        office_call.hang_up("normal")
        assert outside.told == [("ringing",), ("answered",), ("digits", "12")]
        assert inside.told == [("digit", "5"), ("hung_up", "normal")]
        assert not ends.tunnel.calls


async def test_a_refusal_ends_the_call(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        _, outside, office_call, _ = await ends.call()
        office_call.refuse(486, "Busy Here")
        await outside.until("refused", 486, "Busy Here")
        assert not ends.tunnel.calls


async def test_what_was_said_while_the_tunnel_was_broken_arrives_once_and_in_order(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        call, outside, office_call, inside = await ends.call()
        office_call.answer()
        await outside.until("answered")
        await ends.cut()
        await outside.until("broken")
        for digit in "123":
            call.digit(digit)
        call.sound(FRAME)
        office_call.digits("9")
        await ends.mend()
        await outside.until("resumed")
        await outside.until("digits", "9")
        await inside.until("digit", "3")
        assert inside.told == [("digit", "1"), ("digit", "2"), ("digit", "3")]
        assert outside.told == [("answered",), ("broken",), ("resumed",), ("digits", "9")]
        assert inside.sounds == []
        call.sound(FRAME)
        call.digit("4")
        await inside.until("digit", "4")
        assert inside.sounds == [(FRAME, 1)]


async def test_many_breaks_lose_and_repeat_nothing(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        call, outside, office_call, inside = await ends.call()
        office_call.answer()
        said = []
        for number in range(60):
            digit = "0123456789"[number % 10]
            said.append(digit)
            call.digit(digit)
            office_call.digits(digit)
            if number % 12 == 3:  # some frames are in the queues of the link, and die with it
                await ends.office_links[-1].close()
                await asyncio.wait_for(ends.user.down.wait(), 5)
                await asyncio.wait_for(ends.user.up.wait(), 10)
        office_call.digits("#")
        await outside.until("digits", "#")
        call.hang_up()
        await inside.until("hung_up", "normal")
        assert [each[1] for each in inside.told if each[0] == "digit"] == said
        assert [each[1] for each in outside.told if each[0] == "digits"] == [*said, "#"]


async def test_both_sides_give_up_when_the_tunnel_stays_away(tmp_path: Path) -> None:
    async with both_ends(tmp_path, resume_s=0.2) as ends:
        _, outside, office_call, inside = await ends.call()
        office_call.answer()
        await outside.until("answered")
        await ends.cut()
        await outside.until("lost")
        await inside.until("lost")
        assert outside.told == [("answered",), ("broken",), ("lost",)]
        await ends.mend()
        _, _, again, _ = await ends.call("c2")
        assert again.is_open


async def test_another_life_of_the_node_loses_the_calls_of_the_last(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        _, outside, _, _ = await ends.call()
        await ends.cut()
        ends.tunnel._forget()  # what a kill and a new start do to the office
        await ends.mend()
        await outside.until("lost")
        assert outside.told == [("broken",), ("lost",)]


async def another_life(ends: Ends, *calls: str) -> list[tuple[EdgeCall, Side]]:
    """The node is killed and started again, and has kept these calls; it is not connected yet."""
    await ends.cut()
    ends.tunnel._forget()
    made = []
    for each in calls:
        side = Side()
        made.append((ends.tunnel.bring(each, side), side))
    return made


async def test_another_life_of_the_node_goes_on_with_the_calls_that_it_has_kept(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        call, outside, before, _ = await ends.call()
        before.answer()
        call.digit("1")
        _, forgotten, _, _ = await ends.call("c2")
        await outside.until("answered")
        ((again, inside),) = await another_life(ends, "c1")
        await outside.until("broken")
        call.digit("5")
        call.sound(FRAME)
        await ends.mend()
        await asyncio.gather(outside.until("resumed"), forgotten.until("lost"))
        await inside.until("digit", "5")
        call.sound(FRAME)
        again.sound(bytes(160))
        call.digit("6")
        again.digits("9")
        await asyncio.gather(inside.until("digit", "6"), outside.until("digits", "9"))
        assert inside.sounds == [(FRAME, 1)]
        assert outside.sounds == [(bytes(160), 0)]
        await ends.cut()  # from now on it is a call like any other
        await ends.mend()
        again.hang_up("normal")
        await outside.until("hung_up", "normal")
        assert inside.told == [("digit", "5"), ("digit", "6")]
        _, _, new, _ = await ends.call("c3")
        assert new.is_open


async def test_what_ended_while_the_node_was_away_is_told(tmp_path: Path) -> None:
    """The caller of the first has hung up, the second ends in the office, of the third the edge knows nothing."""
    async with both_ends(tmp_path) as ends:
        one, _, _, _ = await ends.call("c1")
        _, other, _, _ = await ends.call("c2")
        (_, first), (second, _), (_, third) = await another_life(ends, "c1", "c2", "c9")
        one.hang_up()
        second.hang_up("normal")
        await ends.mend()
        await asyncio.gather(
            first.until("hung_up", "normal"), other.until("hung_up", "normal"), third.until("lost")
        )
        assert first.told == [("hung_up", "normal")]
        assert not ends.tunnel.calls


async def test_who_hung_up_as_the_node_died_has_hung_up(tmp_path: Path) -> None:
    """The edge said it over a connection that still seemed to stand, and nobody has confirmed it."""
    async with both_ends(tmp_path) as ends:
        one, _, _, _ = await ends.call("c1")
        one.digit("7")
        one.hang_up()
        ((_, inside),) = await another_life(ends, "c1")
        await ends.mend()
        await inside.until("hung_up", "normal")
        assert inside.told == [("hung_up", "normal")]


async def test_calls_that_no_edge_holds_end_when_it_has_had_its_time(tmp_path: Path) -> None:
    async with both_ends(tmp_path, resume_s=0.2) as ends:
        ((_, inside),) = await another_life(ends, "c1")
        await inside.until("lost")
        assert not ends.tunnel.calls


async def test_a_call_that_the_office_places(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        placed: asyncio.Queue[tuple[object, edge_frames.Place]] = asyncio.Queue()
        ends.hub.on_place = lambda session, place: placed.put_nowait((session, place))
        inside, outside = Side(), Side()
        office_call = ends.tunnel.place("+13125550123", shown="+13125550199", timeout_s=30, side=inside)
        session, place = await asyncio.wait_for(placed.get(), 5)
        assert (place.to, place.from_, place.timeout_s) == ("+13125550123", "+13125550199", 30)
        call = session.open(place.call, outside)  # type: ignore[attr-defined]
        call.placed("CA1")
        call.ringing()
        call.answered()
        await inside.until("answered")
        office_call.sound(FRAME)
        office_call.digits("1")
        await outside.until("digits", "1")
        call.sound(FRAME)
        call.hang_up()
        await inside.until("hung_up", "normal")
        assert inside.told == [("placed", "CA1"), ("ringing",), ("answered",), ("hung_up", "normal")]
        assert (len(inside.sounds), len(outside.sounds)) == (1, 1)


async def test_an_edge_that_places_no_calls_says_so(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        inside = Side()
        ends.tunnel.place("+13125550123", shown="", timeout_s=30, side=inside)
        await inside.until("failed", 503, "This edge places no calls")


@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 400_000])
async def test_requests_and_their_bodies(tmp_path: Path, size: int) -> None:
    async with both_ends(tmp_path) as ends:
        sent, back = b"a" * size, b"b" * size
        ends.answer = Said(201, back, "audio/wav", {"ETag": '"1"'})
        reply = await ends.tunnel.request(
            "POST", "/sms/send", query="a=1&b=%20", actor="admin", type="application/json", body=sent
        )
        assert (reply.status, reply.type, dict(reply.headers), reply.body) == (
            201,
            "audio/wav",
            {"ETag": '"1"'},
            back,
        )
        office, request, body = ends.asked[0]
        assert (office, request.method, request.path, request.query, request.actor, body) == (
            OFFICE,
            "POST",
            "/sms/send",
            "a=1&b=%20",
            "admin",
            sent,
        )


async def test_a_request_during_a_break_fails_at_once(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        await ends.cut()
        with pytest.raises(TunnelDown):
            await ends.tunnel.request("GET", "/conversations")


async def test_the_directory_is_sent_at_the_start_and_when_it_changes(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        ends.user.document = b'{"office_name":"New"}'
        await ends.tunnel.say_directory()
        await ends.tunnel.request("GET", "/x")  # behind it
        assert ends.directories == [b'{"office_name":"Test"}', b'{"office_name":"New"}']


async def test_deliveries_wait_for_the_office_and_arrive_once(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        await ends.cut()
        sound = bytes(100_000)
        first = await ends.hub.deliver(OFFICE, "voicemail", Document(id="v1"), sound)
        assert await ends.hub.deliver(OFFICE, "voicemail", Document(id="v1"), sound, id=first) == first
        await ends.mend()
        second = await ends.hub.deliver(OFFICE, "text", Document(id="t1", text="hello"))
        async with asyncio.timeout(5):
            while await ends.hub.deliveries.waiting(OFFICE):
                await asyncio.sleep(0.01)
        assert [(each.id, each.kind, len(each.body)) for each in ends.user.taken] == [
            (first, "voicemail", 100_000),
            (second, "text", 0),
        ]


async def test_a_delivery_that_is_refused_is_kept_and_not_sent_again(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        ends.user.never.add("riddle")
        id = await ends.hub.deliver(OFFICE, "riddle", Document(id=new_id()))
        async with asyncio.timeout(5):
            while await ends.hub.deliveries.waiting(OFFICE):
                await asyncio.sleep(0.01)
        row = await ends.store.one("SELECT refused FROM delivery WHERE id = $1", id)
        assert row is not None
        assert row["refused"] == "nobody here takes a riddle"


async def test_live_events_reach_the_office(tmp_path: Path) -> None:
    async with both_ends(tmp_path) as ends:
        ends.hub.tell(OFFICE, "conversations", Document(id="x", text="new"))
        ends.hub.tell("nobody", "conversations", Document(id="x"))
        await ends.tunnel.request("GET", "/behind-it")
        assert ends.user.events == [("conversations", "x", b'{"id":"x","text":"new"}')]
